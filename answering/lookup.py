"""Clause numbers asked for outright: looked up, never searched; a number that is not there is refused with those that are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from answering.answer import Language
from answering.wording import say
from retrieval.clause import Clause, Kind
from retrieval.numbering import cjk_value

_DIGITS = "零一二三四五六七八九"


def find_number(written: str, clauses: Sequence[Clause]) -> list[Clause]:
    """The clauses that a number names in the clauses of one agreement: every occurrence of a number printed twice.

    Articles are found however they are written (第四条, 第4条, 四); a number of the annex also without its 附件 where the
    body has none like it.
    """
    number, annexed = written.removeprefix("附件/"), written.startswith("附件/")
    for annex in (True,) if annexed else (False, True):
        wanted = {number} | _article_ids(number)
        found = [clause for clause in clauses if clause.annex is annex and _place(clause) in wanted]
        if found:
            return found
    return []


def spoken(written: str) -> str:
    """A number as people read it: 附件 5.4.2."""
    return written.replace("附件/", "附件 ")


def range_of(written: str, clauses: Sequence[Clause], language: Language = Language.SIMPLIFIED) -> str:
    """What there is in one agreement instead of a number that does not exist: 第四条共 4.1–4.11. Empty where it has no articles."""
    annexed = written.startswith("附件/")
    part = [clause for clause in clauses if clause.annex is annexed and clause.occurrence == 1]
    number = written.removeprefix("附件/")
    if annexed and not part:
        return say("no_annex", language)
    where = "附件 " if annexed else ""
    if dotted := re.match(r"(\d+)\.", number):
        within = [clause for clause in part if re.fullmatch(rf"{dotted.group(1)}\.\d+", clause.number)]
        if within:
            within.sort(key=lambda clause: int(clause.number.split(".")[1]))
            article = f"{where}第{numeral(int(dotted.group(1)))}条"
            first, last = within[0].number, within[-1].number
            return _deepest(number, part, language) or say("range_in_article", language, article=article, first=first, last=last)
    articles = [clause for clause in part if clause.kind is Kind.ARTICLE]
    if not articles:
        return ""
    key = "articles_of_annex" if annexed else "articles"
    return say(key, language, count=len(articles), first=articles[0].number, last=articles[-1].number)


def _place(clause: Clause) -> str:
    """The id without its annex and occurrence."""
    return clause.id.partition("#")[0].rpartition("/")[2]


def _deepest(number: str, part: Sequence[Clause], language: Language) -> str:
    """The range under the longest piece of the number that does exist: 4.6 下共 4.6.1–4.6.2."""
    pieces = number.split("（")[0].split(".")
    for cut in range(len(pieces), 1, -1):
        prefix = ".".join(pieces[:cut])
        above = next((clause for clause in part if _place(clause) == prefix), None)
        under = [clause for clause in part if above and clause.parent == above.id]
        if above and under:
            first, last = _place(under[0]), _place(under[-1])
            if len(under) == 1:
                return say("one_under", language, number=prefix, first=first)
            return say("range_under", language, number=prefix, first=first, last=last)
    return ""


def _article_ids(written: str) -> set[str]:
    found = re.fullmatch(r"第(.+)条", written)
    if not found:
        return set()
    text = found.group(1)
    number = int(text) if text.isdigit() else cjk_value(text)
    return {f"第{numeral(number)}条", numeral(number), str(number)}


def numeral(number: int) -> str:
    """0–999 in Chinese numerals, as articles are numbered; Arabic digits beyond."""
    if number > 999:
        return str(number)
    hundreds, below = divmod(number, 100)
    tens, ones = divmod(below, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones or not number else "")
