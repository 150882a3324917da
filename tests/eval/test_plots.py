from __future__ import annotations

from xml.etree import ElementTree

import pytest

from eval.plots import Bar, bars, columns

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
