"""Brightness textures of walls and streets, and soft noise; all arrays are float32 around 1.0 or in 0..1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.demo.facade_layout import SIDE

Floats = NDArray[np.float32]
Texture = Callable[[np.random.Generator], Floats]
"""Draws the brightness of a material over a whole picture."""


def as_levels(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns values of 0..1 as levels of 255, rounded."""
    levels: NDArray[np.uint8] = (np.clip(picture, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    return levels


def soft_noise(rng: np.random.Generator, cells: int, octaves: int = 1) -> Floats:
    """Returns smooth noise, `(256, 256)` in 0..1: octaves of random grids, the coarsest `cells` wide."""
    total = np.zeros((SIDE, SIDE), np.float32)
    weights = 0.0
    for octave in range(octaves):
        # Each octave is twice as fine and half as strong.
        count = min(SIDE, cells * 2**octave)
        grid = Image.fromarray(rng.random((count, count), dtype=np.float32))
        weight = 0.5**octave
        total += weight * np.asarray(grid.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        weights += weight
    # Bicubic enlargement overshoots the grid's own range.
    np.clip(total / weights, 0.0, 1.0, out=total)
    return total


def plaster(rng: np.random.Generator) -> Floats:
    """Returns a trowelled wall: faint clouds and fine grain, `(256, 256)` around 1.0."""
    return 0.93 + 0.10 * soft_noise(rng, 6, 3) + 0.04 * soft_noise(rng, SIDE // 2)


def bricks(rng: np.random.Generator) -> Floats:
    """Returns running bond, bricks of 8x4 pixels with light joints, `(256, 256)` around 1.0."""
    return _blocks(rng, (8, 4), spread=0.065, joint=1.16)


def ashlar(rng: np.random.Generator) -> Floats:
    """Returns dressed stone, blocks of 24x12 pixels with dark joints, `(256, 256)` around 1.0."""
    return _blocks(rng, (24, 12), spread=0.025, joint=0.86) * (0.97 + 0.06 * soft_noise(rng, SIDE // 2))


def rustication(rng: np.random.Generator) -> Floats:
    """Returns the deep joints of a plinth storey: every 8 pixels a groove with a lit lower edge, `(256, 256)`."""
    rows = np.ones(SIDE, np.float32)
    rows[6::8], rows[7::8], rows[0::8] = 0.78, 0.70, 1.08
    return plaster(rng) * rows[:, None]


def tiles(rng: np.random.Generator) -> Floats:
    """Returns a tiled or slated roof: courses of 4 pixels in shadow below, `(256, 256)` around 1.0."""
    rows = np.resize(np.array([1.10, 1.04, 0.97, 0.80], np.float32), SIDE)
    columns = np.resize(np.array([1.05, 1.0, 0.98, 0.90], np.float32), SIDE)
    return rows[:, None] * columns[None, :] * (0.88 + 0.24 * soft_noise(rng, SIDE // 4))


def pavement(rng: np.random.Generator) -> Floats:
    """Returns worn stone and asphalt, `(256, 256)` around 1.0."""
    return 0.86 + 0.14 * soft_noise(rng, 8, 2) + 0.14 * soft_noise(rng, SIDE // 2)


def _blocks(rng: np.random.Generator, shape: tuple[int, int], *, spread: float, joint: float) -> Floats:
    width, height = shape
    courses, columns = SIDE // height + 1, SIDE // width + 2
    # One brightness a brick, (courses, columns); then repeated to its pixels.
    tints = (1.0 + spread * rng.standard_normal((courses, columns))).astype(np.float32)
    wall = np.repeat(np.repeat(tints, height, axis=0)[:SIDE], width, axis=1)
    # Joints are one pixel wide, whatever the stone.
    upright = np.zeros(wall.shape, bool)
    upright[:, width - 1 :: width] = True
    wall[upright] = joint
    # Every second course is pushed by half a block, so that the joints break bond.
    rows = np.arange(SIDE) // height % 2 == 1
    wall = np.where(rows[:, None], np.roll(wall, width // 2, axis=1), wall)[:, :SIDE]
    wall[height - 1 :: height] = joint
    return np.ascontiguousarray(wall, dtype=np.float32)
