"""Geometry of charts: what lies where, and that every image is counted once."""

from __future__ import annotations

import math

import pytest

from harness.web.charts import differences, dots, histogram, range_plot, scatter
from harness.web.language import language

EN = language("en")


def test_a_histogram_counts_every_finite_value_once() -> None:
    chart = histogram("psnr", "PSNR", [10.0, 10.4, 12.0, 30.0, math.inf, math.nan], 2, EN)
    assert chart is not None
    heights = [bar.height for bar in chart.bars]
    assert round(sum(heights) / max(heights) * chart.most) == 4
    assert chart.edges[0] <= 10 and chart.edges[-1] >= 30
    assert len(chart.edges) == len(chart.bars) + 1


@pytest.mark.parametrize("values", [[0.5], [0.0, 0.0, 0.0], [-3.0, -3.0]])
def test_equal_values_make_a_histogram_too(values: list[float]) -> None:
    chart = histogram("x", "x", values, 3, EN)
    assert chart is not None and chart.frame.x_low < values[0] < chart.frame.x_high


def test_nothing_finite_makes_no_chart() -> None:
    assert histogram("x", "x", [math.inf, math.nan], 2, EN) is None
    assert scatter("x", ("t", "x", "y"), ([1.0, math.inf], [math.inf, 1.0]), EN, rows=range(2)) is None
    assert range_plot([("run", None, None, None)]) is None
    assert differences("d", (["a"], [math.inf]), "higher", 3, EN) is None


def test_a_scatter_puts_larger_values_right_and_up_and_thins_evenly() -> None:
    chart = scatter("s", ("t", "x", "y"), ([1.0, 2.0], [5.0, 9.0]), EN, rows=range(2))
    assert chart is not None
    low, high = chart.points
    assert low[0] < high[0] and low[1] > high[1]
    line = [float(place) for place in range(5000)]
    many = scatter("s", ("t", "x", "y"), (line, line), EN, rows=range(5000))
    assert many is not None and (len(many.points), many.of) == (2000, 5000)


def test_dots_lie_on_their_groups_line_larger_values_right() -> None:
    chart = dots("ngf", {"8": {0: 0.5, 2: 0.7}, "16": {1: 0.6, 3: math.nan}}, EN)
    assert chart is not None
    places = {row: (x, y) for x, y, row in chart.points}
    assert places.keys() == {0, 1, 2}
    assert places[0][0] < places[1][0] < places[2][0]
    assert places[0][1] == places[2][1] == chart.names[0][0] < places[1][1] == chart.names[1][0] < chart.frame.bottom
    assert dots("ngf", {"8": {0: math.inf}}, EN) is None


def test_the_identity_line_has_one_scale_on_both_axes() -> None:
    chart = scatter("s", ("t", "x", "y"), ([0.1, 0.2], [0.5, 0.9]), EN, rows=range(2), identity=True)
    assert chart is not None and chart.identity
    assert (chart.frame.x_low, chart.frame.x_high) == (chart.frame.y_low, chart.frame.y_high)


def test_differences_are_sorted_and_told_apart_by_what_is_better() -> None:
    values = ("abcd", [0.2, -0.1, 0.0, math.inf])
    kinds = {better: [bar.kind for bar in differences("d", values, better, 3, EN).bars]  # type: ignore[union-attr]
             for better in ("higher", "lower", None)}  # fmt: skip
    assert kinds == {"higher": ["loss", "none", "gain"], "lower": ["gain", "none", "loss"], None: ["none"] * 3}


def test_of_many_differences_the_ends_stay_and_the_mean_is_of_all() -> None:
    values = [float(place % 1000) ** 2 for place in range(5000)]
    chart = differences("d", (list(map(str, range(5000))), values), "higher", 0, EN)
    assert chart is not None and len(chart.bars) == 600
    assert (chart.bars[0].label, chart.bars[-1].label) == ("0: +0", "4999: +998001")
    assert chart.mean == chart.frame.y(sum(values) / 5000)


def test_a_range_plot_keeps_order_and_whiskers() -> None:
    plot = range_plot([("run", 0.5, 0.4, 0.6), ("input_copied", 0.1, None, None)])
    assert plot is not None
    (_, at, low, high), copied = plot
    assert copied[1] < low < at < high
    assert copied[1] == copied[2] == copied[3]
