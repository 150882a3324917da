from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from retrieval.clause import Kind
from retrieval.features import FEATURES, SIGNALS
from retrieval.index import Index, build_index, open_index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

MakeLibrary = Callable[[Mapping[str, str]], Library]

_QUESTIONS = [
    "企点开通几天内可以无条件退款？",
    "会话存档的数据可以存到国外吗",
    "谁来承担不可抗力造成的损失",
    "乐享账号被盗了怎么办",
    "反向工程",
    "Can I get a refund within 7 days?",
    "4.7",
    "退",
    "我想把企业微信的帳號轉讓給別的公司，可以嗎？",
    "我们公司" * 200 + "能退款吗",
]


@pytest.fixture
def search(shipped_index: Index) -> Search:
    return Search(shipped_index, Ranking.load(), Lexicon.load())


def _ranked(search: Search, question: str, *agreements: str) -> list[tuple[str, float]]:
    return [(hit.clause.label, hit.score) for hit in search.find(question, agreements)]


@pytest.mark.parametrize("question", _QUESTIONS)
def test_scores_are_in_0_to_1_and_the_best_come_first(search: Search, question: str) -> None:
    hits = search.find(question)
    assert len(hits) == 10
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.clause.ref for hit in hits}) == 10
    assert all(hit.signals and all(rank >= 1 for _, rank in hit.signals) for hit in hits)


@pytest.mark.parametrize("question", _QUESTIONS)
@pytest.mark.parametrize("agreements", [("qidian",), ("archive",), ("lexiang", "weka")])
def test_only_clauses_of_the_agreements_named_are_found(search: Search, question: str, agreements: tuple[str, ...]) -> None:
    hits = search.find(question, agreements)
    assert hits
    assert {hit.clause.agreement for hit in hits} <= set(agreements)


def test_an_agreement_that_is_not_there_has_no_clause(search: Search) -> None:
    assert search.find("退款", ["dingtalk"]) == []


@pytest.mark.parametrize("question", ["", "   ", "？！。", "😀😀", "\x00"])
def test_a_question_of_nothing_finds_nothing(search: Search, question: str) -> None:
    assert search.find(question) == []


@pytest.mark.parametrize("limit", [1, 3, 20, 100])
def test_no_more_than_asked_for_and_always_the_same_best(search: Search, limit: int) -> None:
    most = search.find("账号被盗了谁负责", limit=100)
    found = search.find("账号被盗了谁负责", limit=limit)
    assert len(found) == min(limit, len(most))
    assert found[:1] == most[:1]


def _lists(search: Search, question: str) -> dict[str, list[float]]:
    """What each signal gives to the clauses it finds, in its order."""
    ranked: dict[str, dict[int, float]] = {name: {} for name in SIGNALS}
    for hit in search.find(question, limit=len(search.index.clauses)):
        for name, rank in hit.signals:
            ranked[name][rank] = dict(zip(FEATURES, hit.features, strict=True))[name]
    return {name: [share for _, share in sorted(shares.items())] for name, shares in ranked.items()}


def test_every_signal_gives_1_to_its_best_and_less_further_down(search: Search) -> None:
    for shares in _lists(search, "企业用户违反本协议约定的，腾讯有权终止服务").values():
        assert shares[:1] == [1.0]
        assert shares == sorted(shares, reverse=True)


def test_the_last_of_a_list_read_to_its_end_counts_by_its_score_and_that_of_a_longer_one_hardly_more_than_the_next(search: Search) -> None:
    cut = [shares for shares in _lists(search, "企业用户违反本协议约定的，腾讯有权终止服务").values() if len(shares) >= 99]
    assert len(cut) >= 5
    assert all(shares[-1] < 0.05 for shares in cut)
    whole = _lists(search, "监护人")["words"]
    assert 1 < len(whole) < 99
    assert whole[-1] > 0.05


def test_a_clause_is_among_the_first_three_for_its_own_words(search: Search) -> None:
    """Every seventh clause; not always the very first, because some are printed nearly alike in one agreement."""
    clauses = search.index.clauses[::7]
    missed = [
        clause.label
        for clause in clauses
        if clause.text not in [hit.clause.text for hit in search.find(clause.text, [clause.agreement], limit=3)]
    ]
    assert len(clauses) > 80
    assert missed == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("企点开通几天内可以无条件退款", "企點開通幾天內可以無條件退款"),
        ("不可抗力持续三十个自然日", "不可抗力持续30个自然日"),
        ("赔偿百分之五", "赔偿5%"),
        ("api接口的appid", "ＡＰＩ接口的ＡＰＰＩＤ"),
    ],
)
def test_two_spellings_of_one_question_find_the_same(search: Search, one: str, other: str) -> None:
    assert _ranked(search, one) == _ranked(search, other)


def test_asking_again_finds_the_same(search: Search) -> None:
    for question in _QUESTIONS:
        assert search.find(question) == search.find(question)


def test_signatures_and_bare_headings_are_never_found(search: Search) -> None:
    assert all(clause.text and clause.kind is not Kind.CLOSING for clause in search.index.clauses)
    assert "腾讯公司" not in [hit.clause.text for hit in search.find("腾讯公司", limit=50)]


def test_two_builds_of_one_library_rank_alike(make_library: MakeLibrary, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "agreements"
    library = make_library({key: (shipped / f"{key}.txt").read_text(encoding="utf-8") for key in ("archive", "qidian")})
    rankings = []
    for home in (tmp_path / "first", tmp_path / "second"):
        build_index(home, library)
        index = open_index(home, library)
        search = Search(index, Ranking.load(), Lexicon.load())
        rankings.append([search.find(question, limit=30) for question in _QUESTIONS])
        index.close()
    assert rankings[0] == rankings[1]
