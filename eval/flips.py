"""The meaning of a sentence turned round by rule, in Chinese and English: modals and negations flipped, parties exchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# What is found → what it becomes. Each turns the meaning round where it stands; what is no modal is kept out by the context.
_CHINESE: Sequence[tuple[str, str]] = (
    (r"不得(?!不)", "可以"), (r"不可以", "可以"), (r"不可(?=转让|不加|将|重复)", "可以"), (r"禁止", "允许"), (r"无权", "有权"), (r"(?<!所)有权(?!利)", "无权"),
    (r"(?<!不)可以(?!不)", "不得"), (r"(?<![许认不])可(?=自行|随时|通过|按|根据|登录|进行|终止|要求)", "不得"), (r"(?<!不)允许(?=用户)", "不允许"),
    (r"(?<!不)应当", "无需"), (r"(?<![必无])须(?!知)", "无须"), (r"必须", "不必"), (r"(?<!不)应(?=严格|保证|按照|承担|及时|尽快|妥善|立即|遵|向|自行|独)", "无需"),
    (r"无需|不需要?(?=向|退|事先)|不用(?=承担|为)", "需要"), (r"(?<!不)要(?=妥善|马上|提前|先|联系|进入|对|取得)", "不用"),
    (r"不(?=承担)", ""), (r"不(?=负责)", ""), (r"概不负责", "负责"), (r"不予负责", "予以负责"), (r"(?<!不)承担(?=[^，。；]{0,6}责任|$)", "不承担"),
    (r"由(?=[^，。；]{1,6}承担)", "不由"), (r"(?<!不)(?<!无)负责(?=[。，；]|解决)", "不负责"), (r"无法(?=取消|且不会)", "可以"), (r"(?<!不)(?<!无)会(?=通知|对用户|尽快|采取)", "不会"),
    (r"不会", "会"), (r"不予退还", "予以退还"), (r"不予(?=开通|注册)", "予以"), (r"不(?=退还?您?|退款|退。|退费)", "可以"), (r"不再(?=提供|向)", "继续"),
    (r"不能(?!预见|克服|避免|并)", "能"), (r"(?<![可功智性只不所])能(?!力|源|否|够?够|化)(?=使用|获得|预见|要求|取消)", "不能"), (r"不接受(?!修|协|的|$)", "接受"),
    (r"不(?=保证|作出承诺|作保证|作任何)", ""), (r"不影响", "影响"), (r"(?<!不)视为(?!废)", "不视为"), (r"不应视作", "应视作"),
    (r"仍然?有效", "随之失效"), (r"自然日以上", "自然日以下"), (r"不低于", "不高于"),
    (r"超过(?=\s*\d)", "不超过"), (r"(?<!不)低于(?=\s*\d)", "高于"), (r"无关", "有关"), (r"不(?=减轻)", ""), (r"只能", "不能"),
)  # fmt: skip
_ENGLISH: Sequence[tuple[str, str]] = (
    (r"\bcannot\b", "can"), (r"\bmay not\b", "may"), (r"\bmay\b(?! not)", "may not"), (r"\bmust\b", "need not"), (r"\bdoes not (provide)\b", r"also \1s"),
    (r"does not need", "needs"), (r"are not entitled", "are entitled"), (r"bears no liability", "bears liability"), (r"excluding", "including"),
    (r"\bis limited\b", "is not limited"), (r"\bprevails\b", "does not prevail"), (r"\bno reason\b", "a reason"), (r"\bbelongs\b", "does not belong"),
    (r"irreversibly", "reversibly"), (r"\bissues\b", "does not issue"), (r"at least", "at most"), (r"more than", "less than"),
)  # fmt: skip
_EITHER = re.compile(r"(.{1,2})或不\1|无论|是否")  # 接受或不接受: turned round it says the same, or nothing

# A party named as one who acts or is acted upon; not 腾讯乐享, 用户信息, 企业用户.
_CUSTOMER = r"您|你(?!们)|(?<![企业人终他微信有关应和])用户(?!信息|隐私|数据|名|协议|体验|资料|终端|满意度|个人|行为|方|企业|申请|界面|和)"
_PROVIDER = r"腾讯(?!乐享|企业|微|云|企点|服务|计算|平台|公司|网站|产品|软件|协议|关联|的?[^，。]{0,2}关联|合作|拥有|URL|享|企鹅|授权|书面|和|业务|通讯|开发|”|作为)"
_PARTY = re.compile(rf"(?P<customer>{_CUSTOMER})|(?P<provider>{_PROVIDER}|我们)")
_PREFACE = re.compile(r"^.*?(?:理解并同意|知悉并同意|了解并同意|理解并确认|确认接受|同意)[，：,]")
_TOGETHER = re.compile(r"(?:您|你|用户)[和与及]腾讯|腾讯[和与及](?:您|你|用户)|双方|任何一方|各方")


def flips_of(text: str, *, english: bool) -> Iterator[tuple[str, str]]:
    """The text with one modal or negation flipped at a time, each with what was done."""
    for found, becomes in _ENGLISH if english else _CHINESE:
        for match in re.finditer(found, text):
            put = match.expand(becomes)
            flipped = text[: match.start()] + put + text[match.end() :]
            before = re.split(r"[，。；：]", text[: match.start()])[-1]
            if flipped == text or _EITHER.search(text[max(0, match.start() - 8) : match.end() + 8]):
                continue
            if "不" in put and re.search(r"[不无未]", before):
                continue  # 无需…承担 → 无需…不承担: two negations make no plain wrong
            yield flipped, f"{match.group()} → {put} @{match.start()}"


def swaps_of(text: str) -> Iterator[tuple[str, str]]:
    """The text with both parties exchanged throughout, and with the one who acts first exchanged alone."""
    named = list(_PARTY.finditer(text))
    if not named or _TOGETHER.search(text):
        return
    customer = next((match.group() for match in named if match["customer"]), "用户")
    preface = _PREFACE.match(text)
    first = next((match for match in named if match.start() >= (preface.end() if preface else 0)), None)
    yield _exchanged(text, named, customer), "all"
    if first and len(named) > 1:
        yield _exchanged(text, [first], customer), f"@{first.start()}"


def _exchanged(text: str, chosen: Sequence[re.Match[str]], customer: str) -> str:
    for match in reversed(chosen):
        text = text[: match.start()] + ("腾讯" if match["customer"] else customer) + text[match.end() :]
    return text
