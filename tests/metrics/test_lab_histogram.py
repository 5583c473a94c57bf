from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2lab

from harness.metrics.lab_histogram import LabMeter
from harness.metrics.meters import Shot
from harness.metrics.pairs import Picture
from tests.metrics.drawn import flat, noise


def measured(pairs: list[tuple[Picture, Picture]]) -> tuple[float, ...]:
    meter = LabMeter()
    for i, (output, target) in enumerate(pairs):
        assert meter.one(Shot(str(i), output, output, target)) == ()
    return tuple(total.value for total in meter.whole())


def test_the_histograms_are_of_all_pictures_together() -> None:
    pairs = [(noise(seed), noise(seed + 50)) for seed in range(4)]
    expected = []
    for axis, (low, high) in enumerate(((0, 100), (-128, 128), (-128, 128))):
        pooled = [np.concatenate([rgb2lab(pair[side])[..., axis].ravel() for pair in pairs]) for side in (0, 1)]
        counts = [np.histogram(values, bins=high - low, range=(low, high))[0] for values in pooled]
        expected.append(np.minimum(*counts).sum() / pooled[0].size)
    assert measured(pairs) == pytest.approx(expected)


def test_the_same_colours_elsewhere_are_the_same_and_others_are_none() -> None:
    assert measured([(noise(1), noise(1)[::-1, ::-1])]) == pytest.approx((1, 1, 1))
    lightness, *_ = measured([(flat(0), flat(255))])
    assert lightness == 0


def test_the_interval_comes_of_the_images_left_out_and_needs_five() -> None:
    meter = LabMeter()
    for i in range(6):
        meter.one(Shot(str(i), noise(i), noise(i), noise(i + 60) // (1 + i % 3)))
        total = meter.whole()[0]
        assert (total.low is not None) == (i >= 4)
    assert total.low is not None and total.high is not None
    assert total.low < total.value < total.high
