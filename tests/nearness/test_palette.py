from __future__ import annotations

import numpy as np
import pytest

from harness.nearness.palette import ColourSet, main_colours


def test_finds_the_classes_of_a_noisy_label_map() -> None:
    generator = np.random.default_rng(0)
    classes = np.array([[0, 0, 223], [0, 128, 255], [255, 80, 0]])
    maps = [
        classes[generator.choice(3, (40, 40), p=[0.6, 0.3, 0.1])] + generator.integers(-6, 7, (40, 40, 3)) for _ in "ab"
    ]
    found = main_colours(m.clip(0, 255).astype(np.uint8) for m in maps)
    assert len(found.colours) == 3
    for colour, expected in zip(found.colours, classes, strict=True):
        assert np.abs(np.array(colour) - expected).max() <= 12


def test_the_share_counts_pixels_near_a_colour() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[:3] = (250, 10, 10)
    picture[3:5] = (235, 20, 0)
    assert ColourSet([(252, 4, 4)]).share_of(picture) == pytest.approx(0.5)
    assert ColourSet([]).share_of(picture) == 0
