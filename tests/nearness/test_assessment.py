from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from harness.nearness.assessment import assess, assess_set
from harness.nearness.palette import Picture
from harness.nearness.profile import Profile
from tests.nearness.conftest import drawing, wall

HELD_OUT = range(500, 530)

SHIFTS = {
    "blurred": (lambda p: gaussian_filter(p, (2, 2, 0)), "blur"),
    "night": (lambda p: (p * 0.25).astype(np.uint8), "darker"),
    "noisy": (lambda p: (p + np.random.default_rng(0).normal(0, 30, p.shape)).clip(0, 255).astype(np.uint8), "noisier"),
    "rotated": (lambda p: np.ascontiguousarray(np.rot90(p)), "lies on its side"),
    "upside down": (lambda p: np.ascontiguousarray(p[::-1]), "stands on its head"),
    "inverted": (lambda p: 255 - p, "palette"),
    "blue": (lambda p: np.ascontiguousarray(p[..., ::-1]), "palette"),
}


def test_held_out_pictures_are_near_and_need_no_advice(walls: Profile) -> None:
    found = [assess(wall(seed), walls) for seed in HELD_OUT]
    assert np.mean([one.verdict == "near" for one in found]) > 0.8
    assert 30 < np.median([one.percentile for one in found]) < 70
    assert all(one.reasons == one.advice == () for one in found if one.verdict == "near")


@pytest.mark.parametrize("shift", SHIFTS)
def test_deliberate_shifts_rank_far_for_a_reason_in_words(walls: Profile, shift: str) -> None:
    change, word = SHIFTS[shift]
    found = [assess(change(wall(seed)), walls) for seed in HELD_OUT]
    assert np.mean([one.percentile > 95 for one in found]) > 0.9
    assert np.mean([any(word in reason for reason in one.reasons) for one in found]) > 0.7
    assert all(one.advice for one in found)


def test_another_domain_is_far(walls: Profile) -> None:
    found = [assess(drawing(seed), walls) for seed in range(5)]
    assert {one.verdict for one in found} == {"far"}
    assert min(one.surprise for one in found) > max(assess(wall(seed), walls).surprise for seed in HELD_OUT)


def test_what_lies_on_its_side_is_not_told_to_stand_on_its_head(walls: Profile) -> None:
    found = [assess(np.ascontiguousarray(np.rot90(wall(seed))), walls) for seed in HELD_OUT]
    advice = {line for one in found for line in one.advice}
    assert "turn it by 90°" in advice and "turn it by 180°" not in advice


def test_a_stronger_shift_surprises_more(walls: Profile) -> None:
    def surprise(sigma: float) -> float:
        return assess(gaussian_filter(wall(500), (sigma, sigma, 0)), walls).surprise

    assert surprise(0.8) < surprise(1.5) < surprise(3)


def test_features_stand_beside_what_is_usual(walls: Profile) -> None:
    dark = assess((wall(500) * 0.25).astype(np.uint8), walls).features["brightness"]
    assert dark["value"] < dark["low"] < dark["high"]


def test_the_document_is_plain_json(walls: Profile) -> None:
    document = json.loads(json.dumps(assess(255 - wall(500), walls).to_json(), allow_nan=False))
    assert {"percentile", "surprise", "verdict", "reasons", "advice", "features"} == set(document)
    assert document["percentile"] > 95


def test_pictures_that_cannot_be_described_are_refused(walls: Profile) -> None:
    with pytest.raises(ValueError, match="too few"):
        assess(np.zeros((16, 16, 3), np.uint8), walls)


def set_of(walls: Profile, change=lambda picture: picture, seeds=HELD_OUT):
    return assess_set([assess(change(wall(seed)), walls) for seed in seeds], walls)


def test_a_set_like_the_training_pictures_has_about_no_distance(walls: Profile) -> None:
    found = set_of(walls)
    assert found.verdict != "far"
    assert abs(found.distance) < 0.05
    assert found.low is not None and found.high is not None and found.low < found.distance < found.high
    assert found.share_far < 0.25 and found.n == len(HELD_OUT)


@pytest.mark.parametrize("shift", ["blurred", "night", "rotated", "upside down", "inverted"])
def test_a_shifted_set_is_beyond_the_usual(walls: Profile, shift: str) -> None:
    found = set_of(walls, SHIFTS[shift][0])
    assert found.verdict != "near" and found.low is not None and found.low > found.usual
    assert found.percentile > 99 and found.share_far > 0.9


def test_a_small_shift_shows_in_the_set_where_no_picture_shows_it(walls: Profile) -> None:
    def warmer(picture: Picture) -> Picture:
        return (picture * np.array([1.06, 1, 0.92])).clip(0, 255).astype(np.uint8)

    plain, shifted = set_of(walls), set_of(walls, warmer)
    assert shifted.distance > plain.distance + 0.01


def test_one_picture_is_a_set_without_an_interval(walls: Profile) -> None:
    found = set_of(walls, seeds=[500])
    assert (found.low, found.high, found.n) == (None, None, 1)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["low"] is None


def test_the_same_set_has_the_same_distance(walls: Profile) -> None:
    assert set_of(walls) == set_of(walls)


def test_an_empty_set_is_refused(walls: Profile) -> None:
    with pytest.raises(ValueError, match="no pictures"):
        assess_set([], walls)
