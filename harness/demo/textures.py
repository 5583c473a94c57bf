"""Brightness textures of walls and streets, and soft noise; all arrays are float32 around 1.0 or in 0..1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Texture = Callable[[np.random.Generator, int], Floats]
"""Draws the brightness of a material over a picture of so many pixels a side."""


def soft_noise(rng: np.random.Generator, size: int, cells: int, octaves: int = 1) -> Floats:
    """Returns smooth noise, `(size, size)` in 0..1: octaves of random grids, the coarsest `cells` wide."""
    total = np.zeros((size, size), np.float32)
    weights = 0.0
    for octave in range(octaves):
        # Each octave is twice as fine and half as strong.
        count = min(size, cells * 2**octave)
        grid = Image.fromarray(rng.random((count, count), dtype=np.float32))
        weight = 0.5**octave
        total += weight * np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC))
        weights += weight
    # Bicubic enlargement overshoots the grid's own range.
    np.clip(total / weights, 0.0, 1.0, out=total)
    return total


def plaster(rng: np.random.Generator, size: int) -> Floats:
    """Returns a trowelled wall: faint clouds and fine grain, `(size, size)` around 1.0."""
    return 0.93 + 0.10 * soft_noise(rng, size, 6, 3) + 0.04 * soft_noise(rng, size, size // 2)


def bricks(rng: np.random.Generator, size: int) -> Floats:
    """Returns running bond, bricks of 8x4 pixels with light joints, `(size, size)` around 1.0."""
    return _blocks(rng, size, (8, 4), spread=0.065, joint=1.16)


def ashlar(rng: np.random.Generator, size: int) -> Floats:
    """Returns dressed stone, blocks of 24x12 pixels with dark joints, `(size, size)` around 1.0."""
    return _blocks(rng, size, (24, 12), spread=0.025, joint=0.86) * (0.97 + 0.06 * soft_noise(rng, size, size // 2))


def rustication(rng: np.random.Generator, size: int) -> Floats:
    """Returns the deep joints of a plinth storey: every 8 pixels a groove with a lit lower edge, `(size, size)`."""
    rows = np.ones(size, np.float32)
    rows[6::8], rows[7::8], rows[0::8] = 0.78, 0.70, 1.08
    return plaster(rng, size) * rows[:, None]


def tiles(rng: np.random.Generator, size: int) -> Floats:
    """Returns a tiled or slated roof: courses of 4 pixels in shadow below, `(size, size)` around 1.0."""
    rows = np.resize(np.array([1.10, 1.04, 0.97, 0.80], np.float32), size)
    columns = np.resize(np.array([1.05, 1.0, 0.98, 0.90], np.float32), size)
    return rows[:, None] * columns[None, :] * (0.88 + 0.24 * soft_noise(rng, size, size // 4))


def pavement(rng: np.random.Generator, size: int) -> Floats:
    """Returns worn stone and asphalt, `(size, size)` around 1.0."""
    return 0.86 + 0.14 * soft_noise(rng, size, 8, 2) + 0.14 * soft_noise(rng, size, size // 2)


def _blocks(rng: np.random.Generator, size: int, shape: tuple[int, int], *, spread: float, joint: float) -> Floats:
    width, height = shape
    courses, columns = size // height + 1, size // width + 2
    # One brightness a brick, (courses, columns); then repeated to its pixels.
    tints = (1.0 + spread * rng.standard_normal((courses, columns))).astype(np.float32)
    wall = np.repeat(np.repeat(tints, height, axis=0)[:size], width, axis=1)
    # Joints are one pixel wide, whatever the stone.
    upright = np.zeros(wall.shape, bool)
    upright[:, width - 1 :: width] = True
    wall[upright] = joint
    # Every second course is pushed by half a block, so that the joints break bond.
    rows = np.arange(size) // height % 2 == 1
    wall = np.where(rows[:, None], np.roll(wall, width // 2, axis=1), wall)[:, :size]
    wall[height - 1 :: height] = joint
    return np.ascontiguousarray(wall, dtype=np.float32)
