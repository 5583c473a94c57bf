"""What SSIM does not see: power that is missing at fine detail (blur), and power at the grid of a transposed
convolution (checkerboard)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from harness.metrics.meters import Column, ImageMeter, Metric, Shot
from harness.metrics.pairs import Picture, check_pair

# Peaks lie a quarter of the side apart: with 32 the 7 places around one do not reach the next.
SMALLEST_SIDE = 32
_LUMA = (0.299, 0.587, 0.114)  # BT.601
_QUANTISED = 1 / 12
"""Variance of rounding to whole levels: below it there is nothing to compare, and nothing to divide by."""

_Array = NDArray[np.float64]


def sharpness(output: Picture, target: Picture) -> float:
    """Returns 10·log10 of the ratio of their powers above 1/4 cycle a pixel, in dB: 0 as sharp, below it blurred.

    Raises:
        ValueError: not two uint8 RGB pictures of one size, or a side below 32 pixels.
    """
    check_pair(output, target, smallest_side=SMALLEST_SIDE)
    ours, theirs = (_power(p) for p in (output, target))
    down, across = np.meshgrid(*(np.fft.fftfreq(side) for side in ours.shape), indexing="ij")
    # (H, W), radial, in cycles a pixel: details of less than four pixels, the corners at 0.71 too.
    fine = np.hypot(down, across) >= 0.25
    return 10 * math.log10(float(ours[fine].mean()) / float(theirs[fine].mean()))


def checkerboard(output: Picture, target: Picture) -> float:
    """Returns how much further the power at periods of 2 and 4 pixels stands out of its surroundings than the
    target's does, in dB; 0 for the same, a grid that strided layers leave is above.

    Raises:
        ValueError: not two uint8 RGB pictures of one size, or a side below 32 pixels.
    """
    check_pair(output, target, smallest_side=SMALLEST_SIDE)
    ours, theirs = (_standing_out(_power(p)) for p in (output, target))
    return ours - theirs


def _power(picture: Picture) -> _Array:
    """The power spectrum of luma, H×W, a Hann window against the edges' cross, with that of rounding on it."""
    luma = picture.astype(np.float64) @ np.array(_LUMA)
    # Without the zeros at both ends, and of mean square 1, so that it takes no power away.
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in luma.shape))
    window /= math.sqrt(float((window**2).mean()))
    # By Parseval its mean over all frequencies is the variance of luma, in levels². A mean left in would leak around 0.
    power = np.abs(np.fft.fft2((luma - luma.mean()) * window)) ** 2 / luma.size
    return power + _QUANTISED  # type: ignore[no-any-return]


def _standing_out(power: _Array) -> float:
    """Mean dB of the peaks at multiples of 1/4 cycle a pixel over the median of the 15×15 places around each."""
    height, width = power.shape
    found = []
    # In quarters of a cycle a pixel: 1 is a period of 4 pixels, 2 one of 2.
    for row, column in ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (2, 2), (1, 2), (2, 1)):
        down, across = round(row * height / 4), round(column * width / 4)
        # The spectrum is periodic: what lies before frequency 0 stands at its end.
        around = power.take(range(down - 7, down + 8), 0, mode="wrap").take(
            range(across - 7, across + 8), 1, mode="wrap"
        )
        peak = around[6:9, 6:9].max()  # a size that 4 does not divide puts the peak between two places
        found.append(10 * math.log10(peak / float(np.median(around))))
    return math.fsum(found) / len(found)


def _one(shot: Shot) -> tuple[float, ...]:
    return sharpness(shot.output, shot.wanted), checkerboard(shot.output, shot.wanted)


_SHARP = "sharpness: power of luma above 1/4 cycle a pixel over the target's (Hann window), 0 as sharp"
_GRID = "checkerboard: how far power at periods of 2 and 4 pixels stands out, beyond the target's"
SPECTRUM = Metric(
    name="spectrum",
    begin=lambda _: ImageMeter(_one),
    columns=(
        Column("sharpness", "Sharpness", "dB", None, _SHARP, decimals=2),
        Column("checkerboard", "Checkerboard", "dB", "lower", _GRID, decimals=2),
    ),
    baselines=True,
)
