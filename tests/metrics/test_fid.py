from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.metrics.fid import frechet_distance


def features(seed: int, n: int, dimensions: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(dimensions, dimensions)) / dimensions**0.5
    return (generator.normal(size=(n, dimensions)) @ mixing + 0.1 * seed).astype(np.float32)


@pytest.mark.parametrize(("n", "m", "dimensions"), [(60, 70, 200), (300, 250, 40), (30, 500, 64)])
def test_it_is_what_torch_fidelity_computes(perceptual_libraries, n: int, m: int, dimensions: int) -> None:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    a, b = features(1, n, dimensions), features(2, m, dimensions)
    stats = [fid_features_to_statistics(torch.from_numpy(f.astype(np.float64))) for f in (a, b)]
    theirs = fid_statistics_to_metric(*stats, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(a, b) == pytest.approx(theirs, rel=1e-5)


def test_a_set_is_nowhere_from_itself_and_a_shift_is_its_square() -> None:
    a = features(1, 80, 50)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(a, a + 0.5) == pytest.approx(50 * 0.25, rel=1e-5)


def test_one_picture_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="needs two pictures"):
        frechet_distance(features(1, 1, 8), features(2, 9, 8))
