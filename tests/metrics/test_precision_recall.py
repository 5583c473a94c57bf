from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.metrics.precision_recall import precision_recall
from tests.metrics.test_fid import features


@pytest.mark.parametrize(("n", "m"), [(30, 30), (50, 80), (1_100, 40)])
def test_it_is_what_torch_fidelity_computes(perceptual_libraries, n: int, m: int) -> None:
    from torch_fidelity.metric_prc import prc_features_to_metric

    a, b = features(1, n, 6), 1.3 * features(2, m, 6) + 0.6
    theirs = prc_features_to_metric(torch.from_numpy(a), torch.from_numpy(b), verbose=False)
    precision, recall = precision_recall(a, b)
    assert (precision, recall) == pytest.approx((theirs["precision"], theirs["recall"]), abs=1e-6)
    assert 0 < precision < 1 and 0 < recall < 1


def test_too_few_pictures_have_no_neighbours() -> None:
    with pytest.raises(ValueError, match="need 4 pictures"):
        precision_recall(np.zeros((3, 2), np.float32), np.zeros((9, 2), np.float32))
