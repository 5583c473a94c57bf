"""The mean of all targets but one, a baseline; summed in whole numbers, so that neither order nor parts change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from harness.images.geometry import PixelBox
from harness.metrics.pairs import Picture, inside


@dataclass
class TargetSums:
    """Sums targets from several threads; there is a mean only when all have one size and are two at least.

    Attributes:
        sum: H×W×3 int64 of those of the one shape, exact, in whatever order threads add.
        count: H×W×1 int64: how many targets show their picture there, and no padding.
        number: targets of the first shape.
    """

    sum: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    count: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    number: int = 0
    shapes: set[tuple[int, ...]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def there(self) -> bool:
        return len(self.shapes) == 1 and self.number > 1

    def add(self, target: Picture, box: PixelBox | None) -> None:
        with self._lock:
            if not self.shapes:
                self.sum, self.count = (np.zeros((*target.shape[:2], n), np.int64) for n in (3, 1))
            self.shapes.add(target.shape)
            if len(self.shapes) > 1:
                return
            inside(self.sum, box)[...] += inside(target, box)
            inside(self.count, box)[...] += 1
            self.number += 1

    def add_sums(self, other: TargetSums) -> None:
        """Adds what was summed elsewhere."""
        self.shapes |= other.shapes
        if other.number and len(self.shapes) == 1:
            self.sum, self.count = (
                (self.sum + other.sum, self.count + other.count) if self.number else (other.sum, other.count)
            )
        self.number += other.number

    def without(self, target: Picture, box: PixelBox | None) -> Picture:
        """The mean of all but one of them: an image's own target would tell the mean a part of the answer."""
        others, count = self.sum.copy(), self.count.copy()
        inside(others, box)[...] -= inside(target, box)
        inside(count, box)[...] -= 1
        mean = others / np.maximum(count, 1)
        if not count.all():
            # Where no other one shows a picture, the mean of all they show.
            np.copyto(mean, others.sum((0, 1)) / count.sum(), where=count == 0)
        return np.rint(mean, out=mean).astype(np.uint8)
