"""Plots as inline SVG, drawn by hand: no library, no script, colours from the style sheet of the page they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 360  # of the view box; the style sheet stretches it
_ROW = 26
_LABEL = 96  # where bars begin
_TRACK = 138  # how long the longest bar is


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `share` in [0, 1] gives its length, `low` and `high` its interval; `value` and `note` are printed beside it."""

    label: str
    share: float
    value: str
    note: str = ""
    low: float | None = None
    high: float | None = None


def bars(rows: Sequence[Bar], *, says: str, tone: str, full: float = 1.0) -> str:
    """Horizontal bars on one scale, from 0 to the share `full`.

    `tone` is a class of the style sheet; `says` is read to whoever cannot see.
    """
    height = len(rows) * _ROW
    drawn = [f'<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{height}"/>' for x in (_LABEL, _LABEL + _TRACK / 2, _LABEL + _TRACK)]
    for at, row in enumerate(rows):
        top, middle = at * _ROW + 6, at * _ROW + _ROW / 2
        drawn.append(f"<g><title>{escape(f'{row.label} {row.value} {row.note}')}</title>")
        drawn.append(f'<text class="label" x="{_LABEL - 8}" y="{middle + 4}" text-anchor="end">{escape(_fitted(row.label))}</text>')
        drawn.append(f'<rect class="{tone}" x="{_LABEL}" y="{top}" width="{row.share / full * _TRACK:.1f}" height="{_ROW - 12}" rx="2"/>')
        if row.low is not None and row.high is not None:
            drawn.append(_whisker(_LABEL + row.low / full * _TRACK, _LABEL + row.high / full * _TRACK, middle))
        drawn.append(f'<text class="value" x="{_LABEL + _TRACK + 62}" y="{middle + 4}" text-anchor="end">{escape(row.value)}</text>')
        drawn.append(f'<text class="note" x="{_WIDTH}" y="{middle + 4}" text-anchor="end">{escape(row.note)}</text></g>')
    return _svg(height, drawn, says)


def columns(rows: Sequence[Bar], *, says: str, tone: str, last_tone: str) -> str:
    """Vertical columns, the highest as high as the plot; the last one, what was not found, in a tone of its own."""
    height, foot = 210, 20
    step = _WIDTH / len(rows)
    highest = max((row.share for row in rows), default=0.0) or 1.0
    drawn = []
    for at, row in enumerate(rows):
        tall = row.share / highest * (height - 44)
        middle, top = (at + 0.5) * step, height - foot - tall
        kind = last_tone if at == len(rows) - 1 else tone
        drawn.append(f"<g><title>{escape(f'{row.label} {row.value} {row.note}')}</title>")
        drawn.append(f'<rect class="{kind}" x="{middle - 17:.1f}" y="{top:.1f}" width="34" height="{tall:.1f}" rx="2"/>')
        drawn.append(f'<text class="value" x="{middle:.1f}" y="{top - 6:.1f}" text-anchor="middle">{escape(row.value)}</text>')
        drawn.append(f'<text class="label" x="{middle:.1f}" y="{height - 4}" text-anchor="middle">{escape(row.label)}</text></g>')
    drawn.append(f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{height - foot}" y2="{height - foot}"/>')
    return _svg(height, drawn, says)


def trade(points: Sequence[tuple[float, float]], chosen: tuple[float, float], *, across: str, up: str, marked: str, says: str) -> str:
    """Two errors against each other, both in [0, 1]: a line through `points` (across, up), what chance would give, one point marked."""
    left, top, size = 62, 12, 240

    def x(share: float) -> str:
        return f"{left + share * size:.1f}"

    def y(share: float) -> str:
        return f"{top + (1 - share) * size:.1f}"

    drawn = []
    for at in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawn.append(f'<path class="grid" d="M{x(at)} {y(0)}V{y(1)}M{x(0)} {y(at)}H{x(1)}"/>')
        drawn.append(f'<text class="note" x="{x(at)}" y="{top + size + 15}" text-anchor="middle">{at:.0%}</text>')
        drawn.append(f'<text class="note" x="{left - 6}" y="{float(y(at)) + 4:.1f}" text-anchor="end">{at:.0%}</text>')
    drawn.append(f'<text class="label" x="{x(0.5)}" y="{top + size + 34}" text-anchor="middle">{escape(across)}</text>')
    middle = y(0.5)
    drawn.append(f'<text class="label" x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(up)}</text>')
    drawn.append(f'<path class="chance" d="M{x(0)} {y(1)}L{x(1)} {y(0)}"/>')
    drawn.append(f'<path class="line" d="M{"L".join(f"{x(a)} {y(b)}" for a, b in points)}"/>')
    to_the_left = chosen[0] > 0.6  # where there is no room for the words on the right
    drawn.append(f'<circle class="less" cx="{x(chosen[0])}" cy="{y(chosen[1])}" r="5"/>')
    drawn.append(
        f'<text class="value" x="{float(x(chosen[0])) + (-9 if to_the_left else 9):.1f}" y="{max(float(y(chosen[1])) - 8, top + 10):.1f}"'
        f' text-anchor="{"end" if to_the_left else "start"}">{escape(marked)}</text>'
    )
    return _svg(top + size + 42, drawn, says)


def gauge(value: float, low: float, high: float, *, tone: str) -> str:
    """A value with its interval on a line from 0 to 1."""
    drawn = [
        '<line class="track" x1="4" x2="196" y1="7" y2="7"/>',
        f'<line class="{tone} band" x1="{4 + low * 192:.1f}" x2="{4 + high * 192:.1f}" y1="7" y2="7"/>',
        f'<circle class="{tone} dot" cx="{4 + value * 192:.1f}" cy="7" r="4"/>',
    ]
    return f'<svg class="gauge" viewBox="0 0 200 14" aria-hidden="true">{"".join(drawn)}</svg>'


def _whisker(low: float, high: float, y: float) -> str:
    return (
        f'<path class="whisker" d="M{low:.1f} {y}H{high:.1f}M{low:.1f} {y - 3}V{y + 3}M{high:.1f} {y - 3}V{y + 3}"/>' if high > low else ""
    )


def _svg(height: float, drawn: Sequence[str], says: str) -> str:
    return f'<svg class="plot" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(says)}">{"".join(drawn)}</svg>'


def _fitted(label: str) -> str:
    """A label cut to the room left of the bars; a Chinese character is as wide as two letters."""
    room = 14
    for at, char in enumerate(label):
        room -= 2 if ord(char) > 0x2E7F else 1
        if room < 0:
            return label[: max(at - 1, 1)] + "…"
    return label
