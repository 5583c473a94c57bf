"""`harness measure`: further metrics of a finished run, of the pictures it left, without translating again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from harness.catalog.types import Model
from harness.errors import MetricError
from harness.images.geometry import PixelBox, Size
from harness.metrics.measure import Measurement, MeasureRequest, measure_images, merged
from harness.metrics.meters import Metric
from harness.metrics.protocol import MEAN_LEFT_OUT, VERSION
from harness.metrics.registry import find_metrics
from harness.metrics.storage import load_measurement, save_measurement
from harness.progress import Progress, Silent
from harness.report.writing import write_index, write_run_report
from harness.runs.record import RunRecord, load_record
from harness.runs.trained import find_model, mean_target_of
from harness.testing.instruments import Wanted, find_instruments
from harness.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A run's pictures, below `images`, and whose they are.

    Attributes:
        reference: what `--dataset` must say, if anything.
        boxes: of padded pictures, by name, where the picture lies in what was saved.
    """

    images: Path
    names: Sequence[str]
    paired: bool
    model: Model
    reference: str | None
    split: str | None
    boxes: Mapping[str, PixelBox] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FurtherMetrics:
    """What to measure of which run; see `harness.testing.instruments.Wanted` for the rest."""

    run: Path
    metrics: tuple[str, ...]
    palette: str | None = None
    evaluator: str | None = None
    real: Path | None = None
    device: str = "auto"
    lang: str | None = None


def measure_run(workspace: Workspace, request: FurtherMetrics, progress: Progress | None = None) -> Measurement:
    """Measures, adds the numbers to the run's files and writes its page again; returns all that is now measured.

    Raises:
        UnknownNameError: there is no such metric, palette or evaluator.
        MetricError: none of what was asked for can be measured; nothing was written.
        RunError, ImageError: the run is damaged.
    """
    asked, folder = find_metrics(request.metrics), request.run
    # No other command may write the run between its reading and its writing.
    with workspace.locked("harness measure", wait_s=-1):
        record, before = load_record(folder), load_measurement(folder)
        metrics = asked
        if before.protocol.get("version") != VERSION:  # its intervals and its mean target are those of another protocol
            metrics = tuple(dict.fromkeys((*find_metrics((*before.columns, *before.totals)), *asked)))
        subject = subject_of(workspace, folder, record, before.rows.names)
        found = measure_subject(workspace, subject, metrics, request, progress or Silent())
        # Only where nothing at all came of it; otherwise the page says what is missing and why.
        if {metric.name for metric in asked} <= set(found.missing):
            reasons = "; ".join(f"{metric.name}: {found.missing[metric.name]}" for metric in asked)
            raise MetricError(
                f"nothing of that can be measured of `{folder.name}`: {reasons}", "harness measure --help"
            )
        after = merged(before, found)
        save_measurement(folder, after)
        write_run_report(folder, request.lang, progress)
    write_index(workspace.results, request.lang)
    return after


def subject_of(
    workspace: Workspace, folder: Path, record: RunRecord, names: Sequence[str], model: Model | None = None
) -> Subject:
    """Returns a finished run's pictures; `model` is whose they are, where it is none of the workspace's."""
    return Subject(
        images=folder / "images",
        names=names,
        paired=record.test_set["layout"] == "paired",
        model=model or find_model(workspace, record.model["id"]),
        reference=record.test_set.get("reference"),
        split=record.test_set.get("split"),
        boxes=record.boxes,
    )


def measure_subject(
    workspace: Workspace,
    subject: Subject,
    metrics: Sequence[Metric],
    chosen: FurtherMetrics | None = None,
    progress: Progress | None = None,
) -> Measurement:
    """Measures a finished run's pictures; see `measure_request`."""
    # As the test did: a run has one size but for `--size own`, where the first picture's is as good as any.
    first = subject.images / "output" / f"{subject.names[0]}.png"
    request = measure_request(workspace, subject, metrics, _size(first) if first.is_file() else None, chosen)
    return measure_images(subject.images, subject.names, paired=subject.paired, request=request, progress=progress)


def measure_request(
    workspace: Workspace,
    subject: Subject,
    metrics: Sequence[Metric],
    size: Size | None,
    chosen: FurtherMetrics | None = None,
) -> MeasureRequest:
    """Returns how to measure a run's pictures with what the workspace has.

    Args:
        size: width and height of the outputs.
        chosen: what the user decides of palette, evaluator, real pictures and device.
    """
    wanted = Wanted(
        metrics=metrics,
        model=subject.model,
        reference=subject.reference,
        split=subject.split,
        palette=chosen.palette if chosen else None,
        evaluator=chosen.evaluator if chosen else None,
        real=chosen.real if chosen else None,
        size=size,
        device=chosen.device if chosen else "auto",
    )
    mean = mean_target_of(workspace, subject.model)
    # H×W×3, so [1::-1] is width and height.
    fits = mean is not None and mean[0].shape[1::-1] == size
    return MeasureRequest(
        metrics=tuple(metrics),
        instruments=find_instruments(workspace, wanted),
        mean_target=mean[0] if mean and fits else None,
        mean_is=mean[1] if mean and fits else MEAN_LEFT_OUT,
        boxes=subject.boxes,
    )


def _size(picture: Path) -> Size:
    with Image.open(picture) as image:
        return image.size
