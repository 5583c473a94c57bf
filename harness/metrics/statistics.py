"""Summaries over images: means with bootstrap intervals, identical pictures counted apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 0
CONFIDENCE = 0.95
_DRAWS_AT_ONCE = 1 << 21


@dataclass(frozen=True)
class Summary:
    """One column over all images.

    Attributes:
        mean, median, min, max: over the finite values; None when there are none.
        low, high: the 95 % interval of the mean; None below two finite values.
        n: number of images, the identical ones included.
        identical: images equal to their reference, whose PSNR is infinite; they enter no mean.
    """

    mean: float | None
    low: float | None
    high: float | None
    median: float | None
    min: float | None
    max: float | None
    n: int
    identical: int


def summarise(values: Sequence[float]) -> Summary:
    """Summarises one value an image; infinity stands for an identical pair, NaN is refused with ValueError."""
    given = np.asarray(values, dtype=np.float64)
    if np.isnan(given).any():
        raise ValueError("a metric is not a number")
    finite = given[np.isfinite(given)]
    apart = int(given.size - finite.size)
    if finite.size == 0:
        return Summary(None, None, None, None, None, None, int(given.size), apart)
    low, high = interval_of_mean(finite)
    # fsum is exact, so that the mean does not hang on the order of the images
    mean, median = math.fsum(finite) / finite.size, float(np.median(finite))
    return Summary(mean, low, high, median, float(finite.min()), float(finite.max()), int(given.size), apart)


def interval_of_mean(values: NDArray[np.float64]) -> tuple[float, float] | tuple[None, None]:
    """Returns the 95 % percentile bootstrap interval of the mean, (None, None) below two values."""
    if values.size < 2:
        return None, None
    tail = (1 - CONFIDENCE) / 2  # below the interval, and as much above it
    low, high = np.quantile(bootstrap_means(values), [tail, 1 - tail])
    return float(low), float(high)


def bootstrap_means(values: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.float64]:
    """Returns the means of `resamples` samples drawn with replacement, the same ones for the same seed."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _DRAWS_AT_ONCE // values.size)
    means = np.empty(resamples)
    for start in range(0, resamples, at_once):
        chunk = means[start : start + at_once]
        # (draws, n) indices, as many draws at once as take 16 MB
        chunk[:] = values[generator.integers(values.size, size=(chunk.size, values.size))].mean(axis=1)
    return means
