from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from harness.metrics import statistics
from harness.metrics.statistics import bootstrap_means, summarise


def test_a_mean_has_the_interval_scipy_gives() -> None:
    values = np.random.default_rng(1).normal(15, 2, 80)
    ours = summarise(values)
    theirs = bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(5)).confidence_interval
    assert ours.mean == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_identical_images_are_counted_apart_and_never_averaged() -> None:
    summary = summarise([20.0, math.inf, 30.0])
    assert (summary.mean, summary.median, summary.min, summary.max) == (25, 25, 20, 30)
    assert (summary.n, summary.identical) == (3, 1)


def test_nothing_but_identical_images_has_no_mean() -> None:
    summary = summarise([math.inf, math.inf])
    assert (summary.mean, summary.low, summary.max) == (None, None, None)
    assert (summary.n, summary.identical) == (2, 2)


def test_one_image_has_no_interval() -> None:
    summary = summarise([12.5])
    assert (summary.mean, summary.low, summary.high, summary.n) == (12.5, None, None, 1)


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        summarise([1.0, math.nan])


def test_the_same_values_have_the_same_interval_every_time() -> None:
    values = list(np.random.default_rng(2).normal(size=30))
    assert summarise(values) == summarise(values)


def test_resamples_are_drawn_in_pieces_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(10.0)
    monkeypatch.setattr(statistics, "_DRAWS_AT_ONCE", 25)
    means = bootstrap_means(values, resamples=2_000)
    assert means.shape == (2_000,)
    assert means.mean() == pytest.approx(4.5, abs=0.1)
    assert means.std() == pytest.approx(values.std() / math.sqrt(10), rel=0.1)
