"""Kernel distance of two sets of features, Bińkowski et al. 2018: unbiased, so that small sets can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.weights.perceptual import import_library

SUBSETS, LARGEST_SUBSET = 100, 1000  # torch-fidelity's own


def subset_size(n: int, m: int) -> int:
    """Returns how many pictures of each set a subset holds: all of them up to 1,000."""
    return min(n, m, LARGEST_SUBSET)


def kernel_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[float, float]:
    """Returns mean and standard deviation over subsets of the squared MMD with the kernel (x·y/d + 1)³.

    Of (n, d) and (m, d) features, by torch-fidelity. Where a subset holds both sets whole there is one, and the
    deviation is 0. A value a little below 0 means no distance.

    Raises:
        ValueError: fewer than two in a set.
        MetricError: the library is not installed.
    """
    import torch

    size = subset_size(len(a), len(b))
    if size < 2:
        raise ValueError("KID needs two pictures a set at least")
    # Subsets that are both sets whole differ in order alone: the same number a hundred times over.
    draws = 1 if len(a) == len(b) == size else SUBSETS
    # A small difference of large sums, which the features' own float32 would round away.
    sets = (torch.from_numpy(features.astype(np.float64)) for features in (a, b))
    compute = import_library("torch_fidelity.metric_kid").kid_features_to_metric
    found = compute(*sets, kid_subset_size=size, kid_subsets=draws, verbose=False)
    return found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]
