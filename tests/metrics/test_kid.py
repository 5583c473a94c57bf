from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.metrics import kid
from harness.metrics.kid import kernel_distance
from tests.metrics.test_fid import features


@pytest.mark.parametrize(("n", "m", "largest"), [(40, 40, 1000), (40, 55, 1000), (120, 90, 30)])
def test_it_is_what_torch_fidelity_computes(
    perceptual_libraries, monkeypatch: pytest.MonkeyPatch, n: int, m: int, largest: int
) -> None:
    from torch_fidelity.metric_kid import kid_features_to_metric

    monkeypatch.setattr(kid, "LARGEST_SUBSET", largest)
    a, b = features(1, n, 64), features(2, m, 64)
    size = kid.subset_size(n, m)
    assert size == min(n, m, largest)
    theirs = kid_features_to_metric(torch.from_numpy(a), torch.from_numpy(b), kid_subset_size=size, verbose=False)
    mean, deviation = kernel_distance(a, b)
    assert mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-4)
    assert deviation == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-3, abs=1e-6)


def test_two_halves_of_one_set_are_near_0_on_either_side_of_it() -> None:
    found = [kernel_distance(*np.split(features(seed, 60, 32), 2))[0] for seed in range(1, 20)]
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < np.std(found)


def test_one_picture_has_no_distance() -> None:
    with pytest.raises(ValueError, match="needs two pictures"):
        kernel_distance(features(1, 1, 8), features(2, 9, 8))
