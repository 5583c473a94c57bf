"""Measures the pictures of a run on all cores, in memory that does not grow with their number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from harness.errors import HarnessError, ImageError, MetricError
from harness.files import sha256_of
from harness.images.geometry import PixelBox
from harness.metrics.mean_target import TargetSums
from harness.metrics.meters import Instruments, Meter, Metric, Shot, Total
from harness.metrics.pairs import Picture
from harness.metrics.protocol import MEAN_LEFT_OUT, protocol_document
from harness.metrics.registry import PAIRED, UNPAIRED, find_metrics
from harness.metrics.rows import Rows, Table
from harness.metrics.statistics import OverSeeds, Summary, over_seeds, summarise
from harness.parallel import default_workers, in_order
from harness.progress import Progress, Silent

_BASELINES = ("input_copied", "mean_target")


@dataclass(frozen=True)
class Measurement:
    """What was measured on a run's images.

    Attributes:
        columns: names of `harness.metrics.registry.COLUMNS`, in order.
        baselines: `input_copied` and `mean_target`, measured as the output was; empty without targets. `mean_target`
            is left out for a single image and for targets of several sizes.
        protocol: see `harness.metrics.protocol.protocol_document`.
        totals: numbers of the set, by names of `harness.metrics.registry.TOTALS`.
        missing: why metrics that were asked for were not measured, by their names.
        seeds: the rows of further seeds, by seed; everything above is the first one's.
    """

    columns: tuple[str, ...]
    rows: Rows
    summary: dict[str, Summary]
    baselines: dict[str, dict[str, Summary]]
    protocol: dict[str, Any]
    totals: dict[str, Total] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    seeds: dict[int, Rows] = field(default_factory=dict)

    def drawn(self, column: str) -> NDArray[np.float64]:
        """Returns a column's values of all images by all seeds, (n, seeds), the first seed first."""
        every = (self.rows, *(rows for rows in self.seeds.values() if column in rows.columns))
        return np.stack([rows.columns[column] for rows in every], axis=1)

    @property
    def over_seeds(self) -> dict[str, OverSeeds]:
        """Each column over all seeds; nothing where there is one."""
        found = {column: self.drawn(column) for column in self.columns if self.seeds}
        summaries = {column: over_seeds(values) for column, values in found.items() if values.shape[1] > 1}
        return {column: summary for column, summary in summaries.items() if summary}


@dataclass(frozen=True, kw_only=True)
class MeasuredPart:
    """What some of a run's pictures measured to, as it travels between machines.

    Attributes:
        tables: of `output`, `input_copied` and `mean_target`, NaN for what one of them has not.
        missing: why metrics could not be measured, by their names.
        targets: sums of the targets, whole numbers, so that it does not matter who adds them in which order.
        boxes: of padded pictures, see `MeasureRequest`.
    """

    tables: Mapping[str, Rows]
    missing: Mapping[str, str]
    targets: TargetSums
    boxes: Mapping[str, PixelBox]


@dataclass(frozen=True, kw_only=True)
class MeasureRequest:
    """What to measure a run's pictures by, and with what.

    Attributes:
        metrics: by default SSIM, PSNR and MAE, or the similarity to the input where there are no targets.
        mean_target: H×W×3, e.g. of the training targets; by default the mean of the other targets.
        mean_is: what that is, in words.
        baselines: whether the input copied and the mean target are measured.
        boxes: of padded pictures, by name, where the picture lies: the rest is not measured.
        rows: whether every image is to have a number: where no metric asked for gives one, the usual ones join them.
    """

    metrics: tuple[Metric, ...] = ()
    instruments: Instruments = field(default_factory=Instruments)
    mean_target: Picture | None = None
    mean_is: str = MEAN_LEFT_OUT
    baselines: bool = True
    boxes: Mapping[str, PixelBox] = field(default_factory=dict)
    rows: bool = False


def measure_images(
    images: Path,
    names: Sequence[str],
    *,
    paired: bool,
    request: MeasureRequest | None = None,
    progress: Progress | None = None,
) -> Measurement:
    """Measures `images/output/NAME.png` against `target/NAME.png`, or against `input/NAME.png` without targets.

    Args:
        names: stems of the pictures, in the order of the rows.
        paired: whether there are targets.

    Raises:
        ImageError: there are no images, or a picture is missing, unreadable, not 8-bit RGB, of another size than
            its reference, or too small for a metric that is always measured.
    """
    kinds = ("input", "output", "target") if paired else ("input", "output")
    # Before the first is measured: the last one missing should not cost the time of all.
    _check_files(images, names, kinds)
    measuring = Measuring(request or MeasureRequest(), images, paired=paired)

    def one(name: str) -> None:
        measuring.add(Shot(name, *(_read(images / kind / f"{name}.png") for kind in kinds)))

    measuring.over(names, one, "Measuring", progress)
    return measuring.finished(names, progress)


def merged(before: Measurement, after: Measurement) -> Measurement:
    """Returns both measurements of the same images as one; what both have is the later one's."""
    later = after.rows.in_order_of(before.rows.names)
    columns = tuple(dict.fromkeys((*before.columns, *after.columns)))
    totals = before.totals | after.totals
    baselines = {
        who: before.baselines.get(who, {}) | after.baselines.get(who, {})
        for who in dict.fromkeys((*before.baselines, *after.baselines))
    }
    metrics = find_metrics((*columns, *totals))
    mean_is = after.protocol["baselines"]["mean_target"]
    backbones = before.protocol.get("backbones", {}) | after.protocol["backbones"]
    # What could not be measured once may stand beside its number now: its reason goes.
    filled = {metric.name for metric in metrics}
    return Measurement(
        columns=columns,
        rows=Rows(later.names, {**before.rows.columns, **later.columns}),
        summary=before.summary | after.summary,
        baselines=baselines,
        protocol=protocol_document(metrics, mean_is, backbones, padded=after.protocol["padded"]),
        totals=totals,
        missing={name: why for name, why in (before.missing | after.missing).items() if name not in filled},
        seeds=before.seeds,
    )


class Measuring:
    """Takes the pictures of a run one by one, from several threads, and then gives the measurement.

    Where no mean target was given, `finished` reads the targets a second time, from the folder of the run's images.
    """

    def __init__(self, request: MeasureRequest, place: Path, *, paired: bool) -> None:
        self.request, self._place, self.paired = request, place, paired
        self.boxes = dict(request.boxes)
        self._meters: dict[Metric, Meter] = {}
        self._missing: dict[str, str] = {}
        self._tables: dict[str, Table] = {}  # of whom
        self._means, self._lock = TargetSums(), Lock()
        usual = PAIRED if paired else UNPAIRED
        self._begin(request.metrics or usual)
        if request.rows and not any(metric.columns for metric in self._meters):
            of_the_set, self._meters = self._meters, {}
            self._begin(usual)
            self._meters |= of_the_set

    def _begin(self, metrics: Iterable[Metric]) -> None:
        for metric in metrics:
            if metric.needs_targets and not self.paired:
                self._missing[metric.name] = "there are no targets"
                continue
            try:
                self._meters[metric] = metric.begin(self.request.instruments)
            except HarnessError as error:
                # No network or no palette is there: the other metrics go on, and the table says why this one does not.
                self._missing[metric.name] = _reason(error)

    def add(self, shot: Shot) -> None:
        """Measures an image; raises ImageError where a metric that is always measured cannot be."""
        self._measure("output", shot)
        if shot.target is None or not self.request.baselines:
            return
        self._measure("input_copied", replace(shot, output=shot.input))
        if self.request.mean_target is None:
            self._means.add(shot.target, self.boxes.get(shot.name))
        elif self.request.mean_target.shape == shot.target.shape:
            # A mean of another size is no baseline of this image; `finished` drops baselines that an image lacks.
            self._measure("mean_target", replace(shot, output=self.request.mean_target))

    def part(self) -> MeasuredPart:
        """Returns what the images added so far measured to; metrics of the whole set are not among it."""
        tables = {who: table.rows(table.names) for who, table in self._tables.items()}
        return MeasuredPart(tables=tables, missing=self._missing, targets=self._means, boxes=self.boxes)

    def add_part(self, part: MeasuredPart) -> None:
        """Adds images that were measured elsewhere by the same request."""
        for who, rows in part.tables.items():
            self._table(who).extend(rows)
        self._missing |= part.missing
        self._means.add_sums(part.targets)
        self.boxes |= part.boxes

    def _table(self, who: str) -> Table:
        if who not in self._tables:
            self._tables[who] = Table([column.name for metric in self._meters for column in metric.columns])
        return self._tables[who]

    def over(
        self, names: Sequence[str], measure: Callable[[str], None], title: str, progress: Progress | None = None
    ) -> None:
        """Measures images by name on all cores; the images are spread over them, not each product of matrices."""
        with threadpool_limits(1, user_api="blas"), (progress or Silent()).step(title, len(names)) as step:
            for _ in in_order(measure, names, default_workers()):
                step.advance()

    def finished(self, names: Sequence[str], progress: Progress | None = None) -> Measurement:
        """Returns the measurement once all images were added, in the order of `names`, the mean target beside them.

        Raises:
            MetricError: one of them was not added, as one at which memory ran out.
        """
        there = set(self._table("output").names)
        if (lacking := next((name for name in names if name not in there), None)) is not None:
            raise MetricError(
                f"`{lacking}` was not drawn, so that it cannot be measured", "use `--tiled auto`, or a smaller `--size`"
            )

        def beside_mean(name: str) -> None:
            # Metrics with baselines look at output and target alone, so that the input is not read again.
            target = _read(self._place / "target" / f"{name}.png")
            mean = self._means.without(target, self.boxes.get(name))
            self._measure("mean_target", Shot(name, mean, mean, target))

        # The mean is known when all are read, so the targets are read twice rather than kept.
        if self._means.there and any(metric.baselines for metric in self._meters):
            self.over(names, beside_mean, "Measuring the mean target", progress)
        # First: a total that fails puts its metric among the missing, whose columns are then left out.
        totals = self._totals()
        metrics = [metric for metric in self._meters if metric.name not in self._missing]
        columns = tuple(column.name for metric in metrics for column in metric.columns)
        beside = tuple(column.name for metric in metrics if metric.baselines for column in metric.columns)
        # A mean over some of the images only would be of another set.
        whole = {who: table for who, table in self._tables.items() if len(table) == len(names)}
        rows = whole["output"].rows(names)
        backbones = {name: sha256_of(path) for name, path in self.request.instruments.backbones.items()}
        padded = sum(name in self.boxes for name in names)
        return Measurement(
            columns=columns,
            rows=Rows(rows.names, {name: rows.columns[name] for name in columns}),
            summary=_summaries(columns, rows),
            baselines={
                who: _summaries(beside, whole[who].rows(names)) for who in _BASELINES if beside and who in whole
            },
            protocol=protocol_document(metrics, self.request.mean_is, backbones, padded=padded),
            totals=totals,
            missing=self._missing,
        )

    def _measure(self, who: str, shot: Shot) -> None:
        found: dict[str, float] = {}
        # Here and nowhere else: no metric sees what was padded.
        shot = shot.within(self.boxes.get(shot.name))
        for metric, meter in self._meters.items():
            if metric.name in self._missing or (who != "output" and not metric.baselines):
                continue
            try:
                values = meter.one(shot)
                # NaN compares as false with everything and spoils every mean, without a word.
                if any(math.isnan(value) for value in values):
                    raise ValueError("the value is not a number")
            except (ValueError, HarnessError) as error:
                self._failed(metric, who, shot, error)
            else:
                found |= {column.name: value for column, value in zip(metric.columns, values, strict=True)}
        # The images of all worker threads meet here.
        with self._lock:
            self._table(who).add(shot.name, found)

    def _failed(self, metric: Metric, who: str, shot: Shot, error: Exception) -> None:
        """A metric that is always measured stops the run; another one is left out with its reason."""
        if metric not in (*PAIRED, *UNPAIRED):
            self._missing[metric.name] = f"`{shot.name}`: {_reason(error)}"
            return
        folder = "output" if who == "output" else "input"
        folders = (folder, "target" if self.paired else "input")
        picture, against = (self._place / kind / f"{shot.name}.png" for kind in folders)
        what = f"`{picture}` cannot be measured against `{against}`: {error}"
        raise ImageError(what, "run `harness test` again") from None

    def _totals(self) -> dict[str, Total]:
        found: dict[str, Total] = {}
        for metric, meter in self._meters.items():
            if metric.totals and metric.name not in self._missing:
                try:
                    found |= dict(zip((total.name for total in metric.totals), meter.whole(), strict=True))
                except HarnessError as error:
                    self._missing[metric.name] = _reason(error)
        return found


def _summaries(columns: Sequence[str], rows: Rows) -> dict[str, Summary]:
    return {column: summarise(rows.columns[column]) for column in columns}


def _reason(error: Exception) -> str:
    """What a table says in place of a number: what is missing, and the command that mends it."""
    hint = getattr(error, "hint", None)
    return f"{error}: {hint}" if hint else str(error)


def _check_files(images: Path, names: Sequence[str], folders: Sequence[str]) -> None:
    if not names:
        raise ImageError(f"there are no images to measure in `{images}`", "harness prepare-images FOLDER")
    missing = [p for name in names for f in folders if not (p := images / f / f"{name}.png").is_file()]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ImageError(f"`{missing[0]}`{others} is missing: it was to be measured", "run `harness test` again")


def _read(path: Path) -> Picture:
    """Reads an 8-bit RGB picture as it was saved; raises ImageError for anything else."""
    try:
        # Nothing is converted: the engines write RGB, and what another program made of it is other pixels.
        with Image.open(path) as image:
            if image.mode == "RGB":
                return np.asarray(image)
            mode = image.mode
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"`{path}` cannot be read: {error}", "run `harness test` again") from error
    raise ImageError(f"`{path}` has the mode {mode}: 8-bit RGB was expected", "save it as an RGB PNG")
