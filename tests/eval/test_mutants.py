from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from answering.answer import Reason
from answering.checks import Case, Claim, is_verbatim
from eval.amounts import converted_truths, stated_amounts
from eval.flips import flips_of, swaps_of
from eval.mutants import Kind, Mutant, make_mutants
from eval.questions import squeezed
from eval.truths import Table, Truth, held_out, paraphrase_truths, right_claim, verbatim_truths
from eval.verdicts import Verdicts, measure, table_of
from retrieval.library import Library
from retrieval.links import Links


@pytest.fixture(scope="module")
def links(shipped: Library) -> Links:
    return Links(shipped.clauses())


@pytest.fixture(scope="module")
def mutants(shipped: Library, links: Links) -> Sequence[Mutant]:
    return make_mutants(shipped, links)


@pytest.fixture(scope="module")
def truths(shipped: Library, links: Links) -> Sequence[Truth]:
    return [*verbatim_truths(shipped, links), *paraphrase_truths(shipped, links), *converted_truths(shipped, links)]


@pytest.fixture(scope="module")
def table(shipped: Library, links: Links) -> Table:
    return Table(shipped, links)


@pytest.fixture(scope="module")
def verdicts(mutants: Sequence[Mutant], truths: Sequence[Truth], table: Table) -> Verdicts:
    return measure(mutants, truths, table)


def test_there_are_mutants_of_every_kind_and_enough_of_them(mutants: Sequence[Mutant]) -> None:
    counts = Counter(mutant.kind for mutant in mutants)
    assert sum(counts.values()) >= 1000
    assert set(counts) == set(Kind)
    assert {kind for kind, count in counts.items() if count < 100} <= {Kind.MISPLACED_FIGURE}  # few clauses hold two figures
    assert len({mutant.id for mutant in mutants}) == len(mutants)


def test_the_same_library_gives_the_same_mutants(shipped: Library, links: Links, mutants: Sequence[Mutant]) -> None:
    again = make_mutants(shipped, links)
    assert [(m.id, m.claim, m.quote) for m in again] == [(m.id, m.claim, m.quote) for m in mutants]


def test_every_mutant_is_wrong_by_what_was_done_to_it(mutants: Sequence[Mutant], truths: Sequence[Truth]) -> None:
    right = {truth.id: truth for truth in truths}
    for mutant in mutants:
        cited = mutant.case.cited(mutant.claim)
        truth = right.get(mutant.made_of)
        if mutant.kind is Kind.UNKNOWN_HANDLE:
            assert len(cited) < max(1, len(mutant.claim.handles))
        elif mutant.kind is Kind.STITCHED_QUOTE:
            assert squeezed(mutant.quote) not in squeezed(cited[0].clause.text)
        elif mutant.kind in (Kind.NEIGHBOUR_NUMBER, Kind.OTHER_AGREEMENT):
            assert truth is not None
            assert cited[0].clause.ref != truth.clause.ref
            assert (cited[0].clause.agreement == truth.clause.agreement) is (mutant.kind is Kind.NEIGHBOUR_NUMBER)
        elif mutant.kind in (Kind.SWAPPED_UNIT, Kind.WRONG_CONVERSION):
            written, instead = map(squeezed, mutant.change.split(" → "))
            assert written not in squeezed(mutant.claim.text).replace(instead, "")
        elif truth is not None:
            assert mutant.claim.text != truth.text or cited[0].clause.ref != truth.clause.ref


def test_the_clause_a_statement_is_about_is_always_shown(mutants: Sequence[Mutant], truths: Sequence[Truth]) -> None:
    right = {truth.id: truth for truth in truths}
    for mutant in mutants:
        if truth := right.get(mutant.made_of):
            assert truth.clause.ref in {shown.clause.ref for shown in mutant.case.shown.values()}


def test_a_made_up_clause_is_shown_in_the_place_of_the_clause_whose_name_it_bears(
    shipped: Library, links: Links, table: Table, truths: Sequence[Truth]
) -> None:
    converted = [truth for truth in truths if truth.origin == "conversion"]
    assert sum(links.clause(*truth.clause.ref) != truth.clause for truth in converted) >= 100
    for truth in converted[::10]:
        case, handles = table.case(truth)
        assert case.shown[handles[truth.clause.ref]].clause is truth.clause
        assert len({shown.clause.ref for shown in case.shown.values()}) == len(case.shown)


def test_no_writing_of_an_amount_is_told_to_be_right_and_wrong(shipped: Library, links: Links) -> None:
    for stated in stated_amounts(shipped, links):
        right, wrong = (
            set(map(squeezed, stated.amount.same)),
            {*map(squeezed, stated.amount.swapped), *map(squeezed, stated.amount.mistaken)},
        )
        assert squeezed(stated.writing) in right
        assert not right & wrong


def test_the_extractive_statements_are_the_words_of_their_clause(shipped: Library, links: Links) -> None:
    quoted = verbatim_truths(shipped, links)
    assert len({truth.clause.agreement for truth in quoted}) == len(shipped.agreements)
    for truth in quoted:
        assert is_verbatim(truth.text.removeprefix(links.lead_in(truth.clause)), truth.clause.text)


def test_the_paraphrases_speak_of_every_agreement_in_both_languages_and_quote_none(shipped: Library, links: Links) -> None:
    written = paraphrase_truths(shipped, links)
    assert len(written) >= 150
    assert sum(truth.origin == "english" for truth in written) >= 20
    assert {truth.clause.agreement for truth in written} == {agreement.key for agreement in shipped.agreements}
    assert sum(is_verbatim(truth.text.rstrip("。"), truth.clause.text) for truth in written) == 0


def test_a_paraphrase_of_a_clause_that_is_not_there_is_an_error(shipped: Library, links: Links, tmp_path: Path) -> None:
    path = tmp_path / "paraphrases.jsonl"
    path.write_text(json.dumps({"agreement": "qidian", "clause": "99.9", "text": "可以退款。"}) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 1: qidian has no clause 99\.9"):
        paraphrase_truths(shipped, links, path)


@pytest.mark.parametrize(
    ("text", "flipped"),
    [
        ("乙方不得转租。", ["乙方可以转租。"]),
        ("用户有权解除，但应当提前通知。", ["用户无权解除，但应当提前通知。", "用户有权解除，但无需提前通知。"]),
        ("用户可以选择接受或不接受。", []),
        ("账号的所有权归腾讯。", []),
        ("不可抗力可能影响履行。", []),
    ],
)
def test_flips_turn_the_meaning_round_or_are_left_out(text: str, flipped: list[str]) -> None:
    assert [mutant for mutant, _ in flips_of(text, english=False)] == flipped


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("腾讯有权终止服务。", ["用户有权终止服务。"]),
        ("腾讯应当赔偿您的损失。", ["您应当赔偿腾讯的损失。", "您应当赔偿您的损失。"]),
        ("用户和腾讯应当友好协商。", []),
        ("腾讯乐享保护用户信息。", []),
    ],
)
def test_swaps_exchange_those_who_are_parties(text: str, swapped: list[str]) -> None:
    assert [mutant for mutant, _ in swaps_of(text)] == swapped


def test_a_mutant_is_of_the_half_of_the_statement_it_was_made_of(mutants: Sequence[Mutant], verdicts: Verdicts) -> None:
    for kind in Kind:
        halves = verdicts.caught[kind.value]
        made_of = [mutant.made_of for mutant in mutants if mutant.kind is kind]
        assert halves["held out"].total == sum(map(held_out, made_of))
        assert halves["development"].total + halves["held out"].total == halves["all"].total == len(made_of)


Check = Callable[[Claim, Case], Reason | None]


def _rates(tallies: Mapping[str, Mapping[str, object]], attribute: str) -> set[float]:
    return {getattr(halves["all"], attribute) for name, halves in tallies.items() if name != Kind.STITCHED_QUOTE.value}


@pytest.mark.parametrize(
    ("check", "rate"), [(lambda claim, case: None, 0.0), (lambda claim, case: Reason.NO_CITATION, 1.0)], ids=["lax", "strict"]
)
def test_a_check_that_lets_all_or_nothing_through_is_measured_so(
    check: Check, rate: float, mutants: Sequence[Mutant], truths: Sequence[Truth], table: Table
) -> None:
    found = measure(mutants[::20], truths[::20], table, check)
    assert _rates(found.caught, "rate") == _rates(found.false_alarms, "rate") == {rate}


def test_a_check_that_crashes_catches_nothing(mutants: Sequence[Mutant], table: Table) -> None:
    found = measure(mutants[::50], [], table, lambda claim, case: Reason.CHECK_FAILED)
    assert _rates(found.caught, "rate") == {0.0}
    assert sum(halves["all"].crashed for halves in found.caught.values()) > 0


def test_the_checks_catch_what_they_are_for(verdicts: Verdicts) -> None:
    for half in ("development", "held out"):
        rates = {kind: halves[half].rate for kind, halves in verdicts.caught.items()}
        for kind in (Kind.CHANGED_FIGURE, Kind.SWAPPED_UNIT, Kind.WRONG_CONVERSION, Kind.UNKNOWN_HANDLE, Kind.STITCHED_QUOTE):
            assert rates[kind.value] == 1.0
        assert rates[Kind.FLIPPED_MEANING.value] >= 0.95
        assert rates[Kind.SWAPPED_PARTIES.value] >= 0.8
        assert rates[Kind.NEIGHBOUR_NUMBER.value] >= 0.95
        assert rates[Kind.OTHER_AGREEMENT.value] >= 0.95
        assert rates[Kind.UNSUPPORTED.value] >= 0.8


def test_the_checks_seldom_withhold_what_is_right(verdicts: Verdicts) -> None:
    for half in ("development", "held out"):
        verbatim = verdicts.false_alarms["verbatim"][half]
        written = [verdicts.false_alarms[origin][half] for origin in ("paraphrase", "english")]
        assert verbatim.rate <= 0.02
        assert verdicts.false_alarms["conversion"][half].rate <= 0.02
        assert sum(tally.withheld for tally in written) <= 0.05 * sum(tally.total for tally in written)
        assert sum(tally.crashed for tally in (verbatim, *written)) == 0


def test_a_statement_is_checked_in_milliseconds(verdicts: Verdicts) -> None:
    assert verdicts.percentile(50) < 5


def test_the_verdicts_are_told_as_json_and_as_a_table(verdicts: Verdicts) -> None:
    told = json.loads(json.dumps(verdicts.to_json(), ensure_ascii=False))
    assert set(told) == {"caught", "false_alarms", "checks", "milliseconds"}
    figures = told["caught"]["changed_figure"]["all"]
    assert figures["withheld"] == figures["total"] - len(figures["exceptions"])
    alarms = told["false_alarms"]["paraphrase"]["all"]
    assert alarms["withheld"] == len(alarms["exceptions"])
    console = Console(width=200, record=True, file=StringIO())
    console.print(table_of(verdicts))
    text = console.export_text()
    assert all(kind.value in text for kind in Kind)
    assert f"{figures['withheld']}/{figures['total']}" in text
    for name, kinds in told["checks"].items():
        assert name in text
        assert all(f"{catch['first']} / {catch['alone']}" in text for catch in kinds.values())


def test_what_each_check_catches_adds_up_to_what_is_caught(verdicts: Verdicts) -> None:
    for kind, halves in [*verdicts.caught.items(), *verdicts.false_alarms.items()]:
        catches = [kinds[kind] for kinds in verdicts.checks.values() if kind in kinds]
        assert sum(catch.first for catch in catches) == halves["all"].withheld
        assert all(catch.first <= catch.all and catch.alone <= catch.all for catch in catches)


def test_each_kind_is_caught_by_the_check_that_is_for_it(verdicts: Verdicts) -> None:
    for check, kind in (
        ("figures_borne", Kind.CHANGED_FIGURE),
        ("figures_borne", Kind.SWAPPED_UNIT),
        ("figures_borne", Kind.WRONG_CONVERSION),
        ("handles_known", Kind.UNKNOWN_HANDLE),
        ("words_borne", Kind.OTHER_AGREEMENT),
        ("meaning_kept", Kind.FLIPPED_MEANING),
        ("parties_kept", Kind.SWAPPED_PARTIES),
        ("quote_fits", Kind.STITCHED_QUOTE),
    ):
        catch = verdicts.checks[check][kind.value]
        assert catch.alone >= 0.6 * verdicts.caught[kind.value]["all"].withheld


def test_a_right_claim_cites_its_clause_among_others(truths: Sequence[Truth], table: Table) -> None:
    for truth in truths[::40]:
        claim, case = right_claim(truth, table)
        assert [shown.clause.ref for shown in case.cited(claim)] == [truth.clause.ref]
        assert len(case.shown) > 1


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
