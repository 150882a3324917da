"""What a run under load came to, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.services.load.traffic import Outcome


@dataclass
class Fault:
    """Something that was killed: when, for how long, and how many questions were under way."""

    what: str
    at: float  # time.time()
    back: float = 0.0

    def touches(self, outcome: Outcome) -> bool:
        """Whether a question was under way while it was away, or asked meanwhile."""
        return outcome.asked < self.back and (outcome.answered or float("inf")) > self.at


@dataclass
class Report:
    """Figures of one run. Memory is megabytes, by process, in the order it was measured."""

    outcomes: Sequence[Outcome]
    faults: Sequence[Fault]
    began: float
    ended: float
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @property
    def lost(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.texts or outcome.answered is None]

    @property
    def doubled(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if len(outcome.texts) > 1]

    @property
    def wrong(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.texts and not outcome.is_right and len(outcome.texts) == 1]

    def show(self, console: Console) -> None:
        console.print(
            f"{len(self.outcomes)} asked in {self.ended - self.began:.0f} s: lost {len(self.lost)}, doubled {len(self.doubled)}, "
            f"wrong {len(self.wrong)}"
        )
        calm = [each for each in self.outcomes if not any(fault.touches(each) for fault in self.faults)]
        times = Table("channel", "questions", "p50 s", "p95 s", "p99 s", "max s", title="from question to whole answer")
        for name, chosen in (
            ("telegram", self.outcomes),
            ("wecom", self.outcomes),
            ("telegram, no fault", calm),
            ("wecom, no fault", calm),
        ):
            seconds = [each.seconds for each in chosen if each.channel == name.partition(",")[0] and each.answered]
            if seconds:
                times.add_row(name, str(len(seconds)), *(f"{value:.1f}" for value in np.percentile(seconds, (50, 95, 99, 100))))
        console.print(times)
        faults = Table("killed", "after s", "away s", "touched", "last of them after s", "lost", "doubled", title="faults")
        for fault in self.faults:
            touched = [each for each in self.outcomes if fault.touches(each)]
            last = max((each.answered - fault.at for each in touched if each.answered), default=0.0)
            faults.add_row(
                fault.what, f"{fault.at - self.began:.0f}", f"{fault.back - fault.at:.0f}", str(len(touched)), f"{last:.0f}",
                str(sum(each in self.lost for each in touched)), str(sum(each in self.doubled for each in touched)),
            )  # fmt: skip
        console.print(faults)
        memory = Table("process", "10 %", "30 %", "50 %", "70 %", "100 %", "most", title="resident MB, by share of the run")
        for name, found in self.memory.items():
            megabytes = [value for _, value in found if value]
            at = [megabytes[min(len(megabytes) - 1, int(len(megabytes) * share))] for share in (0.1, 0.3, 0.5, 0.7, 1)] if megabytes else []
            memory.add_row(name, *(f"{value:.0f}" for value in at), f"{max(megabytes, default=0):.0f}")
        console.print(memory)
