"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np

from harness.metrics.meters import Column, pair_metric
from harness.metrics.pairs import Picture, check_pair, differences


def psnr(a: Picture, b: Picture) -> float:
    """Returns 10·log10(255² / MSE) in dB over all pixels and channels; infinity for identical pictures.

    Equals `skimage.metrics.peak_signal_noise_ratio(a, b, data_range=255)`.

    Raises:
        ValueError: not two uint8 RGB pictures of one size.
    """
    check_pair(a, b)
    # einsum sums the squares without an array of them; int64 has room for those of 10^14 pixels
    squares = sum(int(np.einsum("ijk,ijk->", d, d, dtype=np.int64)) for d in differences(a, b))
    return math.inf if squares == 0 else 10 * math.log10(255**2 * a.size / squares)


_DEFINITION = "PSNR per image in dB (over RGB, peak 255)"
PSNR = pair_metric(psnr, Column("psnr", "PSNR", "dB", "higher", _DEFINITION, decimals=2))
INPUT_PSNR = pair_metric(psnr, Column("input_psnr", "PSNR to the input", "dB", None, _DEFINITION, "input", 2))
