"""One number of a run, or of the runs of several seeds: its mean and how far another seed or other pictures may lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.metrics.measure import Measurement
from harness.metrics.statistics import Interval


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
    return Measured(tuple(values), *interval_over_seeds(np.asarray(values)))


def interval_over_seeds(values: np.ndarray) -> Interval:
    """Returns the 95 % interval of the mean of (seeds,) values, (None, None) of a single one."""
    n = len(values)
    if n < 2:
        return None, None
    from scipy.special import stdtrit

    # mean ± t(n − 1, 97.5 %) · s / √n; three seeds make it 2.48 standard deviations wide, on either side.
    half = float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n))
    return float(values.mean()) - half, float(values.mean()) + half


def over_runs(measured: Sequence[Measurement], column: str) -> Measured | None:
    """Returns a number over the runs of several seeds, or of one run over its pictures; None where one lacks it."""
    found = [one for measurement in measured if (one := _of_run(measurement, column))]
    if not found or len(found) < len(measured):
        return None
    return found[0] if len(found) == 1 else over_trainings([one.mean for one in found])


def _of_run(measurement: Measurement, column: str) -> Measured | None:
    """A run's own number, with its interval over pictures, and over seeds where it was drawn by several."""
    if over := measurement.over_seeds.get(column):
        means = [float(mean) for mean in measurement.drawn(column).mean(axis=0)]
        return Measured(tuple(means), over.low, over.high)
    found = measurement.totals.get(column) or measurement.summary.get(column)
    if found is None:
        return None
    value = found.value if hasattr(found, "value") else found.mean
    return Measured((value,), found.low, found.high) if value is not None else None
