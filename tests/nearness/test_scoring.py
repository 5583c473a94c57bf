from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from harness.nearness.features import GROUPS, NAMES, describe
from harness.nearness.palette import ColourSet
from harness.nearness.scoring import ORIENTATION, Reference, Upright, calibrate
from tests.nearness.conftest import drawing, wall

COUNT = 150


@pytest.fixture(scope="module")
def descriptions() -> np.ndarray:
    return np.array([describe(wall(seed), ColourSet([])) for seed in range(COUNT)])


def test_held_out_pictures_are_as_far_out_as_training_pictures(descriptions: np.ndarray) -> None:
    training, rest = descriptions[:90], descriptions[90:]
    scale = calibrate(training)
    scores = scale.joined(scale.surprise(Reference.of(training).remoteness(rest)))
    assert ks_2samp(scores, scale.scores).pvalue > 0.01
    assert 35 < np.median(scale.percentiles(scores)) < 65


def test_training_pictures_are_not_scored_by_themselves(descriptions: np.ndarray) -> None:
    scale = calibrate(descriptions[:60])
    own = Reference.of(descriptions[:60]).remoteness(descriptions[:60])
    assert (np.median(scale.usual, axis=0) > np.median(own, axis=0)).all()


def test_a_shift_in_one_group_is_not_drowned_by_the_others(descriptions: np.ndarray) -> None:
    training, shifted = descriptions[:100], descriptions[100:].copy()
    shifted[:, NAMES.index("noise")] += 8 * training[:, NAMES.index("noise")].std()
    scale = calibrate(training)
    surprise = scale.surprise(Reference.of(training).remoteness(shifted))
    assert (surprise.argmax(axis=1) == GROUPS.index("detail")).mean() > 0.9
    assert (scale.percentiles(scale.joined(surprise)) > 95).all()


def test_surprise_rises_without_end_and_never_falls(descriptions: np.ndarray) -> None:
    scale = calibrate(descriptions)
    steps = np.linspace(scale.usual.min(axis=0) - 1, scale.usual.max(axis=0) + 5, 400)
    surprise = scale.surprise(steps)
    assert (np.diff(surprise, axis=0) >= -1e-9).all()
    assert (surprise[-1] > surprise[200] + 1).all()


def test_pictures_that_lie_any_way_have_no_upright() -> None:
    features = np.random.default_rng(1).normal(size=(300, 10))
    scores = Upright.of(features[:200]).score(features[200:])
    assert abs(scores.mean()) < 0.2


def test_turned_pictures_are_told_from_the_upright_ones_alone(descriptions: np.ndarray) -> None:
    reference = Reference.of(descriptions[:100])
    turned = np.array([describe(np.ascontiguousarray(np.rot90(wall(s))), ColourSet([])) for s in range(100, 120)])
    flipped = np.array([describe(np.ascontiguousarray(wall(s)[::-1]), ColourSet([])) for s in range(100, 120)])
    direction, layout = range(len(ORIENTATION))
    assert reference.orientation(descriptions[100:])[:, direction].min() > 0.3
    assert reference.orientation(turned)[:, direction].max() < -0.3
    assert reference.orientation(flipped)[:, layout].max() < -0.3


def test_far_descriptions_stay_finite(descriptions: np.ndarray) -> None:
    scale = calibrate(descriptions)
    far = np.array([describe(drawing(1), ColourSet([]))]) * 1e6
    assert np.isfinite(scale.joined(scale.surprise(Reference.of(descriptions).remoteness(far)))).all()
