"""How alike the colours of two sets are: pix2pix figure 7 (figure 6 of the CVPR paper)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.metrics.meters import Column, Metric, Shot, Total
from harness.metrics.pairs import Picture
from harness.metrics.statistics import jackknifed

_EDGES = (np.linspace(0, 100, 101), np.linspace(-128, 128, 257), np.linspace(-128, 128, 257))
"""Bins one unit of CIE Lab wide; the paper does not state its own."""

_Array = NDArray[np.float64]


def lab_histograms(picture: Picture) -> tuple[_Array, ...]:
    """Returns the histograms of L, a and b (white D65) of a picture, shares that sum to 1 each."""
    from skimage.color import rgb2lab

    # (H·W, 3): L 0 to 100, a and b of all sRGB colours between -108 and 99, so that no pixel misses the bins.
    lab = rgb2lab(picture).reshape(-1, 3)
    return tuple(np.histogram(lab[:, i], edges)[0] / len(lab) for i, edges in enumerate(_EDGES))


def intersection(a: _Array, b: _Array) -> _Array:
    """Returns the overlap of histograms along the last axis, 0 to 1: the sum of the smaller shares."""
    return np.minimum(a, b).sum(axis=-1)  # type: ignore[no-any-return]


class LabMeter:
    """Pools the histograms of outputs and of targets; every image has the same weight."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[tuple[_Array, ...], tuple[_Array, ...]]] = {}

    def one(self, shot: Shot) -> tuple[float, ...]:
        self._seen[shot.name] = (lab_histograms(shot.output), lab_histograms(shot.wanted))
        return ()

    def whole(self) -> tuple[Total, ...]:
        pairs = [self._seen[name] for name in sorted(self._seen)]
        return tuple(_total(*(np.stack([pair[side][i] for pair in pairs]) for side in (0, 1))) for i in range(3))


def _total(ours: _Array, theirs: _Array) -> Total:
    """The intersection of the mean histograms of (n, bins) each, with the interval the images left out give."""
    n = len(ours)
    value = float(intersection(ours.mean(axis=0), theirs.mean(axis=0)))
    low, high = None, None
    if n > 1:
        # Means without each image in turn, (n, bins) at once: the sum less one row, over n - 1.
        low, high = jackknifed(value, intersection(*((h.sum(axis=0) - h) / (n - 1) for h in (ours, theirs))))
    return Total(value, low, high, n)


def _column(axis: str) -> Column:
    definition = f"intersection of the histograms of {axis} in CIE Lab (D65) over all images, bins one unit wide"
    return Column(f"lab_{axis.lower()}", f"Lab histograms, {axis}", "", "higher", definition)


LAB_HISTOGRAM = Metric(name="lab_histogram", begin=lambda _: LabMeter(), totals=tuple(map(_column, ("L", "a", "b"))))
