from __future__ import annotations

import pytest

from retrieval.words import bigrams, known_words, normalise, numeral_value, to_simplified, words


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("買錯", "买错"),
        ("企點開通幾天內可以無條件退款", "企点开通几天内可以无条件退款"),
        ("帳號", "账号"),
        ("帐号", "账号"),
        ("您", "你"),
        ("三十个自然日", "30个自然日"),
        ("四十五个工作日", "45个工作日"),
        ("二十四小时", "24小时"),
        ("两年", "2年"),
        ("一次", "1次"),
        ("三倍", "3倍"),
        ("二〇二六年", "2026年"),
        ("百分之一点零五", "1.05%"),
        ("百分之五", "5%"),
        ("百分之三十", "30%"),
        ("百分之百", "100%"),
        ("三万元", "30000元"),
        ("二十万", "20万"),
        ("一百二十八元", "128元"),
        ("ＡＢＣ１２３％", "abc123%"),
        ("７天", "7天"),
        ("（一）", "(一)"),
        ("SaaS API", "saas api"),
    ],
)
def test_one_spelling_for_what_is_written_in_several_ways(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize("text", ["统一", "一般", "唯一", "万一", "第三方", "第十一条", "三方", "一致", "其一", "百度", "十分", "千万不要"])
def test_a_numeral_that_counts_nothing_stays(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize("text", ["5万元", "1万元", "3百元", "5千元", "2.5万元", "10亿元"])
def test_a_numeral_after_digits_is_their_unit_and_stays(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize("text", ["统一年费", "统一月结"])
def test_a_word_that_ends_in_a_numeral_stays_whole_before_a_measure(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize("text", ["企点买错了能退吗", "30个自然日", "5%", "abc 4.7 (一)", "", "😀"])
def test_what_is_normal_already_stays(text: str) -> None:
    assert normalise(text) == text
    assert normalise(normalise(text)) == normalise(text)


def test_simplified_text_is_not_touched() -> None:
    assert to_simplified("著作权与软件，干净") == "著作权与软件，干净"
    assert to_simplified("plain text") == "plain text"


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("零", 0),
        ("〇", 0),
        ("一", 1),
        ("两", 2),
        ("十", 10),
        ("十一", 11),
        ("二十", 20),
        ("三十", 30),
        ("九十九", 99),
        ("一百", 100),
        ("百", 100),
        ("一百零三", 103),
        ("一百二十八", 128),
        ("两千", 2000),
        ("一千零一", 1001),
        ("一万", 10_000),
        ("十万", 100_000),
        ("十二万三千", 123_000),
        ("二十万五千", 205_000),
        ("三百万", 3_000_000),
        ("一千零一万", 10_010_000),
        ("一亿", 100_000_000),
        ("一亿三千万", 130_000_000),
        ("两亿五千万零三百", 250_000_300),
        ("一万亿", 1_000_000_000_000),
        ("二〇二六", 2026),
        ("一九九八", 1998),
    ],
)
def test_numerals_have_their_value(numeral: str, value: int) -> None:
    assert numeral_value(numeral) == value


@pytest.mark.parametrize("text", ["", "甲", "三十天", "30", "第三"])
def test_what_is_no_numeral_has_no_value(text: str) -> None:
    assert numeral_value(text) is None


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("退款", ["退款"]),
        ("无条件退款", ["无条", "条件", "件退", "退款"]),
        ("我", ["我"]),
        ("退款，赔偿", ["退款", "赔偿"]),
        ("调用API接口7天", ["调用", "api", "接口", "7", "天"]),
        ("不低于99.90%", ["不低", "低于", "99.90%"]),
        ("退 款", ["退", "款"]),
        ("买錯", ["买错"]),
        ("", []),
        ("？！。", []),
    ],
)
def test_bigrams_are_pairs_of_characters_and_whole_latin_words(text: str, pairs: list[str]) -> None:
    assert bigrams(text) == pairs


def test_words_are_cut_by_the_dictionary_without_stop_words() -> None:
    found = words("您可以在七个自然日内要求终止合作并全额退款 API")
    assert {"自然", "终止", "合作", "全额", "退款", "api", "7"} <= set(found)
    assert not {"你", "可以", "在", "并且", "，"} & set(found)


def test_known_words_are_all_of_the_vocabulary_that_occur() -> None:
    vocabulary = {"退款", "无条件", "条件", "条件退", "企点", "可以", "赔偿", "api", "退"}
    assert set(known_words("企点可以无条件退款吗 API", vocabulary)) == {"退款", "无条件", "条件", "条件退", "企点", "api", "退"}


def test_known_words_are_found_however_the_question_is_written() -> None:
    assert known_words("買錯", {"买错"}) == ["买错"]
    assert known_words("三十天", {"30", "天"}) == ["30", "天"]
    assert known_words("什么都没有", {"款"}) == []
    assert known_words("", {"款"}) == []


def test_a_stop_word_is_no_known_word_even_if_it_is_indexed() -> None:
    assert known_words("可以退款", {"可以", "退款"}) == ["退款"]
