"""Amounts as people write them: in other units, which is right, and in units or sums that somebody takes for the same, which is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eval.questions import squeezed
from eval.truths import Truth, paraphrase_truths
from retrieval.clause import Clause
from retrieval.library import Library
from retrieval.links import Links


@dataclass(frozen=True, slots=True)
class Written:
    """One amount in writings that a reader takes for the same; its number in other units; and amounts that somebody takes for it who
    converts carelessly or against the law.
    """

    of: str
    same: tuple[str, ...]
    swapped: tuple[str, ...]
    mistaken: tuple[str, ...]


_WRITTEN: Sequence[Written] = tuple(
    Written(of, *(tuple(writings.split("|")) for writings in (same, swapped, mistaken)))
    for of, same, swapped, mistaken in (
        ("time", "7 天|七日|7 个自然日|一周|1 个星期|168 小时|7 days|one week", "7 个工作日|7 个月|7 小时|7 周|7 working days", "两周|5 个工作日|八天|two weeks"),
        ("time", "14 日|十四天|两周|2 个星期|14 days|two weeks", "14 个工作日|14 个月|14 周|14 business days", "半个月|10 个工作日|一周|three weeks"),
        ("time", "30 日|三十天|30 个自然日|720 小时|30 days|thirty days", "30 个工作日|30 个月|30 分钟|30 working days", "一个月|四周|1 个自然月|one month"),
        ("time", "24 小时|1 天|一日|24 hours|one day", "24 天|24 个工作日|24 分钟|24 days", "2 天|1 个工作日|12 小时|one working day"),
        ("time", "90 分钟|1.5 小时|一个半小时|1 小时 30 分钟|90 minutes|one and a half hours", "90 小时|90 天|90 秒|90 hours", "1.3 小时|两小时|1 小时 50 分钟"),
        ("time", "5 个工作日|五个工作日|5 working days|five business days", "5 天|5 个自然日|5 个月|5 days", "一周|7 天|120 小时|one week"),
        ("time", "12 个月|一年|1 年|4 个季度|12 months|one year", "12 年|12 天|12 周|12 weeks", "365 天|52 周|两年|365 days"),
        ("time", "6 个月|半年|0.5 年|两个季度|six months|half a year", "6 年|6 周|6 天|6 weeks", "180 天|26 周|一年半|180 days"),
        ("time", "18 个月|一年半|1.5 年|1 年 6 个月|18 months|one and a half years", "18 年|18 天|18 周", "15 个月|1.8 年|两年"),
        ("money", "1 万元|10,000 元|人民币 10000 元|￥10,000|壹万元|RMB 10,000|ten thousand yuan", "1 元|1 亿元|1 千元|1 万美元", "1,000 元|十万元|100,000 yuan"),
        ("money", "300 万元|三百万元|3,000,000 元|人民币叁佰万元|3 百万元|3 million yuan", "300 元|300 亿元|300 万港元", "30 万元|3 千万元|30 million yuan"),
        ("money", "1.2 亿元|12,000 万元|CNY 120,000,000|120 million yuan", "1.2 万元|1.2 元|1.2 亿美元", "1,200 万元|12 million yuan"),
        ("share", "3%|百分之三|30‰|千分之三十|3 percent", "3‰|3 倍|千分之三|三成", "0.3%|30%|万分之三十"),
        ("share", "0.3%|千分之三|3‰|百分之零点三|0.3 percent", "0.3‰|3%|万分之三", "0.03%|千分之三十|百分之三"),
        ("share", "万分之五|0.05%|0.5‰|0.05 percent", "千分之五|百分之五|5‰", "0.5%|0.005%"),
        ("share", "50%|百分之五十|一半|二分之一|50 percent", "50‰|50 倍|千分之五十", "三分之一|5%|one third of it"),
        ("share", "80%|八折|五分之四|八成|80 percent", "80‰|80 倍", "20%|八分之一|八五折"),
        ("share", "85%|八五折|8.5 折|85 percent", "85‰|85 倍", "15%|八折|8.5%"),
        ("date", "2022 年 8 月 15 日|2022-08-15|2022/8/15|二〇二二年八月十五日|15 August 2022|August 15, 2022", "2022 年 15 月 8 日", "2022 年 8 月 16 日|15 July 2022"),
    )
)  # fmt: skip
# Clauses with a place for an amount, and what people would say of them in Chinese, and in English in words that the glossary knows.
_SENTENCES: Sequence[tuple[str, str, str, str]] = (
    ("time", "用户对账单有异议的，应当自收到账单之日起{}内以书面形式提出，逾期视为认可账单。", "对账单有异议的话，用户要在收到后{}内书面提出，逾期就视为认可。", "The user must object to a bill in writing within {} of receipt."),
    ("time", "系统连续中断超过{}的，服务商应当向用户提交书面的故障报告，说明原因和改进措施。", "系统中断超过{}，服务商就应当给用户书面的故障报告。", "If the system is down for more than {}, a written report must be submitted to the user."),
    ("time", "设备的质量保证期为{}，自验收合格之日起计算，期间内出现故障的由卖方免费维修。", "设备质量保证期是{}，从验收合格起计算，期间的故障卖方免费维修。", "The warranty of the device is {}."),
    ("money", "卖方逾期交货的，应当向买方支付违约金{}，并赔偿买方因此遭受的直接损失。", "卖方交货逾期，要付给买方{}违约金，还要赔偿直接损失。", "For late delivery {} must be paid, and direct losses must be compensated."),
    ("money", "承租人应当为租赁物投保，保险金额不低于{}，保险费用由承租人承担。", "租赁物的保险由承租人投，保险金额至少{}，保险费用也由承租人承担。", "The leased item must be insured for at least {}."),
    ("share", "预付款在合同解除后按{}退还，其余部分作为已完成工作的报酬不予退还。", "合同解除的，预付款退还{}，其余部分是已完成工作的报酬，不退。", "After the contract is rescinded, {} is refunded."),
    ("share", "用户续费的，费用按照续费时标准价格的{}计算，已经支付的部分可以抵扣。", "续费的费用是当时标准价格的{}，已经支付的部分可以抵扣。", "The renewal fee is {} of the standard."),
    ("date", "本合同自{}起生效，双方此前签订的合同版本同时废止。", "合同从{}起生效，之前签订的版本同时废止。", "The contract is effective on {} and replaces earlier versions."),
)  # fmt: skip
_LATIN = re.compile("[a-z]{3}")


@dataclass(frozen=True, slots=True)
class Stated:
    """A clause, the amount it states, the writing that it or a paraphrase of it has, and what is said of it in Chinese and in English with
    a place for the amount; empty where nothing is.
    """

    clause: Clause
    amount: Written
    writing: str
    chinese: str
    english: str

    @property
    def id(self) -> str:
        return f"c:{self.clause.agreement}/{self.clause.id}/{self.writing}/{self.chinese or self.english}"

    def said(self, other: str) -> str:
        """The statement with the amount written so; empty where there is none in that language or it is written so already."""
        statement = self.english if _LATIN.search(other) else self.chinese
        return "" if squeezed(other) == squeezed(self.writing) else statement.format(other)


def stated_amounts(library: Library, links: Links) -> Iterator[Stated]:
    """The paraphrases that state one of the amounts, and made-up clauses that do, each in the place of a clause of the library."""
    for truth in paraphrase_truths(library, links):
        for amount in _WRITTEN:
            for writing in amount.same:
                form = re.escape(writing).replace(r"\ ", " ?")
                if match := re.search(rf"(?<![\d.一二三四五六七八九十百]){form}(?![\d年])", truth.text):
                    said = truth.text[: match.start()] + "{}" + truth.text[match.end() :]
                    chinese, english = ("", said) if truth.origin == "english" else (said, "")
                    yield Stated(truth.clause, amount, match.group(), chinese, english)
    places = [clause for clause in library.clauses() if clause.text and not links.lead_in(clause)]
    at = 0
    for amount in _WRITTEN:
        sentences_of_it = [sentence for sentence in _SENTENCES if sentence[0] == amount.of]
        for writing in amount.same:
            if not _LATIN.search(writing):
                _, text, chinese, english = sentences_of_it[at % len(sentences_of_it)]
                clause = replace(places[at * 7 % len(places)], heading="", text=text.format(writing))
                yield Stated(clause, amount, writing, chinese, english)
                at += 1


def converted_truths(library: Library, links: Links) -> list[Truth]:
    """Statements that write the amount of their clause in other units than the clause does."""
    return [
        Truth(f"{stated.id}/{other}", "conversion", stated.clause, text, "")
        for stated in stated_amounts(library, links)
        for other in stated.amount.same
        if (text := stated.said(other))
    ]
