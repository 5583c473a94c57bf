"""`metrics.csv`, one row an image, and `metrics.json`, the summary with its protocol."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.errors import RunError
from harness.files import write_json, write_text
from harness.metrics.measure import Measurement, Row
from harness.metrics.registry import COLUMNS
from harness.metrics.statistics import Summary

FORMAT = 1


def save_measurement(folder: Path, measurement: Measurement) -> None:
    """Writes both files. In the CSV an identical pair's PSNR is `inf`; JSON has none, there it is only counted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", *measurement.columns])
    for row in measurement.rows:
        writer.writerow([row.name, *(repr(float(row.values[column])) for column in measurement.columns)])
    write_text(folder / "metrics.csv", text.getvalue())
    write_json(folder / "metrics.json", measurement_document(measurement))


def measurement_document(measurement: Measurement) -> dict[str, Any]:
    """Returns what `metrics.json` holds: `null` stands where there is no finite value."""
    return {
        "format": FORMAT,
        "columns": [_column_document(name) for name in measurement.columns],
        "summary": {name: asdict(summary) for name, summary in measurement.summary.items()},
        "baselines": {
            baseline: {name: asdict(summary) for name, summary in summaries.items()}
            for baseline, summaries in measurement.baselines.items()
        },
        "protocol": measurement.protocol,
    }


def _column_document(name: str) -> dict[str, Any]:
    column = COLUMNS[name]
    return {"name": name, "label": column.label, "unit": column.metric.unit, "better": column.better}


def load_measurement(folder: Path) -> Measurement:
    """Reads both files; raises RunError if one is missing, damaged, of a newer format, or not of the other."""
    path = folder / "metrics.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise RunError(f"`{path}` has format {document['format']}, this harness reads {FORMAT}", "update harness")
        columns = tuple(column["name"] for column in document["columns"])
        summary = _summaries(document["summary"])
        path = folder / "metrics.csv"
        rows = _rows(path, columns)
        if {s.n for s in summary.values()} != {len(rows)}:
            raise ValueError(f"it has {len(rows)} rows, `metrics.json` summarises another number")
        baselines = {name: _summaries(summaries) for name, summaries in document["baselines"].items()}
        return Measurement(columns, rows, summary, baselines, document["protocol"])
    except FileNotFoundError:
        raise RunError(f"`{folder}` has no `{path.name}`", "run `harness test` again") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"`{path}` is damaged: {error}", "run `harness test` again") from error


def _summaries(document: dict[str, Any]) -> dict[str, Summary]:
    return {name: Summary(**summary) for name, summary in document.items()}


def _rows(path: Path, columns: tuple[str, ...]) -> tuple[Row, ...]:
    with path.open(encoding="utf-8", newline="") as stream:
        header, *lines = csv.reader(stream, strict=True)
    if header != ["name", *columns]:
        raise ValueError(f"its columns are {', '.join(header)}")
    rows = tuple(Row(name, dict(zip(columns, (float(v) for v in values), strict=True))) for name, *values in lines)
    if any(math.isnan(v) for row in rows for v in row.values.values()):
        raise ValueError("it holds a value that is no number")
    return rows
