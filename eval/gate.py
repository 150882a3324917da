"""The gate: thresholds of one TOML file, held against a run. A threshold that could not be checked counts as not met."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from eval.errors import EvalError
from eval.metrics import Measured
from eval.names import METRICS, PROMISED, SLICES, naming, printed
from eval.results import Slice

GATE = Path(__file__).parent / "gate.toml"

Sections = Mapping[str, Mapping[str, Slice]]


class GateError(EvalError):
    """The thresholds cannot be read; the message names the file, the section and what is wrong."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A threshold that was not met or could not be checked. `section` is all, or a slice such as style.typo."""

    section: str
    metric: str
    why: str

    def __str__(self) -> str:
        return f"[{self.section}] {self.metric}：{self.why}"


@dataclass(frozen=True, slots=True)
class _Threshold:
    section: str
    metric: str
    least: float | None
    most: float | None


def check(summary: Mapping[str, Measured], path: Path = GATE, slices: Sections | None = None) -> list[Breach]:
    """Every breach of the thresholds in `path` by a run; none means that all were checked and met.

    [all] is held against `summary`, a section such as [style.typo] against that slice of `slices`. The metrics of PROMISED must
    be 0 whether the file names them or not. Raises GateError for a file that cannot be read as thresholds.
    """
    thresholds = [_Threshold("all", metric, None, 0.0) for metric in PROMISED]
    thresholds += [threshold for threshold in _load(path) if threshold not in thresholds]
    breaches: list[Breach] = []
    for threshold in thresholds:
        measured = _measured(threshold.section, summary, slices or {})
        if why := _failing(threshold, measured):
            breaches.append(Breach(threshold.section, threshold.metric, why))
    return breaches


def _measured(section: str, summary: Mapping[str, Measured], slices: Sections) -> Mapping[str, Measured] | None:
    if section == "all":
        return summary
    name, _, label = section.partition(".")
    part = slices.get(name, {}).get(label)
    return part.metrics if part else None


def _failing(threshold: _Threshold, metrics: Mapping[str, Measured] | None) -> str:
    """Why a threshold is not met, empty where it is."""
    metric = threshold.metric
    if metric not in METRICS:
        return "没有这个指标，门槛无从核对"
    if metrics is None:
        return "这次运行没有这一部分，门槛无从核对"
    measured = metrics.get(metric)
    if measured is None or not measured.n:
        return "没有测到，门槛无从核对"
    value = measured.value
    if threshold.least is not None and not value >= threshold.least:
        return f"{naming(metric).title} {printed(metric, value)}，低于 {printed(metric, threshold.least)}（n={measured.n}）"
    if threshold.most is not None and not value <= threshold.most:
        return f"{naming(metric).title} {printed(metric, value)}，高于 {printed(metric, threshold.most)}（n={measured.n}）"
    return ""


def _load(path: Path) -> list[_Threshold]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GateError(f"cannot read the thresholds {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GateError(f"the thresholds {path} are not valid TOML: {error}") from error
    return [_threshold(path, section, metric, bounds) for section, table in _sections(path, data) for metric, bounds in table.items()]


def _sections(path: Path, data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, table in data.items():
        if name == "all" and isinstance(table, dict):
            yield name, table
        elif name in SLICES and isinstance(table, dict) and all(isinstance(part, dict) for part in table.values()):
            yield from ((f"{name}.{label}", part) for label, part in table.items())
        else:
            raise GateError(f"{path.name}: {name} is not [all] nor a slice such as [style.typo]; slices are {', '.join(SLICES)}")


def _threshold(path: Path, section: str, metric: str, bounds: Any) -> _Threshold:
    where = f"{path.name} [{section}] {metric}"
    if not isinstance(bounds, dict) or not bounds or bounds.keys() - {"min", "max"}:
        raise GateError(f"{where}: expected {{ min = … }}, {{ max = … }} or both, not {bounds!r}")
    for bound in bounds.values():
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not isfinite(bound):
            raise GateError(f"{where}: {bound!r} is not a number")
    return _Threshold(section, metric, bounds.get("min"), bounds.get("max"))
