"""Sizes as `--preprocess` makes them; `tests/training/test_foreseeing.py` compares them with the authors' code."""

from __future__ import annotations

import pytest

from harness.catalog.preprocessing import Preprocessing


@pytest.mark.parametrize(
    ("how", "load", "crop", "scaled", "seen"),
    [
        ("resize_and_crop", 286, 256, (286, 286), (256, 256)),
        ("crop", 286, 64, (200, 150), (64, 64)),
        ("scale_width", 100, 64, (100, 75), (100, 75)),
        ("scale_width", 100, 96, (100, 96), (100, 96)),  # never lower than the crop size
        ("scale_width", 200, 64, (200, 150), (200, 150)),
        ("scale_width_and_crop", 100, 64, (100, 75), (64, 64)),
        ("none", 286, 256, (200, 152), (200, 152)),  # to multiples of 4
    ],
)
def test_what_networks_see_of_200x150(
    how: str, load: int, crop: int, scaled: tuple[int, int], seen: tuple[int, int]
) -> None:
    made = Preprocessing(how, load, crop)
    assert (made.scaled((200, 150)), made.seen((200, 150))) == (scaled, seen)


@pytest.mark.parametrize(
    ("made", "multiple", "tested", "sampled"),
    [
        (Preprocessing("resize_and_crop", 286, 256), 256, (256, 256), (256, 256)),
        (Preprocessing("resize_and_crop", 1072, 360), 4, (1072, 1072), (360, 360)),
        (Preprocessing("resize_and_crop", 1072, 256), 256, (1024, 1024), (256, 256)),
        (Preprocessing("scale_width_and_crop", 1072, 360), 4, (1072, 804), (360, 360)),
        (Preprocessing("scale_width", 100, 64), 4, (100, 72), (100, 72)),
        (Preprocessing("crop", 286, 128), 128, (128, 128), (128, 128)),
        (Preprocessing("none"), 4, (200, 152), (200, 152)),
    ],
)
def test_a_test_of_200x150_has_the_scale_of_the_training_and_sides_the_network_can_halve(
    made: Preprocessing, multiple: int, tested: tuple[int, int], sampled: tuple[int, int]
) -> None:
    assert made.tested((200, 150), multiple)[1] == tested
    assert made.sampled((200, 150), multiple)[1] == sampled
