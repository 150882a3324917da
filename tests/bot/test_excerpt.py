from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.excerpt import Span, excerpt, marked, place_of

_LONG = "甲方应当遵守本条的所有约定。" * 12
_QUOTE = "乙方可以在七日内退款。"


def _plain(spans: tuple[Span, ...]) -> str:
    return "".join(f"[{span.text}]" if span.quoted else span.text for span in spans)


@pytest.mark.parametrize(
    ("quote", "text", "place"),
    [
        ("可以退款", "您可以退款。", (1, 5)),
        ("可以 退款", "您可以\n退款。", (1, 6)),
        ("不可以", "您可以退款。", (0, 0)),
        ("", "您可以退款。", (0, 0)),
        ("a.b(", "x a.b( y", (2, 6)),
    ],
)
def test_a_quote_is_found_whatever_its_white_space(quote: str, text: str, place: tuple[int, int]) -> None:
    assert place_of(quote, text) == place


def test_a_short_clause_is_shown_whole() -> None:
    text = f"前言。{_QUOTE}发票另寄。"
    assert _plain(excerpt(text, place_of(_QUOTE, text), repeated=False)) == f"前言。[{_QUOTE}]发票另寄。"


def test_of_a_long_clause_the_quoted_words_and_the_sentences_beside_them_are_shown() -> None:
    text = f"{_LONG}{_QUOTE}{_LONG}"
    shown = _plain(excerpt(text, place_of(_QUOTE, text), repeated=False))
    beside = "甲方应当遵守本条的所有约定。" * 2
    assert shown == f"…{beside}[{_QUOTE}]{beside}…"


def test_where_no_sentence_ends_near_a_part_of_one_does() -> None:
    before, after = "甲" * 60 + "，乙方同意后", "并由甲方确认，" + "丙" * 60
    text = f"{before}{_QUOTE}{after}" + "丁" * 60
    assert _plain(excerpt(text, place_of(_QUOTE, text), repeated=False)) == f"…乙方同意后[{_QUOTE}]并由甲方确认，…"


def test_a_clause_that_was_quoted_whole_is_not_shown_again() -> None:
    assert excerpt(f"{_QUOTE}\n", place_of(_QUOTE, _QUOTE), repeated=True) == ()


def test_of_words_that_were_quoted_above_only_the_ends_are_shown_again() -> None:
    quote = "每日停车费不得超过 4000 元，超过的部分由停车场退还给您，并书面说明原因。"
    text = f"请审慎阅读。{quote}\n逾期不退。"
    assert (
        _plain(excerpt(text, place_of(quote, text), repeated=True))
        == "请审慎阅读。[每日停车费不得超过……还给您，并书面说明原因。]　逾期不退。"
    )


def test_words_too_short_to_leave_out_are_shown_again_whole() -> None:
    text = f"前言。{_QUOTE}"
    assert _plain(excerpt(text, place_of(_QUOTE, text), repeated=True)) == f"前言。[{_QUOTE}]"


def test_a_quote_that_does_not_stand_in_the_clause_marks_nothing() -> None:
    assert excerpt("您可以退款。", (0, 0), repeated=False) == (Span("您可以退款。"),)


@given(st.text("甲乙。，\n 7a", min_size=1, max_size=400), st.data(), st.booleans())
def test_an_excerpt_holds_the_quote_and_nothing_that_is_not_in_the_clause(text: str, data: st.DataObject, repeated: bool) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert "".join(span.text for span in marked(text, (start, end))) == text
    spans = excerpt(text, (start, end), repeated=repeated)
    pieces = [piece for span in spans for piece in span.text.replace("……", "…").split("…")]
    squeezed = "".join(text.split())
    assert all("".join(piece.split()) in squeezed for piece in pieces)
    if not repeated:
        assert ["".join(span.text.split()) for span in spans if span.quoted] == ["".join(text[start:end].split())]
