from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from eval.bench import BenchRow, Statutes, run_bench, searches_of
from eval.questions import QuestionsError
from eval.translations import Pair
from retrieval.index import open_index
from retrieval.lexicon import Lexicon
from retrieval.ranking import Ranking

_METHODS = ["BM25, words", "BM25, character bigrams", "WenYue without a lexicon", "WenYue"]
_THINGS = (
    "渔船 茶园 桥梁 隧道 矿山 剧院 图书 邮票 马匹 果树 水库 灯塔 铁路 医院 学校 农药 火车 飞机 粮食 森林 河流 海港 烟草 食盐 黄金 珠宝 煤炭 钢材"
).split()


def _article(id: int | str, text: str) -> dict[str, Any]:
    return {"id": id, "title": "示例法", "article": f"第{id}条", "section": "", "text": text}


# Two articles about bees, the first wholly, and 28 that each have a thing of their own.
_ARTICLES = [
    _article(900, "养蜂蜂场检疫。"),
    _article(901, "养蜂的人应当登记，登记的办法由主管部门会同有关单位制定并且公布，登记以后不得擅自改变。"),
    *(_article(at, f"经营{thing}应当取得许可。") for at, thing in enumerate(_THINGS)),
]


def _write(folder: Path, articles: Sequence[Mapping[str, Any]], queries: Sequence[tuple[str, list[int | str]]]) -> Path:
    folder.mkdir(exist_ok=True)
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
    rows = [{"id": at, "text": text, "gold": gold} for at, (text, gold) in enumerate(queries)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return folder


def _run(folder: Path, home: Path) -> tuple[list[BenchRow], list[tuple[str, int, int]], list[tuple[int, int]]]:
    """The rows, and what was told of the progress of indexing and of asking."""
    built: list[tuple[str, int, int]] = []
    asked: list[tuple[int, int]] = []
    rows, _ = run_bench(
        folder,
        home,
        Ranking.load(),
        progress=lambda step, done, total: built.append((step, done, total)),
        tick=lambda done, total: asked.append((done, total)),
    )
    return rows, built, asked


def test_the_figures_are_those_reckoned_by_hand(tmp_path: Path) -> None:
    queries: list[tuple[str, list[int | str]]] = [
        ("经营渔船", [0]),  # first: 1, 1, 1, and 1
        ("养蜂", [901]),  # second, after the short article that is about nothing else: 1, 1, 1, and 1/2
        ("养蜂", [900, 901]),  # both: 1, 1, 1, and 1
        ("养蜂蜂场", [900, "repealed"]),  # one of two: 1/2, 1/2, 1/2, and 1
        ("quidproquo", [1]),  # nothing is found: 0, 0, 0, and 0
    ]
    rows, _, _ = _run(_write(tmp_path / "statutes", _ARTICLES, queries), tmp_path / "home")
    assert [row.method for row in rows] == _METHODS
    for row in rows:
        assert row.recall == pytest.approx({5: 3.5 / 5, 10: 3.5 / 5, 100: 3.5 / 5}), row.method
        assert row.mrr == pytest.approx(3.5 / 5), row.method
        assert 0 < row.p50_ms <= row.p95_ms


def test_recall_grows_with_depth_and_a_rank_after_the_tenth_is_none(tmp_path: Path) -> None:
    """28 articles that speak of 许可 in one way only: BM25 has them in the order of the corpus."""
    rows, _, _ = _run(_write(tmp_path / "statutes", _ARTICLES, [("许可", [0, 6, 20, 21]), ("许可", [20])]), tmp_path / "home")
    for row in rows[:2]:
        assert row.recall == pytest.approx({5: (1 / 4) / 2, 10: (2 / 4) / 2, 100: (4 / 4 + 1) / 2})
        assert row.mrr == pytest.approx((1 + 0) / 2)


def test_every_question_of_every_method_is_told_and_the_index_is_built_once(tmp_path: Path) -> None:
    folder = _write(tmp_path / "statutes", _ARTICLES, [("养蜂", [900]), ("渔船", [0])])
    first, built, asked = _run(folder, tmp_path / "home")
    assert asked == [(done, 8) for done in range(1, 9)]
    assert {(step, total) for step, _, total in built} == {("词语索引", 30), ("向量索引", 30)}
    again, built, _ = _run(folder, tmp_path / "home")
    assert built == []
    assert [(row.recall, row.mrr) for row in again] == [(row.recall, row.mrr) for row in first]


def test_the_articles_are_clauses_of_one_agreement_without_likely_questions(tmp_path: Path) -> None:
    statutes = Statutes(_write(tmp_path / "statutes", _ARTICLES, [("养蜂", [900, "901"])]))
    assert [clause.id for clause in statutes.clauses()] == [str(article["id"]) for article in _ARTICLES]
    assert statutes.clauses()[0].content == "示例法 第900条\n养蜂蜂场检疫。"
    assert statutes.likely() == {}
    assert [(query.text, query.gold) for query in statutes.queries] == [("养蜂", frozenset({"900", "901"}))]


def test_each_query_is_a_pair_with_all_that_answers_it(tmp_path: Path) -> None:
    queries: list[tuple[str, list[int | str]]] = [("蜂箱归谁管", [900, 0]), ("渔船", ["repealed"])]
    pairs = Statutes(_write(tmp_path / "statutes", _ARTICLES, queries)).pairs()
    assert [pair.origin for pair in pairs] == ["statutes"] * 2
    assert {"养蜂", "蜂场", "检疫", "渔船", "许可"} <= pairs[0].printed
    assert "示例" not in pairs[0].printed
    assert pairs[1] == Pair(frozenset({"渔船"}), frozenset(), "statutes")


# Words that no article has, the article that answers each of them, and the places at which it is asked for. Two make a translation.
_LAY: dict[str, tuple[int, tuple[int, ...]]] = {"燕子": (2, (0, 5)), "麻雀": (900, (1, 6)), "乌鸦": (0, (2, 4, 7)), "喜鹊": (1, (3, 8, 9))}


def test_no_query_is_searched_with_what_its_own_answer_taught(tmp_path: Path) -> None:
    queries = sorted((at, word, article) for word, (article, places) in _LAY.items() for at in places)
    statutes = Statutes(_write(tmp_path / "statutes", _ARTICLES, [(word, [article]) for _, word, article in queries]))
    index = open_index(tmp_path, statutes)
    searches = searches_of(index, statutes, Ranking.load(), Lexicon({}))
    assert len(searches) == 5
    for fold, search in enumerate(searches):
        for word, (article, places) in _LAY.items():
            others = [at for at in places if at % 5 != fold]
            assert bool(search.lexicon.printed(word)) == (len(others) >= 2), (word, fold)
            assert [hit.clause.id for hit in search.find(word, limit=1)] == [str(article)] * (len(others) >= 2)
    index.close()


def test_what_the_statutes_have_not_taught_is_known_in_every_fold(tmp_path: Path) -> None:
    statutes = Statutes(_write(tmp_path / "statutes", _ARTICLES, [("养蜂", [900])]))
    index = open_index(tmp_path, statutes)
    found = [search.lexicon.printed("麻雀") for search in searches_of(index, statutes, Ranking.load(), Lexicon({"麻雀": "渔船=2"}))]
    assert found == [{"渔船": 2}] * 5
    index.close()


def test_the_lexicon_finds_what_others_have_asked_and_the_methods_without_one_do_not(tmp_path: Path) -> None:
    """Of five queries in one word each is in a fold of its own, and the four others teach it."""
    queries: list[tuple[str, list[int | str]]] = [(word, [at]) for at, word in enumerate(("乌鸦", "喜鹊", "燕子")) for _ in range(5)]
    rows, _, _ = _run(_write(tmp_path / "statutes", _ARTICLES, queries), tmp_path / "home")
    assert {row.method: row.recall[10] for row in rows} == dict.fromkeys(_METHODS[:3], 0) | {"WenYue": 1}


def test_the_figures_are_those_of_searches_that_have_not_learned_from_the_query(tmp_path: Path) -> None:
    """The only two queries in a word are of one fold: the four others know the word, and are not asked."""
    queries: list[tuple[str, list[int | str]]] = [("麻雀", [900]) if at in (1, 6) else ("渔船", [0]) for at in range(8)]
    rows, _, _ = _run(_write(tmp_path / "statutes", _ARTICLES, queries), tmp_path / "home")
    assert {row.method: row.recall[10] for row in rows} == dict.fromkeys(_METHODS, 6 / 8)


@pytest.mark.parametrize(
    "wrong",
    ["nothing", "no corpus", "no queries", "not packed", "no JSON", "no id", "no gold", "empty corpus", "empty queries", "empty gold"],
)
def test_a_folder_without_the_benchmark_is_refused_in_one_sentence(tmp_path: Path, wrong: str) -> None:
    folder = tmp_path / "statutes"
    if wrong != "nothing":
        _write(folder, [{"text": "无号"}] if wrong == "no id" else _ARTICLES, [("养蜂", [900])])
    if wrong == "no corpus":
        (folder / "corpus.jsonl.gz").unlink()
    elif wrong == "no queries":
        (folder / "queries.jsonl").unlink()
    elif wrong == "not packed":
        (folder / "corpus.jsonl.gz").write_text(json.dumps(_ARTICLES[0]), encoding="utf-8")
    elif wrong == "no JSON":
        (folder / "queries.jsonl").write_text("养蜂\n", encoding="utf-8")
    elif wrong == "no gold":
        (folder / "queries.jsonl").write_text('{"text": "养蜂"}\n', encoding="utf-8")
    elif wrong.startswith("empty"):
        _write(
            folder,
            [] if wrong == "empty corpus" else _ARTICLES,
            {"empty queries": [], "empty gold": [("养蜂", [])]}.get(wrong, [("养蜂", [900])]),
        )
    with pytest.raises(QuestionsError) as refused:
        _run(folder, tmp_path / "home")
    assert str(refused.value).startswith(f"{folder} does not hold the benchmark (corpus.jsonl.gz and queries.jsonl): ")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "home").exists()
