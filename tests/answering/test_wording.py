from __future__ import annotations

import string
from pathlib import Path

import pytest

from answering.answer import Language, Status
from answering.wording import MESSAGES, Wording, listed, say, sentence_of
from bot.wording import AROUND
from bot.wording import say as say_around
from retrieval.words import to_simplified
from tests.said_keys import said_keys

_ROOT = Path(__file__).parents[2]
_FILES = {"messages": MESSAGES, "around": AROUND}
_KEYS = [(name, key) for name, wording in _FILES.items() for key in wording.sentences]


def _holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(("file", "key"), _KEYS)
def test_every_key_has_all_languages_and_in_all_the_same_holes(file: str, key: str) -> None:
    said = _FILES[file].sentences[key]
    assert set(said) == set(Language)
    assert all(text.strip(" ") for text in said.values())
    assert len({frozenset(_holes(text)) for text in said.values()}) == 1


@pytest.mark.parametrize(("file", "key"), _KEYS)
def test_the_traditional_words_are_the_simplified_ones(file: str, key: str) -> None:
    said = _FILES[file].sentences[key]
    quoted = said[Language.TRADITIONAL].replace("「", "“").replace("」", "”")
    assert to_simplified(quoted) == said[Language.SIMPLIFIED]


@pytest.mark.parametrize(("file", "key"), _KEYS)
def test_no_chinese_is_left_in_english(file: str, key: str) -> None:
    english = _FILES[file].sentences[key][Language.ENGLISH].replace("《{title}》", "")
    assert not any("\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in english)


def test_what_ends_in_a_line_is_a_clause_without_a_stop() -> None:
    for key, said in MESSAGES.sentences.items():
        if key.endswith("_"):
            assert not any(text.endswith(("。", ".")) for text in said.values())


def test_every_status_has_its_words() -> None:
    for status in Status:
        assert len({say_around(status.value, language) for language in Language}) == 3


def test_everything_that_an_answer_says_is_there_and_all_that_is_there_is_said() -> None:
    modules = [path for room in ("answering", "bot") for path in (_ROOT / room).glob("*.py")]
    said = said_keys(modules, "answering.wording", {"self.key": lambda: ()})  # a Said was made by `said`, which has been read
    assert said.unknown == []
    assert said.keys == set(MESSAGES.sentences)


_CODE = """
from answering.wording import said, say as tell
_OF = {1: "one", 2: "two"}

def told(language, kind, why, at):
    key = "several" if kind else "none"
    first = tell(key, language)
    return (first, said("outright"), tell(_OF.get(at, "other"), language), tell(f"why_{why}", language), tell(kind, language), "unsaid")
"""


def test_the_keys_that_code_says_are_those_that_reach_the_words_however_they_are_chosen(tmp_path: Path) -> None:
    module = tmp_path / "told.py"
    module.write_text(_CODE, encoding="utf-8")
    found = said_keys([module], "answering.wording", {"why_{}": lambda: ("why_not",)})
    assert found.keys == {"several", "none", "outright", "one", "two", "other", "why_not"}
    assert found.unknown == ["told.py:8: kind"]
    assert said_keys([module], "bot.wording", {}).keys == set()
    assert said_keys([module], "answering.wording", {"kind": lambda: ()}).unknown == ["told.py:8: why_{}"]


def test_holes_are_filled_with_things_as_they_are() -> None:
    assert say("missing_but_", Language.TRADITIONAL, title="甲{协议}", number="4.19", there="x") == "《甲{协议}》沒有 4.19（x）"


@pytest.mark.parametrize(("key", "holes"), [("no_such_key", {}), ("missing_", {"title": "甲"})])
def test_a_key_or_a_hole_that_is_not_there_is_our_mistake(key: str, holes: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        say(key, Language.ENGLISH, **holes)


def test_a_file_is_read_when_something_is_said_and_once(tmp_path: Path) -> None:
    file = tmp_path / "wording.toml"
    wording = Wording(file)
    file.write_text('[hello]\nen = "Hello, {name}"\n', encoding="utf-8")
    assert wording.say("hello", Language.ENGLISH, name="you") == "Hello, you"
    file.unlink()
    assert wording.say("hello", Language.ENGLISH, name="me") == "Hello, me"


def test_clauses_become_a_sentence() -> None:
    missing = [say("missing_", Language.SIMPLIFIED, title="甲", number=number) for number in ("4.19", "4.20")]
    assert sentence_of(missing, Language.SIMPLIFIED) == "《甲》没有 4.19；《甲》没有 4.20。"
    english = [say("nowhere_", Language.ENGLISH, number=number) for number in ("4.19", "4.20")]
    assert sentence_of(english, Language.ENGLISH) == "None of the agreements held here has 4.19; none of the agreements held here has 4.20."
    assert sentence_of([], Language.ENGLISH) == ""


def test_things_stand_beside_each_other() -> None:
    assert listed(["《甲》1", "《乙》2"], Language.TRADITIONAL) == "《甲》1、《乙》2"
    assert listed(["《甲》1", "《乙》2"], Language.ENGLISH) == "《甲》1, 《乙》2"
