"""Whether the words after a number at the beginning of a line speak of that clause instead of beginning it: 第十条规定的, 4.7 款所述, 2.5 元."""

from __future__ import annotations

import re
from enum import IntEnum


class Doubt(IntEnum):
    """How far the words after a number fit running text: not at all, as well as a clause, or better."""

    NONE = 0
    FITS_BOTH = 1
    REFERS = 2


# Full-width marks are half-width here, see `doubt_of`.
_CJK = "[〇零一二三四五六七八九十百千]"
_SPOKEN = r"(?:所(?:述|列|称|指|规定|约定|载)|(?:规定|约定|要求)的|的(?:规定|约定|要求|情形|内容|义务|权利)|[之中](?:规定|约定)|项下)"
_NEXT_NUMBER = rf"(?:[、,]|和|与|及|或|至|到|[~～—–-]+)\s*(?:第\s*(?:{_CJK}|\d)|\d|\(\s*(?:\d|{_CJK})+\s*\))"
# 第十一条规定的情形; the unit has said already that it is a number.
_AFTER_ORDINAL = re.compile(
    rf"{_SPOKEN}|{_NEXT_NUMBER}|之(?!间)|的|相关(?:规定|约定|条款)|(?:规定|约定)[,。;、]"
    rf"|[,。;]|中(?:的|规定|约定|所|关于|有关|提及|列明|载明|[,、])|第?\s*\(\s*(?:{_CJK}|\d)+\s*\)\s*项"
)
_ORDINAL_FITS = r"另有[约规]定|规定|约定|至|和(?![解谐平])|与(?!会)|及(?!时)|或(?!有)|[相有]关|、"
_INNER = rf"第\s*(?:{_CJK}|\d)+\s*[条款项]"  # 第十条第二款
_AFTER_ORDINAL_CLOSE = re.compile(rf"{_ORDINAL_FITS}|{_INNER}")
_AFTER_ORDINAL_APART = re.compile(rf"{_ORDINAL_FITS}|{_INNER}|[a-z]")
# 4.6 条约定的费用, 3.1、3.2 不适用, 99.90%, 2.5 万元.
_AFTER_DOTTED = re.compile(
    rf"条(?!款|件|例)|条款(?:[的所之中,。、;]|规定|约定|$)|款(?!项)|项(?!目)|{_SPOKEN}|[至到~～-]\s*\d|[、,]\s*(?:第\s*)?\d|[和与及或]\s*(?:第\s*)?\d"
    r"|[%‰℃°]|(?:[万亿]?元|万|亿|倍|折|小时|分钟|[GMK]B)(?![\u4e00-\u9fff]{4})"
    r"|of\s+(?:this|the)\b|above\b|below\b|hereof\b|(?:and|or|to|through)\s+\d"
)
_DOTTED_FITS = re.compile(r"\d|[和与及或之中内]|[年月日天人次个版](?![\u4e00-\u9fff]|$)|[年月日天人次个][内以后前之起止月]|[,。;、]|[a-z]")
_AFTER_BARE = re.compile(
    rf"{_AFTER_DOTTED.pattern}|[年月日号天次周岁倍元]|公里|平方|工作日|[a-z]|[,.。;:)%/+=~—–-]|\d"
    r"|个?(?:工作日|自然日|交易日|日历日|月|星期|小时|季度|年)"
)
_COUNTS = re.compile(r"[个名人份页台套条款项户家级期层楼米吨]")
_HEADING = re.compile(r"[\u4e00-\u9fff、（）()]{3,16}$")
# （三）项所述, (a) and (b) above, 一、二、三
_AFTER_ITEM = re.compile(
    r"项(?!目)|款(?![项式])|条(?![件款例码形])|目(?![标的录前])|(?:[、,]|和|及|或|与|至|and|or|to|through)\s*\(\s*\w{{1,5}}\s*\)"
    rf"|{_CJK}{{1,3}}、|(?:above|below|hereof)\b|of\s+(?:this|the\s+(?:previous|preceding)|[Ss]ection|[Cc]lause|[Aa]rticle)\b"
)
_AFTER_WORD = re.compile(
    r"(?:of|above|below|hereof|hereto|hereunder|herein|thereof|and|or|to|through|shall|is|are|was|were|will|may|must|does|do|apply|applies"
    r"|has|have|had|in|by|for|as|with|under|on|at|from|that|which|if|unless|not|survives?|sets?|provides?|contains?)\b"
    rf"|[,;)\]'’]|\([a-z0-9]{{1,4}}\)(?:\s*\(|\s+(?:of|above|below|and|or|to|shall|is|are|hereof|will|may)\b|[,;.)])|{_SPOKEN}"
)
_ITEMS = ("ENUMERATED", "ROMAN", "CAPITAL")


def doubt_of(style: str, rest: str, apart: bool) -> Doubt:
    """The doubt about a number of a style, by its name (a number without any mark is `BARE`), before `rest`.

    `apart`: white space or a mark stood between them. Marks in `rest` are half-width.
    """
    if style.startswith("ITEM") or style in _ITEMS:
        return Doubt.REFERS if _AFTER_ITEM.match(rest) else Doubt.NONE
    if style == "SINGLE":
        return Doubt.FITS_BOTH if rest[:1].isdigit() else Doubt.NONE
    if style == "BARE":
        counts = _COUNTS.match(rest) and not (apart and _HEADING.match(rest))
        return Doubt.REFERS if counts or _AFTER_BARE.match(rest) else Doubt.NONE
    if style == "DOTTED":
        refers, fits = _AFTER_DOTTED.match(rest), _DOTTED_FITS.match(rest)
    elif style.startswith("WORD"):
        refers, fits = _AFTER_WORD.match(rest), re.match("[a-z]", rest)
    else:
        refers = _AFTER_ORDINAL.match(rest) or (None if apart else _AFTER_ORDINAL_CLOSE.match(rest))
        fits = _AFTER_ORDINAL_APART.match(rest)
    return Doubt.REFERS if refers else Doubt.FITS_BOTH if fits else Doubt.NONE
