"""Structural similarity, Wang et al. 2004, several times faster than scikit-image and equal to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.metrics.pairs import Picture, check_pair

SIGMA = 1.5
RADIUS = 5  # int(3.5 * SIGMA + 0.5): scikit-image truncates the gaussian at 3.5 sigma
WINDOW = 2 * RADIUS + 1
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_ROWS, _COLUMNS = 24, 32  # strips this small keep all that is computed on them in the processor's cache

_Array = NDArray[np.float64]


def ssim(a: Picture, b: Picture) -> float:
    """Returns the mean SSIM over channels and all places where the 11×11 gaussian window fits, -1 to 1.

    Equals, to rounding in float64, `skimage.metrics.structural_similarity(a, b, gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False, data_range=255, channel_axis=2)`, which crops 5 pixels at each border before it
    averages: so no border handling enters, and windows inside the picture suffice. A convolution with a short kernel
    is a product with a small banded matrix, which BLAS does faster than a filter does; memory is that of a strip.

    Raises:
        ValueError: not two uint8 RGB pictures of one size, or a side below 11 pixels.
    """
    check_pair(a, b, smallest_side=WINDOW)
    height, width, channels = a.shape
    x, y = (np.ascontiguousarray(p.transpose(0, 2, 1)) for p in (a, b))
    inner_height, inner_width = height - 2 * RADIUS, width - 2 * RADIUS
    total = 0.0
    for top in range(0, inner_height, _ROWS):
        strip = slice(top, min(top + _ROWS, inner_height) + 2 * RADIUS)
        total += _sum_of_strip(x[strip], y[strip])
    return total / float(inner_height * inner_width * channels)


def _gaussian_band(outputs: int) -> _Array:
    """The matrix, (outputs + 10) × outputs, that smooths a row of pixels into the places where the window fits."""
    offsets = np.arange(-RADIUS, RADIUS + 1)
    kernel = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    kernel /= kernel.sum()
    band = np.zeros((outputs + 2 * RADIUS, outputs))
    for i in range(outputs):
        band[i : i + WINDOW, i] = kernel
    return band


_DOWN, _ACROSS = _gaussian_band(_ROWS), _gaussian_band(_COLUMNS)


def _smooth(planes: _Array) -> _Array:
    """Smooths rows × planes × columns over rows and columns; both shrink by 10."""
    rows, width = planes.shape[0] - 2 * RADIUS, planes.shape[2]
    down = (_DOWN[: rows + 2 * RADIUS, :rows].T @ planes.reshape(planes.shape[0], -1)).reshape(-1, width)
    inner = width - 2 * RADIUS
    across = np.empty((down.shape[0], inner))
    for left in range(0, inner, _COLUMNS):
        n = min(_COLUMNS, inner - left)
        source = down[:, left : left + n + 2 * RADIUS]
        np.matmul(source, _ACROSS[: n + 2 * RADIUS, :n], out=across[:, left : left + n])
    return across.reshape(rows, planes.shape[1], inner)


def _sum_of_strip(x: Picture, y: Picture) -> float:
    """Sums SSIM over one strip, given as rows × channels × columns.

    The two variances enter only as their sum, so that four smoothed maps do where five are usual.
    """
    rows, channels, width = x.shape
    planes = np.empty((rows, 4, channels, width))
    planes[:, 0], planes[:, 1] = x, y
    np.multiply(planes[:, 0], planes[:, 1], out=planes[:, 2])
    np.multiply(planes[:, 0], planes[:, 0], out=planes[:, 3])
    planes[:, 3] += planes[:, 1] * planes[:, 1]
    smooth = _smooth(planes.reshape(rows, 4 * channels, width)).reshape(rows - 2 * RADIUS, 4, -1)
    mean_x, mean_y, covariance, variances = (smooth[:, i] for i in range(4))
    product = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    covariance -= product
    variances -= squares
    above = (2 * product + _C1) * (2 * covariance + _C2)
    below = (squares + _C1) * (variances + _C2)
    return float((above / below).sum())
