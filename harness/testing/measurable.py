"""Which pictures a test can draw and measure, and where in each the picture lies: known from their sizes alone."""

from __future__ import annotations

from dataclasses import replace

import torch

from harness.engines.inputs import Framing, framing, gathered, own_size
from harness.engines.native.memory import free_on, needed
from harness.errors import EngineError, ImageError
from harness.images.geometry import Geometry
from harness.metrics.ssim import WINDOW
from harness.parallel import default_workers, in_order
from harness.sets.item import Item
from harness.testing.recording import Assignment
from harness.units import megabytes

_LEAST = f"SSIM needs {WINDOW} pixels a side at least"


def placed(work: Assignment) -> Assignment:
    """Returns the assignment without the pictures that are too small or too large, and where the others lie.

    Raises:
        EngineError: no picture at all can be measured at the size that is asked for.
        ImageError: pictures that cannot be read, or none that can be drawn; names up to five of them.
    """
    # The window of SSIM has to fit into the picture once; see `harness.metrics.ssim`.
    if isinstance(work.size, tuple) and min(work.size) < WINDOW:
        asked = "x".join(map(str, work.size))
        raise EngineError(f"size {asked} cannot be measured: {_LEAST}", "use a larger `--size`")
    tiled, free = work.request.native.tiled is not None, free_on(torch.device(work.device))
    architecture = work.generator.architecture
    unread: list[ImageError] = []
    left_out: dict[str, str] = {}
    geometries: dict[str, Geometry] = {}
    largest: Framing | None = None
    for item, found in zip(work.selection.items, in_order(_size, work.selection.items, default_workers()), strict=True):
        if isinstance(found, ImageError):
            unread.append(found)
            continue
        framed = framing(found, work.size, architecture, work.preprocessing)
        made = item.geometry if item.geometry and item.geometry.frame == found else Geometry.whole(found)
        geometry = made.then(framed.geometry)
        width, height = geometry.box[2] - geometry.box[0], geometry.box[3] - geometry.box[1]
        if min(width, height) < WINDOW:
            left_out[item.name] = f"is {width}x{height} pixels, its padding apart: {_LEAST}"
        elif not tiled and needed(architecture, framed.frame) > free:
            left_out[item.name] = (
                f"{_memory(work, framed)}, and {megabytes(free)} are free: `--tiled auto` draws it in tiles, "
                f"`--size max:N` smaller"
            )
        else:
            geometries[item.name] = geometry
            largest = max(largest or framed, framed, key=lambda f: f.frame[0] * f.frame[1])
    if unread or not geometries:
        raise gathered(unread or [_of(item, left_out) for item in work.selection.items])
    return replace(
        work,
        selection=work.selection.only(geometries),
        geometries=geometries,
        left_out=left_out,
        first_frame=next(iter(geometries.values())).frame,
        full=work.request.full and not all(geometry.changes_nothing for geometry in geometries.values()),
        memory=f"{_memory(work, largest)}; {megabytes(free)} are free" if largest and work.request.size else None,
    )


def _size(item: Item) -> tuple[int, int] | ImageError:
    try:
        return own_size(item)
    except ImageError as error:
        return ImageError(f"`{item.path}` {error.message}", error.hint)


def _of(item: Item, left_out: dict[str, str]) -> ImageError:
    return ImageError(f"`{item.path}` {left_out[item.name]}", "harness test --help: `--size`, `--tiled`")


def _memory(work: Assignment, framed: Framing) -> str:
    bytes_ = needed(work.generator.architecture, framed.frame)
    return f"drawing {'x'.join(map(str, framed.frame))} pixels takes about {megabytes(bytes_)} of memory"
