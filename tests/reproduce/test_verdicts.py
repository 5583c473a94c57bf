"""What a measured number is said to tell of a published one."""

from __future__ import annotations

import pytest

from harness.metrics.over_runs import Measured, over_trainings
from harness.reproduce.verdicts import near, order, pairs

LOW, HIGH = over_trainings([0.40, 0.41, 0.42]), over_trainings([0.60, 0.61, 0.62])


@pytest.mark.parametrize(
    ("published", "first", "second", "verdict"),
    [
        ((0.2, 0.6), LOW, HIGH, "same"),
        ((0.6, 0.2), LOW, HIGH, "other"),
        ((0.6, 0.2), HIGH, LOW, "same"),
        ((0.5, 0.5), LOW, HIGH, "equal"),
        ((0.2, 0.6), over_trainings([0.2, 0.6, 0.9]), HIGH, "unclear"),
        ((0.2, 0.6), Measured((0.4,)), Measured((0.6,)), "unclear"),  # a seed more might say the opposite
        ((0.2, 0.6), LOW, over_trainings([0.6, 0.61]), "unclear"),
    ],
)
def test_two_rows_stand_as_published_or_not(published, first, second, verdict) -> None:
    assert order(published, first, second) == verdict


def test_seeds_are_compared_pair_by_pair() -> None:
    # Each seed gains 0.01, and the seeds lie far apart: paired, the gain is certain.
    first = over_trainings([0.30, 0.50, 0.70])
    second = over_trainings([0.31, 0.51, 0.711])
    assert order((0.1, 0.2), first, second) == "same"
    assert order((0.1, 0.2), first, over_trainings([0.51, 0.711, 0.31])) == "unclear"


def test_all_pairs_of_rows_are_counted() -> None:
    middle = over_trainings([0.50, 0.51, 0.52])
    rows = [(0.1, LOW), (0.3, middle), (0.2, HIGH), (0.3, HIGH)]
    # 0.1 < 0.2 and 0.3 as measured, thrice; 0.3 above 0.2 is the other way round; 0.3 and 0.3; 0.2 and 0.3 are one.
    assert pairs(rows) == {"same": 3, "other": 1, "equal": 1, "unclear": 1}


def test_near_is_within_two_hundredths() -> None:
    assert near(0.82, Measured((0.84,))) == "within"
    assert near(0.82, Measured((0.8,))) == "within"
    assert near(0.82, Measured((0.841,))) == "outside"
