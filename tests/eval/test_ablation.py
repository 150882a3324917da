"""Search with its ingredients taken away, over three small agreements of which two have likely questions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from eval.ablation import METRICS, Ablation, measure
from eval.learn import Unasked
from eval.questions import EvalCase, Gold
from eval.table import show_ablation
from eval.variants import INGREDIENTS, Variant, variants
from retrieval.features import FEATURES, LIKELY_SIGNALS, TEXT_FEATURES
from retrieval.index import open_index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.likely import clause_digest
from retrieval.ranking import Ranking
from retrieval.search import Search

_TEXTS = {
    "parking": "停车协议\n\n一、收费\n1.1 停车每小时收费 5 元。\n1.2 离场后可以申请开具发票。\n1.3 多收的费用原路退还。\n二、责任\n2.1 贵重物品由您自行保管。\n",
    "gym": "健身协议\n\n一、会籍\n1.1 会籍自激活之日起计算。\n1.2 未使用的会籍费用可以退还。\n二、安全\n2.1 运动前应当热身，受伤由您自行承担。\n",
    "pool": "泳池协议\n\n一、入场\n1.1 入场须佩戴泳帽。\n二、其他\n2.1 雷雨天气泳池关闭。\n",
}
_ASKED = {
    ("parking", "1.2"): ["报销凭据怎么拿", "停车小票能报销吗"],
    ("parking", "1.3"): ["扣多了怎么 cashback"],
    ("gym", "1.2"): ["不练了能 cashback 吗"],
    ("gym", "2.1"): ["练伤了谁赔", "崴脚了找谁"],
}
_REFUND = Gold("gym", "1.2", "会籍费用可以退还", True)
_BILL = Gold("parking", "1.2", "离场后可以申请开具发票", True)


@pytest.fixture(scope="module")
def asked_library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("agreements")
    library = Library(f"sqlite:///{folder / 'library.db'}")
    tables = {
        key: f'[{key}]\ntitle = "{key}协议"\nnames = ["{key}"]\nparties = ["您"]\nfile = "{key}.txt"\nsource = "测试"\n' for key in _TEXTS
    }
    for key, text in _TEXTS.items():
        (folder / f"{key}.txt").write_text(text, encoding="utf-8")
    (folder / "catalog.toml").write_text("\n".join(tables.values()), encoding="utf-8")
    library.sync(folder / "catalog.toml")
    clauses = {clause.ref: clause for clause in library.clauses()}
    for key in {agreement for agreement, _ in _ASKED}:
        rows = [
            {"clause": id, "of": clause_digest(clauses[key, id]), "questions": [{"voice": "lay", "text": text} for text in asked]}
            for (agreement, id), asked in _ASKED.items()
            if agreement == key
        ]
        (folder / f"{key}.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
        tables[key] += f'questions = "{key}.jsonl"\n'
    (folder / "catalog.toml").write_text("\n".join(tables.values()), encoding="utf-8")
    library.sync(folder / "catalog.toml")
    assert set(library.likely()) == set(_ASKED)
    return library


@pytest.fixture(scope="module")
def tried(asked_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Variant]]:
    """The variants by name."""
    home = tmp_path_factory.mktemp("home")
    with closing(open_index(home, asked_library)) as index, closing(open_index(home / "unasked", Unasked(asked_library))) as unasked:
        taught = Lexicon({"cashback": "退还"})
        yield {variant.name: variant for variant in variants(asked_library, index, unasked, Ranking.load(), taught)}


@pytest.fixture(scope="module")
def cases() -> list[EvalCase]:
    """Three that are searched for, one that is looked up, one without an answer."""
    plain = EvalCase("refund", "不练了钱能 cashback 吗", "zh", "colloquial", "answer", (), (), (_REFUND,), frozenset(), (), "")
    return [
        plain,
        replace(plain, id="bill", question="报销凭据怎么拿", gold=(_BILL,)),
        replace(plain, id="both", question="会籍费用退还，发票开具", gold=(_REFUND, _BILL)),
        replace(plain, id="number", question="gym 1.2 写了什么"),
        replace(plain, id="none", question="能带宠物吗", expect="refuse", gold=()),
    ]


@pytest.fixture(scope="module")
def measured(asked_library: Library, tried: dict[str, Variant], cases: list[EvalCase]) -> Ablation:
    return measure(asked_library, list(tried.values()), {"first": cases, "again": cases[:2]})


def _found(variant: Variant, question: str, of: frozenset[str] = frozenset()) -> list[tuple[str, tuple[float, ...]]]:
    hits = Search(variant.index, variant.ranking, variant.lexicon(of)).find(question)
    return [(hit.clause.id, hit.features) for hit in hits]


def test_every_feature_belongs_to_an_ingredient_that_is_taken_away() -> None:
    taken = {feature for _, features in INGREDIENTS.values() for feature in features}
    assert set(FEATURES) - taken == {"printed"}  # what the lexicon finds
    assert taken <= set(FEATURES)


@pytest.mark.parametrize("name", INGREDIENTS)
def test_what_is_taken_away_finds_nothing_and_has_no_weight(tried: dict[str, Variant], name: str) -> None:
    variant, gone = tried[name], set(INGREDIENTS[name][1])
    hits = Search(variant.index, variant.ranking, variant.lexicon(frozenset())).find("会籍费用能 cashback 吗，发票怎么开")
    assert len(hits) > 2
    assert not {signal for hit in hits for signal, _ in hit.signals} & gone
    for weights, whole in ((variant.ranking.weights, tried["whole"].ranking.weights), (variant.ranking.bare, tried["whole"].ranking.bare)):
        assert [0.0 if name in gone else weight for name, weight in zip(FEATURES, whole, strict=True)] == list(weights)


def test_headings_are_in_no_feature_once_they_are_taken_away(tried: dict[str, Variant]) -> None:
    at = FEATURES.index("all_coverage")
    with_them, without = (
        max(features[at] for _, features in _found(tried[name], "安全")) for name in ("whole", "without headings and lead-ins")
    )
    assert with_them > without == 0.0


@pytest.mark.parametrize(("name", "signal"), [("BM25, words", "words"), ("BM25, character bigrams", "bigrams")])
def test_plain_bm25_ranks_as_the_index_itself_does(tried: dict[str, Variant], name: str, signal: str) -> None:
    question, index = "会籍费用退还，发票开具，贵重物品", tried["without likely questions"].index
    ranked = index.lexical.search(question, {}, (), 100)[signal]
    assert len(ranked) > 2
    assert [id for id, _ in _found(tried[name], question)] == [index.clauses[position].id for position, _ in ranked]


def test_without_likely_questions_no_clause_is_scored_by_them(tried: dict[str, Variant]) -> None:
    texts = [name in TEXT_FEATURES or name == "all_coverage" for name in FEATURES]
    for name in ("without likely questions", "without likely questions, lexicon of other agreements"):
        assert tried[name].index.likely == {}
        for _, features in _found(tried[name], "报销凭据怎么拿，会籍费用能 cashback 吗"):
            assert not any(value for value, of_text in zip(features, texts, strict=True) if not of_text)
    assert any(features[FEATURES.index(LIKELY_SIGNALS[0])] for _, features in _found(tried["whole"], "报销凭据怎么拿"))


def test_an_agreement_has_only_the_words_that_others_teach(tried: dict[str, Variant]) -> None:
    lexicon = tried["without likely questions, lexicon of other agreements"].lexicon
    assert "退还" in lexicon(frozenset({"pool"})).printed("能 cashback 吗")  # two others say so
    for key in ("gym", "parking"):
        assert "退还" not in lexicon(frozenset({key})).printed("能 cashback 吗")


def test_questions_without_an_answer_or_a_search_are_left_out_and_counted(measured: Ablation) -> None:
    assert (measured.asked, measured.left_out) == ({"first": 3, "again": 2}, {"first": 1, "again": 0})


def test_the_whole_is_what_the_others_are_held_against(measured: Ablation) -> None:
    whole, *others = measured.rows
    assert whole.name == "whole"
    assert {(figure.difference, figure.low, figure.high) for of in whole.figures.values() for figure in of.values()} == {(0.0, 0.0, 0.0)}
    for row in others:
        for name, figures in row.figures.items():
            assert list(figures) == list(METRICS)
            for metric, figure in figures.items():
                assert figure.value - figure.difference == pytest.approx(whole.figures[name][metric].value)
                assert figure.low <= figure.difference <= figure.high


def test_what_only_a_likely_question_says_is_found_by_it_alone(measured: Ablation) -> None:
    """Of the two, none is put in the clause's own words; a lexicon that others have taught translates neither."""
    figures = {row.name: row.figures["again"]["first@1"].value for row in measured.rows}
    assert figures["whole"] == figures["likely questions"] == 1.0
    assert figures["BM25, words"] < 1.0
    assert figures["without likely questions, lexicon of other agreements"] < 1.0


def test_recall_counts_all_required_clauses_and_the_first_place_one(measured: Ablation) -> None:
    figures = measured.rows[0].figures["first"]
    assert figures["first@1"].value == 1.0
    assert figures["recall@1"].value == pytest.approx((1 + 1 + 0.5) / 3)


def test_the_public_form_is_json(measured: Ablation) -> None:
    data = json.loads(json.dumps(measured.to_json()))
    assert data["rows"][0]["figures"]["first"]["mrr"].keys() == {"value", "difference", "low", "high"}
    assert data["asked"] == {"first": 3, "again": 2}


@pytest.mark.parametrize(("width", "tables"), [(200, 1), (100, 2)])
def test_files_stand_beside_each_other_where_there_is_room(measured: Ablation, width: int, tables: int) -> None:
    console = Console(file=StringIO(), width=width)
    show_ablation(console, measured)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.count("每一样值多少") == tables
    assert shown.count("R@10") == 2
    assert "first：查找的 3 题；另有 1 题" in shown
    assert "…" not in shown


def test_a_file_in_which_nothing_is_searched_for_is_no_column(
    asked_library: Library, tried: dict[str, Variant], cases: list[EvalCase]
) -> None:
    found = measure(asked_library, [tried["whole"]], {"numbers": cases[3:4], "some": cases[:1]})
    console = Console(file=StringIO(), width=200)
    show_ablation(console, found)
    assert console.file.getvalue().count("R@10") == 1  # type: ignore[attr-defined]
    assert (found.asked["numbers"], found.rows[0].figures["numbers"]) == (0, {})


def test_progress_ends_with_all_of_it_done(asked_library: Library, tried: dict[str, Variant], cases: list[EvalCase]) -> None:
    told: list[tuple[int, int]] = []
    measure(asked_library, [tried["whole"], tried["equal weights"]], {"some": cases}, lambda done, total: told.append((done, total)))
    assert told == [(done, 6) for done in range(1, 7)]
