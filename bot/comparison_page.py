"""What changed between two versions of an agreement as one self-contained page: it asks the network for nothing and runs no script.

Everything that comes from an agreement goes through html.escape.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from string import Template

from bot.compared import SAID, Compared, places, spanned, together
from bot.versions import named
from retrieval.comparison import Change, ClauseChange
from retrieval.differences import Piece, Sort

_PAGE = Template("""<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title 改了什么</title>
<style>
:root {
  --paper: #f6f5f1; --card: #fff; --ink: #1d2226; --soft: #5b646c; --line: #e3e1da;
  --gone: #9c1c14; --gone-back: #fde4e1; --come: #14602f; --come-back: #d9f2e0; --changed: #8a5a00; --placed: #1f6f8b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1c2125; --ink: #e6e9eb; --soft: #a4adb5; --line: #2e353b;
    --gone: #ffb4ac; --gone-back: #4a1f1c; --come: #a5e5b8; --come-back: #163a23; --changed: #e8b95c; --placed: #7cc4dd;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; font-variant-numeric: tabular-nums;
  font: 16px/1.75 system-ui, -apple-system, "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
}
main { max-width: 46em; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.4em; line-height: 1.35; margin: 0; }
.versions { color: var(--soft); margin: 4px 0 12px; }
.counts { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 20px; padding: 0; list-style: none; }
.counts b { font-size: 1.15em; }
article { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--soft); border-radius: 8px; margin: 12px 0; padding: 10px 14px; }
article h2 { font-size: 1em; margin: 0; } article h2 i { font-style: normal; }
article p { margin: 6px 0 0; white-space: pre-line; }
.above { color: var(--soft); font-size: .85em; }
.changed { border-left-color: var(--changed); } .changed i { color: var(--changed); }
.added { border-left-color: var(--come); } .added i { color: var(--come); }
.removed { border-left-color: var(--gone); } .removed i { color: var(--gone); }
.renumbered, .moved { border-left-color: var(--placed); } .renumbered i, .moved i { color: var(--placed); }
del { color: var(--gone); background: var(--gone-back); border-radius: 3px; }
ins { color: var(--come); background: var(--come-back); border-radius: 3px; text-decoration: none; }
.added ins, .removed del { background: none; }
details { color: var(--soft); margin: 12px 0; padding: 0 14px; } summary { cursor: pointer; padding: 4px 0; }
details p { margin: 8px 0; white-space: pre-line; } details b { color: var(--ink); }
@media print { body { background: none; } details { display: none; } article { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>《$title》</h1>
<p class="versions">$old → $new</p>
<ul class="counts">$counts</ul>
$changes
</main>
</body>
</html>
""")


def page_of(compared: Compared) -> str:
    """The page: every change in the order of the new version, what stayed folded away between."""
    comparison = compared.comparison
    counts = [f"<li>{said} <b>{comparison.counts[change]}</b></li>" for change, said in SAID.items() if comparison.counts[change]]
    parts: list[str] = []
    for stays, run in groupby(comparison.changes, lambda change: change.change is Change.UNCHANGED):
        changes = list(run)
        parts += [_unchanged(changes)] if stays else [_group(compared, group) for group in together(changes)]
    return _PAGE.substitute(
        title=escape(compared.new.agreement.title),
        old=escape(named(compared.old)),
        new=escape(named(compared.new)),
        counts="".join(counts),
        changes="\n".join(parts) or "<p>两个版本都没有条款。</p>",
    )


def _group(compared: Compared, group: Sequence[ClauseChange]) -> str:
    first = group[0]
    above = f'<div class="above">{escape(compared.above(first))}</div>' if compared.above(first) else ""
    words = "" if len(group) > 1 else f"<p>{_worded(first.pieces)}</p>"
    head = f"<h2><i>{SAID[first.change]}</i>　{escape(spanned(group))}</h2>"
    return f'<article class="{first.change.value}">{head}{above}{words}</article>'


def _unchanged(changes: Sequence[ClauseChange]) -> str:
    rows = "".join(f"<p><b>{escape(places(change))}</b>　{_worded(change.pieces)}</p>" for change in changes)
    between = places(changes[0]) + (f"–{places(changes[-1])}" if len(changes) > 1 else "")
    return f"<details><summary>{escape(between)}：{len(changes)} 条未变</summary>{rows}</details>"


def _worded(pieces: Sequence[Piece]) -> str:
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: Piece) -> str:
    words = escape(piece.text)
    return {Sort.SAME: words, Sort.REMOVED: f"<del>{words}</del>", Sort.ADDED: f"<ins>{words}</ins>"}[piece.sort]
