"""Measures the pictures of a run on all cores, in memory that does not grow with their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from harness.errors import ImageError
from harness.metrics.pairs import Picture
from harness.metrics.protocol import protocol_document
from harness.metrics.registry import PAIRED, UNPAIRED, Column
from harness.metrics.statistics import Summary, summarise
from harness.parallel import default_workers, in_order
from harness.progress import Progress, Silent


@dataclass(frozen=True)
class Row:
    """One image: a value for each column; infinity is the PSNR of a picture equal to its reference."""

    name: str
    values: dict[str, float]


@dataclass(frozen=True)
class Measurement:
    """What was measured on a run's images.

    Attributes:
        columns: names of `harness.metrics.registry.COLUMNS`, in order.
        baselines: `input_copied` and `mean_target`, measured as the output was; empty without targets. `mean_target`
            is left out for a single image and for targets of several sizes.
        protocol: see `harness.metrics.protocol.protocol_document`.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    summary: dict[str, Summary]
    baselines: dict[str, dict[str, Summary]]
    protocol: dict[str, Any]


def measure_images(
    images: Path,
    names: Sequence[str],
    *,
    paired: bool,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Measurement:
    """Measures `images/output/NAME.png` against `target/NAME.png`, or against `input/NAME.png` without targets.

    Args:
        names: stems of the pictures, in the order of the rows.
        paired: whether there are targets.
        workers: threads; by default one for each core this process may use.

    Raises:
        ImageError: there are no images, or a picture is missing, unreadable, not 8-bit RGB, of another size than
            its reference, or too small for a metric.
    """
    columns = PAIRED if paired else UNPAIRED
    progress, workers = progress or Silent(), workers or default_workers()
    _check_files(images, names, ("input", "output", "target") if paired else ("input", "output"))
    means = _MeanTarget()
    measured: list[Row] = []
    copied: list[Row] = []
    with threadpool_limits(1, user_api="blas"):  # the images are spread over the cores, not each product of matrices
        with progress.step("Measuring", len(names)) as step:
            one = partial(_measure, images, means) if paired else partial(_measure_unpaired, images)
            for row, copy in in_order(one, names, workers):
                measured.append(row)
                copied += [copy] if copy else []
                step.advance()
        baselines = {"input_copied": _summaries(columns, copied)} if copied else {}
        # The mean is known when all are read, so the targets are read twice rather than kept.
        if (mean := means.picture()) is not None:
            with progress.step("Measuring the mean target", len(names)) as step:
                rows = []
                for row in in_order(partial(_measure_mean, images, mean), names, workers):
                    rows.append(row)
                    step.advance()
            baselines["mean_target"] = _summaries(columns, rows)
    return Measurement(
        columns=tuple(column.name for column in columns),
        rows=tuple(measured),
        summary=_summaries(columns, measured),
        baselines=baselines,
        protocol=protocol_document(columns),
    )


def _check_files(images: Path, names: Sequence[str], folders: Sequence[str]) -> None:
    if not names:
        raise ImageError(f"there are no images to measure in `{images}`", "harness prepare-images FOLDER")
    missing = [p for name in names for f in folders if not (p := images / f / f"{name}.png").is_file()]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ImageError(f"`{missing[0]}`{others} is missing: it was to be measured", "run `harness test` again")


def _measure(images: Path, means: _MeanTarget, name: str) -> tuple[Row, Row]:
    """The row of the output, and that of the input in its place."""
    paths = [images / kind / f"{name}.png" for kind in ("input", "output", "target")]
    source, output, target = map(_read, paths)
    means.add(target)
    # Copying the input is the least that a model must beat, so it is measured while both pictures are in memory.
    return _row(PAIRED, (output, target), paths[1:]), _row(PAIRED, (source, target), paths[::2])


def _measure_unpaired(images: Path, name: str) -> tuple[Row, None]:
    paths = [images / kind / f"{name}.png" for kind in ("output", "input")]
    return _row(UNPAIRED, (_read(paths[0]), _read(paths[1])), paths), None


def _measure_mean(images: Path, mean: Picture, name: str) -> Row:
    target = _read(images / "target" / f"{name}.png")
    return Row(name, {column.name: column.metric.compute(mean, target) for column in PAIRED})


def _row(columns: Sequence[Column], pictures: tuple[Picture, Picture], paths: Sequence[Path]) -> Row:
    """One picture against its reference; `paths` are where the two lie."""
    try:
        return Row(paths[0].stem, {column.name: column.metric.compute(*pictures) for column in columns})
    except ValueError as error:
        raise ImageError(
            f"`{paths[0]}` cannot be measured against `{paths[1]}`: {error}", "run `harness test` again"
        ) from None


def _read(path: Path) -> Picture:
    """Reads an 8-bit RGB picture as it was saved; raises ImageError for anything else."""
    try:
        with Image.open(path) as image:
            if image.mode == "RGB":
                return np.asarray(image)
            mode = image.mode
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"`{path}` cannot be read: {error}", "run `harness test` again") from error
    raise ImageError(f"`{path}` has the mode {mode}: 8-bit RGB was expected", "save it as an RGB PNG")


def _summaries(columns: Sequence[Column], rows: Sequence[Row]) -> dict[str, Summary]:
    return {column.name: summarise([row.values[column.name] for row in rows]) for column in columns}


class _MeanTarget:
    """Sums targets from several threads; there is a mean only when all have one size and are two at least."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sum: NDArray[np.int64] | None = None
        self._count = 0
        self._one_size = True

    def add(self, target: Picture) -> None:
        with self._lock:
            if self._sum is None and self._one_size:
                self._sum = np.zeros(target.shape, np.int64)  # H x W x 3; exact, in whatever order threads add
            if self._sum is None or self._sum.shape != target.shape:
                self._one_size, self._sum = False, None
                return
            self._sum += target
            self._count += 1

    def picture(self) -> Picture | None:
        if self._sum is None or self._count < 2:
            return None
        return np.rint(self._sum / self._count).astype(np.uint8)
