"""SSIM over five scales, Wang, Simoncelli and Bovik 2003."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from harness.metrics.meters import Column, pair_metric
from harness.metrics.pairs import Picture, check_pair
from harness.metrics.ssim import C1, C2, KERNEL, RADIUS

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # their table 1, from the finest scale to the coarsest
SMALLEST_SIDE = (2 * RADIUS) * 2 ** (len(WEIGHTS) - 1) + 1
"""161 pixels: at the fifth scale the 11×11 window must fit still."""

_Array = NDArray[np.float64]


def ms_ssim(a: Picture, b: Picture) -> float:
    """Returns the product over scales of contrast-structure, and at the last of SSIM, each to its weight; 0 to 1.

    Windows that reach over the border are left out, negative means count as 0, and a scale halves the one before by
    averaging 2×2 pixels, odd sides padded with zeros: all as `pytorch_msssim.ms_ssim` does, to 1e-5.

    Raises:
        ValueError: not two uint8 RGB pictures of one size, or a side below 161 pixels.
    """
    check_pair(a, b, smallest_side=SMALLEST_SIDE)
    x, y = (p.transpose(2, 0, 1).astype(np.float64) for p in (a, b))  # (3, H, W)
    product = np.ones(3)
    for scale, weight in enumerate(WEIGHTS, start=1):
        similarity, structure = _means(x, y)
        last = scale == len(WEIGHTS)
        # A negative mean to a fractional power would be NaN, hence 0, as pytorch_msssim's ReLU has it.
        product *= np.maximum(similarity if last else structure, 0.0) ** weight
        x, y = _halved(x), _halved(y)
    return math.fsum(product) / 3


def _means(x: _Array, y: _Array) -> tuple[_Array, _Array]:
    """Mean SSIM and mean contrast-structure of each channel, (3,) both, of (3, H, W)."""
    mean_x, mean_y = _smooth(x), _smooth(y)
    covariance = _smooth(x * y) - mean_x * mean_y
    variances = _smooth(x * x + y * y) - mean_x**2 - mean_y**2  # the two enter only as their sum
    structure = (2 * covariance + C2) / (variances + C2)
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return (luminance * structure).mean(axis=(1, 2)), structure.mean(axis=(1, 2))


def _smooth(x: _Array) -> _Array:
    """Gaussian means where the window fits: (3, H, W) to (3, H - 10, W - 10)."""
    from scipy.ndimage import correlate1d

    inner = slice(RADIUS, -RADIUS)
    return correlate1d(correlate1d(x, KERNEL, axis=1)[:, inner], KERNEL, axis=2)[:, :, inner]  # type: ignore[no-any-return]


def _halved(x: _Array) -> _Array:
    odd = [(side % 2, side % 2) for side in x.shape[1:]]
    # As `avg_pool2d(2, padding=side % 2)`: zeros on both ends of an odd side, and they count in the means.
    padded = np.pad(x, [(0, 0), *odd])
    height, width = (side // 2 * 2 for side in padded.shape[1:])
    # (3, H/2, 2, W/2, 2)
    quarters = padded[:, :height, :width].reshape(3, height // 2, 2, width // 2, 2)
    return quarters.mean(axis=(2, 4))  # type: ignore[no-any-return]


_DEFINITION = (
    "MS-SSIM of Wang et al. 2003 (5 scales, window and border as SSIM, mean of the RGB channels, sides of 161 pixels "
    "and more)"
)
MS_SSIM = pair_metric(ms_ssim, Column("ms_ssim", "MS-SSIM", "", "higher", _DEFINITION))
