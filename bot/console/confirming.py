"""What an agreement's text says about it, put to a person who may take it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.console.facts_view import at_terminal, chosen, show_facts
from bot.console.terminal import failed, screen
from bot.wiring import NOTES
from retrieval.facts import Fact
from retrieval.library import Library

_INTERRUPTED = 130  # exit status, as shells have it


@contextmanager
def interruptible(library: Library) -> Iterator[None]:
    """Who breaks off what is done to the library meanwhile is told whether anything was taken in."""
    before = {(version.key, version.number) for version in library.versions()}
    try:
        yield
    except KeyboardInterrupt as error:
        new = [version for version in library.versions() if (version.key, version.number) not in before]
        done = "".join(f"但《{version.agreement.title}》（{version.key}）第 {version.number} 版已经收入" for version in new)
        raise failed(f"已中断，{done or '没有收入任何东西'}", _INTERRUPTED) from error


def propose(library: Library, key: str, facts: Sequence[Fact], yes: bool) -> None:
    """Show what the text says, ask whether to take it, and take it; where nobody is there to be asked, say how it is taken later."""
    if not facts:
        return
    later = f"wenyue agreements confirm {key}"
    screen().print("正文里读到的资料：", markup=False)
    show_facts(screen(), facts, library.version_clauses(key, library.versions(key)[-1].number))
    taken: list[Fact] = list(facts)
    if not yes:
        if not at_terminal():
            screen().print(f"以上 {len(facts)} 项没有采用；要采用请运行 {later}（--yes 全部采用）。", markup=False, soft_wrap=True)
            return
        try:
            taken = chosen(facts, lambda question: NOTES.input(question, markup=False))
        except (EOFError, KeyboardInterrupt):
            taken = []
            NOTES.print()
    if taken:
        library.confirm(key, taken)
    left = len(facts) - len(taken)
    screen().print(f"采用了 {len(taken)} 项。" + (f"其余 {left} 项以后可以用 {later} 采用。" if left else ""), markup=False, soft_wrap=True)
