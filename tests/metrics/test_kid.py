from __future__ import annotations

import numpy as np
import pytest

from harness.metrics import kid
from harness.metrics.kid import kernel_distance
from tests.metrics.test_fid import features

pytestmark = pytest.mark.usefixtures("perceptual_libraries")


def unbiased(x: np.ndarray, y: np.ndarray) -> float:
    """The formula, pair by pair of two sets of one size."""
    n, dimensions = x.shape
    within, across = [], []
    for i in range(n):
        for j in range(n):
            across.append((x[i] @ y[j] / dimensions + 1) ** 3)
            within += [(s[i] @ s[j] / dimensions + 1) ** 3 for s in (x, y) if i != j]
    return 2 * float(np.mean(within)) - 2 * float(np.mean(across))


def test_of_two_sets_whole_it_is_the_formula() -> None:
    a, b = features(1, 40, 64), features(2, 40, 64)
    mean, deviation = kernel_distance(a, b)
    assert mean == pytest.approx(unbiased(a.astype(float), b.astype(float)), rel=1e-9)
    assert deviation == 0


@pytest.mark.parametrize(("n", "m", "largest"), [(40, 55, 1000), (60, 50, 20)])
def test_of_more_pictures_it_is_the_mean_over_subsets(
    monkeypatch: pytest.MonkeyPatch, n: int, m: int, largest: int
) -> None:
    monkeypatch.setattr(kid, "LARGEST_SUBSET", largest)
    monkeypatch.setattr(kid, "SUBSETS", 4)
    a, b = features(1, n, 16).astype(float), features(2, m, 16).astype(float)
    size = kid.subset_size(n, m)
    assert size == min(n, m, largest)
    # As torch-fidelity draws them: of each subset first a's pictures, then b's.
    draws = np.random.RandomState(2020)
    drawn = [[s[draws.choice(len(s), size, replace=False)] for s in (a, b)] for _ in range(4)]
    found = [unbiased(x, y) for x, y in drawn]
    assert kernel_distance(a, b) == pytest.approx((np.mean(found), np.std(found)), rel=1e-9)


def test_two_halves_of_one_set_are_near_0_on_either_side_of_it() -> None:
    found = [kernel_distance(*np.split(features(seed, 60, 32), 2))[0] for seed in range(1, 20)]
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < np.std(found)


def test_one_picture_has_no_distance() -> None:
    with pytest.raises(ValueError, match="needs two pictures"):
        kernel_distance(features(1, 1, 8), features(2, 9, 8))
