from __future__ import annotations

import pytest

from retrieval.pinyin import pinyin_pairs, sounding_like


@pytest.mark.parametrize("written", ["退款", "腿款", "退宽", "退欵", "tuikuan", "TuiKuan", "ｔｕｉｋｕａｎ", "「退款」？"])
def test_a_wrong_character_of_the_right_sound_and_pinyin_are_alike(written: str) -> None:
    assert pinyin_pairs(written) == ["tui_kuan"]


@pytest.mark.parametrize(
    ("characters", "typed"),
    [("企业微信", "qiyeweixin"), ("不可抗力", "bukekangli"), ("发票", "fapiao"), ("会话存档", "huihuacundang"), ("天安门", "TIANANMEN")],
)
def test_pinyin_typed_in_one_word_falls_into_the_syllables_of_the_characters(characters: str, typed: str) -> None:
    assert pinyin_pairs(typed) == pinyin_pairs(characters)
    assert len(pinyin_pairs(typed)) == len(characters) - 1


@pytest.mark.parametrize(("traditional", "simplified"), [("帳號轉讓", "账号转让"), ("退還費用", "退还费用")])
def test_traditional_and_simplified_characters_sound_alike(traditional: str, simplified: str) -> None:
    assert pinyin_pairs(traditional) == pinyin_pairs(simplified) != []


@pytest.mark.parametrize("word", ["refund", "agreement", "WeChat", "online", "service terms", "force majeure"])
def test_english_words_are_left_out(word: str) -> None:
    assert pinyin_pairs(word) == []
    assert pinyin_pairs(f"申请{word}要多久") == ["shen_qing", "yao_duo", "duo_jiu"]


@pytest.mark.parametrize("text", ["企点，退款", "企点 退款", "企点\n退款", "企点2退款", "企点API退款"])
def test_no_pair_goes_across_what_stands_between_two_runs(text: str) -> None:
    assert pinyin_pairs(text) == ["qi_dian", "tui_kuan"]


@pytest.mark.parametrize("text", ["", " \n", "？！。", "7", "4.7", "退", "api", "hao", "zhuang", "😀"])
def test_what_has_no_two_syllables_in_a_row_has_no_pair(text: str) -> None:
    assert pinyin_pairs(text) == []


@pytest.mark.parametrize(
    ("text", "name", "spans"),
    [
        ("huihua cundang 买错了", "会话存档", [(0, 14)]),
        ("想问会话存挡", "会话存档", [(2, 6)]),
        ("法律的falv", "法律", [(3, 7)]),
        ("会话存档", "会话存档", []),  # written rightly: found without this
        ("起点中文网", "企点", []),  # two characters of the right sound mean something else
        ("lexianger", "乐享", []),
        ("anything", "LINE", []),
    ],
)
def test_a_name_is_heard_in_pinyin_and_in_wrong_characters(text: str, name: str, spans: list[tuple[int, int]]) -> None:
    assert sounding_like(text, name) == spans


def test_the_u_with_dots_is_typed_in_two_ways() -> None:
    assert pinyin_pairs("falv") == pinyin_pairs("法律") == ["fa_lu"]
    assert pinyin_pairs("celue") == pinyin_pairs("策略") == ["ce_lue"]
