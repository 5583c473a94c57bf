from __future__ import annotations

import math
import zlib

import numpy as np
import pytest
from scipy.stats import bootstrap

from harness.metrics import statistics
from harness.metrics.statistics import interval_of_mean, intervals_of_means, jackknifed, summarise

DISTRIBUTIONS = {
    "normal": (lambda g, size: g.normal(0.4, 0.07, size), 0.4),
    "beta(2, 5), bounded and skewed": (lambda g, size: g.beta(2, 5, size), 2 / 7),
    "gamma(2), skewed to the right": (lambda g, size: g.gamma(2, 1, size), 2.0),
    "gamma(2), skewed to the left": (lambda g, size: -g.gamma(2, 1, size), -2.0),
    "lognormal(0.4), skewed, heavy tail": (lambda g, size: g.lognormal(0, 0.4, size), math.exp(0.08)),
    "Student's t(5), heavy tails": (lambda g, size: g.standard_t(5, size), 0.0),
}


def coverage(distribution: str, n: int) -> float:
    """The share of sets of `n` values whose interval holds the true mean; benchmarks/interval_coverage.py has more."""
    draw, mean = DISTRIBUTIONS[distribution]
    generator = np.random.default_rng(zlib.crc32(f"{distribution} {n}".encode()))
    low, high = intervals_of_means(draw(generator, (n, 3_000 if n < 100 else 1_200)), draws=1_000)
    return float(((low <= mean) & (mean <= high)).mean())


@pytest.mark.parametrize("n", [5, 10, 30, 100, 500])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_95_percent_intervals_hold_the_mean_that_often(distribution: str, n: int) -> None:
    assert 0.925 <= coverage(distribution, n) <= 0.965


def test_from_a_hundred_on_it_is_the_percentile_interval_scipy_gives() -> None:
    values = np.random.default_rng(1).normal(15, 2, 120)
    ours = summarise(values)
    theirs = bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(5)).confidence_interval
    assert ours.mean == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_fewer_than_five_images_have_no_interval(n: int) -> None:
    summary = summarise(list(range(n)))
    assert (summary.low, summary.high, summary.n) == (None, None, n)
    assert summarise([*range(n), *range(5)]).low is not None


def test_a_million_values_go_on_where_the_bootstrap_ends() -> None:
    values = np.random.default_rng(3).gamma(2, 1, 1_000_000)
    few, many = interval_of_mean(values[:10_000]), interval_of_mean(values[:10_001])
    assert few == pytest.approx(many, abs=0.004)
    low, high = interval_of_mean(values)
    assert low is not None and high is not None
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 1_000, rel=1e-3)


def test_the_expansion_leans_to_the_longer_tail_as_the_studentised_bootstrap_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(1).exponential(size=300)
    monkeypatch.setattr(statistics, "STUDENTISED_BELOW", 301)
    bootstrap = interval_of_mean(values)
    monkeypatch.setattr(statistics, "EXPANDED_ABOVE", 299)
    expanded = interval_of_mean(values)
    leanings = [np.mean([float(end or 0) for end in ends]) - values.mean() for ends in (bootstrap, expanded)]
    assert leanings[0] > 0.01 and leanings[1] == pytest.approx(leanings[0], rel=0.1)


def test_more_draws_than_memory_holds_are_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(4).normal(size=30)
    whole = interval_of_mean(values)
    monkeypatch.setattr(statistics, "_DRAWS_AT_ONCE", 900)
    assert interval_of_mean(values) == pytest.approx(whole, abs=0.03)


def test_equal_values_have_an_interval_of_no_width_and_nearly_equal_ones_a_finite_one() -> None:
    assert interval_of_mean(np.full(7, 0.25)) == (0.25, 0.25)
    low, high = interval_of_mean(np.array([0.5, 0.5, 0.5, 0.5, 1.0]))
    assert low is not None and high is not None
    assert 0 < low < 0.6 < high < 1.5


def test_several_draws_of_each_image_widen_the_interval_by_what_the_draws_add() -> None:
    generator = np.random.default_rng(6)
    images, draws = generator.normal(20, 2, (40, 1)), generator.normal(0, 0.01, (1, 5))
    one = interval_of_mean(images[:, 0])
    same, apart = interval_of_mean(np.repeat(images, 5, axis=1)), interval_of_mean(images + 100 * draws)
    assert same == pytest.approx(one, abs=0.05)
    assert one[0] is not None and one[1] is not None and apart[0] is not None and apart[1] is not None
    assert apart[1] - apart[0] > 1.2 * (one[1] - one[0])


def test_of_very_many_images_drawn_several_times_seeds_alone_are_resampled(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(8)
    values = generator.normal(20, 2, (900, 1)) + generator.normal(0, 0.2, (1, 4)) + generator.normal(0, 1, (900, 4))
    resampled = interval_of_mean(values)
    monkeypatch.setattr(statistics, "EXPANDED_ABOVE", 899)
    monkeypatch.setattr(statistics, "_drawn_counts", None)  # of a million, each resample would be a million draws
    low, high = interval_of_mean(values)
    assert resampled[0] is not None and resampled[1] is not None
    assert (low, high) == pytest.approx(resampled, abs=0.05 * (resampled[1] - resampled[0]))


def test_the_interval_of_a_ratio_is_that_of_its_pseudo_values() -> None:
    values = np.random.default_rng(7).gamma(2, 1, 30)
    without = (values.sum() - values) / 29
    assert jackknifed(values.mean(), without) == pytest.approx(interval_of_mean(values))


def test_identical_images_are_counted_apart_and_never_averaged() -> None:
    summary = summarise([20.0, math.inf, 30.0])
    assert (summary.mean, summary.median, summary.min, summary.max) == (25, 25, 20, 30)
    assert (summary.n, summary.identical) == (3, 1)


def test_nothing_but_identical_images_has_no_mean() -> None:
    summary = summarise([math.inf, math.inf])
    assert (summary.mean, summary.low, summary.max) == (None, None, None)
    assert (summary.n, summary.identical) == (2, 2)


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        summarise([1.0, math.nan])


def test_the_same_values_have_the_same_interval_every_time() -> None:
    values = list(np.random.default_rng(2).normal(size=30))
    assert summarise(values) == summarise(values)
