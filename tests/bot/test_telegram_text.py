from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from answering.acts import Acts
from answering.answer import Answer, Choice, Citation, Defined, Language, Reason, Referred, Statement, Status, Withheld
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.language import language_of
from bot.form import Cited, Form, Pointed, form_of
from bot.runs import Run
from bot.telegram.markup import MOST_ENTITIES, MOST_UNITS, Paragraph, parts_of
from bot.telegram.text import Part, growing, html_of, utf16
from retrieval.clause import Agreement
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from tests.shown_answers import AGREEMENTS, CABLE, FEES, RENTED, TERM, clause, quoted, refused, told, unclear
from tests.telegram_html import Read, found_links, read

_JOINER = "\u2060"


def _form(answer: Answer) -> Form:
    return form_of(answer, AGREEMENTS)


def _one(answer: Answer, *, buttons: bool = True) -> str:
    [part] = html_of(_form(answer), buttons=buttons)
    return part.html


def _page(clause: Cited | Pointed) -> str:
    return f"https://page.example/agreements/{clause.agreement}?a=1&b=2#{clause.id.encode().hex()}"


def _shown(text: str) -> str:
    """What one sees of a text: without what Telegram drops or takes away, and what would show other words in another order."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    nothing = {"Zs", "Zl", "Zp", "Cc", "Cf"}
    return "".join(char for char in text if unicodedata.category(char) not in nothing and char not in "\u030a\u0333\u033f\u2800\ufffc")


def _checked(parts: Sequence[Part], most: int = MOST_UNITS) -> list[Read]:
    """The parts as they are read, after everything that must be true of any part."""
    done = [read(part.html) for part in parts]
    for part, one in zip(parts, done, strict=True):
        assert one.text == part.plain
        assert one.units == utf16(part.plain) <= most
        assert len(one.entities) <= MOST_ENTITIES
        assert found_links(part.plain) == []
        assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", part.plain)
        assert _shown(part.plain)
    return done


# --- as people see it


def test_a_quoted_answer_names_the_clauses_and_repeats_of_them_only_what_it_did_not_say() -> None:
    assert _one(quoted()) == (
        "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。（《停车》1.2）\n\n"
        "您不得从事下列行为：将车位转租给他人；（《停车》1.3（2））\n\n"
        "<blockquote expandable>《停车场服务协议》1.2 · 2022-10-18 更新\n"
        "停车每小时收费 5 元，每日最高收费 40 元。<b>车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。</b>逾期不予补开。\n"
        "→ 提到《发票管理规则》（未收录）\n"
        "→ 定义“月租车辆”见 2.1：是指按月支付费用的车辆</blockquote>\n"
        "<blockquote expandable>《停车》1.3（2）</blockquote>\n\n"
        "<i>以上摘自协议条款，不构成法律意见。</i>"
    )


def test_a_told_answer_in_traditional_chinese_with_links_to_the_page() -> None:
    [part] = html_of(_form(told(Language.TRADITIONAL)), _page)
    fees, rented, cable = (
        f'<a href="https://page.example/agreements/{one.agreement}?a=1&amp;b=2#{one.id.encode().hex()}">' for one in (FEES, RENTED, CABLE)
    )
    assert part.html == (
        "<i>按「停车的发票和线缆呢」理解</i>\n\n"
        f"发票要在离场后 30 天内申请；月租车辆不能申请。（{fees}《停车》1.2</a>）\n"
        f"车位不能转租，充电线缆要自己准备。（{rented}《停车》1.3（2）</a>、{cable}《充电》7.1</a>）\n\n"
        f"<blockquote expandable>{fees}《停车场服务协议》1.2</a> · 2022-10-18 更新\n"
        "停车每小时收费 5 元，每日最高收费 40 元。<b>车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。</b>逾期不予补开。\n"
        "→ 提到 1.3（2）：您不得从事下列行为：将车位转租给他人；</blockquote>\n"
        f"<blockquote expandable>{rented}《停车》1.3（2）</a>\n您不得从事下列行为：\n<b>将车位转租给他人；</b></blockquote>\n"
        f"<blockquote expandable>{cable}《充电桩使用协议》7.1</a>\n<b>充电线缆由用户自备。</b></blockquote>\n\n"
        "<i>另有 1 句未通過核對，沒有顯示。\n模型限流。\n以上依據協議條款，不構成法律意見。</i>"
    )


def test_an_answer_in_english_says_that_it_quotes_chinese() -> None:
    lines = _one(quoted(Language.ENGLISH)).splitlines()
    assert lines[:3] == [
        "<i>Quoted in the original Chinese.</i>",
        "",
        "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。 (《停车》1.2)",
    ]
    assert "<blockquote expandable>《停车场服务协议》1.2 · updated 2022-10-18" in lines
    assert lines[-1] == "<i>Quoted from the agreements; not legal advice.</i>"


def test_a_refusal_has_its_status_in_bold_and_points_at_clauses() -> None:
    [part] = html_of(_form(refused()), _page)
    shown = read(part.html)
    assert shown.text == "协议未写到\n没有写到。\n可能相关：《停车》1.2（发票）、《充电》7.1"
    assert shown.of("b") == ["协议未写到"]
    assert [(entity.text, entity.address) for entity in shown.entities if entity.tag == "a"] == [
        ("《停车》1.2", "https://page.example/agreements/parking?a=1&b=2#312e32"),
        ("《充电》7.1", "https://page.example/agreements/charging?a=1&b=2#372e31"),
    ]


@pytest.mark.parametrize("status", Status)
def test_only_a_refusal_shows_its_status(status: Status) -> None:
    answer = replace(quoted() if status is Status.ANSWERED else refused(), status=status)
    form = _form(answer)
    assert (f"<b>{form.title}</b>" in _one(answer)) is (status in {Status.NOT_COVERED, Status.OUT_OF_SCOPE, Status.ERROR})
    assert _one(answer).count("不构成法律意见") == (status is Status.ANSWERED)


def test_what_buttons_offer_is_written_only_where_there_are_none() -> None:
    assert _one(unclear()) == "哪一份？"
    assert _one(unclear(), buttons=False) == (
        "哪一份？\n\n· 《停车场服务协议》 例如问：停车：多少钱？\n· 《充电桩使用协议》 例如问：充电：多少钱？"
    )
    assert "还可以问" not in _one(quoted())
    assert _one(quoted(), buttons=False) == (
        _one(quoted()) + "\n\n还可以问：\n· 停车：忘了开发票怎么办？\n· 停车：月租怎么退？\n· 停车：车位可以借给朋友吗？"
    )


def test_clauses_of_which_only_the_labels_are_left_to_show_are_named_in_one_quotation() -> None:
    clauses = [clause(f"4.{at}", f"第{at}款。") for at in range(1, 4)]
    statements = tuple(Statement(one.text, (at,)) for at, one in enumerate([*clauses, CABLE]))
    citations = tuple(Citation(one, one.text) for one in [*clauses, CABLE])
    answer = Answer("a", "问", Status.ANSWERED, statements, citations)
    assert read(_one(answer)).of("blockquote") == ["《停车场服务协议》4.1、4.2、4.3 · 2022-10-18 更新", "《充电桩使用协议》7.1"]
    [part] = html_of(_form(answer), _page)
    assert [entity.text for entity in read(part.html).entities if entity.tag == "a"][4:] == [
        "《停车场服务协议》4.1", "4.2", "4.3", "《充电桩使用协议》7.1",
    ]  # fmt: skip


def test_a_definition_says_what_it_defines() -> None:
    answer = Answer("a", "问", Status.ANSWERED, (Statement(TERM.text, (0,)),), (Citation(TERM, TERM.text),))
    assert _one(answer).startswith("月租车辆：是指按月支付费用的车辆（《停车》2.1）\n")


def test_clauses_are_shown_by_an_excerpt_where_they_would_need_a_second_message() -> None:
    long = clause("9", f"{'甲' * 3000}。车位不得转租。{'乙' * 3000}。")
    answer = Answer("a", "问", Status.ANSWERED, (Statement("不能转租。", (0,)),), (Citation(long, "车位不得转租。"),))
    [part] = html_of(_form(answer))
    assert read(part.html).of("b") == ["车位不得转租。"]
    assert 0 < part.plain.count("甲") < 100
    short = clause("9", f"{'甲' * 1000}。车位不得转租。{'乙' * 1000}。")
    [part] = html_of(_form(replace(answer, citations=(Citation(short, "车位不得转租。"),))))
    assert (part.plain.count("甲"), part.plain.count("乙")) == (1000, 1000)


def test_an_answer_without_words_is_its_title() -> None:
    assert _one(Answer("a", "问", Status.CLARIFY, message="\u200b ")) == "<i>请选择协议</i>"


@pytest.mark.parametrize(
    "address", ["tg://user?id=1", "javascript:alert(1)", 'https://page.example/"><b>', "https://page.example/甲", "", None]
)
def test_what_is_no_address_of_a_page_is_no_link(address: str | None) -> None:
    [part] = html_of(_form(quoted()), lambda _: address)
    assert read(part.html).of("a") == []
    assert part.html == _one(quoted())


# --- as it grows


def test_a_growing_answer_shows_what_has_passed_and_that_more_is_coming() -> None:
    form = _form(replace(told(), citations=told().citations[:1], statements=told().statements[:1], withheld=()))
    assert growing(form) == (
        "<i>按“停车的发票和线缆呢”理解</i>\n\n发票要在离场后 30 天内申请；月租车辆不能申请。（《停车》1.2）\n\n<i>还在逐句核对……</i>"
    )
    assert growing(_form(Answer("a", "问", Status.ANSWERED))) == "<i>还在逐句核对……</i>"
    assert growing(_form(Answer("a", "问", Status.ANSWERED, language=Language.ENGLISH))) == "<i>Still checking, sentence by sentence…</i>"


def test_a_growing_answer_shows_no_more_than_there_is_room_for() -> None:
    form = _form(told())
    for limit in range(20, 120):
        shown = read(growing(form, limit))
        assert shown.units <= limit
        assert shown.text.endswith("还在逐句核对……")
        assert read(growing(form)).text.startswith(shown.text.removesuffix("还在逐句核对……").rstrip())


# --- what agreements, names and questions may hold


@pytest.mark.parametrize(
    "hostile",
    [
        "</blockquote></b><b>", "<a href=\"tg://user?id=1\">点我</a>", "&lt;b&gt; &#60; &amp;amp; &bogus;", "<!-- --><br/>", "@all 和 @every_one", "@\u0333all",
        "/start /allow@bot", "甲/forgetme乙", "#标签 #tag", "$USD", "https://t.me/x", "t.me/x", "腾讯.com", "tg://resolve?domain=x", "txlexiang@tencent.com",
        "http://8.8.8.8/a", "依 8.1.2.1 款", "(1.2.3.4.5)", "qq.\u202ecom", "a.\rb", "mailto:a@b.cn",
    ],
)  # fmt: skip
def test_what_a_clause_says_is_shown_as_it_is_and_does_nothing(hostile: str) -> None:
    text = f"前 {hostile} 后"
    one = clause("1", text)
    answer = Answer(
        "a", "问", Status.ANSWERED, (Statement(f"说：{hostile}。", (0,)),), (Citation(one, text),), understood_as=hostile, notice=hostile
    )
    [shown] = _checked(html_of(_form(answer)))
    assert _shown(text) in _shown(shown.text)
    assert shown.text.replace(_JOINER, "").count(_cleaned(hostile)) == 4
    assert len(shown.of("blockquote")) == 1
    assert shown.of("a") == []


def _cleaned(text: str) -> str:
    return re.sub("[\r\u202e\u0333]", "", text)


def test_a_link_cannot_come_about_where_bold_words_begin() -> None:
    one = clause("1", "见 example.com/start 与 8.1.2.1 款")
    for quote in ("com/start", "/start", "start", "2.1 款", "example."):
        answer = Answer("a", "问", Status.ANSWERED, (Statement("说了。", (0,)),), (Citation(one, quote),))
        [shown] = _checked(html_of(_form(answer)))
        assert [text.replace(_JOINER, "") for text in shown.of("b")] == [quote]


@pytest.mark.parametrize("text", ["第 4.7 条，99.90%，1.2.3，3.5 元", "2022-10-18 更新：甲；乙。", "企业/组织，C++ & Java？"])
def test_ordinary_words_are_as_they_were(text: str) -> None:
    [part] = parts_of([Paragraph((Run(text),))])
    assert part == Part(text.replace("&", "&amp;"), text)


def test_a_copied_clause_number_is_asked_for_as_it_was_printed() -> None:
    from answering.question import clean

    [part] = parts_of([Paragraph((Run("企业微信 8.2.2.1 说了什么"),))])
    assert _JOINER in part.plain
    assert clean(part.plain) == "企业微信 8.2.2.1 说了什么"


_PIECES = st.sampled_from(
    [
        "<b>", "</b>", "</blockquote>", "<a href='x'>", "&", "&amp;", "<", ">", '"', "@all", "@", "/start", "/", "t.me", ".", "com", "https:", "//", "tg://x",
        "#a", "$USD", "8.1.2.1", "1.", "\u202e", "\u2067", "\u200f", "\u2060", "\u200b", "\ud83d", "\ude00", "😀", "👨\u200d👩\u200d👧", "é", "e\u0301", "\u030a",
        "\x00", "\r", "\n", "\n\n", " ", "\u3000", "。", "，", "；", "企业微信", "甲", "a", "7", "_", "{", "}", "{labels}", "（《停车》1.2）", "《", "》", "\ufffc",
    ]
)  # fmt: skip
_WORDS = st.one_of(st.lists(_PIECES, max_size=12).map("".join), st.text(st.characters(codec=None, exclude_categories=()), max_size=30))
_LONG = st.builds(lambda words, times: words * times, _WORDS, st.sampled_from([1, 1, 1, 3, 300]))
_MARKS: st.SearchStrategy[Run] = st.builds(Run, _LONG, st.sampled_from(["", "b", "i"]), st.sampled_from(["", "https://page.example/a?b&c"]))
_PARAGRAPHS = st.builds(Paragraph, st.lists(_MARKS, max_size=8).map(tuple), st.booleans(), st.sampled_from(["\n", "\n\n"]))


@settings(deadline=None)
@given(st.lists(_PARAGRAPHS, max_size=4), st.sampled_from([40, 300, MOST_UNITS]))
@example([Paragraph((Run("@"), Run("all", "b")))], MOST_UNITS)
@example([Paragraph((Run("a😀"),)), Paragraph((Run("😀😀"),))], 3)
@example([Paragraph((Run("\u200b" * 9 + "甲"),), quote=True)], 2)
def test_no_part_breaks_out_or_is_too_long_and_together_they_show_everything(paragraphs: list[Paragraph], most: int) -> None:
    parts = parts_of(paragraphs, most)
    _checked(parts, most)
    assert "".join(_shown(part.plain) for part in parts) == "".join(_shown(paragraph.text) for paragraph in paragraphs)


@settings(deadline=None)
@given(st.lists(_PARAGRAPHS, max_size=4))
def test_every_mark_and_link_is_closed_and_goes_on_in_the_next_part(paragraphs: list[Paragraph]) -> None:
    done = [read(part.html) for part in parts_of(paragraphs, 200)]
    for tag in ("b", "i", "a"):
        runs = [run for paragraph in paragraphs for run in paragraph.runs if tag == run.mark or (tag == "a" and run.link)]
        shown = "".join(_shown(text) for one in done for text in one.of(tag))
        assert shown == "".join(_shown(run.text) for run in runs)


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


@settings(deadline=None)
@given(_answers(), _WORDS.filter(bool), st.booleans(), st.booleans())
def test_no_answer_breaks_out_whatever_it_is_made_of(answer: Answer, name: str, linked: bool, buttons: bool) -> None:
    agreement = Agreement("parking", name, (name,), ("您",), "parking.txt", "测试", updated="2022-10-18")
    form = form_of(answer, [agreement])
    done = _checked(html_of(form, _page if linked else None, buttons=buttons))
    assert done
    shown = "".join(_shown(one.text) for one in done)
    for said in form.statements:
        assert _shown(said.text) in shown
        assert _shown(form.cites(said, short=True)) in shown
    for words in (form.message, form.notice, form.withheld, form.understood, form.disclaimer, *([] if buttons else form.suggestions)):
        assert _shown(words) in shown
    for at, cited in enumerate(form.cited):
        assert _shown(cited.place if at else cited.label) in shown
    addresses = {entity.address for one in done for entity in one.entities if entity.tag == "a"}
    pointed: list[Cited | Pointed] = [*form.cited, *form.related]
    assert addresses <= ({_page(one) for one in pointed} if linked else set())
    for limit in (60, 300, MOST_UNITS):
        assert read(growing(form, limit)).units <= limit
        assert found_links(read(growing(form, limit)).text) == []


# --- parts


def _split(text: str, most: int = MOST_UNITS) -> list[str]:
    parts = parts_of([Paragraph((Run(text),))], most)
    return [one.text for one in _checked(parts, most)]


def test_a_text_is_cut_where_a_line_a_sentence_or_a_part_of_one_ends() -> None:
    assert _split("甲甲甲甲。甲甲甲\n乙乙乙乙乙乙", 12) == ["甲甲甲甲。甲甲甲", "乙乙乙乙乙乙"]
    assert _split("甲甲甲甲甲甲。”乙乙乙，乙乙乙", 12) == ["甲甲甲甲甲甲。”", "乙乙乙，乙乙乙"]
    assert _split("甲甲甲甲甲甲，乙乙乙乙乙乙", 12) == ["甲甲甲甲甲甲，", "乙乙乙乙乙乙"]
    assert _split("。甲甲甲甲甲甲乙乙乙乙乙乙乙", 12) == ["。甲甲甲甲甲甲乙乙乙乙乙", "乙乙"]
    assert _split("Pay 3.5 yuan. Then leave", 20) == ["Pay 3.5 yuan.", "Then leave"]


def test_a_message_is_counted_in_utf_16_units_and_no_sign_is_cut_in_two() -> None:
    assert (utf16("甲a😀"), utf16("")) == (4, 0)
    assert [len(text) for text in _split("😀" * 3000)] == [2048, 952]
    family = "👨\u200d👩\u200d👧"
    assert all(text.replace(family, "") == "" for text in _split(family * 20, 30))
    assert all(not text.startswith("\u0301") for text in _split("e\u0301" * 20, 7))


def test_paragraphs_go_into_the_message_they_fit_in_whole() -> None:
    paragraphs = [Paragraph((Run(letter * 40),), quote=letter == "乙") for letter in "甲乙丙"]
    assert [part.html for part in parts_of(paragraphs, 100)] == [
        f"{'甲' * 40}\n\n<blockquote expandable>{'乙' * 40}</blockquote>",
        "丙" * 40,
    ]
    assert len(parts_of(paragraphs, 124)) == 1
    assert len(parts_of(paragraphs, 123)) == 2


def test_a_quotation_that_is_cut_is_a_quotation_in_both_parts_and_its_bold_words_are_bold() -> None:
    parts = parts_of([Paragraph((Run("甲" * 8), Run("乙" * 8, "b"), Run("丙" * 4)), quote=True)], 12)
    assert [part.html for part in parts] == [
        f"<blockquote expandable>{'甲' * 8}<b>{'乙' * 4}</b></blockquote>",
        f"<blockquote expandable><b>{'乙' * 4}</b>{'丙' * 4}</blockquote>",
    ]


def test_no_message_has_more_entities_than_telegram_shows() -> None:
    runs = tuple(Run(f"甲{at}、", "b", "https://page.example/") for at in range(130))
    done = _checked(parts_of([Paragraph(runs, quote=True), Paragraph(runs[:10])]))
    assert [len(one.entities) for one in done] == [99, 99, 65 + 20]


# --- answers of the shipped agreements

_ASKED = [
    "企点开通几天内可以无条件退款？", "企業微信的爭議在哪裡起訴？", "Which court decides about WeCard disputes?", "乐享2.2.3说了什么", "企业微信第四条", "qidian",
    "乐享最终用户是指谁？", "服务可用性是多少 SLA", "数据丢了腾讯赔吗", "未成年人可以用吗", "免费的吗", "今天天气怎么样", "老板多大年纪", "企点 99.9 条",
    "企业微信 8.2.2.1", "会话存档的前言", "乐享怎么注销账号？", "微卡 1.1", "企点前言写了什么", "腾讯可以随时停止服务吗？",
]  # fmt: skip


def test_answers_of_the_shipped_agreements_are_one_message_each(shipped: Library, shipped_index: Index) -> None:
    answerer = Answerer(shipped, Search(shipped_index, Ranking.load(), Lexicon.load()), Confidence.load(), Acts.load())
    for question in _ASKED:
        form = form_of(replace(answerer.answer(question), language=language_of(question)), shipped.agreements)
        [shown] = _checked(html_of(form, _page))
        places = {entity.text.rpartition("》")[2].replace(_JOINER, "") for entity in shown.entities if entity.tag == "a"}
        assert places >= {cited.place for cited in form.cited}
        assert shown.text.count(form.disclaimer) == 1 or not form.disclaimer
        again = "".join(shown.of("blockquote"))
        assert not any(cited.text[0].text in again for cited in form.cited if not cited.excerpt)
