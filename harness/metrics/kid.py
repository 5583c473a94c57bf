"""Kernel distance of two sets of features, Bińkowski et al. 2018: unbiased, so that small sets can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SUBSETS, LARGEST_SUBSET, SEED = 100, 1000, 2020  # torch-fidelity's own


def subset_size(n: int, m: int) -> int:
    """Returns how many pictures of each set a subset holds: all of them up to 1,000."""
    return min(n, m, LARGEST_SUBSET)


def kernel_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[float, float]:
    """Returns mean and standard deviation over subsets of the squared MMD with the kernel (x·y/d + 1)³.

    Of (n, d) and (m, d) features; the arithmetic is torch-fidelity's `kid_features_to_metric`, subset by subset.
    Where a subset holds both sets whole there is one, and the deviation is 0. A value a little below 0 means no
    distance.

    Raises:
        ValueError: fewer than two in a set.
    """
    size = subset_size(len(a), len(b))
    if size < 2:
        raise ValueError("KID needs two pictures a set at least")
    # NumPy's legacy generator on purpose: torch-fidelity draws its subsets with it, and so the same ones.
    generator = np.random.RandomState(SEED)
    # Subsets that are both sets whole differ in order alone: the same number a hundred times over.
    draws = 1 if len(a) == len(b) == size else SUBSETS
    found = [
        # Of each subset first a's pictures are drawn, then b's, as torch-fidelity does.
        _mmd(*(f[generator.choice(len(f), size, replace=False)].astype(np.float64) for f in (a, b)))
        for _ in range(draws)
    ]
    return float(np.mean(found)), float(np.std(found))


def _mmd(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The unbiased estimate for two subsets of one size."""
    n, dimensions = x.shape
    within_x, within_y, across = ((p @ q.T / dimensions + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    # The diagonal, each picture beside itself, is left out: hence unbiased, and hence also below 0 at times.
    own = sum(k.sum() - np.trace(k) for k in (within_x, within_y)) / (n * (n - 1))
    return float(own - 2 * across.mean())
