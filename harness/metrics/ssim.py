"""Structural similarity, Wang et al. 2004, several times faster than scikit-image and equal to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.metrics.meters import Column, pair_metric
from harness.metrics.pairs import Picture, check_pair

SIGMA = 1.5
RADIUS = 5  # int(3.5 * SIGMA + 0.5): scikit-image truncates the gaussian at 3.5 sigma
WINDOW = 2 * RADIUS + 1
KERNEL = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2)
KERNEL /= KERNEL.sum()
# The paper's K1, K2 and L, in levels².
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
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
    x, y = (np.ascontiguousarray(p.transpose(0, 2, 1)) for p in (a, b))  # H x 3 x W: rows stay whole in memory
    inner_height, inner_width = height - 2 * RADIUS, width - 2 * RADIUS
    buffers = _Buffers(channels, width)
    total = 0.0
    for top in range(0, inner_height, _ROWS):
        # a strip of 24 places needs 5 rows more above and below
        strip = slice(top, min(top + _ROWS, inner_height) + 2 * RADIUS)
        total += _sum_of_strip(x[strip], y[strip], buffers)
    return total / float(inner_height * inner_width * channels)


def _gaussian_band(outputs: int) -> _Array:
    """The matrix, (outputs + 10) × outputs, that smooths a row of pixels into the places where the window fits."""
    band = np.zeros((outputs + 2 * RADIUS, outputs))
    for i in range(outputs):
        band[i : i + WINDOW, i] = KERNEL
    return band


_DOWN, _ACROSS = _gaussian_band(_ROWS), _gaussian_band(_COLUMNS)


class _Buffers:
    """What one strip needs, made once a picture: fresh arrays for every strip would double the time."""

    def __init__(self, channels: int, width: int) -> None:
        self.planes = np.empty((_ROWS + 2 * RADIUS, 4, channels, width))
        self.square = np.empty((_ROWS + 2 * RADIUS, channels, width))
        self.down = np.empty((_ROWS, 4 * channels * width))
        self.across = np.empty((_ROWS * 4 * channels, width - 2 * RADIUS))
        self.product = np.empty((_ROWS, channels * (width - 2 * RADIUS)))


def _sum_of_strip(x: Picture, y: Picture, buffers: _Buffers) -> float:
    """Sums SSIM over one strip, given as rows × channels × columns.

    The two variances enter only as their sum, so that four smoothed maps do where five are usual.
    """
    rows = x.shape[0]
    # planes: x, y, xy, x² + y², each rows x 3 x W in float64; smoothing turns them into the expectations of those
    planes, square = buffers.planes[:rows], buffers.square[:rows]
    planes[:, 0], planes[:, 1] = x, y
    np.multiply(planes[:, 0], planes[:, 1], out=planes[:, 2])
    np.multiply(planes[:, 0], planes[:, 0], out=planes[:, 3])
    np.multiply(planes[:, 1], planes[:, 1], out=square)
    planes[:, 3] += square
    mean_x, mean_y, covariance, variances = _smooth(planes, buffers)
    # covariance: E[xy] - E[x]E[y]; variances: E[x² + y²] - E[x]² - E[y]², the sum of both
    product = np.multiply(mean_x, mean_y, out=buffers.product[: rows - 2 * RADIUS])
    mean_x *= mean_x
    mean_y *= mean_y
    squares = np.add(mean_x, mean_y, out=mean_x)
    covariance -= product
    variances -= squares
    # SSIM = (2 E[x]E[y] + C1)(2 cov + C2) / ((E[x]² + E[y]² + C1)(var x + var y + C2)), summed over all places
    product *= 2
    covariance *= 2
    product += C1
    covariance += C2
    squares += C1
    variances += C2
    product *= covariance
    squares *= variances
    product /= squares
    return float(product.sum())


def _smooth(planes: _Array, buffers: _Buffers) -> list[_Array]:
    """Smooths the four maps of a strip over rows and columns; both shrink by 10, channels and columns become one."""
    rows, width = planes.shape[0] - 2 * RADIUS, planes.shape[3]
    down = buffers.down[:rows]
    # over rows: (rows, rows + 10) @ (rows + 10, 4 · 3 · W)
    np.matmul(_DOWN[: rows + 2 * RADIUS, :rows].T, planes.reshape(planes.shape[0], -1), out=down)
    down = down.reshape(-1, width)
    across = buffers.across[: down.shape[0]]
    inner = width - 2 * RADIUS
    # over columns, 32 places at a time: (rows · 4 · 3, n + 10) @ (n + 10, n)
    for left in range(0, inner, _COLUMNS):
        n = min(_COLUMNS, inner - left)
        np.matmul(down[:, left : left + n + 2 * RADIUS], _ACROSS[: n + 2 * RADIUS, :n], out=across[:, left : left + n])
    smooth = across.reshape(rows, 4, -1)
    return [smooth[:, i] for i in range(4)]


_DEFINITION = (
    "SSIM of Wang et al. 2004 (11×11 gaussian window, sigma 1.5, population covariance, L 255, mean of the RGB "
    "channels, 5 border pixels cropped, no downsampling)"
)
SSIM = pair_metric(ssim, Column("ssim", "SSIM", "", "higher", _DEFINITION))
INPUT_SSIM = pair_metric(ssim, Column("input_ssim", "SSIM to the input", "", None, _DEFINITION, "input"))
