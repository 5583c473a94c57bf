"""A job's pictures decoded ahead of the network, in batches of equal size, a bounded number at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PIL import Image

from harness.engines.inputs import bicubic, sized_halves
from harness.engines.job import Job
from harness.engines.native.torch7_scaling import Loaded, Unrounded, scale
from harness.errors import ImageError
from harness.images.geometry import PixelBox, Size, mirrored, mirrored_around
from harness.parallel import in_order
from harness.sets.item import Item

DECODERS = min(4, os.cpu_count() or 1)
"""Threads that decode, and as many that write: more wait for each other."""


@dataclass(frozen=True)
class Picture:
    """One decoded item.

    Attributes:
        input: as it is saved.
        framed: the same with its mirror image around it where the network takes no such size.
        box: where `input` lies in `framed`.
        target: None where there is none.
    """

    item: Item
    input: Loaded
    framed: Loaded
    box: PixelBox
    target: Loaded | None = None


def _decode(item: Item, job: Job) -> Picture | ImageError:
    try:
        resize = scale if job.architecture.code == "lua" else bicubic
        halves: tuple[Loaded, ...]
        halves, framed = sized_halves(resize, item, job.size, job.architecture, job.preprocessing)
    except ImageError as error:
        return error
    if item.paired and job.direction == "BtoA":
        halves = halves[::-1]
    target = halves[1] if item.paired else halves[0] if job.architecture.colorizes else None
    return Picture(item, halves[0], _framed(halves[0], framed.frame), framed.box, target)


def _framed(picture: Loaded, size: Size) -> Loaded:
    if isinstance(picture, Image.Image):
        return mirrored_around(picture, size)
    return Unrounded(mirrored(picture.values, size))


def decoded(job: Job) -> Iterator[Picture | ImageError]:
    """Yields the pictures in the job's order, a few of them decoded ahead."""
    return in_order(partial(_decode, job=job), job.items, DECODERS)


def batched(pictures: Iterator[Picture], limit: Callable[[tuple[int, int]], int]) -> Iterator[list[Picture]]:
    """Yields batches of pictures of equal size; runs of one size stay together, the order is kept.

    Args:
        limit: how many pictures of a width and height a batch may hold now; asked again for every batch, since a
            device may turn out to hold fewer.
    """
    batch: list[Picture] = []
    for picture in pictures:
        size = picture.framed.size
        # Only pictures of one size can be stacked to (N, C, H, W); putting others aside would change the order.
        if batch and (batch[0].framed.size != size or len(batch) >= limit(size)):
            yield batch
            batch = []
        batch.append(picture)
    if batch:
        yield batch
