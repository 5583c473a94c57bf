from __future__ import annotations

import math

import pytest

from harness.errors import UnknownNameError
from harness.metrics.meters import Instruments, Shot
from harness.metrics.registry import COLUMNS, METRICS, PAIRED, TOTALS, UNPAIRED, find_metrics
from tests.metrics.drawn import noise

WITHOUT_WEIGHTS = [METRICS[name] for name in ("ssim", "psnr", "mae", "ms_ssim")]


def test_every_entry_stands_under_its_own_name_and_no_two_fill_one_column() -> None:
    assert all(name == metric.name for name, metric in METRICS.items())
    filled = [column.name for metric in METRICS.values() for column in (*metric.columns, *metric.totals)]
    assert len(set(filled)) == len(filled) == len(COLUMNS) + len(TOTALS)
    assert all(column.definition and column.label for column in (*COLUMNS.values(), *TOTALS.values()))


def test_without_targets_there_is_only_similarity_to_the_input() -> None:
    assert [metric.name for metric in PAIRED] == ["ssim", "psnr", "mae"]
    assert all(metric.needs_targets for metric in PAIRED)
    columns = [metric.columns[0] for metric in UNPAIRED]
    assert [(c.name, c.against, c.better) for c in columns] == [
        ("input_ssim", "input", None),
        ("input_psnr", "input", None),
    ]


def test_metrics_are_found_by_their_names_and_by_what_they_fill_each_once() -> None:
    found = find_metrics(["fid", "ms_ssim", "kid", "palette_iou", "inception"])
    assert [metric.name for metric in found] == ["inception", "ms_ssim", "palette"]
    with pytest.raises(UnknownNameError, match=r"no metric is called `msssim`\. Did you mean `ms_ssim`"):
        find_metrics(["msssim"])


@pytest.mark.parametrize("metric", WITHOUT_WEIGHTS, ids=lambda metric: metric.name)
def test_better_is_towards_the_identical_picture(metric) -> None:
    near, far = noise(1, 176, 176), noise(2, 176, 176)
    nearer = (0.9 * near + 0.1 * far).astype("uint8")
    meter = metric.begin(Instruments())
    values = [meter.one(Shot("a", picture, picture, near))[0] for picture in (far, nearer, near)]
    assert values == sorted(values, reverse=metric.columns[0].better == "lower")


@pytest.mark.parametrize(("name", "side"), [("ssim", 11), ("ms_ssim", 161), ("spectrum", 32)])
def test_the_smallest_side_is_told_truly(name: str, side: int) -> None:
    meter = METRICS[name].begin(Instruments())
    enough = Shot("a", noise(3, side, side), noise(1, side, side), noise(2, side, side))
    assert all(map(math.isfinite, meter.one(enough)))
    with pytest.raises(ValueError, match=f"too few: each side needs {side} at least"):
        meter.one(Shot("a", noise(3, side - 1, side), noise(1, side - 1, side), noise(2, side - 1, side)))
