"""Pictures brought to size as Torch7's `image.scale` does it, in floats that are not rounded on the way.

Mirrors `Main_scaleLinear_rowcol` of `generic/image.c` in torch/image, operation by operation in float32: the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True, eq=False)
class Unrounded:
    """A picture of (H, W, 3) float32, RGB in [0, 1]."""

    values: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, as Pillow's pictures tell it."""
        return self.values.shape[1], self.values.shape[0]


Loaded = Image.Image | Unrounded
"""A picture as the PyTorch repository, or as the Lua original, gives it to the network."""


def scale(picture: Image.Image, size: tuple[int, int]) -> Unrounded:
    """Returns a picture at `size` (width, height): rows first, then columns, whatever the aspect."""
    values = np.asarray(picture, np.float32) * np.float32(1 / 255)
    for axis, length in ((1, size[0]), (0, size[1])):
        values = np.moveaxis(_line(np.moveaxis(values, axis, 0), length), 0, axis)
    return Unrounded(np.ascontiguousarray(values))


def _line(x: np.ndarray, length: int) -> np.ndarray:
    """(L, …) to (length, …)."""
    one = np.float32(1)
    if length > len(x):  # linear, the first and the last value staying where they are
        at = np.arange(length - 1, dtype=np.float32) * (np.float32(len(x) - 1) / np.float32(length - 1))
        left = at.astype(np.int64)
        part = _beside(at - left.astype(np.float32), x)
        between = (one - part) * x[left] + part * x[np.minimum(left + 1, len(x) - 1)]
        return np.concatenate([between, x[-1:]])
    if length == len(x):
        return x
    # The mean over [start, end), of which the first and the last value count by the part that lies inside.
    ends = np.arange(1, length + 1, dtype=np.float32) * (np.float32(len(x)) / np.float32(length))
    last = ends.astype(np.int64)
    behind = ends - last.astype(np.float32)
    first, before = np.append(0, last[:-1]), np.append(np.float32(0), behind[:-1])
    weight = one - before
    total = _beside(weight, x) * x[first]
    for step in range(1, int((last - first).max())):
        inside = (first + step < last).astype(np.float32)
        total += _beside(inside, x) * x[np.minimum(first + step, len(x) - 1)]
        weight = weight + inside
    inside = np.where(last < len(x), behind, np.float32(0))
    total += _beside(inside, x) * x[np.minimum(last, len(x) - 1)]
    mean: np.ndarray = total / _beside(weight + inside, x)
    return mean


def _beside(factors: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(n,) as (n, 1, …), to multiply rows of x with."""
    return factors.reshape(-1, *[1] * (x.ndim - 1))
