"""Clause numbers asked for outright: looked up, never searched; a number that is not there is refused with those that are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.clause import Agreement, Clause, Kind
from retrieval.numbering import cjk_value

_DIGITS = "零一二三四五六七八九"


def find_number(written: str, clauses: Sequence[Clause]) -> list[Clause]:
    """The clauses that a number names in the clauses of one agreement: every occurrence of a number printed twice.

    Articles are found however they are written (第四条, 第4条, 四); a number of the annex also without its 附件 where the
    body has none like it.
    """
    wanted = {written, f"附件/{written}"} | _article_ids(written)
    exact = [clause for clause in clauses if clause.id.partition("#")[0] == written]
    if exact:
        return exact
    return [clause for clause in clauses if clause.id.partition("#")[0] in wanted]


def range_of(written: str, clauses: Sequence[Clause], agreement: Agreement) -> str:
    """What there is instead of a number that does not exist: 第四条 共 4.1–4.11."""
    article = re.match(r"(?:附件/)?(\d+)\.", written)
    if article:
        number = int(article.group(1))
        within = [c for c in clauses if not c.annex and re.fullmatch(rf"{number}\.\d+", c.number) and c.occurrence == 1]
        if within:
            within.sort(key=lambda clause: int(clause.number.split(".")[1]))
            deeper = _deepest(written, clauses)
            return deeper or f"《{agreement.title}》第{numeral(number)}条共 {within[0].number}–{within[-1].number}"
    articles = [c for c in clauses if c.kind is Kind.ARTICLE and not c.annex]
    return f"《{agreement.title}》共 {len(articles)} 条，从{articles[0].number}到{articles[-1].number}" if articles else ""


def _deepest(written: str, clauses: Sequence[Clause]) -> str:
    """The range under the longest part of the number that does exist: 4.6 下共 4.6.1–4.6.2."""
    parts = written.split("（")[0].split(".")
    for cut in range(len(parts) - 1, 1, -1):
        prefix = ".".join(parts[:cut])
        under = [c for c in clauses if c.parent == prefix and c.occurrence == 1]
        if under:
            label = next((c.label for c in clauses if c.id == prefix), prefix)
            return f"{label} 下共 {under[0].id}–{under[-1].id}" if len(under) > 1 else f"{label} 下只有 {under[0].id}"
    return ""


def _article_ids(written: str) -> set[str]:
    found = re.fullmatch(r"第(.+)条", written)
    if not found:
        return set()
    text = found.group(1)
    number = int(text) if text.isdigit() else cjk_value(text)
    cjk = numeral(number)
    return {f"第{cjk}条", cjk, str(number), f"附件/{number}", f"附件/第{cjk}条"}


def numeral(number: int) -> str:
    """1–99 in Chinese numerals."""
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else _DIGITS[tens]) + "十" if tens else "") + (_DIGITS[ones] if ones or not tens else "")
