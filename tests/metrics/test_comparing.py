from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import wilcoxon

from harness.errors import RunError
from harness.metrics.comparing import compare, why_not_comparable
from harness.metrics.measure import measure_images
from tests.metrics.drawn import measurement, noise, run_images, save


def test_differences_are_the_second_minus_the_first_by_name() -> None:
    a, b = measurement(psnr=[10.0, 12.0, 14.0]), measurement(psnr=[11.0, 12.0, 11.0])
    b = replace(b, rows=b.rows[::-1])
    column = compare(a, b).columns["psnr"]
    assert column.differences == {"0": 1.0, "1": 0.0, "2": -3.0}
    assert (column.wins, column.ties, column.losses) == (1, 1, 1)
    assert column.mean == pytest.approx(-2 / 3)


def test_lower_is_a_win_for_an_error() -> None:
    column = compare(measurement(mae=[10.0, 10.0]), measurement(mae=[8.0, 11.0])).columns["mae"]
    assert (column.wins, column.losses) == (1, 1)


def test_a_small_constant_gain_is_found_though_the_images_vary_much() -> None:
    first = np.random.default_rng(1).normal(15, 4, 40)
    gain = np.random.default_rng(2).normal(0.2, 0.1, 40)
    column = compare(measurement(psnr=list(first)), measurement(psnr=list(first + gain))).columns["psnr"]
    assert column.low is not None and column.high is not None and column.p_value is not None
    assert 0.1 < column.low < gain.mean() < column.high < 0.3
    assert column.p_value == pytest.approx(wilcoxon(gain).pvalue, rel=0.01) and column.p_value < 1e-5


def test_equal_measurements_tie_everywhere() -> None:
    a = measurement(ssim=[0.1, 0.5, 0.3], psnr=[10.0, math.inf, 12.0])
    column = compare(a, a).columns["psnr"]
    assert (column.ties, column.mean, column.p_value, column.apart) == (3, 0, 1.0, 0)


def test_an_image_identical_in_one_run_alone_is_a_win_and_stands_apart() -> None:
    column = compare(measurement(psnr=[10.0, 20.0, 30.0]), measurement(psnr=[11.0, math.inf, 31.0])).columns["psnr"]
    assert (column.wins, column.n, column.apart, column.mean) == (3, 2, 1, 1)


def test_one_image_has_neither_interval_nor_test() -> None:
    column = compare(measurement(ssim=[0.1]), measurement(ssim=[0.2])).columns["ssim"]
    assert (column.low, column.p_value) == (None, None)
    assert column.mean == pytest.approx(0.1)


def test_the_document_holds_no_infinity() -> None:
    found = compare(measurement(psnr=[10.0, 20.0]), measurement(psnr=[11.0, math.inf]))
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["columns"]["psnr"]["differences"] == {"0": 1.0, "1": None}


def test_other_images_are_refused() -> None:
    a, b = measurement(ssim=[0.1, 0.2]), measurement(ssim=[0.1, 0.2, 0.3])
    with pytest.raises(RunError, match="2 are in both, 0 only in the first, 1 only in the second"):
        compare(a, b)


def test_other_columns_are_refused() -> None:
    assert "one measured ssim, the other input_ssim" in str(
        why_not_comparable(measurement(ssim=[0.1]), measurement(input_ssim=[0.1]))
    )


def test_another_protocol_is_refused_and_another_library_version_is_not() -> None:
    a = measurement(ssim=[0.1, 0.2])
    newer = replace(a, protocol={**a.protocol, "version": 2, "comparable": {"version": 2}})
    assert "different protocols (versions 1 and 2)" in str(why_not_comparable(a, newer))
    assert why_not_comparable(a, replace(a, protocol={**a.protocol, "libraries": {"numpy": "9"}})) is None


def test_other_targets_under_the_same_names_are_refused(tmp_path: Path) -> None:
    names = run_images(tmp_path, 4)
    first = measure_images(tmp_path, names, paired=True)
    save(tmp_path, "target", names[2], noise(99) // 2)
    with pytest.raises(RunError, match="same names but other targets"):
        compare(first, measure_images(tmp_path, names, paired=True))


def test_targets_rounded_otherwise_stay_comparable(tmp_path: Path) -> None:
    names = run_images(tmp_path, 4)
    first = measure_images(tmp_path, names, paired=True)
    target = noise(2).copy()
    target[0, :5] ^= 1
    save(tmp_path, "target", names[0], target)
    assert why_not_comparable(first, measure_images(tmp_path, names, paired=True)) is None
