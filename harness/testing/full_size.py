"""Outputs in the shape of the user's own pictures: padding cut off, scaled back, and what they were made of beside."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from harness.catalog.types import Direction
from harness.images.geometry import at_most
from harness.images.opening import open_rgb
from harness.images.pairing import split_ab
from harness.parallel import default_workers, in_order
from harness.prepare.picture import SOURCE_SIDE, source_of
from harness.progress import Progress
from harness.sets.item import Item
from harness.testing.recording import Assignment


def write_full(work: Assignment, images: Path, progress: Progress) -> None:
    """Writes `full/NAME.png`, sRGB, and `source/NAME.jpg` beside the outputs of a run.

    Nothing is written where every output has its source's own shape already.
    """
    if all(geometry.changes_nothing for geometry in work.geometries.values()):
        return
    for kind in ("full", "source"):
        (images / kind).mkdir()
    # An output of 256x256 becomes a picture of 12 megapixels: minutes for hundreds, so it is told.
    with progress.step("Writing full-size outputs", len(work.selection.items)) as step:
        for _ in in_order(partial(_write, work, images), work.selection.items, default_workers()):
            step.advance()


def _write(work: Assignment, images: Path, item: Item) -> None:
    geometry, srgb = work.geometries[item.name], PngInfo()
    # Rendering intent 0, perceptual: all pictures were brought to sRGB when they were opened.
    srgb.add(b"sRGB", b"\0")
    with Image.open(images / "output" / f"{item.name}.png") as output:
        geometry.undo(output).save(images / "full" / f"{item.name}.png", pnginfo=srgb, compress_level=1)
    source = _source(item, work.selection.direction)
    if source is not None:
        source.save(images / "source" / f"{item.name}.jpg", quality=85)


def _source(item: Item, direction: Direction) -> Image.Image | None:
    """The user's picture, small: as preparing kept it, or the set's own; None where an older set kept none."""
    if item.geometry is not None and not item.geometry.changes_nothing:
        kept = item.path.parents[1] / source_of(item.name)
        return open_rgb(kept) if kept.is_file() else None
    picture = open_rgb(item.path)
    if item.paired:
        picture = split_ab(picture)[0 if direction == "AtoB" else 1]
    return picture.resize(at_most(picture.size, SOURCE_SIDE), Image.Resampling.LANCZOS)
