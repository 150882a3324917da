"""What the checks make of wrong statements and of right ones: caught per kind, withheld by mistake, and how long it takes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Group
from rich.table import Table as RichTable

from answering.answer import Reason
from answering.checks import CHECKS, Case, Claim, failures, first_failure, quote_fits
from eval.mutants import Mutant
from eval.truths import Table, Truth, held_out, right_claim

Checker = Callable[[Claim, Case], Reason | None]


@dataclass(slots=True)
class Tally:
    """How many statements there were and how many of them the checks withheld; why, and which were the exceptions.

    A check that crashed withholds a statement too, but it is no catch: `crashed` counts those apart and not among `withheld`.
    """

    total: int = 0
    withheld: int = 0
    crashed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.withheld / self.total if self.total else 0.0

    def add(self, reason: Reason | None, odd: str | None) -> None:
        self.total += 1
        self.withheld += reason is not None and reason is not Reason.CHECK_FAILED
        self.crashed += reason is Reason.CHECK_FAILED
        if reason is not None:
            self.reasons[reason.value] += 1
        if odd is not None:
            self.odd.append(odd)

    def to_json(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "withheld": self.withheld,
            "rate": round(self.rate, 4),
            "crashed": self.crashed,
            "reasons": dict(self.reasons.most_common()),
            "exceptions": self.odd,
        }


@dataclass(slots=True)
class Catch:
    """How many statements of a kind a check was the first to withhold, how many it would have withheld, and how many no other would."""

    first: int = 0
    all: int = 0
    alone: int = 0


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Tallies by kind of mutant and by origin of right statement; each for the development half, the held-out half and both.

    `checks` are catches by the name of the check, then by kind or origin. A check that crashed has caught nothing.
    """

    caught: Mapping[str, Mapping[str, Tally]]
    false_alarms: Mapping[str, Mapping[str, Tally]]
    milliseconds: tuple[float, ...]
    checks: Mapping[str, Mapping[str, Catch]] = field(default_factory=dict)

    def percentile(self, percent: float) -> float:
        """Milliseconds that a check of one statement takes."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "caught": {kind: {half: tally.to_json() for half, tally in halves.items()} for kind, halves in self.caught.items()},
            "false_alarms": {kind: {half: tally.to_json() for half, tally in halves.items()} for kind, halves in self.false_alarms.items()},
            "checks": {name: {kind: asdict(catch) for kind, catch in kinds.items()} for name, kinds in self.checks.items()},
            "milliseconds": {"median": self.percentile(50), "p95": self.percentile(95), "most": self.percentile(100)},
        }


HALVES = ("development", "held out", "all")


def measure(mutants: Sequence[Mutant], truths: Sequence[Truth], table: Table, check: Checker = first_failure) -> Verdicts:
    """Check every wrong and every right statement. A stitched quote counts as caught when it is refused as a quote."""
    caught: dict[str, dict[str, Tally]] = {}
    alarms: dict[str, dict[str, Tally]] = {}
    spent: list[float] = []

    def timed(claim: Claim, case: Case) -> Reason | None:
        started = time.perf_counter()
        reason = check(claim, case)
        spent.append((time.perf_counter() - started) * 1000)
        return reason

    right = [(truth, *right_claim(truth, table)) for truth in truths]
    for mutant in mutants:
        reason = _quote_refused(mutant) if mutant.quote else timed(mutant.claim, mutant.case)
        _add(caught, mutant.kind.value, mutant.made_of, reason, f"{mutant.id} | {mutant.claim.text}" if reason is None else None)
    for truth, claim, case in right:
        reason = timed(claim, case)
        _add(alarms, truth.origin, truth.id, reason, f"{reason} | {truth.id} | {truth.text}" if reason else None)
    checks: dict[str, dict[str, Catch]] = {check.__name__: {} for check in (*CHECKS, quote_fits)}
    for mutant in mutants:
        failed = ([quote_fits.__name__] if _quote_refused(mutant) else []) if mutant.quote else _failed(mutant.claim, mutant.case)
        _attribute(checks, mutant.kind.value, failed)
    for truth, claim, case in right:
        _attribute(checks, truth.origin, _failed(claim, case))
    return Verdicts(caught, alarms, tuple(spent), checks)


def _quote_refused(mutant: Mutant) -> Reason | None:
    fits = any(quote_fits(mutant.quote, shown.clause.text) for shown in mutant.case.cited(mutant.claim))
    return None if fits else Reason.QUOTE_NOT_VERBATIM


def _failed(claim: Claim, case: Case) -> list[str]:
    """The checks that a claim fails, in order. One that crashes is none of them."""
    return [name for name, reason in failures(claim, case).items() if reason is not Reason.CHECK_FAILED]


def _attribute(checks: Mapping[str, dict[str, Catch]], kind: str, failed: Sequence[str]) -> None:
    for at, name in enumerate(failed):
        catch = checks[name].setdefault(kind, Catch())
        catch.first += at == 0
        catch.all += 1
        catch.alone += len(failed) == 1


def _add(tallies: dict[str, dict[str, Tally]], kind: str, made_of: str, reason: Reason | None, odd: str | None) -> None:
    halves = tallies.setdefault(kind, {half: Tally() for half in HALVES})
    for half in ("held out" if held_out(made_of) else "development", "all"):
        halves[half].add(reason, odd)


def table_of(verdicts: Verdicts) -> Group:
    """The verdicts for people: how much is caught, and which check catches it."""
    return Group(_tallies_of(verdicts), _checks_of(verdicts))


def _checks_of(verdicts: Verdicts) -> RichTable:
    shown = RichTable(title="Which check withholds what: first to fail / no other fails")
    shown.add_column("statements")
    for name in verdicts.checks:
        shown.add_column(name, justify="right")
    for group in (verdicts.caught, verdicts.false_alarms):
        for kind in group:
            catches = [kinds.get(kind) for kinds in verdicts.checks.values()]
            shown.add_row(kind, *(f"{catch.first} / {catch.alone}" if catch else "" for catch in catches))
        shown.add_section()
    return shown


def _tallies_of(verdicts: Verdicts) -> RichTable:
    shown = RichTable(title="Checks against mutants")
    shown.add_column("statements")
    for half in HALVES:
        shown.add_column(half, justify="right")
        shown.add_column("%", justify="right")
    shown.add_column("by")
    for title, group in (("wrong, caught", verdicts.caught), ("right, withheld by mistake", verdicts.false_alarms)):
        shown.add_row(f"[bold]{title}[/bold]")
        for kind, halves in group.items():
            cells = [text for half in HALVES for text in (f"{halves[half].withheld}/{halves[half].total}", f"{halves[half].rate:.1%}")]
            reasons = ", ".join(f"{name} {count}" for name, count in halves["all"].reasons.most_common(3))
            shown.add_row(f"  {kind}", *cells, reasons)
        shown.add_section()
    times = f"median {verdicts.percentile(50):.2f}, p95 {verdicts.percentile(95):.2f}, most {verdicts.percentile(100):.2f} ms"
    shown.add_row("a statement takes", times)
    return shown
