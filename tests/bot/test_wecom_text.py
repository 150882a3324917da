from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from answering.acts import Acts
from answering.answer import Answer, Choice, Citation, Defined, Language, Reason, Referred, Statement, Status, Withheld
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.language import language_of
from answering.question import clean
from bot.form import Cited, Form, Pointed, form_of
from bot.links import path_of
from bot.runs import Run
from bot.wecom.markdown import Block, fitting, size, written
from bot.wecom.text import MOST_BYTES, growing, inert, markdown_of
from retrieval.clause import Agreement
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from retrieval.words import normalise
from tests.shown_answers import AGREEMENTS, CABLE, FEES, TERM, clause, quoted, refused, told, unclear
from tests.wecom_reading import JOINER, NotOurs, read, shown


def _form(answer: Answer) -> Form:
    return form_of(answer, AGREEMENTS)


def _source(answer: Answer, *, cards: bool = True) -> str:
    """What was made, without the joiners, for eyes."""
    return markdown_of(_form(answer), cards=cards).replace(JOINER, "")


def _page(clause: Cited | Pointed) -> str:
    return f"https://page.example{path_of(clause)}"


# --- as people see it


def test_a_quoted_answer_names_the_clauses_and_repeats_of_them_only_what_it_did_not_say() -> None:
    assert _source(quoted()) == (
        "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。（《停车》1.2）\n\n"
        "您不得从事下列行为：将车位转租给他人；（《停车》1.3（2））\n\n"
        "> **《停车场服务协议》1.2** · 2022-10-18 更新  \n"
        "> 停车每小时收费 5 元，每日最高收费 40 元。**车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。**逾期不予补开。  \n"
        "> → 提到《发票管理规则》（未收录）  \n"
        "> → 定义“月租车辆”见 2.1：是指按月支付费用的车辆\n\n"
        "> **《停车》1.3（2）**\n\n"
        "*以上摘自协议条款，不构成法律意见。*"
    )


def test_a_told_answer_in_traditional_chinese_with_links_to_the_page() -> None:
    made = markdown_of(_form(told(Language.TRADITIONAL)), lambda one: f"https://page.example/{one.agreement}")
    assert made.replace(JOINER, "") == (
        "*按「停车的发票和线缆呢」理解*\n\n"
        "发票要在离场后 30 天内申请；月租车辆不能申请。（[《停车》1.2](https://page.example/parking)）\n\n"
        "车位不能转租，充电线缆要自己准备。（[《停车》1.3（2）](https://page.example/parking)、[《充电》7.1](https://page.example/charging)）\n\n"
        "> **[《停车场服务协议》1.2](https://page.example/parking)** · 2022-10-18 更新  \n"
        "> 停车每小时收费 5 元，每日最高收费 40 元。**车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。**逾期不予补开。  \n"
        "> → 提到 1.3（2）：您不得从事下列行为：将车位转租给他人；\n\n"
        "> **[《停车》1.3（2）](https://page.example/parking)**  \n> 您不得从事下列行为：  \n> **将车位转租给他人；**\n\n"
        "> **[《充电桩使用协议》7.1](https://page.example/charging)**  \n> **充电线缆由用户自备。**\n\n"
        "*另有 1 句未通過核對，沒有顯示。*  \n*模型限流。*  \n*以上依據協議條款，不構成法律意見。*"
    )
    seen = read(made)
    assert len(seen.quotes) == 3
    assert seen.of("strong") == [
        "《停车场服务协议》1.2", "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。",
        "《停车》1.3（2）", "将车位转租给他人；", "《充电桩使用协议》7.1", "充电线缆由用户自备。",
    ]  # fmt: skip


def test_an_answer_in_english_says_that_it_quotes_chinese() -> None:
    lines = _source(quoted(Language.ENGLISH)).splitlines()
    assert lines[0] == "*Quoted in the original Chinese.*"
    assert lines[2] == "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。 (《停车》1.2)"
    assert "> **《停车场服务协议》1.2** · updated 2022-10-18  " in lines
    assert lines[-1] == "*Quoted from the agreements; not legal advice.*"


def test_a_refusal_has_its_status_in_bold_and_points_at_clauses() -> None:
    seen = read(markdown_of(_form(refused()), _page))
    assert seen.text.replace(JOINER, "") == "协议未写到\n没有写到。\n可能相关：《停车》1.2（发票）、《充电》7.1"
    assert seen.of("strong") == ["协议未写到"]
    assert [(mark.text, mark.address) for mark in seen.marks if mark.tag == "a"] == [
        ("《停车》1.2", "https://page.example/agreements/parking#1.2"),
        ("《充电》7.1", "https://page.example/agreements/charging#7.1"),
    ]


@pytest.mark.parametrize("status", Status)
def test_only_a_refusal_shows_its_status(status: Status) -> None:
    answer = replace(quoted() if status is Status.ANSWERED else refused(), status=status)
    form = _form(answer)
    assert (f"**{form.title}**" in _source(answer)) is (status in {Status.NOT_COVERED, Status.OUT_OF_SCOPE, Status.ERROR})
    assert _source(answer).count("不构成法律意见") == (status is Status.ANSWERED)


def test_what_a_card_offers_is_written_only_where_there_is_none() -> None:
    assert _source(unclear()) == "哪一份？"
    assert _source(unclear(), cards=False) == (
        "哪一份？\n\n· 《停车场服务协议》 例如问：停车：多少钱？  \n· 《充电桩使用协议》 例如问：充电：多少钱？"
    )
    assert "还可以问" not in _source(quoted())
    assert _source(quoted(), cards=False) == (
        _source(quoted()) + "\n\n还可以问：  \n· 停车：忘了开发票怎么办？  \n· 停车：月租怎么退？  \n· 停车：车位可以借给朋友吗？"
    )


def test_clauses_of_which_only_the_labels_are_left_to_show_are_named_in_one_quotation() -> None:
    clauses = [clause(f"4.{at}", f"第{at}款。") for at in range(1, 4)]
    statements = tuple(Statement(one.text, (at,)) for at, one in enumerate([*clauses, CABLE]))
    answer = Answer("a", "问", Status.ANSWERED, statements, tuple(Citation(one, one.text) for one in [*clauses, CABLE]))
    seen = read(markdown_of(_form(answer), _page))
    assert [quote.replace(JOINER, "") for quote in seen.quotes] == [
        "《停车场服务协议》4.1、4.2、4.3 · 2022-10-18 更新",
        "《充电桩使用协议》7.1",
    ]
    assert seen.of("a")[4:] == seen.of("strong") == ["《停车场服务协议》4.1", "4.2", "4.3", "《充电桩使用协议》7.1"]


def test_a_definition_says_what_it_defines() -> None:
    answer = Answer("a", "问", Status.ANSWERED, (Statement(TERM.text, (0,)),), (Citation(TERM, TERM.text),))
    assert _source(answer).startswith("月租车辆：是指按月支付费用的车辆（《停车》2.1）\n")


def test_an_answer_without_words_is_its_title() -> None:
    assert _source(Answer("a", "问", Status.CLARIFY, message="\u200b ")) == "*请选择协议*"


@pytest.mark.parametrize(
    "address",
    [
        "wxwork://message",
        "mailto:a@b.cn",
        "//evil.cn",
        "javascript:alert(1)",
        "https://page.example/a b",
        "https://page.example/甲",
        "",
        None,
    ],
)
def test_what_is_no_address_of_a_page_is_no_link(address: str | None) -> None:
    assert markdown_of(_form(quoted()), lambda _: address) == markdown_of(_form(quoted()))


def test_an_address_ends_where_the_link_does() -> None:
    seen = read(written([Block((Run("甲", "", "https://page.example/a_(b);&lt=1~2*3"),))]))
    assert [(mark.text, mark.address) for mark in seen.marks] == [("甲", "https://page.example/a_%28b%29%3B&lt=1~2%2A3")]


# --- what there is no room for


def _long(sentences: int, beside: int = 0) -> Answer:
    """Statements and a clause of many sentences, 13 characters each."""
    text = "".join(f"第{at:04}句是这样写的。" for at in range(sentences))
    one = clause("9", f"{'甲' * beside}。车位不得转租。{'乙' * beside}。")
    statements = (Statement(text, (0,)), Statement("不能转租。", (0, 1)))
    return Answer("a", "问", Status.ANSWERED, statements, (Citation(one, "车位不得转租。"), Citation(CABLE, CABLE.text)))


def test_clauses_are_shown_by_an_excerpt_where_there_is_no_room_for_the_whole() -> None:
    made = markdown_of(_form(_long(1, 3000)))
    assert made.count("甲") + made.count("乙") == 6000
    made = markdown_of(_form(_long(1, 4000)))
    assert 0 < made.count("甲") < 100
    assert "车位不得转租。" in read(made).of("strong")
    assert "没有显示完" not in made


def test_what_is_too_long_ends_where_a_sentence_does_and_says_that_it_was_cut_and_where_to_read_on() -> None:
    made = markdown_of(_form(_long(2000)), _page)
    assert MOST_BYTES - 200 < size(made) <= MOST_BYTES
    first, *rest = read(made).text.replace(JOINER, "").split("\n\n")
    assert re.fullmatch(r"(第\d{4}句是这样写的。)+……（《停车》9）", first)
    assert rest == ["太长，这里没有显示完；点条款号看全文。\n以上依据协议条款，不构成法律意见。"]
    assert "太长，这里没有显示完。" in markdown_of(_form(_long(2000)))
    assert "lead to the whole text" in markdown_of(_form(replace(_long(2000), language=Language.ENGLISH)), _page)


def test_a_label_is_whole_and_a_statement_has_its_labels_wherever_the_answer_is_cut() -> None:
    form = _form(_long(40, 300))
    whole = read(markdown_of(form, _page)).text.replace(JOINER, "")
    seen = set()
    for limit in range(400, size(markdown_of(form, _page)), 29):
        made = read(markdown_of(form, _page, limit))
        assert size(markdown_of(form, _page, limit)) <= limit
        assert set(made.of("a")) <= {"《停车》9", "《充电》7.1", "《停车场服务协议》9", "《充电桩使用协议》7.1"}
        text = made.text.replace(JOINER, "")
        assert "以上依据协议条款，不构成法律意见。" in text
        for paragraph in text.split("\n\n")[: text.count("是这样写的") > 0]:
            assert paragraph.endswith("（《停车》9）")
        assert ("不能转租。" in text) == ("不能转租。（《停车》9、《充电》7.1）" in text)
        assert text == whole or "没有显示完" in text or "…" in text
        seen.add(len(made.quotes))
    assert seen == {0, 1, 2}


def test_a_sentence_that_has_no_end_is_cut_within() -> None:
    answer = Answer("a", "问", Status.ANSWERED, (Statement("，".join(["甲" * 50] * 500), (0,)),), (Citation(FEES, FEES.text),))
    first = read(markdown_of(_form(answer))).paragraphs[0].replace(JOINER, "")
    assert first.endswith(f"{'甲' * 50}，……（《停车》1.2）")
    answer = replace(answer, statements=(Statement("e\u0301" * 9000, (0,)),))
    first = read(markdown_of(_form(answer))).paragraphs[0].replace(JOINER, "")
    assert first.endswith("e\u0301……（《停车》1.2）")
    assert size(markdown_of(_form(answer))) > MOST_BYTES - 200


def test_blocks_go_in_whole_as_long_as_there_is_room() -> None:
    blocks = [Block((Run(letter * 10),), quote=letter == "乙") for letter in "甲乙丙"]
    assert written(fitting(blocks, 98)) == f"{'甲' * 10}\n\n> {'乙' * 10}\n\n{'丙' * 10}"
    assert written(fitting(blocks, 95)) == f"{'甲' * 10}\n\n> {'乙' * 10}"
    assert fitting(blocks, 3) == []


# --- as it grows


def test_a_growing_answer_shows_what_has_passed_and_that_more_is_coming() -> None:
    form = _form(replace(told(), citations=told().citations[:1], statements=told().statements[:1], withheld=()))
    assert growing(form).replace(JOINER, "") == (
        "*按“停车的发票和线缆呢”理解*\n\n发票要在离场后 30 天内申请；月租车辆不能申请。（《停车》1.2）\n\n*还在逐句核对……*"
    )
    assert growing(_form(Answer("a", "问", Status.ANSWERED))).replace(JOINER, "") == "*还在逐句核对……*"


def test_a_growing_answer_shows_no_more_than_there_is_room_for() -> None:
    form = _form(_long(40))
    for limit in range(200, 2000, 37):
        made = growing(form, limit)
        assert size(made) <= limit
        assert read(made).of("em") == ["还在逐句核对……"]
        assert "是这样写的。" not in made or "（《停车》9）" in made.replace(JOINER, "")


# --- what agreements, names and questions may hold


@pytest.mark.parametrize(
    "hostile",
    [
        "**粗**", "*斜*", "__粗__", "a_b_c", "~~删~~", "`码`", "``` py", "\\[a\\]", "\\(a\\) $a$ $$b$$", "[点我](https://evil.example)", "[点我][1]", "[1]: https://evil.example",
        "![图](https://evil.example/a.png)", "<https://evil.example>", "<@zhangsan>", "@all @所有人 @张三", "<font color=\"warning\">红</font>", "<think>想</think>",
        "<!-- --><br/>", "&lt;b&gt; &#42;a&#42; &copy", "https://evil.example/x?a=1", "www.evil.cn", "www.1.2", "腾讯.com", "txlexiang@tencent.com", "mailto:a@b.cn", "//evil.cn", "8.1.2.1", "wxwork://message",
        "| a | b |\n| --- | --- |\n| 1 | 2 |", "# 标题", "- 一", "+ 一", "* 一", "4. 一", "4.7 一", "1) 一", "> 引", ">> 引", "---", "***", "甲\n===", "甲\n---", "    码", "\t码",
        "- [ ] 一", "甲\r> 乙", "甲\u2028# 乙", "甲\x0b- 乙", "甲\x85- 乙", "\u202e甲\u2067", "[微笑]", "\\", "甲\\\n乙", ":--", "a=1;b=2", "#a", "甲  \n\n\n乙",
    ],
)  # fmt: skip
def test_what_a_clause_says_reads_as_it_is_and_does_nothing(hostile: str) -> None:
    for text in (hostile, f"前 {hostile} 后", f"前\n{hostile}"):
        one = clause("1", text)
        answer = Answer(
            "a", "问", Status.ANSWERED, (Statement(f"{hostile}。", (0,)),), (Citation(one, text),), understood_as=hostile, notice=hostile
        )
        seen = read(markdown_of(_form(answer)))
        assert len(seen.quotes) == 1
        assert seen.of("a") == []
        assert "".join(map(shown, seen.of("strong"))) == shown(f"《停车场服务协议》1{text}")
        assert shown(seen.text).count(shown(hostile)) >= 4
        assert shown(text) in shown(seen.quotes[0])
        assert read(inert(text)).marks == ()


@pytest.mark.parametrize(
    "text", ["第 4.7 条，99.90%，1.2.3，3.5 元", "2022-10-18 更新：甲；乙。", "企业/组织，C++ & Java！", "(a) 甲 \"乙\" 'c'"]
)
def test_ordinary_words_are_as_they_were(text: str) -> None:
    assert inert(text) == text
    assert written([Block((Run(text),))]) == text


def test_signs_have_their_full_width_twins_and_no_backslash() -> None:
    assert inert("（1-月请求失败数/月调用总数）*100%，服务可用性 | 赔偿，_b，[1]，<b>，\\n，~，$5，`x`") == (
        "（1-月请求失败数/月调用总数）＊100%，服务可用性 ｜ 赔偿，＿b，［1］，＜b＞，＼n，～，＄5，｀x｀"
    )
    everything = "".join(map(chr, range(32, 127)))
    assert unicodedata.normalize("NFKC", inert(everything)).replace(JOINER, "") == everything
    assert "\\" not in inert(everything)


def test_an_underscore_within_a_name_stays_so_that_the_name_can_be_copied() -> None:
    assert inert("群编号 wr_Ab__9_x，_a_ a_ _b") == "群编号 wr_Ab__9_x，＿a＿ a＿ ＿b"
    for first, last in (("b", "_c"), ("b_", "c"), ("b_", "_c")):
        seen = read(
            written(
                [Block((Run("甲"), Run(first, "b"), Run(last), Run("d_"), Run("e", "i"), Run("_f"), Run("g", "", "https://a.example")))]
            )
        )
        assert (seen.of("strong"), seen.of("em")) == ([first], ["e"])


def test_lines_stay_lines() -> None:
    assert inert("甲\n乙  \r\n- 丙\n\n丁").replace(JOINER, "") == "甲  \n乙  \n- 丙\n\n丁"
    assert read(inert("甲\n乙\n\n丙")).paragraphs == ("甲\n乙", "丙")


def test_what_is_copied_is_asked_as_it_was_printed() -> None:
    for asked in ("企业微信 8.2.2.1 说了什么", "服务可用性 *100% 是什么", "4.7 写了什么"):
        made = inert(asked)
        assert made != asked
        assert normalise(clean(made)) == normalise(clean(asked))


def test_a_link_cannot_come_about_where_bold_words_begin() -> None:
    one = clause("1", "见 example.com/start 与 8.1.2.1 款 a@b.cn")
    for quote in ("com/start", "/start", "start", "2.1 款", "example.", "@b.cn", "b.cn"):
        answer = Answer("a", "问", Status.ANSWERED, (Statement("说了。", (0,)),), (Citation(one, quote),))
        assert read(markdown_of(_form(answer))).of("strong")[1:] == [quote]


_MEANT = ["**甲*", "_a_", "- 甲", "# 甲", "4. 甲", "甲\n乙", "甲\n===", "> > 甲", "[甲](a)", "<@甲>", "@all", "www.a.cn", "8.1.2.1", "\\[a\\]", "$a$", "~~a~~", "---"]  # fmt: skip


def test_the_reader_of_these_tests_finds_what_means_something() -> None:
    for meant in _MEANT:
        with pytest.raises(NotOurs):
            read(meant)
    seen = read(f"> **{JOINER}[甲](https://a.example/b)。{JOINER}**乙  \n> 丙")
    assert (seen.text, seen.quotes, seen.of("strong"), seen.of("a")) == (
        f"{JOINER}甲。{JOINER}乙\n丙",
        (f"{JOINER}甲。{JOINER}乙\n丙",),
        ["甲。"],
        ["甲"],
    )


_PIECES = st.sampled_from(
    [
        "*", "**", "***", "_", "__", "`", "```", "~~", "[", "]", "(", ")", "](", "]:", "![", "!", "<", ">", "<b>", "<@a>", "</think>", "<!--", "&", "&amp;", "&#42;", "lt;", "\\",
        "\\\n", "|", "\n|-|-|\n", "#", "# ", "\n# ", "- ", "\n- ", "+ ", "1. ", "\n4.", "4.7 ", "1)", "\n---\n", "\n===\n", "\n    a", "\n\t", "\n> ", ">", "  \n", "\n", "\n\n", "\r",
        "\u2028", "\x85", "\x0b", "\x00", "$", "@", "@all", "www.", "http:", "//", "/", "mailto:", "https://a.cn", ".", "com", ":", "8.1.2.1", "\u202e", "\u2060", "\u200b", "\ud83d", "😀", "é",
        "e\u0301", "\u0338", "=", "a", "7", " ", "\u3000", "\xa0", "。", "，", "；", "甲", "{", "}", "（《停车》1.2）", "《", "》", "！", "\ufffc",
    ]
)  # fmt: skip
_WORDS = st.one_of(st.lists(_PIECES, max_size=12).map("".join), st.text(st.characters(codec=None, exclude_categories=()), max_size=30))
_LONG = st.builds(lambda words, times: words * times, _WORDS, st.sampled_from([1, 1, 1, 3, 100]))
_MARKS: st.SearchStrategy[Literal["", "b", "i"]] = st.sampled_from(["", "b", "i"])
_RUNS = st.lists(st.builds(Run, _WORDS, _MARKS, st.sampled_from(["", "https://page.example/a_b?c=1"])), max_size=5).map(tuple)
_BLOCKS = st.builds(Block, _RUNS, _RUNS, _RUNS, st.booleans(), st.booleans())


def _runs(blocks: Sequence[Block]) -> list[Run]:
    return [run for block in blocks for run in (*block.head, *block.body, *block.tail)]


@settings(deadline=None)
@given(st.lists(_BLOCKS, max_size=4))
@example([Block((Run("甲。", "b"), Run("乙", "b", "https://page.example/"), Run("丙", "i"), Run("丁", "b")))])
@example([Block((Run("!"), Run("甲", "", "https://page.example/")))])
@example([Block((Run("甲"),)), Block((Run("---"),), close=True)])
def test_nothing_breaks_out_of_a_block_and_everything_is_shown(blocks: list[Block]) -> None:
    seen = read(written(blocks))
    runs = _runs(blocks)
    assert shown(seen.text) == shown("".join(run.text for run in runs))
    for tag, texts in (
        ("strong", [run.text for run in runs if run.mark == "b"]),
        ("em", [run.text for run in runs if run.mark == "i"]),
        ("a", [run.text for run in runs if run.link]),
    ):
        assert shown("".join(seen.of(tag))) == shown("".join(texts))
    assert {mark.address for mark in seen.marks if mark.tag == "a"} <= {"https://page.example/a_b?c=1", "https://page.example/"}
    assert shown("".join(seen.quotes)) == shown("".join(block.text for block in blocks if block.quote))


@settings(deadline=None)
@given(st.lists(_BLOCKS, max_size=4), st.integers(0, 400))
def test_what_fits_is_the_beginning_and_keeps_what_must_stay_whole(blocks: list[Block], most: int) -> None:
    kept = fitting(blocks, most)
    assert size(written(kept)) <= most
    read(written(kept))
    for block, of in zip(kept, blocks, strict=False):
        assert block.head == of.head
        assert block.tail == of.tail or (of.quote and not block.body)
        body, whole = ("".join(run.text for run in one.body) for one in (block, of))
        assert body == whole or whole.startswith(body.removesuffix("……"))
    assert [*kept[:-1]] == blocks[: max(len(kept) - 1, 0)]


@settings(deadline=None)
@given(_WORDS)
def test_an_inert_text_means_nothing_wherever_it_stands(text: str) -> None:
    for line in inert(text).split("\n"):
        if shown(line):
            assert read(line.strip(" ")).marks == read(f"> {line.strip(' ')}").marks == ()
    if "\n" not in inert(text):
        assert read(f"甲{inert(text)}乙").marks == ()
    assert shown(inert(text)) == shown(text)


@st.composite
def _answers(draw: st.DrawFn) -> Answer:
    clauses = []
    for number in range(draw(st.integers(1, 3))):
        text = draw(_LONG)
        start, end = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        one = replace(clause(f"{number}", text, heading=draw(_WORDS)), label=f"《{draw(_WORDS)}》{draw(_WORDS)}")
        aids = (Referred(one, draw(_WORDS)),), (Defined(draw(_WORDS), FEES, draw(_LONG)),), (draw(_WORDS),)
        clauses.append(Citation(one, text[start:end], under=draw(_WORDS), refers=aids[0], defines=aids[1], unheld=aids[2]))
    cited = st.lists(st.integers(0, len(clauses) - 1), min_size=1, max_size=3).map(tuple)
    statements = draw(
        st.lists(st.builds(Statement, st.one_of(_LONG, st.sampled_from([one.quote for one in clauses])), cited), min_size=1, max_size=4)
    )
    status = draw(st.sampled_from(Status))
    answer = Answer(
        "a", draw(_WORDS), status, message=draw(_LONG), related=tuple(one.clause for one in clauses), notice=draw(_WORDS), understood_as=draw(_WORDS),
        choices=(Choice("parking", draw(_WORDS), draw(_WORDS)),), suggestions=(draw(_WORDS),), withheld=(Withheld("丙", Reason.TOO_LONG),) * draw(st.integers(0, 1)),
        language=draw(st.sampled_from(Language)),
    )  # fmt: skip
    return replace(answer, statements=tuple(statements), citations=tuple(clauses), related=()) if status is Status.ANSWERED else answer


def _anywhere(clause: Cited | Pointed) -> str:
    return f"https://page.example/{clause.agreement}#{clause.id}"


@settings(deadline=None, max_examples=50)
@given(_answers(), _WORDS.filter(bool), st.booleans(), st.booleans())
def test_no_answer_breaks_out_whatever_it_is_made_of(answer: Answer, name: str, linked: bool, cards: bool) -> None:
    form = form_of(answer, [Agreement("parking", name, (name,), ("您",), "parking.txt", "测试", updated="2022-10-18")])
    made = markdown_of(form, _anywhere if linked else None, cards=cards)
    seen = read(made)
    assert 0 < size(made) <= MOST_BYTES
    addresses = {mark.address for mark in seen.marks if mark.tag == "a"}
    pointed: list[Cited | Pointed] = [*form.cited, *form.related]
    assert len(addresses) <= (len(pointed) if linked else 0)
    assert all(address.startswith("https://page.example/parking#") for address in addresses)
    if form.language is Language.ENGLISH and "Too long" not in made:
        words = [form.message, form.notice, form.withheld, form.understood, form.disclaimer, *([] if cards else form.suggestions)]
        for said in form.statements:
            words.append(said.text + form.cites(said, short=True))
        assert all(shown(one) in shown(seen.text) for one in words)
        assert all(shown(cited.place if at else cited.label) in shown(seen.text) for at, cited in enumerate(form.cited))
    for limit in (700, 2000):
        assert size(growing(form, limit)) <= limit
        read(growing(form, limit))
        assert size(markdown_of(form, None, limit)) <= limit
        read(markdown_of(form, _anywhere, limit))


# --- answers of the shipped agreements

_ASKED = [
    "企点开通几天内可以无条件退款？", "企業微信的爭議在哪裡起訴？", "Which court decides about WeCard disputes?", "乐享2.2.3说了什么", "企业微信第四条", "乐享第二条",
    "乐享最终用户是指谁？", "服务可用性是多少 SLA", "服务可用率怎么计算", "免费的吗", "今天天气怎么样", "企点 99.9 条", "企业微信 8.2.2.1", "会话存档的前言", "乐享怎么注销账号？",
]  # fmt: skip


def test_answers_of_the_shipped_agreements_are_one_message_with_every_clause_named(shipped: Library, shipped_index: Index) -> None:
    answerer = Answerer(shipped, Search(shipped_index, Ranking.load(), Lexicon.load()), Confidence.load(), Acts.load())
    for question in _ASKED:
        form = form_of(replace(answerer.answer(question), language=language_of(question)), shipped.agreements)
        made = markdown_of(form, _page)
        seen = read(made)
        assert size(made) < MOST_BYTES / 2
        assert {text.rpartition("》")[2] for text in seen.of("a")} >= {cited.place for cited in form.cited}
        assert seen.text.count(form.disclaimer) == 1 or not form.disclaimer
        assert len(seen.quotes) <= len(form.cited)
        assert all(shown(said.text + form.cites(said, short=True)) in shown(seen.text) for said in form.statements)
