"""Learn the lexicon, the ranking and the confidence, and write what was learned where the rooms read it.

    wenyue eval --learn [--bench STATUTES]

The lexicon comes from the likely questions and from the statutes' questions, the weights from the `train` and `dev` questions.
Ranking: logistic regression on differences between right and wrong clauses of one question (pairwise, as in RankNet, Burges et
al., 2005, with a linear scorer). Confidence: logistic regression on whether the best clause answers. All are small enough to
be read; `test` is never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from answering import confidence
from answering.asking import is_elsewhere, is_order
from answering.confidence import BARE_INPUTS, INPUTS, Confidence, Logistic
from answering.question import Question, understand
from eval.bench import Statutes, searches_of
from eval.errors import EvalError
from eval.metrics import Judge
from eval.questions import EvalCase
from eval.translations import Pair, lines_of, pairs_of, translations
from retrieval import ranking
from retrieval.clause import Clause
from retrieval.features import FEATURES, TEXT_FEATURES
from retrieval.index import Index, Progress, open_index, silent
from retrieval.lexicon import AGREEMENTS, EVERYDAY, STATUTES, Lexicon
from retrieval.library import Library
from retrieval.likely import LikelyQuestion
from retrieval.ranking import Ranking
from retrieval.search import Search

_REGULARISATION = 0.01  # strong: 200 questions can move a weight, not invent one
_RIVALS = 15
_REFUSALS = 0.16  # the share of questions people ask that the agreements do not answer, whatever the learning set holds
_OURS = "# learned from the likely questions of the shipped agreements; every pair of words stands in two of them or more"
_THEIRS = "# learned from lay questions and the statutes that answer them: STARD and LeCoQA, see NOTICE"
_READ = 40  # hits of a question
_EQUAL = Ranking((1.0,) * len(FEATURES), (1.0,) * len(FEATURES))
Matrix = npt.NDArray[np.float64]
Weights = tuple[float, ...]


class Unasked:
    """A library as it would be if nobody had written likely questions for it."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @property
    def version(self) -> str:
        return f"{self._library.version} without likely questions"

    def clauses(self) -> list[Clause]:
        return self._library.clauses()

    def likely(self) -> dict[tuple[str, str], list[LikelyQuestion]]:
        return {}


def unseen_lexicons(library: Library, pairs: Sequence[Pair], general: Lexicon) -> dict[str, Lexicon]:
    """For each agreement (key) what the others alone teach, because that is all there is for an agreement that nobody has seen.

    `pairs` are those of the library, `general` is what no agreement has taught.
    """
    lexicons = {}
    for agreement in library.agreements:
        taught = translations((pair for pair in pairs if pair.origin != agreement.key), origins=2)
        lexicons[agreement.key] = general.widened(lines_of(taught))
    return lexicons


def learn_known(library: Library, index: Index, cases: Sequence[EvalCase], lexicon: Lexicon) -> Weights:
    """The weights for clauses that have likely questions, in the order of FEATURES."""
    search, judge = Search(index, _EQUAL, lexicon), Judge(library)
    differences = [row for case, asked in _single(library, cases) for row in _differences(search, judge, case, asked)]
    return _fit(np.vstack(differences), np.ones(len(FEATURES), dtype=bool))


def learn_bare(library: Library, unasked: Index, cases: Sequence[EvalCase], lexicons: Mapping[str, Lexicon], others: Matrix) -> Weights:
    """The weights for clauses that have none, learned where nothing has them: from the index `unasked`, the questions of every
    agreement searched with its lexicon, and from differences that another collection gave, which count two times.
    """
    judge = Judge(library)
    differences: list[Matrix] = []
    for key, lexicon in lexicons.items():
        search = Search(unasked, _EQUAL, lexicon)
        for case, asked in _single(library, cases):
            if case.gold and case.gold[0].agreement == key:
                differences += _differences(search, judge, case, asked)
    own = np.vstack(differences)
    drawn = np.random.default_rng(0).choice(len(others), min(2 * len(own), len(others)), replace=False)
    return _fit(np.vstack([own, others[drawn]]), np.array([name in TEXT_FEATURES for name in FEATURES]))


def statutes_differences(index: Index, statutes: Statutes, general: Lexicon) -> Matrix:
    """As `_differences`, of the statutes' queries, each with a lexicon that has not learned from it; `general` is what no statute
    has taught.
    """
    searches = searches_of(index, statutes, _EQUAL, general)
    rows: list[Matrix] = []
    for at, query in enumerate(statutes.queries):
        hits = searches[at % len(searches)].find(query.text, (), _READ)
        right = np.array([hit.clause.id in query.gold for hit in hits], dtype=bool)
        features = np.array([hit.features for hit in hits]).reshape(-1, len(FEATURES))
        rows += [good - features[~right][:_RIVALS] for good in features[right]]
    return np.vstack(rows)


def _differences(search: Search, judge: Judge, case: EvalCase, asked: Question) -> list[Matrix]:
    """The features of each right clause less those of the wrong ones nearest to the top, a matrix for each right one."""
    hits = search.find(asked.search_text, asked.agreements, _READ)
    right = np.array([any(judge.holds(hit.clause.ref, gold) for gold in case.gold) for hit in hits], dtype=bool)
    wrong = np.array([not good and hit.clause.ref not in case.also_ok for hit, good in zip(hits, right, strict=True)], dtype=bool)
    features = np.array([hit.features for hit in hits]).reshape(-1, len(FEATURES))
    return [good - features[wrong][:_RIVALS] for good in features[right] if wrong.any()]


def _fit(differences: Matrix, allowed: npt.NDArray[np.bool_]) -> Weights:
    """A weight that would be negative is 0 and the others are learned again."""
    kept = allowed.copy()
    while True:
        both = np.vstack([differences[:, kept], -differences[:, kept]])
        labels = np.r_[np.ones(len(differences)), np.zeros(len(differences))]
        fitted = LogisticRegression(C=_REGULARISATION, fit_intercept=False, max_iter=2000).fit(both, labels).coef_[0]
        if (fitted >= 0).all():
            break
        kept[np.flatnonzero(kept)[fitted < 0]] = False
    weights = np.zeros(len(FEATURES))
    weights[kept] = fitted
    return tuple(float(round(weight, 4)) for weight in weights)


def learn_confidence(library: Library, search: Search, cases: Sequence[EvalCase]) -> Logistic:
    """Whether the best clause of a search answers, and the threshold with the best balance of both errors, cross-validated."""
    return _confidence(_told(library, search, _single(library, cases, expects=("answer", "refuse")), bare=False), INPUTS)


def learn_bare_confidence(
    library: Library, unasked: Index, learned: Ranking, cases: Sequence[EvalCase], lexicons: Mapping[str, Lexicon]
) -> Logistic:
    """The same for clauses without likely questions, every agreement again with its lexicon. A question that names no agreement and
    has no answer is asked of the first.
    """
    told: list[_Told] = []
    for key, lexicon in lexicons.items():
        own = [
            (case, asked)
            for case, asked in _single(library, cases, expects=("answer", "refuse"))
            if (case.gold[0].agreement if case.gold else next(iter(asked.agreements), next(iter(lexicons)))) == key
        ]
        told += _told(library, Search(unasked, learned, lexicon), own, bare=True)
    return _confidence(told, BARE_INPUTS)


@dataclass(frozen=True, slots=True)
class _Told:
    """One question's inputs, whether its best clause answers it, and whether nothing does."""

    values: dict[str, float]
    right: bool
    refuse: bool


def _told(library: Library, search: Search, asked_of: Sequence[tuple[EvalCase, Question]], *, bare: bool) -> list[_Told]:
    judge = Judge(library)
    told: list[_Told] = []
    for case, asked in asked_of:
        hits = search.find(asked.search_text, asked.agreements, 10)
        if not hits or is_order(asked.text) or (not asked.agreements and is_elsewhere(asked.text)):
            continue
        ref = hits[0].clause.ref
        right = ref in case.also_ok or any(judge.holds(ref, gold) for gold in case.gold)
        values = confidence.inputs(asked.search_text, hits, search.known_share(asked.search_text), bare=bare)
        told.append(_Told(values, case.expect == "answer" and right, case.expect == "refuse"))
    return told


def _confidence(told: Sequence[_Told], names: Sequence[str]) -> Logistic:
    values = np.array([[row.values[name] for name in names] for row in told])
    truth, refuse = np.array([row.right for row in told]), np.array([row.refuse for row in told])
    if refuse.all() or not refuse.any():
        raise ValueError("some must have an answer and some must have none")
    weights = np.where(refuse, _REFUSALS / refuse.mean(), (1 - _REFUSALS) / (~refuse).mean())
    predicted = np.zeros(len(truth))
    for learnt, held in StratifiedKFold(10, shuffle=True, random_state=0).split(values, truth):
        fold = LogisticRegression(C=10.0, max_iter=5000).fit(values[learnt], truth[learnt], weights[learnt])
        predicted[held] = fold.predict_proba(values[held])[:, 1]
    thresholds = np.arange(0.3, 0.9, 0.01)
    # A false answer is worse than no answer: it counts three times, and so does a wrong clause.
    costs = [(weights * (3.0 * (~truth & (predicted >= t)) + (~refuse & (predicted < t)))).sum() for t in thresholds]
    model = LogisticRegression(C=10.0, max_iter=5000).fit(values, truth, weights)
    learned = {name: round(float(value), 4) for name, value in zip(names, model.coef_[0], strict=True)}
    return Logistic(learned, round(float(model.intercept_[0]), 4), round(float(thresholds[int(np.argmin(costs))]), 2))


def _single(library: Library, cases: Sequence[EvalCase], expects: Sequence[str] = ("answer",)) -> list[tuple[EvalCase, Question]]:
    """Cases that one clause answers, understood as the bot does; numbers asked for outright are looked up, not ranked."""
    found = []
    for case in cases:
        asked = understand(case.question, case.history, library.agreements, question_id=case.id)
        if case.expect in expects and not asked.numbers and len(asked.agreements) < 2:
            found.append((case, asked))
    return found


def write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def learn(
    library: Library, index: Index, home: Path, cases: Sequence[EvalCase], statutes: Path | None = None, progress: Progress = silent
) -> None:
    """Learn everything, then write it. What the statutes teach (their lexicon, the weights of clauses without likely questions)
    stays as it is where they are not given.

    Indexes to learn from are built in `home`. Raises RetrievalError, and EvalError where the cases are too few.
    """
    pairs = pairs_of(library)
    files = {AGREEMENTS: [_OURS, *lines_of(translations(pairs, origins=2))]}
    benchmark = Statutes(statutes) if statutes else None
    if benchmark:
        files[STATUTES] = [_THEIRS, *lines_of(translations(benchmark.pairs()))]
    general = Lexicon.load(EVERYDAY, without=(AGREEMENTS, *files)).widened(files.get(STATUTES, ()))
    lexicon = general.widened(files[AGREEMENTS])
    unlearned = Lexicon.load(EVERYDAY, without=(AGREEMENTS, STATUTES)).widened(files[AGREEMENTS])  # as it will be read, not as it was
    try:
        known = learn_known(library, index, cases, lexicon)
        if benchmark:
            lexicons = unseen_lexicons(library, pairs, general)
            with closing(open_index(home / "bench", benchmark, progress=progress)) as articles:
                others = statutes_differences(articles, benchmark, unlearned)
            with closing(open_index(home / "unasked", Unasked(library), progress=progress)) as unasked:
                bare = learn_bare(library, unasked, cases, lexicons, others)
                unknown = learn_bare_confidence(library, unasked, Ranking(known, bare), cases, lexicons)
        else:
            bare, unknown = Ranking.load().bare, Confidence.load().bare
        sure = learn_confidence(library, Search(index, Ranking(known, bare), lexicon), cases)
    except ValueError as error:  # as scikit-learn tells of too few
        raise EvalError(f"{len(cases)} questions are too few to learn from: {error}") from error
    for name, lines in files.items():
        (EVERYDAY / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    texts = {name: weight for name, weight in zip(FEATURES, bare, strict=True) if name in TEXT_FEATURES}
    write(ranking.WEIGHTS, {"weights": dict(zip(FEATURES, known, strict=True)), "bare": texts})
    write(confidence.WEIGHTS, {"known": asdict(sure), "bare": asdict(unknown)})
