"""Answers to be shown: clauses of two small agreements, quoted, told in other words, refused, in doubt."""

from __future__ import annotations

from dataclasses import replace

from answering.answer import Answer, Choice, Citation, Defined, Language, Reason, Referred, Statement, Status, Withheld
from retrieval.clause import Agreement, Clause, Kind

PARKING = Agreement("parking", "停车场服务协议", ("停车", "parking"), ("您",), "parking.txt", "测试", updated="2022-10-18")
CHARGING = Agreement("charging", "充电桩使用协议", ("充电",), ("您",), "charging.txt", "测试")
AGREEMENTS = (PARKING, CHARGING)

_FEES = "停车每小时收费 5 元，每日最高收费 40 元。车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。逾期不予补开。"


def clause(number: str, text: str, agreement: Agreement = PARKING, heading: str = "", kind: Kind = Kind.CLAUSE) -> Clause:
    """A clause with this number and text."""
    return Clause(agreement.key, number, number, 1, kind, 2, None, heading, text, False, f"《{agreement.title}》{number}")


FEES = clause("1.2", _FEES)
RENTED = clause("1.3（2）", "将车位转租给他人；", kind=Kind.ITEM)
CABLE = clause("7.1", "充电线缆由用户自备。", CHARGING)
TERM = clause("2.1", "是指按月支付费用的车辆", heading="月租车辆", kind=Kind.DEFINITION)
INVOICE = "车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月租车辆除外。"


def quoted(language: Language = Language.SIMPLIFIED) -> Answer:
    """A part of one clause and a whole one with its lead-in, quoted."""
    under = "您不得从事下列行为："
    defined = Defined("月租车辆", TERM, "是指按月支付费用的车辆")
    citations = (
        Citation(FEES, INVOICE, "收费 > 发票", defines=(defined,), unheld=("发票管理规则",)),
        Citation(RENTED, RENTED.text, "责任", under),
    )
    statements = (Statement(INVOICE, (0,)), Statement(under + RENTED.text, (1,)))
    suggestions = ("停车：忘了开发票怎么办？", "停车：月租怎么退？", "停车：车位可以借给朋友吗？")
    return _in(language, Answer("a", "问", Status.ANSWERED, statements, citations, suggestions=suggestions))


def told(language: Language = Language.SIMPLIFIED) -> Answer:
    """What a model says of two agreements, with everything that may stand around it."""
    citations = (
        Citation(FEES, INVOICE, "收费 > 发票", refers=(Referred(RENTED, "您不得从事下列行为："),)),
        Citation(RENTED, RENTED.text, "责任", "您不得从事下列行为："),
        Citation(CABLE, CABLE.text),
    )
    statements = (
        Statement("发票要在离场后 30 天内申请；月租车辆不能申请。", (0,)),
        Statement("车位不能转租，充电线缆要自己准备。", (1, 2)),
    )
    return _in(
        language,
        Answer(
            "a", "问", Status.ANSWERED, statements, citations, withheld=(Withheld("丙", Reason.TOO_LONG),), notice="模型限流。",
            model="openai:x", understood_as="停车的发票和线缆呢",
        ),
    )  # fmt: skip


def refused(language: Language = Language.SIMPLIFIED) -> Answer:
    """What no clause answers, with two that may be related."""
    related = (replace(FEES, heading="发票"), CABLE)
    return _in(language, Answer("a", "问", Status.NOT_COVERED, message="没有写到。", related=related, suggestions=("停车：几点关门？",)))


def unclear(language: Language = Language.SIMPLIFIED) -> Answer:
    """A question that two agreements answer differently."""
    choices = tuple(Choice(one.key, f"《{one.title}》", f"{one.names[0]}：多少钱？") for one in AGREEMENTS)
    return _in(language, Answer("a", "多少钱？", Status.CLARIFY, message="哪一份？", choices=choices))


def _in(language: Language, answer: Answer) -> Answer:
    return replace(answer, language=language)
