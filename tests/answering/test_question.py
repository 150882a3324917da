from __future__ import annotations

import pytest

from answering.errors import QuestionError
from answering.question import MAX_QUESTION, Question, aspects_of, clean, understand
from retrieval.library import Library


def _written(asked: Question) -> list[str]:
    return [number.written for number in asked.numbers]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("企点几天可以退款", ["qidian"]),
        ("腾讯企业级产品及服务直销协议怎么退款", ["qidian"]),
        ("《腾讯乐享服务协议》讲了什么", ["lexiang"]),
        ("WeCom 的账号能转让吗", ["wework"]),
        ("ＷｅＣｏｍ 的账号能转让吗", ["wework"]),
        ("企微账号能转让吗", ["wework"]),
        ("钉钉的账号能转让吗", []),
    ],
)
def test_an_agreement_is_known_by_any_of_its_names(text: str, keys: list[str], shipped: Library) -> None:
    assert list(understand(text, (), shipped.agreements).agreements) == keys


@pytest.mark.parametrize("text", ["企业微信会话存档的费用", "企业微信会话内容存档的费用", "腾讯企业微信会话内容存档功能服务协议的费用"])
def test_the_longest_name_wins_where_one_name_holds_another(text: str, shipped: Library) -> None:
    assert understand(text, (), shipped.agreements).agreements == ("archive",)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("企业微信和会话存档哪个贵", ["wework", "archive"]),
        ("会话存档和企业微信哪个贵", ["archive", "wework"]),
        ("企业微信会话存档跟企业微信、企点比呢", ["archive", "wework", "qidian"]),
        ("企点，还是企点", ["qidian"]),
    ],
)
def test_several_names_are_kept_in_the_order_named_each_once(text: str, keys: list[str], shipped: Library) -> None:
    assert list(understand(text, (), shipped.agreements).agreements) == keys


@pytest.mark.parametrize(("text", "keys"), [("企點幾天可以退款", ["qidian"]), ("樂享的發票", ["lexiang"]), ("企業微信的帳號", ["wework"])])
def test_traditional_characters_name_the_same_agreement(text: str, keys: list[str], shipped: Library) -> None:
    assert list(understand(text, (), shipped.agreements).agreements) == keys


@pytest.mark.parametrize("text", ["archiver 是什么", "我的 rearchive 工具", "wecomx 登录", "weka2 收费吗"])
def test_a_latin_name_counts_only_as_a_whole_word(text: str, shipped: Library) -> None:
    assert understand(text, (), shipped.agreements).agreements == ()


@pytest.mark.parametrize("text", ["weka收费吗", "请问weka，收费吗", "WEKA"])
def test_chinese_characters_end_a_latin_word(text: str, shipped: Library) -> None:
    assert understand(text, (), shipped.agreements).agreements == ("weka",)


def test_what_is_searched_for_is_the_question_without_names_and_numbers(shipped: Library) -> None:
    assert understand("《腾讯乐享服务协议》里发票怎么开", (), shipped.agreements).search_text == "里发票怎么开"
    assert understand("乐享 4.6.1 里的密钥", (), shipped.agreements).search_text == "里的密钥"


def test_a_question_that_is_nothing_but_a_name_is_searched_for_as_it_stands(shipped: Library) -> None:
    assert understand("企点？", (), shipped.agreements).search_text == "企点？"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("4.6.1", ["4.6.1"]),
        ("乐享 4.6.1 写了什么", ["4.6.1"]),
        ("企点第4.7条", ["4.7"]),
        ("企点４．７写了什么", ["4.7"]),
        ("附件5.4.2", ["附件/5.4.2"]),
        ("存档附件 5.4.2 怎么赔", ["附件/5.4.2"]),
        ("第四条", ["第四条"]),
        ("第 四 条", ["第四条"]),
        ("第4条讲什么", ["第4条"]),
        ("第二十一条", ["第二十一条"]),
        ("8.1.2.1（6）", ["8.1.2.1（6）"]),
        ("8.1.2.1(6)是什么", ["8.1.2.1（6）"]),
        ("8.1.2.1 （ 6 ）", ["8.1.2.1（6）"]),
        ("企点4.7和4.9有什么不同", ["4.7", "4.9"]),
        ("4.7条、第五条", ["4.7", "第五条"]),
    ],
)
def test_clause_numbers_are_read_however_they_are_written(text: str, written: list[str], shipped: Library) -> None:
    assert _written(understand(text, (), shipped.agreements)) == written


@pytest.mark.parametrize(
    "text",
    [
        "2.5元",
        "企点 2.5 元一条",
        "2.5万",
        "3.0版",
        "3.0 版本",
        "99.9%",
        "99.95％的可用性",
        "2.5GB 空间",
        "2.5 倍",
        "7 天",
        "2022年8月15日",
        "30",
    ],
)
def test_measures_are_no_clause_numbers(text: str, shipped: Library) -> None:
    asked = understand(text, (), shipped.agreements)
    assert asked.numbers == ()


def test_a_measure_stays_in_what_is_searched_for(shipped: Library) -> None:
    assert understand("企点短信2.5元一条贵不贵", (), shipped.agreements).search_text == "短信2.5元一条贵不贵"


def test_a_follow_up_takes_over_what_was_asked_before(shipped: Library) -> None:
    asked = understand("那发票呢", ["企点几天可以退款"], shipped.agreements)
    assert (asked.agreements, asked.inherited) == (("qidian",), True)
    assert "几天可以退款" in asked.search_text
    assert "发票" in asked.search_text


def test_a_follow_up_that_names_another_agreement_asks_the_same_of_that_one(shipped: Library) -> None:
    asked = understand("那会话存档呢", ["企点几天可以退款"], shipped.agreements)
    assert (asked.agreements, asked.inherited) == (("archive",), False)
    assert "几天可以退款" in asked.search_text
    assert "企点" not in asked.search_text


def test_a_number_in_a_follow_up_is_not_mixed_with_the_number_before(shipped: Library) -> None:
    asked = understand("那4.9呢", ["企点4.7写了什么"], shipped.agreements)
    assert (asked.agreements, _written(asked)) == (("qidian",), ["4.9"])


def test_a_whole_question_keeps_the_agreement_of_the_conversation_but_not_its_words(shipped: Library) -> None:
    asked = understand("账号可以借给公司外面的人一起使用吗", ["企点几天可以退款"], shipped.agreements)
    assert (asked.agreements, asked.inherited) == (("qidian",), True)
    assert "退款" not in asked.search_text


def test_the_agreement_named_last_is_the_one_inherited(shipped: Library) -> None:
    asked = understand("那它收费吗", ["企点几天可以退款", "乐享怎么注册", "好的谢谢"], shipped.agreements)
    assert asked.agreements == ("lexiang",)


def test_a_question_about_all_agreements_inherits_none(shipped: Library) -> None:
    asked = understand("哪份协议写了退款", ["企点几天可以退款"], shipped.agreements)
    assert (asked.agreements, asked.inherited, asked.about_all) == ((), False, True)


def test_empty_earlier_questions_are_left_out(shipped: Library) -> None:
    asked = understand("多久", ["企点怎么开票", " ", ""], shipped.agreements)
    assert asked.history == ("企点怎么开票",)
    assert asked.agreements == ("qidian",)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "？？？", "……！", "\x00\x1b", "\u200b\ufeff", "🙂"])
def test_an_empty_question_is_refused(text: str, shipped: Library) -> None:
    with pytest.raises(QuestionError, match="问题是空的"):
        understand(text, (), shipped.agreements)


def test_a_question_may_be_as_long_as_the_limit_and_no_longer() -> None:
    assert clean("退" * MAX_QUESTION) == "退" * MAX_QUESTION
    with pytest.raises(QuestionError, match=rf"{MAX_QUESTION + 1} 个字，最多 {MAX_QUESTION} 个字"):
        clean("退" * (MAX_QUESTION + 1))


def test_ten_thousand_characters_are_refused_without_repeating_them() -> None:
    with pytest.raises(QuestionError) as refused:
        clean("退款" * 5000)
    assert "10000" in str(refused.value)
    assert "退款" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("企点\x00几天\x1b[2J退款", "企点几天[2J退款"),
        ("企\u200b点\u202e几天\ufeff退款", "企点几天退款"),
        ("企点\r\n几天\t退款  吗 ", "企点 几天 退款 吗"),
        ("企点\ud800退款", "企点退款"),
    ],
)
def test_control_characters_are_taken_out(text: str, kept: str) -> None:
    assert clean(text) == kept


def test_a_control_character_does_not_hide_a_name(shipped: Library) -> None:
    assert understand("企\u200b点几天退款", (), shipped.agreements).agreements == ("qidian",)


def test_the_id_comes_from_the_question_and_its_history(shipped: Library) -> None:
    def the_id(text: str, history: list[str]) -> str:
        return understand(text, history, shipped.agreements).id

    assert the_id("多久", ["企点怎么开票"]) == the_id("  多久\n", ["企点怎么开票 "])
    assert len({the_id("多久", ["企点怎么开票"]), the_id("多久", ["乐享怎么开票"]), the_id("多久", [])}) == 3
    assert understand("多久", (), shipped.agreements, question_id="Q001").id == "Q001"


def test_one_question_of_two_agreements_has_an_aspect_each(shipped: Library) -> None:
    asked = understand("企点和乐享的发票怎么开？", (), shipped.agreements)
    assert [aspect.agreements for aspect in aspects_of(asked, shipped.agreements)] == [("qidian",), ("lexiang",)]


def test_two_questions_in_one_message_are_two_aspects_each_in_its_own_agreement(shipped: Library) -> None:
    asked = understand("企点开通以后几天内能退款？乐享的账号怎么注销？", (), shipped.agreements)
    aspects = aspects_of(asked, shipped.agreements)
    assert [aspect.agreements for aspect in aspects] == [("qidian",), ("lexiang",)]
    assert "注销" not in aspects[0].search_text
    assert "退款" not in aspects[1].search_text


def test_a_part_that_names_no_agreement_is_about_those_of_the_whole_question(shipped: Library) -> None:
    asked = understand("企点开通以后几天内能退款？发票要多久才能开？", (), shipped.agreements)
    assert [aspect.agreements for aspect in aspects_of(asked, shipped.agreements)] == [("qidian",), ("qidian",)]


def test_a_question_of_no_agreement_has_one_aspect_in_all(shipped: Library) -> None:
    asked = understand("开通以后几天内能退款？", (), shipped.agreements)
    assert [aspect.agreements for aspect in aspects_of(asked, shipped.agreements)] == [()]
