from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering.answer import Answer, Choice, Language, Status
from bot.wecom.cards import offers, taken
from bot.wecom.markdown import one_line
from tests.shown_answers import quoted, refused, unclear

_RECORD = "01h4kq7abcde"


def _width(text: str) -> float:
    """In Chinese characters."""
    return sum(1 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)


def _card(answer: Answer) -> dict[str, Any]:
    card = offers(answer, _RECORD)
    assert card is not None
    _check(card)
    return card


def _check(card: dict[str, Any]) -> None:
    """What https://developer.work.weixin.qq.com/document/path/101032 says of button_interaction."""
    assert card["card_type"] == "button_interaction"
    assert re.fullmatch(r"[0-9A-Za-z_\-@]{1,128}", card["task_id"])
    buttons = card["button_list"]
    assert 1 <= len(buttons) <= 6
    keys = [button["key"] for button in buttons]
    assert len(set(keys)) == len(keys)
    assert all(1 <= len(key.encode()) <= 1024 for key in keys)
    assert all(button["style"] in (1, 2, 3, 4) for button in buttons)
    texts = [button["text"] for button in buttons]
    assert all(text.strip() and _width(text) <= 10 for text in texts)
    assert 0 < _width(card["main_title"]["title"]) <= 26
    assert _width(card.get("sub_title_text", "").replace("\n", "")) <= 112
    for text in (*texts, card["main_title"]["title"], *card.get("sub_title_text", "").split("\n")):
        text.encode()
        assert not re.search("[\x00-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_an_answer_offers_its_further_questions_in_a_list_and_on_buttons_with_their_numbers() -> None:
    assert _card(quoted()) == {
        "card_type": "button_interaction",
        "main_title": {"title": "还可以问"},
        "sub_title_text": "1 停车：忘了开发票怎么办？\n2 停车：月租怎么退？\n3 停车：车位可以借给朋友吗？",
        "task_id": f"offers-{_RECORD}",
        "button_list": [
            {"text": "1 忘了开发票怎么办？", "style": 2, "key": f"q:{_RECORD}:0"},
            {"text": "2 月租怎么退？", "style": 2, "key": f"q:{_RECORD}:1"},
            {"text": "3 车位可以借给朋友…", "style": 2, "key": f"q:{_RECORD}:2"},
        ],
    }


def test_what_is_not_clear_is_asked_back_by_the_names_of_agreements() -> None:
    card = _card(unclear())
    assert card["main_title"] == {"title": "请选择协议"}
    assert [(button["text"], button["key"]) for button in card["button_list"]] == [
        ("停车场服务协议", f"c:{_RECORD}:0"),
        ("充电桩使用协议", f"c:{_RECORD}:1"),
    ]
    assert "sub_title_text" not in card


@pytest.mark.parametrize(
    ("language", "title", "choose"),
    [(Language.SIMPLIFIED, "还可以问", "请选择协议"), (Language.TRADITIONAL, "還可以問", "請選擇協議"), (Language.ENGLISH, "You may also ask", "Please choose an agreement")],
)  # fmt: skip
def test_a_card_speaks_the_language_of_the_question(language: Language, title: str, choose: str) -> None:
    assert _card(refused(language))["main_title"] == {"title": title}
    assert _card(unclear(language))["main_title"] == {"title": choose}


def test_words_too_long_for_a_card_end_in_an_ellipsis_and_latin_letters_count_half() -> None:
    question = "qidian: How many working days until our account is activated after payment?"
    card = _card(replace(quoted(Language.ENGLISH), suggestions=(question, question * 3)))
    first, second = card["sub_title_text"].split("\n")
    assert first == f"1 {question}"
    assert second.endswith("…")
    assert 54 < _width(second) <= 56
    assert card["button_list"][0]["text"] == "1 How many working…"


def test_there_are_no_more_than_six_buttons_and_choices_go_first() -> None:
    answer = replace(unclear(), choices=unclear().choices * 2, suggestions=("一", "二", "三"))
    card = _card(answer)
    assert [button["key"].split(":")[0] for button in card["button_list"]] == ["c"] * 4 + ["q"] * 2


def test_an_answer_that_offers_nothing_has_no_card() -> None:
    assert offers(replace(quoted(), suggestions=()), _RECORD) is None


def test_each_answer_has_one_card_of_its_own() -> None:
    one, again, other = offers(quoted(), "a1"), offers(quoted(), "a1"), offers(quoted(), "a2")
    assert one
    assert other
    assert one == again
    assert one["task_id"] != other["task_id"]


def test_a_pressed_card_says_what_was_asked_and_its_button_is_grey() -> None:
    card = taken("offers-a1", "停车：忘了开发票怎么办？")
    _check(card)
    assert card == {
        "card_type": "button_interaction",
        "main_title": {"title": "✓ 停车：忘了开发票怎么办？"},
        "task_id": "offers-a1",
        "button_list": [{"text": "✓ 停车：忘了开发票…", "style": 4, "key": "taken"}],
    }
    card = taken("offers-a1", "停车：" + "车位可以借给朋友吗？" * 4)
    _check(card)
    assert card["main_title"]["title"].endswith("…")
    assert card["sub_title_text"] == "✓ 停车：" + "车位可以借给朋友吗？" * 4


def test_the_button_of_a_pressed_card_leads_to_nothing() -> None:
    [button] = taken("offers-a1", "停车：月租怎么退？")["button_list"]
    assert not re.match("[cqvw]:", button["key"])


_WORDS = st.text(st.characters(codec=None, exclude_categories=()), max_size=150).filter(lambda words: bool(one_line(words)))


@given(st.lists(_WORDS, max_size=4), st.lists(_WORDS, max_size=4), st.sampled_from(Language))
def test_a_card_keeps_to_what_wecom_takes_whatever_it_offers(labels: list[str], questions: list[str], language: Language) -> None:
    choices = tuple(Choice("parking", label, label) for label in labels)
    answer = Answer("a", "问", Status.CLARIFY, choices=choices, suggestions=tuple(questions), language=language)
    card = offers(answer, _RECORD)
    assert (card is None) == (not labels and not questions)
    if card:
        _check(card)
    for words in (*labels, *questions):
        _check(taken("offers-1", words))
