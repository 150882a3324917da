from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retrieval.clause import Hit
from retrieval.errors import StorageError
from retrieval.features import FEATURES, TEXT_FEATURES
from retrieval.index import open_index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.likely import clause_digest
from retrieval.ranking import WEIGHTS, Ranking
from retrieval.search import Search

_TEXT = """停车协议
第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 40 元。
1.2 车辆离场后，您可以在 30 个自然日内申请开具停车费发票。
第二条 责任
2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
"""
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'
_ASKED = {"1.1": ["泊位怎么算钱", "停半天贵不贵"], "2.1": ["东西被偷了赔不赔"]}

MakeSearch = Callable[[bool], Search]


@pytest.fixture(scope="module")
def make_search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeSearch]:
    """Opens a search of three clauses, with likely questions for 1.1 and 2.1 or with none at all."""
    opened: dict[bool, Search] = {}

    def make(asked: bool) -> Search:
        if asked not in opened:
            folder = tmp_path_factory.mktemp("parking")
            (folder / "parking.txt").write_text(_TEXT, encoding="utf-8")
            (folder / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
            library = Library(f"sqlite:///{folder / 'library.db'}")
            library.sync(folder / "catalog.toml")
            if asked:
                _write_questions(folder, library)
                library.sync(folder / "catalog.toml")
            opened[asked] = Search(open_index(folder, library), Ranking.load(), Lexicon.load())
        return opened[asked]

    yield make
    for search in opened.values():
        search.index.close()


def _write_questions(folder: Path, library: Library) -> None:
    rows = [
        {"clause": clause.id, "of": clause_digest(clause), "questions": [{"voice": "lay", "text": text} for text in _ASKED[clause.id]]}
        for clause in library.clauses()
        if clause.id in _ASKED
    ]
    (folder / "parking.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "catalog.toml").write_text(_CATALOG + 'questions = "parking.jsonl"\n', encoding="utf-8")


def _shipped() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return data


def _weighed(hit: Hit, weights: dict[str, float]) -> float:
    """The mean of a hit's features with these weights, reckoned apart from the code under test."""
    of = dict(zip(FEATURES, hit.features, strict=True))
    return sum(weight * of[name] for name, weight in weights.items()) / sum(weights.values())


def test_the_weights_that_ship_are_of_every_feature_and_none_is_negative() -> None:
    data = _shipped()
    assert set(data["weights"]) == set(FEATURES)
    assert set(data["bare"]) == set(TEXT_FEATURES)
    for weights in (data["weights"], data["bare"]):
        assert all(weight >= 0 for weight in weights.values())
        assert sum(weights.values()) > 0
    ranking = Ranking.load()
    assert dict(zip(FEATURES, ranking.weights, strict=True)) == data["weights"]
    assert {name: weight for name, weight in zip(FEATURES, ranking.bare, strict=True) if weight} == {
        name: weight for name, weight in data["bare"].items() if weight
    }


@pytest.mark.parametrize("section", ["weights", "bare"])
@pytest.mark.parametrize("change", ["missing", "unknown", "other"])
def test_weights_for_other_features_are_refused(tmp_path: Path, section: str, change: str) -> None:
    data = _shipped()
    if change != "unknown":
        del data[section]["vectors"]
    if change != "missing":
        data[section]["vector"] = 1.0
    (tmp_path / "mine.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(StorageError, match=r"mine\.json has weights for other features"):
        Ranking.load(tmp_path / "mine.json")


def test_the_weights_of_bare_clauses_do_not_pass_for_the_others(tmp_path: Path) -> None:
    data = _shipped()
    (tmp_path / "turned.json").write_text(json.dumps({"weights": data["bare"], "bare": data["weights"]}), encoding="utf-8")
    with pytest.raises(StorageError):
        Ranking.load(tmp_path / "turned.json")


def test_the_best_by_every_feature_scores_1_and_nothing_scores_0() -> None:
    ranking = Ranking.load()
    text_only = [float(name in TEXT_FEATURES) for name in FEATURES]
    for bare in (True, False):
        assert ranking.score([1.0] * len(FEATURES), bare=bare) == pytest.approx(1)
        assert ranking.score([0.0] * len(FEATURES), bare=bare) == 0
    assert ranking.score(text_only, bare=True) == pytest.approx(1)
    assert ranking.score(text_only, bare=False) < 1
    with pytest.raises(ValueError, match="shorter"):
        ranking.score([1.0], bare=False)


@pytest.mark.parametrize("question", ["停车发票几天内可以开", "停车收费泊位怎么算钱", "贵重东西被偷了赔不赔"])
@pytest.mark.parametrize("asked", [True, False])
def test_each_clause_is_weighed_by_whether_it_has_likely_questions(make_search: MakeSearch, asked: bool, question: str) -> None:
    data = _shipped()
    hits = make_search(asked).find(question)
    assert hits
    for hit in hits:
        bare = not (asked and hit.clause.id in _ASKED)
        assert hit.score == pytest.approx(_weighed(hit, data["bare" if bare else "weights"]), abs=1e-6)


def test_a_library_without_likely_questions_scores_as_high_as_one_with_them(make_search: MakeSearch) -> None:
    (best, *_) = make_search(False).find("停车费发票")
    assert best.clause.id == "1.2"
    assert best.score > 0.9
    assert _weighed(best, _shipped()["weights"]) < 0.5


def test_words_of_likely_questions_only_find_where_there_are_any_and_a_bare_clause_beside_them_is_found_by_its_text(
    make_search: MakeSearch,
) -> None:
    for asked, found in ((False, []), (True, ["1.1"])):
        search = make_search(asked)
        without_lexicon = Search(search.index, search.ranking, Lexicon({}))
        assert [hit.clause.id for hit in without_lexicon.find("泊位怎么算钱", limit=1)] == found
    assert make_search(True).find("离场后申请开具发票")[0].clause.id == "1.2"
