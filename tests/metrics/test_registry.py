from __future__ import annotations

import math

import pytest

from harness.metrics.registry import COLUMNS, METRICS, PAIRED, UNPAIRED
from tests.metrics.drawn import noise


def test_every_entry_stands_under_its_own_name() -> None:
    assert all(name == metric.name for name, metric in METRICS.items())
    assert list(COLUMNS) == ["ssim", "psnr", "mae", "input_ssim", "input_psnr"]


def test_without_targets_there_is_only_similarity_to_the_input() -> None:
    assert all(column.against == "target" for column in PAIRED)
    assert [(c.name, c.against, c.better) for c in UNPAIRED] == [
        ("input_ssim", "input", None),
        ("input_psnr", "input", None),
    ]
    assert all(column.label.startswith("similarity to the input") for column in UNPAIRED)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_better_is_towards_the_identical_picture(metric) -> None:
    near, far = noise(1), noise(2)
    nearer = (0.9 * near + 0.1 * far).astype("uint8")
    values = [metric.compute(picture, near) for picture in (far, nearer, near)]
    assert values == sorted(values, reverse=metric.better == "lower")


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_the_smallest_side_is_told_truly(metric) -> None:
    side = metric.smallest_side
    assert math.isfinite(metric.compute(noise(1, side, side), noise(2, side, side)))
    if side > 1:
        with pytest.raises(ValueError, match="too few"):
            metric.compute(noise(1, side - 1, side), noise(2, side - 1, side))
