"""Choices and further questions as a template card of WeCom (button_interaction), and the card after somebody has pressed.

Lengths are those that WeCom's description of cards recommends, in Chinese characters, two Latin ones being as wide as one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from answering.answer import Answer
from bot.contacts import Contact
from bot.presses import choice_data, hand_data, question_data
from bot.wecom.markdown import one_line
from bot.wording import say

_BUTTONS = 6
_ON_BUTTON = 10
_IN_TITLE = 26
_IN_TEXT = 112
_NAME = re.compile(r"^[^：:]{1,12}(?:：|: )(?=.)")  # of the agreement that a question is about, in front of it
_NOTHING = "taken"  # the key of a button that leads to nothing
_BLUE, _GREY = 2, 4  # how a button looks: pale with blue words, pale with grey words


def offers(answer: Answer, record: str, contact: Contact | None = None) -> dict[str, Any] | None:
    """The card of what an answer offers, kept under the id `record`: a button for each choice and each further question, six at most, and one
    that hands the question to a contact.

    None where it offers nothing. Where not all words go onto buttons whole, the card lists them, and buttons have their numbers and how
    they begin, without the name of the agreement. A button carries what those of other channels do. The card's task_id is made of the
    record: an answer has one card.
    """
    choices = [(choice_data(record, at), choice.label.strip("《》")) for at, choice in enumerate(answer.choices)]
    questions = [(question_data(record, at), question) for at, question in enumerate(answer.suggestions)]
    handing = [(hand_data(record), say("hand", answer.language, name=contact.name))] if contact else []
    offered = [(data, one_line(words)) for data, words in (*handing, *choices, *questions) if one_line(words)][:_BUTTONS]
    if not offered:
        return None
    asks = say("contact", answer.language, name=contact.name) if contact else ""
    title = asks or say("clarify" if choices else "suggestions", answer.language).rstrip("：:")
    card = {"card_type": "button_interaction", "main_title": {"title": _cut(title, _IN_TITLE)}, "task_id": f"offers-{record}"}
    if all(_width(words) <= _ON_BUTTON for _, words in offered):
        texts = [words for _, words in offered]
    else:
        room = _IN_TEXT // len(offered)
        card["sub_title_text"] = "\n".join(_cut(f"{at} {words}", room) for at, (_, words) in enumerate(offered, 1))
        texts = [_cut(f"{at} {_NAME.sub('', words)}", _ON_BUTTON) for at, (_, words) in enumerate(offered, 1)]
    buttons = [{"text": text, "style": _BLUE, "key": data} for text, (data, _) in zip(texts, offered, strict=True)]
    return {**card, "button_list": buttons}


def taken(task: str, asked: str) -> dict[str, Any]:
    """The card with this task_id after somebody has pressed: it says what was asked by that, on a button that is grey and does nothing.

    A card of WeCom's bots cannot be without a button, and has none that cannot be pressed.
    """
    said = f"✓ {one_line(asked)}"
    return {
        "card_type": "button_interaction",
        "main_title": {"title": _cut(said, _IN_TITLE)},
        **({"sub_title_text": _cut(said, _IN_TEXT)} if _width(said) > _IN_TITLE else {}),
        "task_id": task,
        "button_list": [{"text": _cut(said, _ON_BUTTON), "style": _GREY, "key": _NOTHING}],
    }


def _cut(text: str, most: float) -> str:
    """The text, or its beginning and an ellipsis, no wider than `most` Chinese characters."""
    if _width(text) <= most:
        return text
    while _width(text) > most - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _width(text: str) -> float:
    return sum(1 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)
