"""Tiled inference: pictures too large to be drawn whole, in overlapping tiles that are blended, a band at a time."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.job import NativeSettings
from harness.engines.native.batches import Picture
from harness.engines.native.colour import Lab, Rgb
from harness.engines.native.generator import Translator
from harness.engines.native.memory import needed
from harness.engines.native.pixels import to_pixels
from harness.engines.native.torch7_scaling import Loaded, Unrounded
from harness.images.geometry import PixelBox, Size

_LARGEST, _SMALLEST = 2048, 256
_SAMPLE_PIXELS = 1 << 22  # of a picture that is drawn whole as well, to say what tiles change: 2048x2048
_STRIP = 256  # rows at a time, where steps between pixels are counted

_Array = NDArray[np.float32]


class Tiling:
    """Which pictures of a run are tiled, how they are drawn, and what the tiles did to them."""

    def __init__(self, architecture: Architecture, settings: NativeSettings) -> None:
        self._architecture, self._settings = architecture, settings
        self._lock = Lock()
        self._used: set[tuple[int, int]] = set()
        self._steps = np.zeros((2, 2))  # (at borders, elsewhere) × (sum of levels, number)
        self._whole: dict[str, Any] | None = None
        self.drawn = 0

    def side(self, size: Size, translator: Translator) -> int | None:
        """Returns the side of the tiles that a picture of a width and height is drawn in, None for the whole."""
        asked, multiple = self._settings.tiled, self._architecture.multiple_of
        if asked is None or (asked == "auto" and self._fits(size, translator)):
            return None
        if asked == "auto":
            asked = _LARGEST
            while asked > _SMALLEST and not self._fits((asked, asked), translator):
                asked //= 2
        # As whole pictures: to the next multiple that the network can halve.
        side = -(-asked // multiple) * multiple
        return side if max(size) > side else None

    def draw(self, picture: Picture, side: int, translator: Translator, colours: Rgb | Lab) -> NDArray[np.uint8]:
        """Returns the output of a picture drawn in tiles, H×W×3 at the size of its input.

        Norm layers take the statistics of each tile, and dropout its noise of seed, name and tile.
        """
        size, framed = picture.framed.size, picture.framed
        asked = self._settings.overlap
        overlap = side // 4 if asked is None else min(asked, side // 2) if self._settings.tiled == "auto" else asked
        across, down = (_starts(length, min(side, length), overlap) for length in size)
        width, height = min(side, size[0]), min(side, size[1])
        ramps = _ramp(width, overlap, across, size[0]), _ramp(height, overlap, down, size[1])
        made = np.empty((size[1], size[0], 3), np.uint8)
        # Rows of the picture that later tiles still reach: memory is that of one row of tiles, whatever the height.
        band = np.zeros((height, size[0], 3), np.float32)
        at_once = max(1, translator.batch_for((width, height)))
        for row, top in enumerate(down):
            for first in range(0, len(across), at_once):
                lefts = across[first : first + at_once]
                tiles = [_cut(framed, (left, top, left + width, top + height)) for left in lefts]
                inputs = colours.inputs(tiles)  # (N, C, height, width)
                names = [f"{picture.item.name}@{first + n},{row}" for n in range(len(lefts))]
                # (N, height, width, 3) in [-1, 1]
                shown = colours.shown(inputs, translator.translate(inputs, names)).to(torch.float32)
                for left, tile in zip(
                    lefts, shown.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).cpu().numpy(), strict=True
                ):
                    # Σ w·tile over Σ w = 1: ramps of neighbours add up to one.
                    weights = ramps[1][row][:, None, None] * ramps[0][across.index(left)][None, :, None]
                    band[:, left : left + width] += weights * tile
            done = (down[row + 1] if row + 1 < len(down) else size[1]) - top
            finished = torch.from_numpy(band[:done]).permute(2, 0, 1)[None]  # (1, 3, done, W)
            made[top : top + done] = to_pixels(finished)[0].numpy()
            band = np.concatenate([band[done:], np.zeros_like(band[:done])])
        left, top, right, bottom = picture.box
        pixels = made[top:bottom, left:right]
        self._told(picture, pixels, (side, overlap), (across, down), (width, height))
        self._compare(picture, pixels, translator, colours)
        return pixels

    def told(self) -> dict[str, Any]:
        """Returns what a record says of the tiles.

        `seam`: mean difference of neighbouring pixels, in levels of 255, across tiles' borders and elsewhere; `whole`:
        of a picture small enough to be drawn whole too, how far the two lie apart.
        """
        at, elsewhere = (float(total / max(1, number)) for total, number in self._steps)
        return {
            "pictures": self.drawn,
            "tiles": [{"side": side, "overlap": overlap} for side, overlap in sorted(self._used)],
            "seam": {"borders": round(at, 3), "elsewhere": round(elsewhere, 3)},
            "whole": self._whole,
        }

    def _fits(self, size: Size, translator: Translator) -> bool:
        return needed(self._architecture, size) <= translator.free

    def _told(
        self,
        picture: Picture,
        pixels: NDArray[np.uint8],
        used: tuple[int, int],
        starts: tuple[list[int], list[int]],
        tile: Size,
    ) -> None:
        steps = np.zeros((2, 2))
        for axis in (0, 1):
            # A tile's first pixel, and the first after its last, in the picture without what was mirrored around it.
            ends = {v - picture.box[axis] for start in starts[axis] for v in (start, start + tile[axis])}
            mean, per = _steps(pixels, axis)
            border = np.isin(np.arange(1, len(mean) + 1), sorted(ends))
            steps += [[mean[which].sum() * per, which.sum() * per] for which in (border, ~border)]
        with self._lock:
            self.drawn += 1
            self._used.add(used)
            self._steps += steps

    def _compare(self, picture: Picture, pixels: NDArray[np.uint8], translator: Translator, colours: Rgb | Lab) -> None:
        size = picture.framed.size
        with self._lock:
            if self._whole or size[0] * size[1] > _SAMPLE_PIXELS or not self._fits(size, translator):
                return
            self._whole = {"name": picture.item.name}
        inputs = colours.inputs([picture.framed])
        left, top, right, bottom = picture.box
        whole = colours.pixels(inputs, translator.translate(inputs, [picture.item.name]))[0].numpy()
        apart = np.abs(whole[top:bottom, left:right].astype(np.int16) - pixels)
        self._whole |= {"max": int(apart.max()), "mean": round(float(apart.mean()), 3)}


def _starts(length: int, side: int, overlap: int) -> list[int]:
    """Where tiles begin along an axis: evenly, in fours as networks halve, the last one at the end."""
    step = max(4, (side - overlap) // 4 * 4)
    return [*range(0, length - side, step), length - side]


def _ramp(side: int, overlap: int, starts: list[int], length: int) -> list[_Array]:
    """A weight a pixel for each tile along an axis: rising and falling over the overlap, of sum 1 everywhere."""
    inward = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
    rising = np.minimum(1.0, inward / max(overlap, 1))
    total = np.zeros(length)
    for start in starts:
        total[start : start + side] += rising
    return [(rising / total[start : start + side]).astype(np.float32) for start in starts]


def _cut(picture: Loaded, box: PixelBox) -> Loaded:
    if isinstance(picture, Image.Image):
        return picture.crop(box)
    return Unrounded(picture.values[box[1] : box[3], box[0] : box[2]])


def _steps(pixels: NDArray[np.uint8], axis: int) -> tuple[NDArray[np.float64], int]:
    """Mean absolute difference between neighbouring columns (axis 0) or rows (axis 1), and values in each."""
    lines = pixels if axis else pixels.transpose(1, 0, 2)
    strips = (lines[n : n + _STRIP + 1].astype(np.int16) for n in range(0, len(lines) - 1, _STRIP))
    return np.concatenate([np.abs(np.diff(strip, axis=0)).mean((1, 2)) for strip in strips]), lines[0].size
