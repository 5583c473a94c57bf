from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import wilcoxon

from harness.errors import RunError
from harness.metrics.comparing import Comparison, compare, compare_runs, why_not_comparable
from harness.metrics.rows import Rows
from harness.metrics.storage import load_measurement
from tests.metrics.drawn import measurement
from tests.report.samples import change_facts, sample_run


def test_differences_are_the_second_minus_the_first_by_name() -> None:
    a, b = measurement(psnr=[10.0, 12.0, 14.0]), measurement(psnr=[11.0, 12.0, 11.0])
    b = replace(b, rows=b.rows[::-1])
    found = compare(a, b)
    column = found.columns["psnr"]
    assert (found.names, column.differences.tolist()) == (("0", "1", "2"), [1.0, 0.0, -3.0])
    assert (column.wins, column.ties, column.losses) == (1, 1, 1)
    assert column.mean == pytest.approx(-2 / 3)


def test_the_mean_of_several_draws_is_the_one_that_its_interval_is_of() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(0.5, 0.001, (2, 3, 30))  # runs, draws, images
    values[1, 0] += 0.01  # a lucky first draw
    a, b = (
        replace(first, seeds={n: measurement(ssim=list(draw)).rows for n, draw in enumerate(draws[1:], 1)})
        for draws in values
        for first in [measurement(ssim=list(draws[0]))]
    )
    column = compare(a, b).columns["ssim"]
    assert column.mean == pytest.approx(values[1].mean() - values[0].mean())
    assert column.low is not None and column.high is not None and column.low < column.mean < column.high


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


def test_what_only_one_of_them_measured_is_left_out() -> None:
    a, b = measurement(ssim=[0.1, 0.2], mae=[9.0, 8.0]), measurement(ssim=[0.2, 0.3], lpips=[0.5, 0.6])
    assert list(compare(a, b).columns) == ["ssim"]


def test_runs_of_the_first_protocol_stay_comparable() -> None:
    a = measurement(ssim=[0.1, 0.2])
    older = {**a.protocol, "version": 1, "comparable": {"version": 1, **a.protocol["comparable"]}}
    assert why_not_comparable(a, replace(a, protocol=older)) is None


def test_the_probabilities_of_several_columns_are_corrected_by_holm() -> None:
    first = np.random.default_rng(5).normal(20, 3, (30, 3))
    moved = first + np.random.default_rng(6).normal([0.6, 0.5, 0.0], 1.0, (30, 3))
    a, b = (measurement(**dict(zip(("ssim", "psnr", "mae"), map(list, m.T), strict=True))) for m in (first, moved))
    columns = compare(a, b).columns.values()
    plain = np.array([c.p_value for c in columns])
    order = np.argsort(plain)
    expected = np.minimum(np.maximum.accumulate(plain[order] * [3, 2, 1]), 1)
    assert np.array([c.p_holm for c in columns])[order] == pytest.approx(expected)
    assert compare(measurement(ssim=[0.1, 0.2]), measurement(ssim=[0.2, 0.4])).columns["ssim"].p_holm == 0.5


def test_the_effect_counts_ranks_on_the_better_side_less_those_on_the_worse() -> None:
    a = measurement(mae=[10.0, 10.0, 10.0, 10.0])
    column = compare(a, measurement(mae=[9.0, 8.0, 7.0, 14.0])).columns["mae"]
    assert column.effect == pytest.approx((1 + 2 + 3 - 4) / 10)
    assert column.share_better == 0.75
    equal = compare(a, a).columns["mae"]
    assert (equal.effect, equal.share_better) == (None, 0.5)


def test_other_columns_are_refused() -> None:
    assert "one measured ssim, the other input_ssim" in str(
        why_not_comparable(measurement(ssim=[0.1]), measurement(input_ssim=[0.1]))
    )


def test_another_protocol_is_refused_and_another_library_version_is_not() -> None:
    a = measurement(ssim=[0.1, 0.2])
    other = {"columns": {"ssim": "SSIM of luma"}}
    newer = replace(a, protocol={**a.protocol, "version": 3, "comparable": other})
    assert "different protocols (versions 2 and 3)" in str(why_not_comparable(a, newer))
    assert why_not_comparable(a, replace(a, protocol={**a.protocol, "libraries": {"numpy": "9"}})) is None


def test_images_that_did_not_change_keep_their_ranks() -> None:
    """Pratt's rule by hand: zeros are ranked and then dropped, so that they weaken what the others say.

    Of z zeros and the differences 1 to n, every third negative, the ranks are z + 1 to z + n; the sum of the negative
    ones has the mean (N(N+1) - z(z+1)) / 4 and the variance (N(N+1)(2N+1) - z(z+1)(2z+1)) / 24, where N = n + z.
    """
    zeros, n = 20, 40
    changes = [*([0.0, 5e-7] * (zeros // 2)), *(-float(d) if d % 3 == 0 else float(d) for d in range(1, n + 1))]
    start = [100.0] * len(changes)
    column = compare(measurement(psnr=start), measurement(psnr=[100 + d for d in changes])).columns["psnr"]
    of_the_negative = sum(zeros + d for d in range(3, n + 1, 3))
    every = zeros + n
    mean = (every * (every + 1) - zeros * (zeros + 1)) / 4
    variance = (every * (every + 1) * (2 * every + 1) - zeros * (zeros + 1) * (2 * zeros + 1)) / 24
    p = math.erfc(abs(of_the_negative - mean) / math.sqrt(2 * variance))
    assert column.p_value == pytest.approx(p, abs=1e-6)
    assert column.ties == zeros


def test_a_column_that_only_a_newer_version_knows_is_compared_by_its_numbers() -> None:
    new = replace(measurement(ssim=[0.1, 0.2]), columns=("new",))
    a, b = (replace(new, rows=Rows.of(replace(r, values={"new": v}) for r in new.rows)) for v in (1.0, 2.0))
    assert compare(a, b).columns["new"].wins == 2


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    return sample_run(tmp_path / "first", noise=10), sample_run(tmp_path / "second", noise=20)


def compared(runs: tuple[Path, Path]) -> Comparison:
    return compare_runs(runs, (load_measurement(runs[0]), load_measurement(runs[1])))


def test_runs_of_the_same_pictures_are_compared(runs: tuple[Path, Path]) -> None:
    comparison = compared(runs)
    assert (comparison.of.same_preparation, comparison.of.hashed) == (True, True)
    document = comparison.to_json()
    assert (document["same_preparation"], document["hashed"]) == (True, True)
    assert comparison.columns["ssim"].losses == 8


def test_runs_of_other_pictures_are_refused_with_the_way_out(runs: tuple[Path, Path]) -> None:
    change_facts(runs[1], lambda facts: facts.update(source_sha256="0" * 64))
    with pytest.raises(RunError, match=r"cannot be compared: the input is another picture for `000`") as caught:
        compared(runs)
    assert "harness test --dataset" in str(caught.value.hint)
