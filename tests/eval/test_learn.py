"""Learning from some sixty of the `dev` questions over the shipped agreements, and all of it over small ones. Nothing is written beside
the code.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from answering import confidence
from answering.confidence import BARE_INPUTS, INPUTS, Confidence, Logistic, inputs
from answering.question import understand
from eval import learn
from eval.bench import Statutes
from eval.command import LEARNED_FROM, learn_weights
from eval.errors import EvalError
from eval.learn import (
    Unasked,
    Weights,
    learn_bare,
    learn_bare_confidence,
    learn_confidence,
    learn_known,
    statutes_differences,
    unseen_lexicons,
)
from eval.metrics import Judge
from eval.questions import QUESTIONS, EvalCase, load_questions
from eval.translations import Pair, lines_of, pairs_of, translations
from retrieval import ranking
from retrieval.features import FEATURES, LIKELY_SIGNALS, TEXT_FEATURES
from retrieval.index import Index, open_index, silent
from retrieval.lexicon import AGREEMENTS, EVERYDAY, STATUTES, Lexicon
from retrieval.library import Library
from retrieval.likely import clause_digest
from retrieval.ranking import Ranking
from retrieval.search import Search

_DEV = QUESTIONS / "dev.jsonl"
_EQUAL = Ranking((1.0,) * len(FEATURES), (1.0,) * len(FEATURES))

# Lay words, and what is printed that answers them. Each is asked for in three ways, so that the others teach it.
_PRINTED = {
    "打官司": "当事人可以向人民法院提起诉讼",
    "东家": "用人单位应当及时足额支付劳动报酬",
    "房东": "出租人应当履行租赁物的维修义务",
    "娃": "未成年人由监护人代理实施民事法律行为",
    "老伴": "夫妻有相互扶养的义务",
    "买主": "买受人应当按照约定的数额支付价款",
}
_ASKED = ("{}该怎么弄", "碰上{}的事", "说说{}吧")


@pytest.fixture(scope="module")
def cases() -> list[EvalCase]:
    """A part of `dev`, in its order: every fourth question that has an answer, every second to be refused."""
    every = load_questions([_DEV])
    some = [*[case for case in every if case.expect == "answer"][::4], *[case for case in every if case.expect == "refuse"][::2]]
    return sorted(some, key=every.index)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where learning keeps the indexes it builds."""
    return tmp_path_factory.mktemp("learning")


@pytest.fixture(scope="module")
def unasked(shipped: Library, home: Path) -> Iterator[Index]:
    """The shipped agreements as if nobody had written likely questions."""
    index = open_index(home / "unasked", Unasked(shipped))
    yield index
    index.close()


@pytest.fixture(scope="module")
def statutes(home: Path) -> Path:
    """A benchmark of 18 queries and 26 articles."""
    folder = home / "statutes"
    folder.mkdir()
    texts = [*_PRINTED.values(), *(f"从事第{at}类经营活动应当取得许可" for at in range(20))]
    articles = [{"id": at, "title": "示例法", "article": f"第{at}条", "section": "", "text": text} for at, text in enumerate(texts)]
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
    queries = [{"id": 0, "text": form.format(word), "gold": [at]} for form in _ASKED for at, word in enumerate(_PRINTED)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(query, ensure_ascii=False) + "\n" for query in queries), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def lexicons(shipped: Library) -> dict[str, Lexicon]:
    return unseen_lexicons(shipped, pairs_of(shipped), Lexicon.load(without=(AGREEMENTS,)))


@pytest.fixture(scope="module")
def differences(statutes: Path, home: Path) -> Iterator[npt.NDArray[np.float64]]:
    """What the statutes tell apart."""
    benchmark = Statutes(statutes)
    index = open_index(home / "bench", benchmark)
    yield statutes_differences(index, benchmark, Lexicon.load(without=(STATUTES,)))
    index.close()


@pytest.fixture(scope="module")
def known(shipped: Library, shipped_index: Index, cases: list[EvalCase]) -> Weights:
    return learn_known(shipped, shipped_index, cases, Lexicon.load())


@pytest.fixture(scope="module")
def bare(
    shipped: Library, unasked: Index, cases: list[EvalCase], lexicons: dict[str, Lexicon], differences: npt.NDArray[np.float64]
) -> Weights:
    return learn_bare(shipped, unasked, cases, lexicons, differences)


@pytest.fixture(scope="module")
def learned(known: Weights, bare: Weights) -> Ranking:
    return Ranking(known, bare)


@pytest.fixture(scope="module")
def search(shipped_index: Index, learned: Ranking) -> Search:
    return Search(shipped_index, learned, Lexicon.load())


@pytest.fixture(scope="module")
def sure(shipped: Library, search: Search, cases: list[EvalCase]) -> Logistic:
    return learn_confidence(shipped, search, cases)


@pytest.fixture(scope="module")
def bare_sure(shipped: Library, unasked: Index, learned: Ranking, cases: list[EvalCase], lexicons: dict[str, Lexicon]) -> Logistic:
    return learn_bare_confidence(shipped, unasked, learned, cases, lexicons)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _reciprocal_rank(library: Library, search: Search, cases: list[EvalCase]) -> float:
    """The mean over the cases that have one answer, reckoned apart from the code under test."""
    judge = Judge(library)
    found = []
    for case in cases:
        asked = understand(case.question, case.history, library.agreements)
        if case.expect == "answer" and len(case.gold) == 1:
            hits = search.find(asked.search_text, asked.agreements)
            found.append(next((1 / rank for rank, hit in enumerate(hits, 1) if judge.holds(hit.clause.ref, case.gold[0])), 0.0))
    assert len(found) > 20
    return float(np.mean(found))


def test_no_weight_is_negative_and_bare_clauses_have_weights_of_texts_only(learned: Ranking) -> None:
    assert len(learned.weights) == len(learned.bare) == len(FEATURES)
    for weights in (learned.weights, learned.bare):
        assert min(weights) >= 0 < max(weights)
    assert all(weight == 0 for name, weight in zip(FEATURES, learned.bare, strict=True) if name not in TEXT_FEATURES)
    assert sum(weight > 0 for weight in learned.weights) > len(FEATURES) / 2


def test_the_weights_put_right_clauses_further_up_than_equal_ones_do(
    search: Search, learned: Ranking, shipped: Library, unasked: Index, cases: list[EvalCase]
) -> None:
    for index in (search.index, unasked):
        equal, better = (_reciprocal_rank(shipped, Search(index, weights, search.lexicon), cases) for weights in (_EQUAL, learned))
        assert better > equal


def _with_gold(case: EvalCase, other: EvalCase) -> EvalCase:
    return EvalCase(**{name: getattr(case, name) for name in EvalCase.__slots__} | {"gold": other.gold, "also_ok": frozenset()})


def test_right_and_wrong_told_the_other_way_round_teach_something_else(
    learned: Ranking, shipped: Library, shipped_index: Index, cases: list[EvalCase]
) -> None:
    """Weights come from the gold: with the gold of the case before, what looked right is wrong."""
    answers = [case for case in cases if case.expect == "answer"]
    shifted = [_with_gold(case, before) for case, before in zip(answers, [answers[-1], *answers], strict=False)]
    misled = learn_known(shipped, shipped_index, shifted, Lexicon.load())
    assert min(misled) >= 0
    assert max(misled) < max(learned.weights) / 2


def test_questions_that_are_to_be_refused_change_no_ranking(
    learned: Ranking,
    shipped: Library,
    shipped_index: Index,
    unasked: Index,
    cases: list[EvalCase],
    lexicons: dict[str, Lexicon],
    differences: npt.NDArray[np.float64],
) -> None:
    answers = [case for case in cases if case.expect == "answer"]
    assert learn_known(shipped, shipped_index, answers, Lexicon.load()) == learned.weights
    assert learn_bare(shipped, unasked, answers, lexicons, differences) == learned.bare


def test_without_likely_questions_a_library_is_another_one_with_the_same_clauses(
    shipped: Library, shipped_index: Index, unasked: Index
) -> None:
    library = Unasked(shipped)
    assert library.version != shipped.version
    assert library.clauses() == shipped.clauses()
    assert library.likely() == unasked.likely == {}
    assert shipped_index.likely != {}
    hits = Search(unasked, _EQUAL, Lexicon({})).find("企点几天内可以退款")
    assert hits
    assert not any(value for hit in hits for name, value in zip(FEATURES, hit.features, strict=True) if name in LIKELY_SIGNALS)


def test_the_statutes_tell_the_article_that_answers_from_the_others(differences: npt.NDArray[np.float64]) -> None:
    """No article has a word of its query, so all that tells it apart is what the other queries have taught."""
    mean = dict(zip(FEATURES, differences.mean(axis=0), strict=True))
    assert len(differences) > len(_PRINTED)
    assert mean["printed"] > 0.3
    assert not any(mean[name] for name in FEATURES if name not in TEXT_FEATURES and name != "all_coverage")


def test_another_collection_changes_the_weights_of_bare_clauses(
    learned: Ranking, shipped: Library, unasked: Index, cases: list[EvalCase], lexicons: dict[str, Lexicon]
) -> None:
    """Right clauses that are better by their vectors alone: vectors count for more than where nothing else was learned from."""
    only = np.array([float(name == "vectors") for name in FEATURES])
    at = FEATURES.index("vectors")
    alone, with_vectors = (
        learn_bare(shipped, unasked, cases, lexicons, others) for others in (np.zeros((0, len(FEATURES))), np.tile(only, (5000, 1)))
    )
    assert with_vectors[at] / sum(with_vectors) > alone[at] / sum(alone) + 0.1
    assert alone != learned.bare


def test_confidence_is_higher_where_the_best_clause_answers(
    search: Search, sure: Logistic, bare_sure: Logistic, learned: Ranking, shipped: Library, unasked: Index, cases: list[EvalCase]
) -> None:
    judge = Judge(shipped)
    for model, found, is_bare in ((sure, search, False), (bare_sure, Search(unasked, learned, search.lexicon), True)):
        told: dict[bool, list[float]] = {True: [], False: []}
        for case in cases:
            hits = found.find(case.question)
            values = inputs(case.question, hits, found.known_share(case.question), bare=is_bare)
            right = any(judge.holds(hits[0].clause.ref, gold) for gold in case.gold)
            told[right].append(model.of(values))
        assert min(map(len, told.values())) >= 10
        assert np.mean(told[True]) > np.mean(told[False]) + 0.05
        assert 0.3 <= model.threshold < 0.9


def test_each_confidence_has_a_weight_for_every_input_it_may_have(sure: Logistic, bare_sure: Logistic) -> None:
    assert tuple(sure.weights) == INPUTS
    assert tuple(bare_sure.weights) == BARE_INPUTS


@pytest.mark.parametrize("chance", [1, 2, 3])
def test_chance_has_no_part_in_the_confidence(shipped: Library, search: Search, sure: Logistic, cases: list[EvalCase], chance: int) -> None:
    np.random.seed(chance)
    assert learn_confidence(shipped, search, cases) == sure


# Learning as a whole, over three small agreements that print the same things for the same words.

_KEYS = ("jia", "yi", "bing")
_AGREED = _PRINTED | {"跑腿": "承运人应当将货物送达约定地点", "歇业": "停止运营的应当提前公告"}  # the last are in no statute
_REFUSED = (
    "今天吃什么",
    "月亮有多远",
    "谁会唱戏",
    "猫几岁了",
    "几点下雪",
    "马跑得快吗",
    "鱼好吃吗",
    "花开了没有",
    "鸟会飞吗",
    "山有多高",
    "河有多长",
    "星星几颗",
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Every clause has the likely question of its lay word, in one way of asking."""
    folder = tmp_path_factory.mktemp("small")
    library = Library(f"sqlite:///{folder / 'library.db'}")
    tables = {
        key: f'[{key}]\ntitle = "{key}协议"\nnames = ["{key}"]\nparties = ["甲方"]\nfile = "{key}.txt"\nsource = "测试"\n' for key in _KEYS
    }
    for key in _KEYS:
        texts = [f"1.{at} {text}。" for at, text in enumerate(_AGREED.values(), start=1)]
        (folder / f"{key}.txt").write_text("\n".join([f"{key}协议", "第一条 总则", *texts]), encoding="utf-8")
    (folder / "catalog.toml").write_text("\n".join(tables.values()), encoding="utf-8")
    library.sync(folder / "catalog.toml")
    for key in _KEYS:
        asked = dict(zip([f"1.{at}" for at in range(1, len(_AGREED) + 1)], _AGREED, strict=True))
        rows = [
            {"clause": clause.id, "of": clause_digest(clause), "questions": [{"voice": "lay", "text": _ASKED[0].format(asked[clause.id])}]}
            for clause in library.clauses([key])
            if clause.id in asked
        ]
        (folder / f"{key}.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
        tables[key] += f'questions = "{key}.jsonl"\n'
    (folder / "catalog.toml").write_text("\n".join(tables.values()), encoding="utf-8")
    library.sync(folder / "catalog.toml")
    assert len(library.likely()) == len(_KEYS) * len(_AGREED)
    return library


@pytest.fixture(scope="module")
def small_index(small: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    index = open_index(tmp_path_factory.mktemp("small-index"), small)
    yield index
    index.close()


def _asked_of(key: str) -> list[dict[str, Any]]:
    """What people ask of an agreement: of every clause once, and of the first with the words of the last, so that some are missed."""
    rows = []
    for at, (word, text) in enumerate(_AGREED.items(), start=1):
        gold = [{"agreement": key, "clause": f"1.{at}", "anchor": text[:10]}]
        rows.append({"question": f"{key}的{_ASKED[1].format(word)}", "gold": gold})
        rows.append({"question": f"{key}的{_ASKED[2].format(list(_AGREED)[-at])}", "gold": gold})
    return [row | {"expect": "answer", "style": "colloquial", "agreement": key} for row in rows]


@pytest.fixture(scope="module")
def questions() -> list[dict[str, Any]]:
    rows = [row for key in _KEYS for row in _asked_of(key)]
    rows += [{"question": f"{key}{text}", "expect": "refuse", "style": "unanswerable"} for key in _KEYS for text in _REFUSED]
    return [row | {"id": f"q{at}"} for at, row in enumerate(rows)]


def _file(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that learning writes to in place of the rooms; what ships is there."""
    folder = tmp_path / "rooms"
    shutil.copytree(EVERYDAY, folder)
    for module, name in ((ranking, "ranking.json"), (confidence, "confidence.json")):
        shutil.copy(module.WEIGHTS, folder / name)
        monkeypatch.setattr(module, "WEIGHTS", folder / name)
    monkeypatch.setattr(learn, "EVERYDAY", folder)
    return folder


def test_an_agreement_is_unseen_by_what_the_others_teach(small: Library) -> None:
    """Two sources are wanted: what 甲 and 乙 say is news to 丙 alone."""
    pairs = [Pair(frozenset({"租子"}), frozenset({"租金"}), key) for key in ("jia", "yi")]
    pairs += [Pair(frozenset({"别的"}), frozenset({"服务"}), key) for key in _KEYS for _ in range(2)]
    lexicons = unseen_lexicons(small, pairs, Lexicon({"房钱": "租金=1"}))
    assert {key: lexicon.printed("租子") != {} for key, lexicon in lexicons.items()} == {"jia": False, "yi": False, "bing": True}
    assert all(lexicon.printed("房钱") == {"租金": 1} for lexicon in lexicons.values())


def test_learning_writes_what_was_learned_and_leaves_the_files_of_the_project_alone(
    small: Library, small_index: Index, statutes: Path, questions: list[dict[str, Any]], written: Path, tmp_path: Path
) -> None:
    rooms, before = _contents(EVERYDAY), _contents(written)
    path = _file(tmp_path / "some.jsonl", questions)
    learn_weights(small, small_index, tmp_path, [path], statutes, silent)
    assert _contents(EVERYDAY) == rooms
    after = _contents(written)
    assert {name for name in after if after[name] != before.get(name)} == {AGREEMENTS, STATUTES, "ranking.json", "confidence.json"}

    pairs, cases, benchmark = pairs_of(small), load_questions([path]), Statutes(statutes)
    lexicon = Lexicon.load(written)
    assert (written / AGREEMENTS).read_text(encoding="utf-8").splitlines()[1:] == lines_of(translations(pairs, origins=2)) != []
    assert (written / STATUTES).read_text(encoding="utf-8").splitlines()[1:] == lines_of(translations(benchmark.pairs())) != []
    read = Ranking.load(written / "ranking.json")
    assert read.weights == learn_known(small, small_index, cases, lexicon)
    both = Confidence.load(written / "confidence.json")
    assert both.known == learn_confidence(small, Search(small_index, read, lexicon), cases)
    lexicons = unseen_lexicons(small, pairs, Lexicon.load(written, without=(AGREEMENTS,)))
    with (
        closing(open_index(tmp_path / "bench", benchmark)) as articles,
        closing(open_index(tmp_path / "unasked", Unasked(small))) as unasked,
    ):
        others = statutes_differences(articles, benchmark, Lexicon.load(written, without=(STATUTES,)))
        assert read.bare == learn_bare(small, unasked, cases, lexicons, others)
        assert both.bare == learn_bare_confidence(small, unasked, read, cases, lexicons)


def test_learning_again_writes_the_same(
    small: Library, small_index: Index, statutes: Path, questions: list[dict[str, Any]], written: Path, tmp_path: Path
) -> None:
    """What was written before has no part in what is learned."""
    path = _file(tmp_path / "some.jsonl", questions)
    learn_weights(small, small_index, tmp_path, [path], statutes, silent)
    first = _contents(written)
    (written / AGREEMENTS).write_text("娃\t诉讼=4\n", encoding="utf-8")
    learn_weights(small, small_index, tmp_path, [path], statutes, silent)
    assert _contents(written) == first


def test_what_the_statutes_taught_stays_where_they_are_not_given(
    small: Library, small_index: Index, questions: list[dict[str, Any]], written: Path, tmp_path: Path
) -> None:
    before = _contents(written)
    learn_weights(small, small_index, tmp_path, [_file(tmp_path / "some.jsonl", questions)], None, silent)
    after = _contents(written)
    assert {name for name in after if after[name] != before[name]} == {AGREEMENTS, "ranking.json", "confidence.json"}
    assert Ranking.load(written / "ranking.json").bare == Ranking.load().bare
    assert Confidence.load(written / "confidence.json").bare == Confidence.load().bare
    assert Confidence.load(written / "confidence.json").known != Confidence.load().known


@pytest.mark.parametrize("few", ["none to rank by", "two", "none to be refused", "none to be answered"])
@pytest.mark.parametrize("with_statutes", [True, False])
def test_of_too_few_questions_nothing_is_learned_and_nothing_written(
    small: Library,
    small_index: Index,
    statutes: Path,
    questions: list[dict[str, Any]],
    written: Path,
    tmp_path: Path,
    few: str,
    with_statutes: bool,
) -> None:
    answers, refusals = ([row for row in questions if row["expect"] == expect] for expect in ("answer", "refuse"))
    some = {
        "none to rank by": refusals[:3],
        "two": [answers[0], refusals[0]],
        "none to be refused": answers,
        "none to be answered": refusals,
    }[few]
    before = _contents(written)
    path = _file(tmp_path / "some.jsonl", some)
    with pytest.raises(EvalError, match=f"^{len(some)} questions are too few to learn from: ") as refused:
        learn_weights(small, small_index, tmp_path, [path], statutes if with_statutes else None, silent)
    assert "\n" not in str(refused.value)
    assert _contents(written) == before


def test_a_benchmark_that_is_not_there_is_told_before_anything_is_learned(
    small: Library, small_index: Index, questions: list[dict[str, Any]], written: Path, tmp_path: Path
) -> None:
    before = _contents(written)
    with pytest.raises(EvalError, match="does not hold the benchmark"):
        learn_weights(small, small_index, tmp_path / "home", [_file(tmp_path / "some.jsonl", questions)], tmp_path / "nowhere", silent)
    assert _contents(written) == before
    assert not (tmp_path / "home").exists()


def test_what_is_tested_with_is_not_learned_from() -> None:
    """Neither the file nor, under another id, a question of it."""
    learned_from = {case.question for case in load_questions(LEARNED_FROM)}
    tested = {case.question for case in load_questions([QUESTIONS / "test.jsonl"])}
    assert len(tested) > 100
    assert not learned_from & tested
