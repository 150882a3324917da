"""Modals and negations in Chinese sentences: where they stand, what sign they give, and what they say nothing about.

Everything here works on normalised text (`retrieval.words.normalise`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Words that hold the character of a modal or negation and allow, require or deny nothing that could be turned round.
_LEXICAL = re.compile(
    r"([\u4e00-\u9fff]{1,2})或?者?还?[是]?不\1|不可抗[力拒]|不限于|不[时断论管良当利法久仅但只善慎明详]|不同(?!意)|不足(?!额)|不满(?!意)|不妨(?!碍)|不实(?!施|际|现)|不正当|不可?逆|不可分割|不定期|不特定|不[少低多高晚早]于|不超过"
    r"|不(?:完整|准确|真实|齐全|一致|安全)|不动产|不成功?|未(?:满|成年|尽事宜|来|到期)|无论|无[息因形偿条]|无理由|毫[无不]|无[误瑕]|无差错|无效(?!$)"
    r"|非法|非(?:商业|排他|专有|独占|公开|盈利|营利|法人)性?|除非|可能|许可|认可|可[靠行用]性|可[用行]|只有|不得不|非常|[如若]需"
)
_FIRM = r"不得|不可以?|不能够?|不应(?:当|该)?|不允许|不准|不许|不需要?|不必|不用|不须|无需|无须|毋须|无权|无法|无义务|没有义务|没有权利|禁止|严禁|切?勿|免于"
_SOFT = r"不会|不再|不予|拒绝|(?:失效|无效)$|并非|不是|没有|未能?|没|不|无|非"
_POSITIVE = (
    r"有权利?|可以|均可|(?<![一双对甲乙各三买卖我你贵])方可|(?<![许认不只])可(?![见观比])|能够|(?<![功智性职技才])能(?![力源量])|必须|应当|应该"
    r"|(?<![相适响对回供])应(?![用答急])|须|需要?(?!求)|准予|予以|允许|有义务|负有|有效$"
)
_MARK = re.compile(rf"(?P<firm>{_FIRM})|(?P<soft>{_SOFT})|(?P<positive>{_POSITIVE})")
# What may stand between two marks of one predicate: 可以自行不….
_JOINED = re.compile(r"^[也亦均都将再并即则就已会事先主动得以只仅随时立即自行]{0,3}$")
_RAISES = re.compile(r"^(?:保证|确保|承诺|担保|代表|等于|意味着?|说明|表示)")  # 不保证能使用: what is not assured is denied
# What a thing is called by is not said of it: 法律禁止的内容, 长期不用的账号可能被收回.
_PROHIBITION = re.compile(r"不得|禁止|严禁|不应|不可|不允许|不准|不许|切?勿")
_FORBIDDEN = re.compile(r"禁止|允许")
_CALLS = re.compile(r"[^,的]{0,4}的[^,的]{1,8}(?:可能|可以|会|被|由|应|将|须|要|有权|不得|不能|无权|属于|归)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A modal or negation, or several in a row. `outer` is its sign without the last soft negation: that of 可以 in 可以不通知而终止;
    `governed` tells that there is a modal before that negation.
    """

    start: int
    end: int
    negative: bool
    soft: bool = False
    outer: bool = False
    governed: bool = False


def marks_in(part: str) -> list[Mark]:
    """The marks of a part of a sentence, in order."""
    masked = _LEXICAL.sub(lambda found: "〇" * len(found.group()), part)
    marks: list[Mark] = []
    for match in _MARK.finditer(masked):
        negative, soft = match["positive"] is None, match["soft"] is not None
        leave = masked.startswith("未经", match.start())  # 不得未经许可注册: two things denied, not one denied twice
        if marks and not leave and _JOINED.match(masked[marks[-1].end : match.start()]):
            last = marks[-1]
            marks[-1] = Mark(last.start, match.end(), last.negative != negative, soft, last.negative if soft else False, soft)
        else:
            raised = bool(marks) and marks[-1].negative and _RAISES.match(masked[marks[-1].end :]) is not None
            marks.append(Mark(match.start(), match.end(), negative != raised, soft))
    return marks


def prohibits(part: str, mark: Mark) -> bool:
    """Whether a mark forbids, as against denying or exempting."""
    return _PROHIBITION.match(part[mark.start : mark.end]) is not None


def saying(part: str, marks: list[Mark]) -> list[Mark]:
    """The marks that say something, without those by which a thing is only called."""
    return [mark for mark in marks if not _names(part, mark)]


def without_marks(part: str, marks: list[Mark]) -> str:
    """A part without its marks."""
    starts, ends = [mark.start for mark in marks], [mark.end for mark in marks]
    return "".join(part[start:end] for start, end in zip([0, *ends], [*starts, len(part)], strict=True))


def _names(part: str, mark: Mark) -> bool:
    word, behind = part[mark.start : mark.end], part[mark.end :]
    if _FORBIDDEN.fullmatch(word):
        return behind.startswith("的")
    return (mark.soft or word == "不用") and _CALLS.match(behind) is not None
