"""What a measured number says of a published one: the same order, near enough, or nothing that can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from harness.catalog.reproductions import TOLERANCE

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


@dataclass(frozen=True)
class Measured:
    """A number over trainings, or over the pictures of one run.

    Attributes:
        values: one a seed; a single one of a run that was not repeated.
        low, high: 95 % interval, None where one value or too few pictures bear none.
    """

    values: tuple[float, ...]
    low: float | None = None
    high: float | None = None

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def spread(self) -> float | None:
        """Standard deviation over seeds."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None


def over_trainings(values: Sequence[float]) -> Measured:
    """Returns mean and interval over seeds, of the same pictures: Student's t of the values, one a seed."""
    return Measured(tuple(values), *_interval(np.asarray(values)))


def _interval(values: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    n = len(values)
    if n < 2:
        return None, None
    from scipy.special import stdtrit

    # mean ± t(n − 1, 97.5 %) · s / √n; three seeds make it 2.48 standard deviations wide, on either side.
    half = float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n))
    return float(values.mean()) - half, float(values.mean()) + half


def order(published: tuple[float, float], first: Measured, second: Measured) -> Verdict:
    """Returns whether two rows stand as they were published: `same`, `other`, `unclear` or `equal`.

    Seeds are compared pair by pair: those of one number began with the same weights and saw the same order of pictures.
    """
    if published[0] == published[1]:
        return "equal"
    if len(first.values) != len(second.values):
        return "unclear"
    low, high = _interval(np.subtract(first.values, second.values))
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
