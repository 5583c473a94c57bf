"""The colours that fill the pictures of a domain; for label maps these are the classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height × width × 3, uint8, 0 to 255, RGB."""

Colour = tuple[int, int, int]

_TOLERANCE = 24  # label maps stored as JPEG and resized are never exact
# Levels of 8 a channel; colours at least 3 of them, 24 levels, apart.
_LEVELS = 32
_APART = 3
_MOST = 24
_LEAST_SHARE = 0.004


class ColourSet:
    """A palette that tells which share of a picture it covers."""

    def __init__(self, colours: Sequence[Colour]) -> None:
        self.colours = tuple(colours)
        centres = np.arange(_LEVELS) * 8 + 4
        # A table of 32³ answers: looking a pixel up is faster than measuring distances.
        self._covered = np.zeros((_LEVELS,) * 3, bool)
        for colour in self.colours:
            near = [np.flatnonzero(np.abs(centres - level) <= _TOLERANCE) for level in colour]
            # (32, 32, 32): a look-up for each pixel in place of a distance to each colour.
            self._covered[np.ix_(*near)] = True

    def share_of(self, image: Picture) -> float:
        """Returns the share of pixels, 0 to 1, within about 24 levels of one of the colours in each channel."""
        return float(self._covered[tuple((image >> 3).reshape(-1, 3).T)].mean())


def main_colours(images: Iterable[Picture]) -> ColourSet:
    """Returns up to 24 colours, the most frequent over all pictures first, none within 24 levels of another.

    A colour counts with its neighbourhood, which is then taken out; one with less than 0.4 % of all pixels ends the
    list. In photographs the list covers little; in label maps nearly all.
    """
    counts = np.zeros(_LEVELS**3, np.int64)
    for image in images:
        # (H, W, 3) of 0 to 31, then one number of 15 bits a pixel.
        fine = (image >> 3).astype(np.int32)
        bins = (fine[..., 0] << 10) | (fine[..., 1] << 5) | fine[..., 2]
        counts += np.bincount(bins.ravel(), minlength=counts.size)
    left = counts.reshape((_LEVELS,) * 3).copy()
    least = _LEAST_SHARE * left.sum()
    found: list[Colour] = []
    while len(found) < _MOST:
        red, green, blue = (int(i) for i in np.unravel_index(int(left.argmax()), left.shape))
        # The colour and what lies less than 3 levels of 8 beside it in each channel.
        around = tuple(slice(max(0, i - _APART + 1), i + _APART) for i in (red, green, blue))
        if not left[around].sum() > least:
            break
        found.append((red * 8 + 4, green * 8 + 4, blue * 8 + 4))
        left[around] = 0
    return ColourSet(found)
