"""One pass over a run's pictures: what is read and translated is written, measured and shown while it is in memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from threadpoolctl import threadpool_limits

from harness.engines.job import Translation
from harness.images.geometry import PixelBox
from harness.images.png import write_png
from harness.metrics.measure import Measuring
from harness.metrics.meters import Shot
from harness.parallel import default_workers, in_order
from harness.report.gathering import kinds_of
from harness.report.thumbnails import strip_path, write_strip

_Told = TypeVar("_Told")

Sink = Callable[[Translation], None]
"""Takes one picture, on any thread; what it raises ends the pass."""


def hand_on(pictures: Generator[Translation, None, _Told], sinks: Sequence[Sink]) -> _Told:
    """Hands each picture to all sinks, in their order, and returns what the generator ends with.

    The pictures are spread over the cores; two a core are in memory, whatever their number.
    """
    told: list[_Told] = []

    def counted() -> Generator[Translation, None, None]:
        told.append((yield from pictures))

    def take(translation: Translation) -> None:
        for sink in sinks:
            sink(translation)

    # Closed whatever happens: an engine ends its process then.
    with closing(counted()) as ahead, threadpool_limits(1, user_api="blas"):
        for _ in in_order(take, ahead, default_workers()):
            pass
    return told[0]


def written_to(images: Path, whole: Callable[[str, Mapping[str, Path]], None] = lambda name, files: None) -> Sink:
    """Returns what writes `KIND/NAME.png`; `whole` hears of an image whose pictures are all there."""

    def write(translation: Translation) -> None:
        files = {kind: images / kind / f"{translation.name}.png" for kind in translation.pictures}
        for kind, file in files.items():
            file.parent.mkdir(exist_ok=True)
            write_png(file, translation.pictures[kind])
        whole(translation.name, files)

    return write


def measured_by(measuring: Measuring) -> Sink:
    """Returns what measures."""

    def measure(translation: Translation) -> None:
        kinds = ("input", "output", "target") if measuring.paired else ("input", "output")
        measuring.add(Shot(translation.name, *(translation.pictures[kind] for kind in kinds)))

    return measure


def shown_in(run: Path, names: Sequence[str], boxes: Mapping[str, PixelBox], *, paired: bool) -> Sink:
    """Returns what writes the strips of a run's page, whose rows are `names`; `boxes` of those that are padded."""
    rows = {name: row for row, name in enumerate(names)}

    def show(translation: Translation) -> None:
        kinds = kinds_of(paired=paired, spread="spread" in translation.pictures)
        name = translation.name
        write_strip(run / strip_path(rows[name]), translation.pictures, kinds, boxes.get(name))

    return show
