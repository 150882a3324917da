"""Which agreement the words of a clause name: titles in 《》, and the short names a text gives them (以下简称“通用服务协议”)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.clause import Agreement, Clause, Kind

_TITLE = re.compile(r"《\s*([^《》]+?)\s*》")
_QUOTED = r"[“\"「『]([^“”\"「」『』]{2,30})[”\"」』]"
# （以下简称“通用服务协议”）: what the words in front of the bracket are called from here on.
_CALLED = re.compile(
    rf"[（(][^（）()“”\"「」『』]{{0,6}}?(?P<how>简称|统称|合称|称)[为作]?\s*[：:]?\s*(?P<names>{_QUOTED}(?:\s*[或、和及/]\s*{_QUOTED})*)\s*[）)]"
)
_TITLE_BEFORE = re.compile(r"《\s*([^《》]+?)\s*》(?:\s*[（(][^（）()]*[）)])*\s*$")
# 附件二, 本协议附件, 见附件《…》; `said` and `goes_on` tell the annex of an agreement from what is attached to a message.
_ANNEX = re.compile(
    r"(?P<said>本(?:协议|合同)的?\s*|(?<=[见照依按]))?附\s*[件录]\s*(?P<value>\d{1,2}(?!\d|[.．]\d|\s*[条款项])|[一二三四五六七八九十]{1,3})?"
    r"(?:\s*[：:]?\s*(?=《))?(?P<goes_on>(?=\s*(?:第|\d|所|规定|约定|列明|载明)))?"
)
_SENTENCE_ENDS = "。；！？\n"
_LONGEST = 400  # characters of a title with what stands in brackets after it
_SELF = re.compile(r"本.{0,8}(?:协议|合同|条款|规则|声明|政策|规范|指引|办法|约定|文件)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a text names documents. `targets` are keys where we hold them, titles where we do not; a collective name
    (以下统称“相关协议”) has several. `annexes` are ids where an annex of the same agreement is named; an annex that is named by
    a number it does not have is named by it as printed."""

    start: int
    end: int
    targets: tuple[str, ...]
    annexes: tuple[str, ...] = ()


def plain(title: str) -> str:
    """A title in the one spelling that titles are compared in."""
    return re.sub(r"[\s《》]", "", unicodedata.normalize("NFKC", title))


class Titles:
    """The names of the agreements of a library: those of the catalog and those the texts give themselves and each other.

    A text may name its own agreement otherwise than the catalog does (《腾讯乐享平台服务协议》（以下简称“本协议”）). Others are taken
    to mean that agreement by such a title only if it holds one of its catalog names: 《软件许可及服务协议》 could be anybody's. A
    title is also known without the company's name in front, again if a name of the agreement is left.
    """

    def __init__(self, agreements: Sequence[Agreement], clauses: Iterable[Clause]) -> None:
        self._parties = tuple(plain(party) for agreement in agreements for party in agreement.parties)
        self._own: dict[str, set[str]] = {agreement.key: {plain(agreement.title)} for agreement in agreements}
        self._annexes: dict[str, list[Clause]] = {}
        defining: list[Clause] = []
        for clause in clauses:
            if clause.kind is Kind.ANNEX:
                self._annexes.setdefault(clause.agreement, []).append(clause)
            if "称" in clause.text:
                defining.append(clause)
                for called in _CALLED.finditer(clause.text):
                    title = _title_before(clause.text, called.start())
                    if title and any(_SELF.fullmatch(name) for name in _quoted(called["names"])):
                        self._own.setdefault(clause.agreement, set()).add(plain(title[1]))
        self._known = self._known_to_all(agreements)
        self._aliases: dict[str, dict[str, tuple[str, ...]]] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        for clause in defining:
            self._read_aliases(clause)

    def name(self, title: str, within: str | None = None) -> str:
        """The key of the agreement that a title names; the title itself, without spaces, where we hold none of that name.

        `within` is the agreement whose text says so: its own name for itself goes first.
        """
        wanted = plain(title)
        if within is not None and wanted in self._own.get(within, ()):
            return within
        keys = self._known.get(wanted) or self._known.get(self._bare(title)) or set()
        return next(iter(keys)) if len(keys) == 1 else re.sub(r"[\s《》]", "", title)

    def mentions(self, clause: Clause) -> list[Mention]:
        """The documents that a clause's text names, in order. A short name inside the words that give it is not one."""
        titles = {title.start(): self._of_title(clause, title) for title in _TITLE.finditer(clause.text)}
        inside = bytearray(len(clause.text))
        for title in titles.values():
            inside[title.start + 1 : title.end] = b"\1" * (title.end - title.start - 1)
        annexes = [
            mention
            for found in _ANNEX.finditer(clause.text)
            if not inside[found.start()] and (mention := self._of_annex(clause, found, titles.get(found.end())))
        ]
        ends = {annex.end for annex in annexes}
        named = [title for title in titles.values() if title.end not in ends] + annexes
        for start, end in [*((mention.start, mention.end) for mention in named), *map(_names_of, _CALLED.finditer(clause.text))]:
            inside[start:end] = b"\1" * (end - start)
        aliases = self._aliases.get(clause.agreement, {})
        for alias in self._pattern(clause.agreement).finditer(clause.text):
            if not any(inside[alias.start() : alias.end()]):
                named.append(Mention(*alias.span(), aliases[alias.group()]))
        return sorted(named, key=lambda mention: mention.start)

    def _pattern(self, agreement: str) -> re.Pattern[str]:
        """What finds the short names that the text of an agreement gives to others."""
        if agreement not in self._patterns:
            names = sorted(self._aliases.get(agreement, {}), key=len, reverse=True)
            self._patterns[agreement] = re.compile("|".join(re.escape(name) for name in names) or r"(?!)")
        return self._patterns[agreement]

    def _of_title(self, clause: Clause, title: re.Match[str]) -> Mention:
        target = self.name(title[1], clause.agreement)
        if target not in self._own:
            for annex in self._annexes.get(clause.agreement, ()):
                if {plain(title[1]), self._bare(title[1])} & {plain(annex.heading), self._bare(annex.heading)}:
                    return Mention(*title.span(), (clause.agreement,), (annex.id,))
        return Mention(*title.span(), (target,))

    def _of_annex(self, clause: Clause, found: re.Match[str], title: Mention | None) -> Mention | None:
        """附件二, 附件《…》 with its `title`, 本协议附件. The mere word is a mention only where there is an annex and the words around it
        point to one."""
        if title is not None:
            return Mention(found.start(), title.end, title.targets, title.annexes)
        held = self._annexes.get(clause.agreement, [])
        if found["value"]:
            ids = [annex.id for annex in held if annex.number[2:] == found["value"]]
            return Mention(
                *found.span(), (clause.agreement,), tuple(ids) or (re.sub(r"\s", "", found.group().removeprefix(found["said"] or "")),)
            )
        if held and (found["said"] is not None or found["goes_on"] is not None):
            return Mention(*found.span(), (clause.agreement,), tuple(annex.id for annex in held))
        return None

    def _bare(self, title: str) -> str:
        """A title without the company's name that it begins with."""
        wanted = plain(title)
        cut = max((size for size in range(2, len(wanted)) if any(wanted[:size] in party for party in self._parties)), default=0)
        return wanted[cut:]

    def _known_to_all(self, agreements: Sequence[Agreement]) -> dict[str, set[str]]:
        known: dict[str, set[str]] = {}
        for agreement in agreements:
            names = {plain(name) for name in agreement.names}
            own = self._own[agreement.key]
            given = {title for title in own | {self._bare(title) for title in own} if any(name in title for name in names)}
            for title in given | names | {plain(agreement.title)}:
                known.setdefault(title, set()).add(agreement.key)
        return known

    def _read_aliases(self, clause: Clause) -> None:
        for called in _CALLED.finditer(clause.text):
            names = [name for name in _quoted(called["names"]) if not _SELF.fullmatch(name)]
            if called["how"] in ("统称", "合称"):
                begin = max(clause.text.rfind(end, 0, called.start()) for end in _SENTENCE_ENDS) + 1
                titles = [title[1] for title in _TITLE.finditer(clause.text, begin, called.start())]
            else:
                before = _title_before(clause.text, called.start())
                titles = [before[1]] if before else []
            for name in names if titles else ():
                targets = tuple(dict.fromkeys(self.name(title, clause.agreement) for title in titles))
                self._aliases.setdefault(clause.agreement, {}).setdefault(name, targets)


def _title_before(text: str, at: int) -> re.Match[str] | None:
    return _TITLE_BEFORE.search(text, max(0, at - _LONGEST), at)


def _names_of(called: re.Match[str]) -> tuple[int, int]:
    return called.span("names")


def _quoted(names: str) -> list[str]:
    return re.findall(_QUOTED, names)
