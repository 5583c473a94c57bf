"""What a measured number says of a published one: the same order, near enough, or nothing that can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from harness.catalog.reproductions import TOLERANCE
from harness.metrics.over_runs import Measured, interval_over_seeds

Verdict = Literal[
    "reference",  # the row that others are compared with
    "same",  # on the same side of the reference as published
    "other",  # on the other side
    "unclear",  # the seeds do not tell the two apart
    "equal",  # published as equal: there is no order to keep
    "within",  # within the tolerance
    "outside",
    "context",  # measured by another protocol: beside each other, never compared
    "unpublished",
    "missing",  # not measured, and why stands beside
]


def order(published: tuple[float, float], first: Measured, second: Measured) -> Verdict:
    """Returns whether two rows stand as they were published: `same`, `other`, `unclear` or `equal`.

    Seeds are compared pair by pair: those of one number began with the same weights and saw the same order of pictures.
    """
    if published[0] == published[1]:
        return "equal"
    if len(first.values) != len(second.values):
        return "unclear"
    low, high = interval_over_seeds(np.subtract(first.values, second.values))
    if low is None or high is None or low <= 0 <= high:
        return "unclear"
    return "same" if (low > 0) == (published[0] > published[1]) else "other"


def pairs(rows: Sequence[tuple[float, Measured]]) -> dict[Verdict, int]:
    """Returns how many pairs of rows, each published and measured, have which verdict of `order`."""
    return dict(Counter(order((a[0], b[0]), a[1], b[1]) for a, b in combinations(rows, 2)))


def near(published: float, measured: Measured) -> Verdict:
    """Returns whether a number lies within `TOLERANCE` of the published one."""
    # Floats: 0.84 − 0.82 is a little more than 0.02.
    return "within" if abs(measured.mean - published) <= TOLERANCE + 1e-9 else "outside"
