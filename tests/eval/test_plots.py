from __future__ import annotations

from xml.etree import ElementTree

import pytest

from eval.plots import Bar, bars, columns, trade

_HOSTILE = '</text><b a="1">&'


def _texts(svg: str, kind: str) -> list[str]:
    return [str(text.text) for text in ElementTree.fromstring(svg).iter("text") if text.get("class") == kind]


def _lengths(svg: str, side: str) -> list[float]:
    return [float(str(rect.get(side))) for rect in ElementTree.fromstring(svg).iter("rect")]


def test_bars_are_drawn_to_one_scale() -> None:
    rows = [Bar("a", 0.5, "50%"), Bar("b", 0.25, "25%"), Bar("c", 0.0, "0%")]
    assert _lengths(bars(rows, says="", tone="more"), "width") == [69.0, 34.5, 0.0]
    assert _lengths(bars(rows, says="", tone="more", full=0.5), "width") == [138.0, 69.0, 0.0]


def test_the_highest_column_fills_the_plot_and_the_last_has_its_own_tone() -> None:
    svg = columns([Bar("1", 0.4, "4"), Bar("2", 0.1, "1"), Bar("none", 0.2, "2")], says="", tone="more", last_tone="less")
    highest, second, last = _lengths(svg, "height")
    assert [second / highest, last / highest] == pytest.approx([1 / 4, 1 / 2], abs=0.01)
    assert [rect.get("class") for rect in ElementTree.fromstring(svg).iter("rect")] == ["more", "more", "less"]


def test_columns_of_nothing_are_flat() -> None:
    assert _lengths(columns([Bar("1", 0.0, "0")], says="", tone="more", last_tone="less"), "height") == [0.0]


def test_an_interval_is_drawn_where_there_is_one() -> None:
    rows = [Bar("a", 0.5, "", low=0.25, high=0.75), Bar("b", 1.0, "", low=1.0, high=1.0), Bar("c", 0.5, "")]
    drawn = [path.get("d") for path in ElementTree.fromstring(bars(rows, says="", tone="more")).iter("path")]
    assert len(drawn) == 1
    assert str(drawn[0]).startswith("M130.5 13.0H199.5")


def test_whatever_a_bar_says_is_text() -> None:
    rows = [Bar(_HOSTILE, 0.5, _HOSTILE, _HOSTILE)]
    for svg in (bars(rows, says=_HOSTILE, tone="more"), columns(rows, says=_HOSTILE, tone="more", last_tone="less")):
        root = ElementTree.fromstring(svg)
        assert root.get("aria-label") == _HOSTILE
        assert [title.text for title in root.iter("title")] == [" ".join([_HOSTILE] * 3)]
        assert _texts(svg, "value") == [_HOSTILE]
    assert _texts(bars(rows, says="", tone="more"), "note") == [_HOSTILE]
    assert _texts(bars(rows, says="", tone="more"), "label") == [_HOSTILE[:13] + "…"]


@pytest.mark.parametrize(
    ("label", "fitted"),
    [("archive", "archive"), ("编号有歧义", "编号有歧义"), ("一二三四五六七", "一二三四五六七"), ("一二三四五六七八", "一二三四五六…")],
)
def test_a_label_that_is_too_long_is_cut(label: str, fitted: str) -> None:
    assert _texts(bars([Bar(label, 0.5, "")], says="", tone="more"), "label") == [fitted]


def _points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split() for pair in path[1:].split("L"))]


def test_two_errors_are_drawn_against_each_other_to_scale() -> None:
    svg = trade([(0.0, 1.0), (0.5, 0.25), (1.0, 0.0)], (0.5, 0.25), across="a", up="b", marked="here", says="")
    (line,) = [str(path.get("d")) for path in ElementTree.fromstring(svg).iter("path") if path.get("class") == "line"]
    (left, top), middle, (right, bottom) = _points(line)
    assert right - left == bottom - top > 0  # both from 0 to 1
    assert [(middle[0] - left) / (right - left), (bottom - middle[1]) / (bottom - top)] == pytest.approx([0.5, 0.25])
    (dot,) = ElementTree.fromstring(svg).iter("circle")
    assert (float(str(dot.get("cx"))), float(str(dot.get("cy")))) == middle
    assert _texts(svg, "value") == ["here"]
    assert _texts(svg, "label") == ["a", "b"]


@pytest.mark.parametrize("chosen", [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)])
def test_the_words_at_the_marked_point_stay_within_the_plot(chosen: tuple[float, float]) -> None:
    svg = trade([chosen], chosen, across="", up="", marked="阈值 0.70", says="")
    root = ElementTree.fromstring(svg)
    width, height = (float(side) for side in str(root.get("viewBox")).split()[2:])
    (text,) = [text for text in root.iter("text") if text.get("class") == "value"]
    x, long = float(str(text.get("x"))), 60
    assert 0 <= (x - long if text.get("text-anchor") == "end" else x) <= width - (0 if text.get("text-anchor") == "end" else long)
    assert 10 <= float(str(text.get("y"))) <= height


def test_whatever_a_curve_says_is_text() -> None:
    root = ElementTree.fromstring(trade([(0.0, 1.0)], (0.5, 0.5), across=_HOSTILE, up=_HOSTILE, marked=_HOSTILE, says=_HOSTILE))
    assert root.get("aria-label") == _HOSTILE
    assert [text.text for text in root.iter("text") if text.get("class") in ("label", "value")] == [_HOSTILE] * 3
