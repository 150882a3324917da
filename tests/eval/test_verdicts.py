"""The verifier's own test: wrong statements made from right ones are withheld, right ones are not."""

from __future__ import annotations

import pytest

from eval.amounts import converted_truths
from eval.mutants import Kind, make_mutants
from eval.truths import Table, paraphrase_truths, verbatim_truths
from eval.verdicts import Verdicts, measure
from retrieval.library import Library
from retrieval.links import Links


@pytest.fixture(scope="module")
def verdicts(shipped: Library) -> Verdicts:
    links = Links(shipped.clauses())
    right = [*verbatim_truths(shipped, links), *paraphrase_truths(shipped, links), *converted_truths(shipped, links)]
    return measure(make_mutants(shipped, links), right, Table(shipped, links))


def test_there_are_enough_wrong_statements(verdicts: Verdicts) -> None:
    assert sum(halves["all"].total for halves in verdicts.caught.values()) >= 1000
    assert set(verdicts.caught) >= {kind.value for kind in Kind}


@pytest.mark.parametrize("kind", ["changed_figure", "swapped_unit", "wrong_conversion", "unknown_handle", "stitched_quote"])
def test_what_must_never_pass_never_does(verdicts: Verdicts, kind: str) -> None:
    tally = verdicts.caught[kind]["all"]
    assert tally.withheld == tally.total, tally.odd


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("flipped_meaning", 0.95),
        ("neighbour_number", 0.95),
        ("other_agreement", 0.95),
        ("unsupported", 0.85),
        ("swapped_parties", 0.85),
        ("misplaced_figure", 0.80),
    ],
)
def test_most_of_what_is_wrong_is_withheld(verdicts: Verdicts, kind: str, least: float) -> None:
    assert verdicts.caught[kind]["all"].rate >= least, verdicts.caught[kind]["all"].odd


def test_right_statements_are_not_withheld(verdicts: Verdicts) -> None:
    tallies = [halves["all"] for halves in verdicts.false_alarms.values()]
    assert sum(tally.withheld + tally.crashed for tally in tallies) <= 0.02 * sum(tally.total for tally in tallies)
    assert verdicts.false_alarms["verbatim"]["all"].withheld == 0
    assert verdicts.false_alarms["conversion"]["all"].withheld == 0
    assert verdicts.false_alarms["paraphrase"]["all"].rate <= 0.05


def test_no_check_crashes(verdicts: Verdicts) -> None:
    every = [*verdicts.caught.values(), *verdicts.false_alarms.values()]
    assert sum(halves["all"].crashed for halves in every) == 0
