"""A number over the runs of several seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from harness.metrics.over_runs import Measured, over_runs, over_trainings
from tests.metrics.drawn import measurement


def test_an_interval_over_seeds_is_students() -> None:
    values = [0.40, 0.47, 0.42]
    measured = over_trainings(values)
    expected = t.interval(0.95, 2, loc=np.mean(values), scale=np.std(values, ddof=1) / np.sqrt(3))
    assert (measured.low, measured.high) == pytest.approx(expected)
    assert (measured.mean, measured.spread) == pytest.approx((0.43, np.std(values, ddof=1)))


def test_one_seed_has_neither_interval_nor_spread() -> None:
    assert over_trainings([0.4]) == Measured((0.4,), None, None)
    assert over_trainings([0.4]).spread is None


def test_a_number_that_one_of_the_runs_lacks_is_none_of_all() -> None:
    first, second = measurement(ssim=[0.1, 0.3], psnr=[10.0, 12.0]), measurement(ssim=[0.3, 0.5])
    both = over_runs([first, second], "ssim")
    assert both and both.values == pytest.approx((0.2, 0.4))
    assert over_runs([first, second], "psnr") is None
