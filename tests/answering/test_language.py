from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import opencc
import pytest

from answering.answer import Language
from answering.language import language_of

_QUESTIONS = Path(__file__).parents[2] / "eval" / "questions"
_LABELS = {"zh": Language.SIMPLIFIED, "zh-Hant": Language.TRADITIONAL, "en": Language.ENGLISH}


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("企点开通几天内可以无条件退款？", Language.SIMPLIFIED),
        ("企點開通幾天內可以無條件退款？", Language.TRADITIONAL),
        ("Can I sell our account?", Language.ENGLISH),
        # a name, a number, nothing: whoever asks it of Chinese agreements asks in Chinese
        ("qidian", Language.SIMPLIFIED),
        ("qidian 4.7", Language.SIMPLIFIED),
        ("WeCom SLA", Language.SIMPLIFIED),
        ("4.6.1", Language.SIMPLIFIED),
        ("？", Language.SIMPLIFIED),
        ("", Language.SIMPLIFIED),
        # Latin names in Chinese sentences, Chinese names in English ones
        ("乐享 supports SSO and SCIM 吗", Language.SIMPLIFIED),
        ("WeCom 的 SaaS API rate limit 是多少", Language.SIMPLIFIED),
        ("樂享的 SLA", Language.TRADITIONAL),
        ("What is 企业微信会话内容存档?", Language.ENGLISH),
        ("Is the WeCard (腾讯微卡) agreement governed by Hong Kong law?", Language.ENGLISH),
        ("refund policy", Language.ENGLISH),
        ("WeCom refund", Language.ENGLISH),
        ("HOW LONG IS DATA KEPT", Language.ENGLISH),
        # what is quoted is not what is asked
        ("“Force majeure as defined in the annex”是什么意思", Language.SIMPLIFIED),
        ("What does “我的账号被封了怎么办” mean?", Language.ENGLISH),
        ("《腾讯乐享服务协议》的發票多久開？", Language.TRADITIONAL),
        ("把“合作愉快，期待下次見面”翻成英文", Language.TRADITIONAL),
        ("《腾讯乐享服务协议》", Language.SIMPLIFIED),
        # characters of both, and traditional ones that simplified text has too
        ("七日後可以退款", Language.TRADITIONAL),
        ("外部供應商 管不着", Language.TRADITIONAL),
        ("我想问企業微信账号怎么转让", Language.SIMPLIFIED),
        ("陶喆是谁", Language.SIMPLIFIED),
    ],
)
def test_the_language_of_a_question(question: str, language: Language) -> None:
    assert language_of(question) is language


def test_every_question_of_the_evaluation_is_in_the_language_it_is_said_to_be_in() -> None:
    rows = [json.loads(line) for path in _QUESTIONS.glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    assert {row["lang"] for row in rows} == set(_LABELS)
    assert [row["question"] for row in rows if language_of(row["question"]) is not _LABELS[row["lang"]]] == []


def test_every_chinese_question_of_the_evaluation_is_traditional_in_traditional_characters() -> None:
    converter = opencc.OpenCC("s2t")
    rows = [json.loads(line) for path in _QUESTIONS.glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [(row["question"], converter.convert(row["question"])) for row in rows if row["lang"] == "zh"]
    changed = [traditional for simplified, traditional in pairs if simplified != traditional]
    assert len(changed) > 900
    assert [question for question in changed if language_of(question) is not Language.TRADITIONAL] == []


def test_a_simplified_or_english_question_needs_no_conversion() -> None:
    code = "import sys; from answering.language import language_of as of; of('企点几天内退款'), of('Can I sell it?'); print('opencc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
