from __future__ import annotations

import numpy as np
import pytest

from harness.metrics.mae import mae
from tests.metrics.drawn import flat, noise


def test_is_the_mean_absolute_difference_in_levels() -> None:
    a, b = noise(1), noise(2)
    assert mae(a, b) == pytest.approx(np.abs(a.astype(float) - b).mean(), abs=1e-12)


def test_does_not_wrap_around_in_uint8() -> None:
    assert mae(flat(0), flat(200)) == mae(flat(200), flat(0)) == 200


def test_is_zero_for_identical_pictures() -> None:
    assert mae(noise(1), noise(1)) == 0
