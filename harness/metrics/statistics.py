"""Summaries over images: means with 95 % intervals that cover what they say, identical pictures counted apart.

Which interval is taken depends on the number of values, as `benchmarks/interval_coverage.py` measured it:

- below 5 none: whatever is computed from so few covers too rarely, or is too wide to say anything;
- below 100 the studentised bootstrap (bootstrap-t; Efron and Tibshirani, An Introduction to the Bootstrap, 12.5);
- from 100 on the percentile bootstrap, which needs no second moment;
- above 10,000 the first terms of Edgeworth's expansion of the studentised mean (Hall, The Bootstrap and Edgeworth
  Expansion, 2.6), which is what the bootstrap approaches and costs one pass over the values; where images were drawn
  by several seeds, the seeds are resampled and the images' part is normal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
SEED = 0
FEWEST, STUDENTISED_BELOW, EXPANDED_ABOVE = 5, 100, 10_000
# Counts in one block: 32 MB of float64.
_DRAWS_AT_ONCE = 1 << 22
_TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""

METHOD = (
    f"studentised bootstrap below {STUDENTISED_BELOW} images, percentile bootstrap from there on, Edgeworth expansion "
    f"above {EXPANDED_ABOVE:,}, none below {FEWEST}; seed {SEED}"
)

_Array = NDArray[np.float64]
Interval = tuple[float, float] | tuple[None, None]


@dataclass(frozen=True)
class Summary:
    """One column over all images.

    Attributes:
        mean, median, min, max: over the finite values; None when there are none.
        low, high: the 95 % interval of the mean; None below five finite values.
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


@dataclass(frozen=True)
class OverSeeds:
    """One column over images drawn several times, each time from another seed.

    Attributes:
        seeds: how often they were drawn.
        mean: over images and seeds.
        spread: standard deviation of the seeds' means, in the column's unit.
        low, high: 95 % interval of the mean for other images and other seeds; None below five images.
    """

    seeds: int
    mean: float
    spread: float
    low: float | None
    high: float | None


def over_seeds(values: _Array) -> OverSeeds | None:
    """Summarises (n, seeds) values; images with an infinite one are left out. None where none is left."""
    finite = values[np.isfinite(values).all(axis=1)]
    if not len(finite):
        return None
    low, high = interval_of_mean(finite)
    means = finite.mean(axis=0)
    return OverSeeds(values.shape[1], float(means.mean()), float(means.std(ddof=1)), low, high)


def summarise(values: Sequence[float] | _Array) -> Summary:
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


def resamples(n: int) -> int:
    """Returns how often `n` values are resampled: the more of them, the fewer draws settle their quantiles."""
    return 10_000 if n < 1_000 else 2_000


def interval_of_mean(values: _Array) -> Interval:
    """Returns the 95 % interval of the mean of (n,) values, or of (n, seeds) values of n images drawn several times.

    With several seeds both are resampled, images and seeds, because another image and another draw would both have
    given another number. (None, None) below five images.
    """
    if len(values) < FEWEST:
        return None, None
    if values.ndim > 1 and values.shape[1] > 1:
        return _two_level(values)
    low, high = intervals_of_means(values.reshape(-1, 1))
    return float(low[0]), float(high[0])


def intervals_of_means(sets: _Array, draws: int | None = None) -> tuple[_Array, _Array]:
    """Returns the lower and the upper bound of each column's mean, of (n, sets) finite values with n of 5 and more.

    Args:
        draws: resamples, by default those of `resamples`.
    """
    n = len(sets)
    mean, scale = sets.mean(axis=0), sets.std(axis=0)
    # Everything below is of values with mean 0 and deviation 1: nothing cancels, and equal values have no width.
    scaled = (sets - mean) / np.where(scale > 0, scale, 1.0)
    if n > EXPANDED_ABOVE:
        # mean + s·(γ(2z² + 1) / 6n ± z / √n), γ the skewness
        skewness = (scaled**3).mean(axis=0)
        middle = skewness * (2 * _Z**2 + 1) / (6 * n)
        low, high = middle - _Z / math.sqrt(n), middle + _Z / math.sqrt(n)
    else:
        means, deviations = _resampled_moments(scaled, draws or resamples(n))
        low, high = _bounds(means, deviations, n)
    return mean + scale * low, mean + scale * high


def jackknifed(whole: float, without: _Array) -> Interval:
    """Returns the interval of a number that is no mean, such as a share of pooled pixels.

    Args:
        whole: of all images.
        without: (n,) what it is without each of them. Tukey's pseudo-values of the two are averaged like images.
    """
    n = len(without)
    # (n,) pseudo-values
    return interval_of_mean(n * whole - (n - 1) * without)


def _bounds(means: _Array, deviations: _Array, n: int) -> tuple[_Array, _Array]:
    """Bounds around 0 from (resamples, sets) means and deviations of resamples of scaled values."""
    if n >= STUDENTISED_BELOW:
        low, high = np.quantile(means, _TAILS, axis=0)
        return low, high
    # (resamples, sets)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = means / deviations
    # A resample of one value drawn n times has no deviation: its t is beyond every other, or 0 at the mean itself.
    t[np.isnan(t)] = 0.0
    # No interpolation: between a number and an infinite t it would give infinity or NaN.
    lower, upper = np.quantile(t, _TAILS, axis=0, method="inverted_cdf")
    # Mostly equal values give such resamples so often that they reach the tails: the observed deviations bound those.
    most = math.sqrt(n)
    # Bootstrap-t turns around: the upper quantile of t makes the lower bound.
    return -np.minimum(upper, most), -np.maximum(lower, -most)


def _resampled_moments(scaled: _Array, draws: int) -> tuple[_Array, _Array]:
    """Means and deviations of resamples of (n, sets) values, (resamples, sets) each, in memory that is bounded.

    Every set is resampled with the same draws: a resample is a row of counts, and its sums are products of matrices.
    """
    n, squares = len(scaled), scaled**2
    means, deviations = [], []
    for counts in _drawn_counts(n, draws):  # (rows, n)
        mean = counts @ scaled / n
        means.append(mean)
        deviations.append(np.sqrt(np.maximum(counts @ squares / n - mean**2, 0.0)))
    return np.concatenate(means), np.concatenate(deviations)


def _two_level(values: _Array) -> tuple[float, float]:
    """The interval of the mean of (n, seeds) values: columns drawn with replacement as well as rows."""
    n, seeds = values.shape
    mean, scale = values.mean(), values.mean(axis=1).std()
    scaled = (values - mean) / (scale if scale > 0 else 1.0)
    # (resamples, seeds), from a stream of its own: images and seeds are drawn independently.
    drawn = np.random.default_rng(SEED + 1).integers(seeds, size=(resamples(n), seeds))
    if n > EXPANDED_ABOVE:
        # The resampled mean of so many images is normal: of seeds drawn with shares w it has the mean w·m and the
        # variance wᵀCw / n, m the seeds' means and C their covariance over images.
        shares = (drawn[:, :, None] == np.arange(seeds)).mean(axis=1)  # (resamples, seeds)
        variances = np.einsum("rs,st,rt->r", shares, np.cov(scaled.T, bias=True), shares) / n
        normal = np.random.default_rng(SEED).standard_normal(len(shares))
        low, high = np.quantile(shares @ scaled.mean(axis=0) + np.sqrt(variances) * normal, _TAILS)
        return float(mean + scale * low), float(mean + scale * high)
    means, deviations, done = np.empty((len(drawn), 1)), np.empty((len(drawn), 1)), 0
    for counts in _drawn_counts(n, len(drawn)):
        rows = slice(done, done + len(counts))
        images = scaled[:, drawn[rows]].mean(axis=2).T  # (rows, n): each image's mean over the seeds drawn
        means[rows, 0] = (counts * images).sum(axis=1) / n
        spread = (counts * images**2).sum(axis=1) / n - means[rows, 0] ** 2
        deviations[rows, 0] = np.sqrt(np.maximum(spread, 0.0))
        done += len(counts)
    low, high = _bounds(means, deviations, n)
    return float(mean + scale * low[0]), float(mean + scale * high[0])


def _drawn_counts(n: int, rows: int) -> Iterator[_Array]:
    """How often each of n values is drawn in each resample, as blocks of rows; the same ones every time."""
    generator = np.random.default_rng(SEED)
    at_once = max(1, _DRAWS_AT_ONCE // n)
    sizes = [min(at_once, rows - start) for start in range(0, rows, at_once)]

    def block(size: int) -> _Array:
        # Each row draws in a range of its own, so that one bincount counts them all.
        places = generator.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        return np.bincount(places.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)

    return map(block, sizes)
