"""Whether a run's numbers are those of its own pictures: measured anew, and held against its tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

from harness.catalog.types import Model
from harness.errors import HarnessError
from harness.metrics.measure import Measurement
from harness.metrics.meters import Metric, Total
from harness.metrics.protocol import VERSION
from harness.metrics.registry import COLUMNS, TOTALS, find_metrics
from harness.metrics.statistics import Summary, summarise
from harness.metrics.storage import load_measurement
from harness.progress import Progress
from harness.runs.record import RunRecord
from harness.testing.measuring import measure_subject, subject_of
from harness.workspace import Workspace

_AGREE = 1e-6
"""What the metrics themselves are promised to."""
_SHOWN = 5


def wrong_numbers(
    workspace: Workspace,
    folder: Path,
    record: RunRecord,
    progress: Progress | None = None,
    *,
    model: Model | None = None,
    only: Sequence[str] | None = None,
) -> tuple[list[str], list[str]]:
    """Returns what metrics.csv and metrics.json say that the run's pictures do not, and what was not measured anew.

    Args:
        model: whose outputs they are, where it is none of the workspace's.
        only: names of the images that are measured; what is told of all is then held against all rows.

    Raises:
        RunError: either file is missing or damaged.
    """
    recorded = load_measurement(folder)
    # Rows cannot be compared one by one then.
    if list(recorded.rows.names) != [image["name"] for image in record.images]:
        return ["`metrics.csv` and `run.json` name other images"], []
    names = recorded.rows.names if only is None else only
    try:
        # What needs a network or another model is taken at its word where that is not here.
        filled = (*recorded.columns, *recorded.totals)
        known = [m for m in find_metrics(n for n in filled if n in COLUMNS | TOTALS) if not _beside_others(m)]
        # A number of the whole set is none of a sample's.
        known = [m for m in known if m.columns or only is None]
        subject = subject_of(workspace, folder, record, names, model)
        measured = measure_subject(workspace, subject, known, progress=progress)
    except HarnessError as error:
        return [f"the run's own pictures cannot be measured: {error.message}"], []
    # Window, range, colour space of each metric: numbers under other settings are no disagreement.
    ours, theirs = (m.protocol.get("comparable", {}).get("columns", {}) for m in (recorded, measured))
    version = recorded.protocol.get("version")
    measured = measured if only is None else replace(measured, totals={}, baselines={})
    again = (*measured.columns, *measured.totals)
    if version not in range(1, VERSION + 1) or any(ours.get(n) != theirs[n] for n in again if n in filled):
        return ["they were measured under another protocol than this version's"], []
    unproven = [name for name in filled if name not in again]
    unproven += ["the numbers of further seeds"] if recorded.seeds else []
    unproven += [] if version == VERSION else [f"the intervals of protocol {version}"]
    if only is not None:
        unproven += ["the baselines"] if recorded.baselines else []
        of_rows = {name: summarise(values) for name, values in recorded.rows.columns.items() if name in again}
        measured = replace(measured, summary=of_rows)
        recorded = replace(recorded, rows=recorded.rows.in_order_of(only), baselines={})
    notes = [f"not measured again: {', '.join(unproven)}"] if unproven else []
    return limited(_disagreements(recorded, measured)), notes


def _beside_others(metric: Metric) -> bool:
    """Whether it sets outputs against pictures that a user chose, which no record names."""
    return any(total.against == "the real pictures" for total in metric.totals)


def _disagreements(recorded: Measurement, measured: Measurement) -> Iterator[str]:
    columns = [column for column in measured.columns if column in recorded.columns]
    for place, name in enumerate(measured.rows.names):
        for column in columns:
            said, found = (m.rows.columns[column][place] for m in (recorded, measured))
            if not _agree(said, found):
                yield f"`metrics.csv` gives `{name}` the {column} {said:.6f}, its pictures {found:.6f}"
    summaries: dict[str, tuple[Mapping[str, Summary | Total], Mapping[str, Summary | Total]]] = {
        "summary": (recorded.summary, measured.summary),
        "totals": (recorded.totals, measured.totals),
    }
    # An older protocol made its intervals and mean target in ways of its own; means are means in all of them.
    older = recorded.protocol.get("version") != VERSION
    baselines = [name for name in measured.baselines if not older or name == "input_copied"]
    if not older and recorded.baselines.keys() != measured.baselines.keys():
        yield f"`metrics.json` has the baselines {', '.join(recorded.baselines) or 'none'}"
    else:
        summaries |= {n: (recorded.baselines[n], measured.baselines[n]) for n in baselines if n in recorded.baselines}
    for what, (before, now) in summaries.items():
        for column in (column for column in now if column in before):
            old_figures, new_figures = _figures(before[column]), _figures(now[column])
            # Each figure of the summary, for a table in a paper is made of these.
            for key, value in new_figures.items():
                if not _agree(old_figures.get(key), value) and not (older and key in {"low", "high"}):
                    told, given = _shown_number(old_figures.get(key)), _shown_number(value)
                    yield f"`metrics.json` gives {column} ({what}) the {key} {told}, the run's pictures {given}"


def _figures(numbers: Summary | Total) -> dict[str, float | None]:
    figures = asdict(numbers)
    figures |= figures.pop("beside", {})
    return {key: value for key, value in figures.items() if key != "notes"}


def _shown_number(value: float | None) -> str:
    # Numbers that disagree differ in the sixth decimal.
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _agree(a: float | None, b: float | None) -> bool:
    # Infinite where both are identical pictures: equal, though their difference is no number.
    return a == b if a is None or b is None else a == b or math.fabs(a - b) <= _AGREE


def limited(lines: Iterator[str]) -> list[str]:
    """Returns the first lines, and how many more there are."""
    # One line over the limit is shown rather than replaced by `and 1 more`.
    shown = list(islice(lines, _SHOWN + 1))
    more = sum(1 for _ in lines)
    return [*shown[:_SHOWN], f"and {more + 1} more"] if more else shown
