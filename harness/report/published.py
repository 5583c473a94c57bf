"""What others published of a model, beside what was measured here, and what sets the two apart."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from harness.catalog.models import MODELS
from harness.catalog.published_scores import PublishedScore, scores_of
from harness.errors import RunError
from harness.metrics.measure import Measurement
from harness.metrics.meters import Column, Total
from harness.metrics.registry import TOTALS
from harness.metrics.storage import load_measurement
from harness.report.provenance import has_own_weights
from harness.runs.listing import run_folders
from harness.runs.record import load_record
from harness.workspace import Workspace


@dataclass(frozen=True)
class PublishedRow:
    """A published number, and what harness measures that comes nearest, None where it measures nothing of the kind.

    Attributes:
        measured: that number here, None where it was not measured.
    """

    score: PublishedScore
    column: Column | None
    measured: Total | None


def measured_runs(workspace: Workspace, model: str) -> list[tuple[str, Measurement]]:
    """Returns names and measurements of a model's runs, the newest first; damaged ones are left out."""
    found = []
    for folder in reversed(run_folders(workspace)):
        # A list of models must not fail over one damaged run; `harness report` names those.
        with suppress(RunError):
            record = load_record(folder)
            # Published numbers are of the official weights only.
            if record.model["id"] == model and not has_own_weights(record):
                found.append((folder.name, load_measurement(folder)))
    return found


def published_rows(model: str, measurement: Measurement | None = None) -> tuple[PublishedRow, ...]:
    """Returns the published numbers of a catalog model's task, by its id; none for any other model."""
    # Own trainings and converted weights have no entry in the catalog and nobody published their numbers.
    scores = scores_of(MODELS[model]) if model in MODELS else ()
    totals = measurement.totals if measurement else {}
    return tuple(PublishedRow(s, TOTALS.get(s.column or ""), totals.get(s.column or "")) for s in scores)
