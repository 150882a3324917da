"""What made agreements say, in Chinese and in English: headings without a full stop, sentences with one, references among them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Words:
    """The vocabulary of a language. `gap` stands between sentences of one paragraph."""

    headings: tuple[str, ...]
    subjects: tuple[str, ...]
    predicates: tuple[str, ...]
    conditions: tuple[str, ...]
    references: tuple[str, ...]
    leads: tuple[str, ...]
    items: tuple[str, ...]
    defining: str  # the heading of definitions
    gap: str

    def heading(self, random: Random) -> str:
        return random.choice((*self.headings, self.defining))

    def sentence(self, random: Random) -> str:
        """One to three sentences, some of which speak of other clauses."""
        return self.gap.join(self._one(random) for _ in range(random.choice((1, 1, 2, 3))))

    def leading(self, random: Random) -> str:
        """A sentence that introduces a list."""
        text = random.choice(self.subjects) + random.choice(self.leads)
        return text[0].upper() + text[1:]

    def item(self, random: Random, last: bool) -> str:
        return random.choice(self.items) + (("." if self.gap else "。") if last else (";" if self.gap else "；"))

    def _one(self, random: Random) -> str:
        parts = [random.choice(self.conditions)] if random.random() < 0.4 else []
        parts.append(random.choice(self.subjects) + random.choice(self.predicates))
        if random.random() < 0.4:
            a, b, c = random.randint(1, 12), random.randint(1, 9), random.randint(1, 4)
            numeral = "一二三四五六七八九十"[min(a, 10) - 1]
            parts.append(random.choice(self.references).format(a=a, b=b, c=c, numeral=numeral))
        comma, stop = (", ", ".") if self.gap else ("，", "。")
        text = comma.join(parts) + stop
        return text[0].upper() + text[1:]


CHINESE = Words(
    headings=(
        "服务内容", "费用与支付", "保密义务", "违约责任", "争议解决", "知识产权", "不可抗力", "通知与送达", "协议的变更和终止", "双方的权利义务",
        "数据安全", "验收标准及程序", "其他约定", "人员管理", "服务期限", "适用法律", "质量保证", "账号的注册与使用", "个人信息保护",
    ),
    subjects=("甲方", "乙方", "双方", "任何一方", "服务商", "最终用户", "您", "守约方", "本协议的任何一方"),
    predicates=(
        "应当按照约定的时间足额支付全部服务费用", "不得以任何方式向第三方披露在履行过程中知悉的商业秘密", "有权在提前三十日书面通知对方后解除本协议",
        "应当保证其提供的资料真实、准确、完整、合法有效", "承诺在2.5个工作日内完成数据迁移并提交书面报告", "须在收到通知之日起7日内予以书面答复",
        "同意将因本协议引起的一切争议提交有管辖权的人民法院解决", "对由此造成的直接损失承担赔偿责任，但赔偿总额不超过100.50万元",
        "不承担因不可抗力导致的任何责任", "应于2024年1月1日前完成全部资料的移交",
    ),
    conditions=("除本协议另有约定外", "在服务期限内", "如发生前述情形", "未经对方事先书面同意", "因不可抗力导致无法履行的", "自本协议生效之日起3年内"),
    references=(
        "并按照第{numeral}条的规定承担责任", "但第{numeral}条规定的情形除外", "具体以本协议{a}.{b}条约定为准", "同时适用{a}.{b}.{c}款所述的程序",
        "第{numeral}条、第十二条另有约定的从其约定", "逾期的依据第{a}条第（{c}）项处理", "{a}.{b}的规定除外", "费率为每月{b}.5%",
        "参照第{numeral}章的有关规定执行",
    ),
    leads=("不得从事下列行为：", "应当履行以下义务：", "有权采取下列一项或多项措施：", "应当提交的资料包括："),
    items=(
        "违反国家法律法规的强制性规定", "侵犯他人的知识产权、名誉权或者其他合法权益", "未经授权访问他人账号", "传播计算机病毒", "散布谣言扰乱社会秩序",
        "提供虚假的注册资料", "将账号出租、出借或者转让给任何第三方", "及时更新联系方式并保证能够收到各类通知", "妥善保管账号与密码",
    ),
    defining="名词解释",
    gap="",
)  # fmt: skip

ENGLISH = Words(
    headings=(
        "Definitions and Usage", "Payment Terms", "Confidentiality", "Term and Termination", "Governing Law", "Intellectual Property",
        "Limitation of Liability", "Notices", "Force Majeure", "Warranties", "Indemnification", "Miscellaneous", "Data Protection",
    ),
    subjects=("the Supplier", "the Customer", "each party", "either party", "the Receiving Party", "You", "the Licensee"),
    predicates=(
        " shall pay all undisputed fees within thirty (30) days after receipt of the invoice", " shall not disclose the Confidential Information to any third party",
        " may terminate this Agreement upon written notice to the other party", " represents that it has full power and authority to enter into this Agreement",
        " will use commercially reasonable efforts to make the Services available", " shall indemnify and hold harmless the other party from all claims",
        " shall retain all records for 3.5 years and produce them on request",
    ),
    conditions=("except as otherwise provided herein", "during the Term", "to the extent permitted by law", "in the event of a breach", "within 30 days"),
    references=(
        "subject to Section {a}.{b} of this Agreement", "as set out in Article {a} and Section {b} above", "without prejudice to clause {a}.{b}.{c}",
        "unless Section {a} applies", "in accordance with {a}.{b} above", "at a rate of {b}.5% per month",
    ),
    leads=(" shall not do any of the following:", " shall comply with the following obligations:", " may take one or more of these measures:"),
    items=(
        "copy, modify or distribute the Software", "reverse engineer any part of the Services", "the use of the Services in breach of applicable law",
        "any act or omission of a subcontractor", "disclose the credentials of an Authorized User", "all taxes, duties and levies",
    ),
    defining="Definitions",
    gap=" ",
)  # fmt: skip


def cjk(value: int) -> str:
    """12 -> 十二, 105 -> 一百零五; below 1000."""
    digits = "零一二三四五六七八九"
    hundreds, below = divmod(value, 100)
    tens, ones = divmod(below, 10)
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones else "")


def roman(value: int) -> str:
    parts = ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
    text = ""
    for size, mark in parts:
        while value >= size:
            text, value = text + mark, value - size
    return text
