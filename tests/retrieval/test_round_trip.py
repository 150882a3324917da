"""Random agreements printed in many ways and parsed back: the same tree. `python -m benchmarks.parsing` tries thousands."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.parsing import SPOILED, document, found_in
from retrieval.parsing import parse
from retrieval.reading import lines_of
from tests.retrieval.agreement_dirt import DIRT, printed, spoil
from tests.retrieval.agreement_generator import DIALECTS, TITLE, Dialect, expected, made_agreement

_BY_NAME = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@_BY_NAME
@pytest.mark.parametrize("dirt", SPOILED, ids=lambda dirt: "+".join(dirt) or "clean")
def test_an_agreement_comes_back_as_it_was_made(dialect: Dialect, dirt: tuple[str, ...]) -> None:
    for seed in range(2):
        wanted, text = document(dialect, dirt, seed, most=4)
        assert found_in(text) == wanted


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(random=st.randoms(use_true_random=True), dialect=st.sampled_from(DIALECTS), dirt=st.sets(st.sampled_from(DIRT)))
def test_whatever_is_done_to_a_text_every_clause_has_an_id_a_place_and_its_characters(
    random: Random, dialect: Dialect, dirt: set[str]
) -> None:
    """All kinds of dirt at once may leave no evidence of the tree; but nothing is lost, and what is found is in order."""
    clauses = made_agreement(random, dialect, most=4)
    spoil(random, clauses, sorted(dirt))
    text = printed(random, dialect, clauses, sorted(dirt))
    parsed = parse(lines_of(text), agreement="made", title=TITLE)
    seen: set[str] = set()
    for clause in parsed.clauses:
        assert clause.id not in seen
        assert clause.parent is None or clause.parent in seen
        seen.add(clause.id)
    labels = [clause.label for clause in parsed.clauses]
    assert len(set(labels)) == len(labels)
    kept = Counter("".join(clause.number + clause.content for clause in parsed.clauses) + "".join(entry.text for entry in parsed.furniture))
    lost = Counter(char for char in text if char.isalpha() and char not in "第条章节编附件") - kept
    assert not lost


@_BY_NAME
def test_the_generator_says_of_every_clause_where_it_stands(dialect: Dialect) -> None:
    wanted = expected(made_agreement(Random(7), dialect, most=4))
    ids = [one[0] for one in wanted]
    assert len(set(ids)) == len(ids) > 5
    assert all(parent is None or ids.index(parent) < at for at, (_, parent, *_) in enumerate(wanted))
