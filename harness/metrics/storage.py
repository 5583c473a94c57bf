"""`metrics.csv`, one row an image, and `metrics.json`, the summary with its protocol."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.documents import Document, typed
from harness.errors import RunError, WorkspaceError
from harness.files import write_text
from harness.metrics.measure import Measurement, Row
from harness.metrics.meters import Total
from harness.metrics.registry import COLUMNS, TOTALS
from harness.metrics.statistics import Summary
from harness.workspace import checked_name

_AGAIN = "run `harness test` again"
_DOCUMENT = Document(newest=1, error=RunError, missing="`{folder}` has no `{name}`", bring=_AGAIN, mend=_AGAIN)


def save_measurement(folder: Path, measurement: Measurement) -> None:
    """Writes both files, and `seeds.csv` where images were drawn by several seeds.

    In the CSV an identical pair's PSNR is `inf`; JSON has none, there it is only counted.
    """
    table = [[row.name, *_texts(row, measurement.columns)] for row in measurement.rows]
    _write_table(folder / "metrics.csv", ["name", *measurement.columns], table)
    if measurement.seeds:
        columns = tuple(next(iter(measurement.seeds.values()))[0].values)
        lines = [[row.name, str(s), *_texts(row, columns)] for s, rows in measurement.seeds.items() for row in rows]
        _write_table(folder / "seeds.csv", ["name", "seed", *columns], lines)
    _DOCUMENT.save(folder / "metrics.json", measurement_document(measurement))


def _texts(row: Row, columns: Sequence[str]) -> list[str]:
    # As many digits as give the same float back: later comparisons read these.
    return [repr(float(row.values[column])) for column in columns]


def _write_table(path: Path, header: list[str], lines: list[list[str]]) -> None:
    text = io.StringIO()
    # The module's own line end is that of DOS; the file shall be the same on every system.
    csv.writer(text, lineterminator="\n").writerows([header, *lines])
    write_text(path, text.getvalue())


def measurement_document(measurement: Measurement) -> dict[str, Any]:
    """Returns what `metrics.json` holds: `null` stands where there is no finite value."""
    return {
        "columns": [_column_document(name) for name in measurement.columns],
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


def _column_document(name: str) -> dict[str, Any]:
    column = COLUMNS[name]
    return {"name": name, "label": column.label, "unit": column.unit, "better": column.better}


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
        _seeds(table.with_name("seeds.csv"), names=[row.name for row in rows]),
    )


@contextmanager
def _translated(table: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise RunError(f"`{table.parent}` has no `{table.name}`", _AGAIN) from None
    except (OSError, ValueError, csv.Error, WorkspaceError) as error:
        raise RunError(f"`{table}` is damaged: {error}", _AGAIN) from error


def _read_table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, strict=True))


def _seeds(path: Path, names: Sequence[str]) -> dict[int, tuple[Row, ...]]:
    """The rows of further seeds, each for all images in the order of `metrics.csv`; nothing without the file."""
    if not path.exists():
        return {}
    found: dict[int, list[Row]] = {}
    with _translated(path):
        (_, _, *columns), *lines = _read_table(path)
        for name, seed, *values in lines:
            row = Row(name, dict(zip(columns, map(float, values), strict=True)))
            found.setdefault(int(seed), []).append(row)
        if any([row.name for row in rows] != list(names) for rows in found.values()):
            raise ValueError("it names other images than `metrics.csv`")
    return {seed: tuple(rows) for seed, rows in found.items()}


def _rows(path: Path, columns: tuple[str, ...]) -> tuple[Row, ...]:
    header, *lines = _read_table(path)
    if header != ["name", *columns]:
        raise ValueError(f"its columns are {', '.join(header)}")
    rows = tuple(
        # Names become parts of paths to pictures; one in a foreign file could lead out of the folder.
        Row(checked_name(name, "picture"), dict(zip(columns, (float(v) for v in values), strict=True)))
        for name, *values in lines
    )
    if len({row.name for row in rows}) != len(rows) or not rows:
        raise ValueError("it has no rows, or two of one name")
    if any(math.isnan(v) for row in rows for v in row.values.values()):
        raise ValueError("it holds a value that is no number")
    return rows
