"""The rows of a sweep: a configuration over its seeds, and which of them a rule chooses that was named beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from harness.metrics.comparing import compare, why_not_comparable
from harness.metrics.measure import Measurement
from harness.metrics.over_runs import Measured, over_runs, over_trainings
from harness.metrics.storage import load_measurement
from harness.runs.identity import kinship
from harness.sweep.sweep_file import Rule


@dataclass(frozen=True, kw_only=True)
class Row:
    """One configuration.

    Attributes:
        words: what the file says of it, by name, but for the seed.
        runs: by seed.
        missing: by seed, why there is no run, and the next command.
        numbers: over the seeds' runs, by column.
        behind: the rule's number less that of the chosen row, seed by seed or, of one seed, picture by picture.
        left_out: why it could not be chosen.
        reported, reports, unreported: of the chosen row numbers, runs and what is missing on the rule's other part.
    """

    words: Mapping[str, str]
    runs: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    numbers: Mapping[str, Measured] = field(default_factory=dict)
    behind: Measured | None = None
    left_out: str = ""
    chosen: bool = False
    reported: Mapping[str, Measured] = field(default_factory=dict)
    reports: Mapping[str, str] = field(default_factory=dict)
    unreported: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)


def measured(results: Path, runs: Mapping[str, str]) -> list[Measurement]:
    """Returns what was measured of runs, in the order of their seeds."""
    return [load_measurement(results / run) for run in runs.values()]


def numbers(measurements: Sequence[Measurement]) -> dict[str, Measured]:
    """Returns every number that all of the runs have."""
    columns = dict.fromkeys(column for m in measurements for column in (*m.columns, *m.totals))
    return {column: found for column in columns if (found := over_runs(measurements, column))}


def choose(results: Path, rows: Sequence[Row], rule: Rule) -> tuple[Row, ...]:
    """Returns the rows with one of each dataset chosen, among those that are whole and of the same pictures."""
    first: dict[str, Row] = {}
    judged = []
    for row in rows:
        beside = None if row.missing else first.setdefault(row.words["dataset"], row)
        judged.append(replace(row, left_out=_why_not(results, row, beside, rule)))
    # Of equal ones the first by its words, whatever the order of the file.
    ranked = sorted(
        (row for row in judged if not row.left_out),
        key=lambda row: (-rule.sign * row.numbers[rule.metric].mean, sorted(row.words.items())),
    )
    best = {row.words["dataset"]: row for row in reversed(ranked)}
    return tuple(_beside(results, row, best.get(row.words["dataset"]), rule) for row in judged)


def _why_not(results: Path, row: Row, first: Row | None, rule: Rule) -> str:
    if first is None:
        return next(why for why, _ in row.missing.values())
    if rule.metric not in row.numbers:
        return f"`{rule.metric}` was not measured"
    ours, theirs = (next(iter(r.runs.values())) for r in (row, first))
    others = (load_measurement(results / run) for run in (theirs, ours))
    return why_not_comparable(*others) or kinship(results / theirs, results / ours).why_not or ""


def _beside(results: Path, row: Row, best: Row | None, rule: Rule) -> Row:
    if best is None or row.left_out:
        return row
    if row is best:
        return replace(row, chosen=True)
    ours, theirs = row.numbers[rule.metric], best.numbers[rule.metric]
    behind = Measured((ours.mean - theirs.mean,))
    if len(ours.values) == len(theirs.values) > 1 and row.runs.keys() == best.runs.keys():
        behind = over_trainings(np.subtract(ours.values, theirs.values).tolist())
    elif len(row.runs) == len(best.runs) == 1:
        (first,), (second,) = measured(results, best.runs), measured(results, row.runs)
        if (column := compare(first, second).columns.get(rule.metric)) and column.mean is not None:
            behind = Measured((column.mean,), column.low, column.high)
    return replace(row, behind=behind)
