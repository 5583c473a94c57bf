"""Mean absolute error."""

from __future__ import annotations

import numpy as np

from harness.metrics.meters import Column, pair_metric
from harness.metrics.pairs import Picture, check_pair, differences


def mae(a: Picture, b: Picture) -> float:
    """Returns the mean absolute difference over all pixels and channels, in levels from 0 to 255.

    Raises:
        ValueError: not two uint8 RGB pictures of one size.
    """
    check_pair(a, b)
    # Whole numbers until the last division: float sums would hang on where the strips are cut.
    return sum(int(np.abs(d).sum(dtype=np.int64)) for d in differences(a, b)) / a.size


MAE = pair_metric(mae, Column("mae", "MAE", "levels", "lower", "MAE over RGB in levels of 255", decimals=2))
