"""What changed between two versions of an agreement, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bot.compared import SAID, Compared, counted, only_placed, spanned, together
from bot.console.wrapping import Wrapped
from bot.versions import named
from retrieval.comparison import Change
from retrieval.differences import Piece, Sort

_COLOURS = {
    Change.CHANGED: "yellow",
    Change.ADDED: "green",
    Change.REMOVED: "red",
    Change.RENUMBERED: "cyan",
    Change.MOVED: "magenta",
    Change.UNCHANGED: "dim",
}
_STYLES = {Sort.SAME: "", Sort.REMOVED: "red strike", Sort.ADDED: "green"}
_MARKS = {Sort.SAME: ("", ""), Sort.REMOVED: ("[-", "-]"), Sort.ADDED: ("{+", "+}")}  # as of wdiff, where there are no colours
_BESIDE = 40  # characters shown before and after a change


def show_comparison(console: Console, compared: Compared) -> None:
    """What changed, clause by clause: red and struck out what is gone, green what has come; in marks where there are no colours."""
    title = compared.new.agreement.title
    _print(console, Text.assemble((f"《{title}》", "bold"), f"{named(compared.old)} → {named(compared.new)}"))
    _print(console, Text(f"{counted(compared.comparison)}；{compared.comparison.counts[Change.UNCHANGED]} 条未变"))
    plain = console.color_system is None
    if plain and compared.comparison.differing:
        _print(console, Text("[-删去的-] {+加上的+}", style="dim"))
    for group in together(compared.comparison.differing):
        console.print()
        first = group[0]
        head = Text.assemble((SAID[first.change], f"bold {_COLOURS[first.change]}"), f"　{spanned(group)}")
        _print(console, head.append(f"　{compared.above(first)}", style="dim"))
        if not only_placed(first):
            _print(console, _worded(shortened(first.pieces), plain=plain), 2)


def shortened(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with only so much of what stays as stands beside a change."""
    found: list[Piece] = []
    for at, piece in enumerate(pieces):
        text = piece.text
        before = text[:_BESIDE] if at else ""
        after = text[-_BESIDE:] if at + 1 < len(pieces) else ""
        if piece.sort is Sort.SAME and len(before) + len(after) + 2 < len(text):
            text = f"{before}……{after}"
        found.append(Piece(piece.sort, text))
    return found


def _worded(pieces: Sequence[Piece], *, plain: bool) -> Text:
    found = Text()
    for piece in pieces:
        first, last = _MARKS[piece.sort] if plain else ("", "")
        found.append(f"{first}{piece.text}{last}", style=_STYLES[piece.sort])
    return found


def _print(console: Console, text: Text, indent: int = 0) -> None:
    console.print(Wrapped(text, indent))
