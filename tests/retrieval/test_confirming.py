"""What a person confirms of an agreement counts and stays; what nobody confirmed does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from retrieval.clause import Clause, Kind
from retrieval.errors import AgreementRefused, UnknownAgreement
from retrieval.facts import Fact, FactKind
from retrieval.library import Library
from retrieval.precedence import precedence

MakeLibrary = Callable[[Mapping[str, str]], Library]

_JIA = "一、费用\n\n1.1 甲方应当付款。\n\n1.2 逾期付款的，按日支付违约金。\n"
_GIVEN = """蓝海云盘服务协议

更新日期：2024年5月1日

1.1 本协议是您与蓝海公司之间所订立的协议。蓝海公司提供蓝海云盘软件。

1.2 本协议是《jia协议》的补充协议，与其不一致的，以本协议为准。

1.3 “云盘空间”是指存放文件的空间。
"""


@pytest.fixture
def library(make_library: MakeLibrary, tmp_path: Path) -> Library:
    """A library with an agreement of the catalog, `jia`, and one that somebody added, `given`."""
    library = make_library({"jia": _JIA})
    library.add(_file(tmp_path, _GIVEN), key="given")
    return library


def _file(folder: Path, text: str) -> Path:
    path = folder / "given.txt"
    path.write_text(text, encoding="utf-8")
    return path


def _relations(library: Library) -> list[tuple[str, str, str]]:
    edges = precedence(library.clauses(), library.agreements).edges
    return [(edge.source, edge.relation.value, edge.target) for edge in edges]


_ALL = [("given", "supplement_of", "jia"), ("given", "prevails_over", "jia")]


def test_nothing_that_was_not_confirmed_counts(library: Library) -> None:
    given = library.agreement("given")
    assert (given.names, given.parties, given.updated, given.supplements, given.relations) == (("蓝海云盘服务协议",), (), None, (), ())
    assert _relations(library) == []
    assert library.facts("given", 1) == []


def test_what_is_confirmed_counts_and_is_kept_with_its_clause(library: Library) -> None:
    proposals = library.proposals("given")
    library.confirm("given", proposals)
    given = library.agreement("given")
    assert (given.names, given.parties) == (("蓝海云盘", "蓝海云盘服务协议"), ("您", "蓝海公司"))
    assert (given.updated, given.supplements) == ("2024-05-01", ("jia协议",))
    assert _relations(library) == _ALL
    assert library.facts("given", 1) == proposals
    assert [fact.clause for fact in proposals if fact.kind is FactKind.TERM] == ["1.3"]
    assert library.proposals("given") == []


def test_only_the_facts_that_were_taken_count(library: Library) -> None:
    taken = [fact for fact in library.proposals("given") if fact.kind is FactKind.PREVAILS]
    library.confirm("given", taken)
    assert _relations(library) == _ALL[1:]
    assert library.agreement("given").names == ("蓝海云盘服务协议",)
    assert {fact.kind for fact in library.proposals("given")} >= {FactKind.NAME, FactKind.PARTY, FactKind.SUPPLEMENTS}


def test_what_is_confirmed_survives_an_update_where_the_text_still_says_so(library: Library, tmp_path: Path) -> None:
    library.confirm("given", library.proposals("given"))
    later = _GIVEN.replace("1.3 “云盘空间”是指", "1.3 “云盘额度”是指").replace(
        "1.2 本协议是《jia协议》的补充协议，与其不一致的，", "1.2 与《jia协议》不一致的，"
    )
    library.update("given", _file(tmp_path, later.replace("2024年5月1日", "2025年6月1日")))
    given = library.agreement("given")
    assert (given.version, given.names, given.parties, given.updated) == (2, ("蓝海云盘", "蓝海云盘服务协议"), ("您", "蓝海公司"), None)
    assert _relations(library) == _ALL[1:]
    assert [fact.value for fact in library.facts("given", 2) if fact.kind is FactKind.TERM] == []
    assert [(fact.kind, fact.value) for fact in library.proposals("given")] == [
        (FactKind.UPDATED, "2025-06-01"),
        (FactKind.TERM, "云盘额度"),
    ]


def test_of_a_shipped_agreement_that_is_updated_new_relations_wait(library: Library, tmp_path: Path) -> None:
    text = _JIA + "\n1.3 本协议与《蓝海云盘服务协议》不一致的，以本协议为准。\n"
    library.update("jia", _file(tmp_path, text))
    assert library.agreement("jia").relations == ()
    assert _relations(library) == []
    library.confirm("jia", library.proposals("jia"))
    assert _relations(library) == [("jia", "prevails_over", "given")]


def test_the_catalog_says_what_is_known_of_its_own_texts(library: Library) -> None:
    assert library.proposals("jia") == []
    with pytest.raises(AgreementRefused, match="自带"):
        library.confirm("jia", [Fact(FactKind.NAME, "甲", "", "")])
    with pytest.raises(UnknownAgreement):
        library.proposals("other")


def test_a_name_that_is_anothers_is_refused(library: Library) -> None:
    with pytest.raises(AgreementRefused, match="jia"):
        library.confirm("given", [Fact(FactKind.NAME, "JIA", "", "")])
    assert library.agreement("given").names == ("蓝海云盘服务协议",)


def test_removing_an_agreement_forgets_what_was_confirmed(library: Library, tmp_path: Path) -> None:
    library.confirm("given", library.proposals("given"))
    library.remove("given")
    library.add(_file(tmp_path, _GIVEN), key="given")
    assert library.facts("given", 1) == []
    assert library.agreement("given").parties == ()


def test_references_of_a_large_text_take_time_in_proportion() -> None:
    """Twice the text takes about twice as long, in many clauses and in one."""
    import time

    from retrieval.clause import Agreement
    from retrieval.references import dangling

    words = "按照第 3.{} 条的约定支付，上述约定适用于《费用规则》；前述“服务”见附件一。前款规定的费用不退，上述服务说明另行公布。"

    def taken(count: int, one: bool) -> float:
        texts = [words.format(at % 30) for at in range(count)]
        parts = ["\n".join(texts)] if one else texts
        clauses = [
            Clause("k", f"1.{at}", f"1.{at}", 1, Kind.CLAUSE, 1, None, f"服务说明{at}", text, False, f"《甲》1.{at}")
            for at, text in enumerate(parts)
        ]
        begun = time.process_time()
        dangling(clauses, [Agreement("k", "甲", ("甲",), (), "f", "f")])
        return time.process_time() - begun

    for one in (False, True):
        assert taken(1200, one) < 4 * max(taken(400, one), 0.02) + 0.2
