"""What an agreement that somebody adds is to be called, where they do not say: its title, what people call it, its key."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from retrieval.clause import Agreement, Clause, Kind
from retrieval.errors import AgreementRefused
from retrieval.source import Reading
from retrieval.titles import Titles
from retrieval.versions import Kept

_LONGEST_KEY = 64
_KEY_SIZE = 32  # characters of a key that is made up
_LONGEST_TITLE = 100
_TITLE = re.compile(r"《\s*([^《》]+?)\s*》")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody says of the agreement they add; what they leave out is proposed. `effective` is an ISO date."""

    key: str | None = None
    title: str | None = None
    names: tuple[str, ...] = ()
    effective: str | None = None


def refuse_taken(key: str, kept: Kept) -> None:
    """Raises AgreementRefused where a new agreement cannot have this key."""
    if not key.isascii() or not re.fullmatch(r"[\w-]+", key) or len(key) > _LONGEST_KEY:
        raise AgreementRefused(f"KEY 只能用字母、数字、- 和 _，最多 {_LONGEST_KEY} 个，不能是 {key!r}")
    if key in kept.agreements:
        title = kept.agreements[key].title
        raise AgreementRefused(f"{key} 已是《{title}》的 KEY；换成新的版本请用 wenyue agreements update {key} FILE，否则请另起一个 --key")
    if key in kept.removed:
        raise AgreementRefused(f"{key} 是自带协议的 KEY，它被移除了；恢复它请用 wenyue agreements restore {key}，否则请另起一个 --key")


def proposed(reading: Reading, wishes: Wishes, kept: Kept) -> Agreement:
    """The agreement that stands in a file. Raises AgreementRefused where its key, its title or a name is another's already."""
    title = _title(reading, wishes)
    if wishes.key is not None:
        refuse_taken(wishes.key, kept)
    key = wishes.key or _free_key(reading, title, {*kept.agreements, *kept.removed})
    taken = {name.lower(): agreement for agreement in kept.agreements.values() for name in (*agreement.names, agreement.title)}
    if other := taken.get(title.lower()):
        raise AgreementRefused(
            f"《{title}》已经有了（{other.key}）；换成新的版本请用 wenyue agreements update {other.key} FILE，不是同一份请用 --title 另起名称"
        )
    wished = tuple(dict.fromkeys(name.strip() for name in wishes.names if name.strip()))
    for name in wished:
        if other := taken.get(name.lower()):
            raise AgreementRefused(f"“{name}”已是《{other.title}》（{other.key}）的叫法；请用 --short 另起")
    file = reading.source.name
    return Agreement(key, title, tuple(dict.fromkeys((*wished, title))), (), file, file, effective=wishes.effective, relations=())


def _title(reading: Reading, wishes: Wishes) -> str:
    """The title given, the one printed at the beginning, the one the text calls itself by, or else the file's name."""
    given = (wishes.title or "").strip().strip("《》").strip()
    if wishes.title is not None and not given:
        raise AgreementRefused("--title 不能是空的")
    title = given or reading.document.title or _own_title(reading.parsed("", "").clauses) or PurePath(reading.source.name).stem.strip()
    title = re.sub(r"\s+", " ", "".join(char for char in title if unicodedata.category(char)[0] != "C")).strip("《》 ")
    if len(title) > _LONGEST_TITLE:
        raise AgreementRefused(f"标题最多 {_LONGEST_TITLE} 个字，现在有 {len(title)} 个；请用 --title 写一个短的")
    return title or reading.source.name


def _own_title(clauses: Iterable[Clause]) -> str:
    """《……》 of the first clause that a text calls itself by: （以下简称“本协议”）; empty where there is none."""
    first = [clause for clause in clauses if clause.text][:3]
    titles = Titles((), first)
    named = (title for clause in first if clause.kind is not Kind.ITEM for title in _TITLE.findall(clause.text))
    return next((title for title in named if titles.name(title, "") == ""), "")


def _free_key(reading: Reading, title: str, taken: Collection[str]) -> str:
    """The file's name in letters and digits, Chinese as it sounds; the title's where the file's name has none."""
    base = _spelt(PurePath(reading.source.name).stem) or _spelt(title) or "agreement"
    key, at = base, 1
    while key in taken:
        at += 1
        key = f"{base}-{at}"
    return key


def _spelt(name: str) -> str:
    """腾讯云服务协议 v2 -> tengxunyunfuwuxieyi-v2, cut between syllables; empty where nothing of it can be spelt."""
    from pypinyin import lazy_pinyin

    parts: list[str] = []
    for run in re.findall(r"[\u3400-\u9fff]+|[a-z0-9]+", unicodedata.normalize("NFKC", name).lower()):
        for syllable in ["-", *([run] if run.isascii() else lazy_pinyin(run))]:
            if len("".join(parts)) + len(syllable) <= _KEY_SIZE:
                parts.append(syllable if syllable.isascii() else "")
    return "".join(parts).strip("-")
