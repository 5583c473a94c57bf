"""`metrics.csv`, one row an image, and `metrics.json`, the summary with its protocol."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from harness.documents import Document, typed
from harness.errors import RunError, WorkspaceError
from harness.files import written_aside
from harness.metrics.measure import Measurement
from harness.metrics.meters import Total
from harness.metrics.registry import COLUMNS, TOTALS
from harness.metrics.rows import Rows, Table
from harness.metrics.statistics import Summary
from harness.workspace import checked_name

_AGAIN = "run `harness test` again"
_DOCUMENT = Document(newest=1, error=RunError, missing="`{folder}` has no `{name}`", bring=_AGAIN, mend=_AGAIN)


def save_measurement(folder: Path, measurement: Measurement) -> None:
    """Writes both files, and `seeds.csv` where images were drawn by several seeds.

    In the CSV an identical pair's PSNR is `inf`; JSON has none, there it is only counted.
    """
    rows = measurement.rows
    lines = zip(rows.names, rows.lists(measurement.columns), strict=True)
    _write_table(folder / "metrics.csv", ["name", *measurement.columns], ((name, *line) for name, line in lines))
    if measurement.seeds:
        columns = tuple(next(iter(measurement.seeds.values())).columns)
        drawn = (
            (name, seed, *line)
            for seed, rows in measurement.seeds.items()
            for name, line in zip(rows.names, rows.lists(columns), strict=True)
        )
        _write_table(folder / "seeds.csv", ["name", "seed", *columns], drawn)
    _DOCUMENT.save(folder / "metrics.json", measurement_document(measurement))


def _write_table(path: Path, header: list[str], lines: Iterable[Iterable[object]]) -> None:
    with (
        written_aside(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
    ):
        # The module's own line end is that of DOS; the file shall be the same on every system. It writes as many
        # digits of a float as give the same one back: later comparisons read these.
        csv.writer(stream, lineterminator="\n").writerows(chain([header], lines))


def measurement_document(measurement: Measurement) -> dict[str, Any]:
    """Returns what `metrics.json` holds: `null` stands where there is no finite value."""
    return {
        "columns": [
            {"name": column.name, "label": column.label, "unit": column.unit, "better": column.better}
            for column in (COLUMNS[name] for name in measurement.columns)
        ],
        "summary": {name: asdict(summary) for name, summary in measurement.summary.items()},
        "baselines": {
            baseline: {name: asdict(summary) for name, summary in summaries.items()}
            for baseline, summaries in measurement.baselines.items()
        },
        "totals": {
            name: {"label": TOTALS[name].label, "better": TOTALS[name].better, **asdict(total)}
            for name, total in measurement.totals.items()
        },
        "missing": measurement.missing,
        "over_seeds": {name: asdict(summary) for name, summary in measurement.over_seeds.items()},
        "protocol": measurement.protocol,
    }


def load_measurement(folder: Path) -> Measurement:
    """Reads both files; raises RunError if one is missing, damaged, of a newer format, or not of the other."""
    return _DOCUMENT.load(folder / "metrics.json", lambda content: _measurement(content, folder / "metrics.csv"))


def _measurement(content: dict[str, Any], table: Path) -> Measurement:
    columns = tuple(typed(str, c["name"], "columns.name") for c in content["columns"])
    summary = typed(dict[str, Summary], content["summary"], "summary")
    baselines = typed(dict[str, dict[str, Summary]], content["baselines"], "baselines")
    # Columns that only a newer version measures are shown as well, so a name is all that is asked of them.
    if not columns or not all(re.fullmatch(r"[a-z0-9_]+", name) for name in columns):
        raise ValueError(f"`columns` are {', '.join(columns) or 'none'}")
    if set(summary) != set(columns) or any(set(means) - set(columns) for means in baselines.values()):
        raise ValueError(f"it does not summarise {', '.join(columns)}")
    with _translated(table):
        rows = _rows(table, columns)
        if {s.n for s in summary.values()} - {len(rows)}:
            raise ValueError(f"it has {len(rows)} rows, `metrics.json` summarises another number")
    return Measurement(
        columns,
        rows,
        summary,
        baselines,
        typed(dict[str, Any], content["protocol"], "protocol"),
        # Files from before there were numbers of the set have neither.
        typed(dict[str, Total], content.get("totals", {}), "totals"),
        typed(dict[str, str], content.get("missing", {}), "missing"),
        _seeds(table.with_name("seeds.csv"), rows.names),
    )


@contextmanager
def _translated(table: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise RunError(f"`{table.parent}` has no `{table.name}`", _AGAIN) from None
    except (OSError, ValueError, csv.Error, WorkspaceError) as error:
        raise RunError(f"`{table}` is damaged: {error}", _AGAIN) from error


def _seeds(path: Path, names: tuple[str, ...]) -> dict[int, Rows]:
    """The rows of further seeds, each for all images in the order of `metrics.csv`; nothing without the file."""
    if not path.exists():
        return {}
    found: dict[int, Table] = {}
    with _translated(path), path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream, strict=True)
        columns = next(lines, [])[2:]
        for name, seed, *values in lines:
            table = found.setdefault(int(seed), Table(columns))
            table.add(name, dict(zip(columns, map(float, values), strict=True)))
        if any(table.names != names for table in found.values()):
            raise ValueError("it names other images than `metrics.csv`")
    return {seed: table.rows(names) for seed, table in found.items()}


def _rows(path: Path, columns: tuple[str, ...]) -> Rows:
    table = Table(columns)
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream, strict=True)
        header = next(lines, [])
        # It may have more: a measurement that was cut has written it, and not yet the summary that tells of them.
        if header[:1] != ["name"] or not set(columns) <= set(header):
            raise ValueError(f"its columns are {', '.join(header)}")
        for name, *values in lines:
            # Names become parts of paths to pictures; one in a foreign file could lead out of the folder.
            table.add(checked_name(name, "picture"), dict(zip(header[1:], map(float, values), strict=True)))
    if not len(table):
        raise ValueError("it has no rows")
    rows = table.rows(table.names)
    if any(np.isnan(values).any() for values in rows.columns.values()):
        raise ValueError("it holds a value that is no number")
    return rows
