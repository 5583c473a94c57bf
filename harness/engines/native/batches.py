"""A job's pictures decoded ahead of the network, in batches of equal size, a bounded number at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import islice

from PIL import Image

from harness.engines.inputs import read_halves
from harness.engines.job import Job
from harness.errors import ImageError
from harness.sets.item import Item


@dataclass(frozen=True)
class Picture:
    """One decoded item: the network's input, and the target where there is one."""

    item: Item
    input: Image.Image
    target: Image.Image | None


def _decode(item: Item, job: Job) -> Picture | ImageError:
    try:
        halves = read_halves(item, job.size, job.architecture)
    except ImageError as error:
        return error
    if not item.paired:
        return Picture(item, halves[0], halves[0] if job.architecture.colorizes else None)
    a, b = halves
    return Picture(item, a, b) if job.direction == "AtoB" else Picture(item, b, a)


def decoded(job: Job, pool: Executor, ahead: int) -> Iterator[Picture | ImageError]:
    """Yields the pictures in the job's order, at most `ahead` of them decoded and waiting."""
    items = iter(job.items)
    waiting: deque[Future[Picture | ImageError]] = deque(pool.submit(_decode, i, job) for i in islice(items, ahead))
    while waiting:
        picture = waiting.popleft().result()
        for item in islice(items, 1):
            waiting.append(pool.submit(_decode, item, job))
        yield picture


def batched(pictures: Iterator[Picture], size: int) -> Iterator[list[Picture]]:
    """Yields batches of pictures of equal size; runs of one size stay together, the order is kept."""
    batch: list[Picture] = []
    for picture in pictures:
        if batch and (len(batch) == size or batch[0].input.size != picture.input.size):
            yield batch
            batch = []
        batch.append(picture)
    if batch:
        yield batch
