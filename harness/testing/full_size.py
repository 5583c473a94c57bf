"""Outputs in the shape of the user's own pictures: padding cut off, scaled back, and what they were made of beside."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from harness.catalog.types import Direction
from harness.engines.job import Translation
from harness.images.geometry import at_most
from harness.images.opening import open_rgb
from harness.images.pairing import split_ab
from harness.images.png import SRGB, write_png
from harness.sets.item import Item
from harness.testing.one_pass import Sink
from harness.testing.recording import Assignment


def full_size(work: Assignment, images: Path) -> list[Sink]:
    """Returns what writes `full/NAME.png`, sRGB, and `source/NAME.jpg` beside the outputs of a run.

    That is nothing where every output has its source's own shape already.
    """
    if not work.full:
        return []
    for kind in ("full", "source"):
        (images / kind).mkdir()
    items = {item.name: item for item in work.selection.items}

    def write(translation: Translation) -> None:
        name = translation.name
        output = work.geometries[name].undo(Image.fromarray(translation.pictures["output"]))
        # All pictures were brought to sRGB when they were opened.
        write_png(images / "full" / f"{name}.png", output, [SRGB])
        source = _source(items[name], work.selection.direction)
        if source is not None:
            source.save(images / "source" / f"{name}.jpg", quality=85)

    return [write]


def _source(item: Item, direction: Direction) -> Image.Image | None:
    """The user's picture, small: as preparing kept it, or the set's own; None where an older set kept none."""
    # Here: a test of a set that nobody prepared needs none of it.
    from harness.prepare.picture import SOURCE_SIDE, source_of

    if item.geometry is not None and not item.geometry.changes_nothing:
        kept = item.path.parents[1] / source_of(item.name)
        return open_rgb(kept) if kept.is_file() else None
    picture = open_rgb(item.path)
    if item.paired:
        picture = split_ab(picture)[0 if direction == "AtoB" else 1]
    return picture.resize(at_most(picture.size, SOURCE_SIDE), Image.Resampling.LANCZOS)
