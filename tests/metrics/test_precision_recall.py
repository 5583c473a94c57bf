from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from harness.metrics.precision_recall import precision_recall
from tests.metrics.test_fid import features

pytestmark = pytest.mark.usefixtures("perceptual_libraries")


@pytest.mark.parametrize(("n", "m"), [(30, 30), (50, 80), (1_100, 40)])
def test_a_picture_is_among_others_within_the_reach_of_their_third_neighbour(n: int, m: int) -> None:
    outputs, reals = features(1, n, 6), 1.3 * features(2, m, 6) + 0.6
    # The nearest of all is the picture itself.
    reach = [np.sort(cdist(s, s))[:, 3] for s in (outputs, reals)]
    across = cdist(outputs, reals)
    wanted = (across <= reach[1]).any(axis=1).mean(), (reach[0] >= across.T).any(axis=1).mean()
    assert precision_recall(outputs, reals) == pytest.approx(wanted)
    assert 0 < wanted[0] < 1 and 0 < wanted[1] < 1


def test_too_few_pictures_have_no_neighbours() -> None:
    with pytest.raises(ValueError, match="need 4 pictures"):
        precision_recall(np.zeros((3, 2), np.float32), np.zeros((9, 2), np.float32))
