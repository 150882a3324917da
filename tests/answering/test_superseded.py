"""An answer that was kept, and the agreement it cites has another version by now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from answering.acts import Acts
from answering.answer import Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.kept import answer_from
from retrieval.index import open_index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

MakeLibrary = Callable[[Mapping[str, str]], Library]

_TEXT = """第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 40 元。
1.2 您可以在 30 个自然日内申请开具停车费发票。
第二条 责任
2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
"""
_ASKED = "停车费发票几天内可以申请？"


@pytest.fixture
def library(make_library: MakeLibrary) -> Library:
    return make_library({"parking": _TEXT})


@pytest.fixture
def answerer_of(tmp_path: Path) -> Iterator[Callable[[Library], Answerer]]:
    """Makes an answerer over a library as it is now, its index built."""
    opened = []

    def make(library: Library) -> Answerer:
        index = open_index(tmp_path, library)
        opened.append(index)
        return Answerer(library, Search(index, Ranking.load(), Lexicon.load()), Confidence.load(), Acts.load(), None)

    yield make
    for index in opened:
        index.close()


def _updated(library: Library, tmp_path: Path, text: str) -> None:
    file = tmp_path / "later.txt"
    file.write_text(text, encoding="utf-8")
    library.update("parking", file)


def test_the_next_question_is_answered_from_the_version_in_force(
    library: Library, answerer_of: Callable[[Library], Answerer], tmp_path: Path
) -> None:
    before = answerer_of(library)
    answer = before.answer(_ASKED)
    assert (answer.status, [citation.quote for citation in answer.citations]) == (
        Status.ANSWERED,
        ["您可以在 30 个自然日内申请开具停车费发票。"],
    )
    row: dict[str, Any] = json.loads(json.dumps(answer.to_json(), ensure_ascii=False))
    assert answer_from(row, library) is not None

    _updated(library, tmp_path, _TEXT.replace("30 个自然日", "15 个工作日"))
    after = answerer_of(library)
    assert after.fingerprint != before.fingerprint
    assert [citation.quote for citation in after.answer(_ASKED).citations] == ["您可以在 15 个工作日内申请开具停车费发票。"]
    assert answer_from(row, library) is None  # its words are in force no more


@pytest.mark.parametrize(
    "text",
    [
        _TEXT.replace("1.2 您可以在 30 个自然日内申请开具停车费发票。\n", ""),
        _TEXT.replace("第一条 收费", "第一条 定义\n1.1 停车是指把车停下。\n第二条 收费").replace("1.2 您", "2.2 您"),
    ],
    ids=["gone", "renumbered"],
)
def test_an_answer_whose_clause_is_gone_is_not_given_again(
    text: str, library: Library, answerer_of: Callable[[Library], Answerer], tmp_path: Path
) -> None:
    row: dict[str, Any] = json.loads(json.dumps(answerer_of(library).answer(_ASKED).to_json(), ensure_ascii=False))
    _updated(library, tmp_path, text)
    assert answer_from(row, library) is None
    library.remove("parking")
    assert answer_from(row, library) is None
