from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering.answer import Answer, Citation, Language, Reason, Statement, Status, Withheld
from bot.compact import compact
from bot.form import form_of
from tests.shown_answers import AGREEMENTS, CABLE, FEES, RENTED, TERM, quoted, refused, told, unclear


def _said(answer: Answer, limit: int = 1000) -> str:
    return compact(form_of(answer, AGREEMENTS), limit)


def test_a_quoted_answer() -> None:
    assert _said(quoted()) == (
        "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。（《停车》1.2）\n"
        "您不得从事下列行为：将车位转租给他人；（《停车》1.3（2））\n"
        "依据：《停车场服务协议》1.2、1.3（2）（2022-10-18 更新）\n"
        "以上摘自协议条款，不构成法律意见。\n"
        "还可以问：\n"
        "· 停车：忘了开发票怎么办？\n"
        "· 停车：月租怎么退？"
    )


def test_a_told_answer_in_traditional_chinese() -> None:
    assert _said(told(Language.TRADITIONAL)) == (
        "按「停车的发票和线缆呢」理解\n"
        "发票要在离场后 30 天内申请；月租车辆不能申请。（《停车》1.2）\n"
        "车位不能转租，充电线缆要自己准备。（《停车》1.3（2）、《充电》7.1）\n"
        "依據：《停车场服务协议》1.2、1.3（2）（2022-10-18 更新）；《充电桩使用协议》7.1\n"
        "另有 1 句未通過核對，沒有顯示。\n"
        "模型限流。\n"
        "以上依據協議條款，不構成法律意見。"
    )


def test_a_quoted_answer_in_english() -> None:
    assert _said(quoted(Language.ENGLISH), 300).splitlines()[:4] == [
        "Quoted in the original Chinese.",
        "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。 (《停车》1.2)",
        "您不得从事下列行为：将车位转租给他人； (《停车》1.3（2）)",
        "Sources: 《停车场服务协议》1.2, 1.3（2） (updated 2022-10-18)",
    ]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (Language.SIMPLIFIED, "可能相关：《停车》1.2、《充电》7.1"),
        (Language.TRADITIONAL, "可能相關：《停车》1.2、《充电》7.1"),
        (Language.ENGLISH, "Possibly related: 《停车》1.2, 《充电》7.1"),
    ],
)
def test_a_refusal_names_what_may_be_related_and_has_no_disclaimer(language: Language, line: str) -> None:
    assert _said(refused(language)).splitlines()[:2] == ["没有写到。", line]
    assert _said(refused(language)).splitlines()[-1] == "· 停车：几点关门？"


def test_choices_are_told_with_a_question_to_copy() -> None:
    assert _said(unclear()).splitlines() == [
        "哪一份？",
        "· 《停车场服务协议》 例如问：停车：多少钱？",
        "· 《充电桩使用协议》 例如问：充电：多少钱？",
    ]


def test_a_definition_says_what_it_defines() -> None:
    answer = Answer("a", "问", Status.ANSWERED, (Statement(TERM.text, (0,)),), (Citation(TERM, TERM.text),))
    assert _said(answer).startswith("月租车辆：是指按月支付费用的车辆（《停车》2.1）\n")


def test_with_less_room_suggestions_go_first_then_the_whole_names_then_statements() -> None:
    lines = _said(quoted()).splitlines()
    assert _said(quoted(), len("\n".join(lines)) - 1).splitlines() == lines[:-1]
    assert _said(quoted(), len("\n".join(lines[:-2]))).splitlines() == lines[:-3]
    assert _said(quoted(), len("\n".join(lines[:-3])) - 1).splitlines() == [*lines[:2], lines[3]]
    assert _said(quoted(), len("\n".join([*lines[:2], lines[3]])) - 1).splitlines() == [lines[0], "太长，这里没有显示完。", lines[3]]


def test_a_statement_is_cut_where_a_sentence_ends_and_says_so() -> None:
    answer = Answer("a", "问", Status.ANSWERED, (Statement(FEES.text, (0,)),), (Citation(FEES, FEES.text),))
    assert _said(answer, 80).splitlines() == [
        "停车每小时收费 5 元，每日最高收费 40 元。……（《停车》1.2）",
        "太长，这里没有显示完。",
        "以上摘自协议条款，不构成法律意见。",
    ]


def test_where_nothing_can_be_shown_the_title_stands_alone() -> None:
    assert [_said(told(), limit) for limit in (9, 3)] == ["有条款依据", "有条款"]


_CITATIONS = tuple(Citation(clause, clause.text) for clause in (FEES, RENTED, CABLE))
_TEXTS = st.text("甲乙。；，\n.a7《》（）", min_size=1, max_size=80)
_STATEMENTS = st.lists(
    st.builds(Statement, _TEXTS, st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True).map(tuple)), min_size=1, max_size=5
)
_ANSWERS = st.builds(
    Answer,
    id=st.just("a"),
    question=st.just("问"),
    status=st.just(Status.ANSWERED),
    statements=_STATEMENTS.map(lambda found: tuple(replace(one, text=f"{at}号{one.text}") for at, one in enumerate(found))),
    citations=st.just(_CITATIONS),
    withheld=st.sampled_from([(), (Withheld("丙", Reason.TOO_LONG),)]),
    notice=st.sampled_from(["", "模型限流。" * 5]),
    understood_as=st.sampled_from([None, "停车的发票呢"]),
    suggestions=st.sampled_from([(), ("停车：月租怎么退？", "停车：几点关门？", "充电：贵吗？")]),
    language=st.sampled_from(Language),
)


@given(_ANSWERS, st.integers(1, 600))
def test_no_answer_is_longer_than_it_may_be_or_loses_a_label_of_what_it_shows(answer: Answer, limit: int) -> None:
    form = form_of(answer, AGREEMENTS)
    said = compact(form, limit)
    assert 0 < len(said) <= limit
    shown = [at for at in range(len(form.statements)) if f"{at}号" in said]
    assert shown == list(range(len(shown)))  # the conclusion comes first, so the last ones go first
    for at in shown:
        rest = said[said.index(f"{at}号") :].split(f"{at + 1}号")[0]
        assert form.cites(form.statements[at], short=True) in rest


@given(
    st.builds(
        Answer,
        id=st.just("a"),
        question=st.just("问"),
        status=st.sampled_from([Status.NOT_COVERED, Status.OUT_OF_SCOPE, Status.ERROR, Status.CLARIFY]),
        message=_TEXTS,
        related=st.sampled_from([(), (FEES, CABLE)]),
        choices=st.sampled_from([(), unclear().choices]),
        language=st.sampled_from(Language),
    ),
    st.integers(1, 300),
)
def test_no_refusal_is_longer_than_it_may_be(answer: Answer, limit: int) -> None:
    said = _said(answer, limit)
    assert len(said) <= limit
    assert said or not answer.message.strip()
