"""A run's numbers as a table on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.console import Console

if TYPE_CHECKING:
    from harness.metrics.measure import Measurement
    from harness.metrics.meters import Column
    from harness.metrics.statistics import OverSeeds


def show_summary(console: Console, measurement: Measurement) -> None:
    """The headline numbers beside the baselines, those of the whole set, and what was not measured and why."""
    from harness.metrics.registry import COLUMNS, METRICS, TOTALS
    from harness.metrics.statistics import FEWEST

    drawn = measurement.over_seeds
    # One column a baseline of images, then one of each number that stands beside a total; most rows fill a few.
    beside = [*measurement.baselines, *dict.fromkeys(b for t in measurement.totals.values() for b in t.beside)]
    rows = []
    for name, summary in measurement.summary.items():
        column = COLUMNS[name]
        # A metric may have been measured without one of the baselines, e.g. without targets.
        means = [s.mean if (s := measurement.baselines.get(b, {}).get(name)) else None for b in beside]
        rows.append(_row(column, (summary.mean, summary.low, summary.high), means))
        if name in drawn:
            rows[-1] += over_seeds_texts(column, drawn[name])
    for name, total in measurement.totals.items():
        rows.append(_row(TOTALS[name], (total.value, total.low, total.high), [total.beside.get(b) for b in beside]))
        # Enough images, and still no interval: some totals, such as FID, have none by their nature.
        if total.low is None and total.n >= FEWEST:
            rows[-1][2] = "-"
    several = [f"over {next(iter(drawn.values())).seeds} seeds", "95 % interval"] if drawn else []
    headers = ["", "mean", "95 % interval", *(b.replace("_", " ") for b in beside), *several]
    console.table(headers, [row + [""] * (len(headers) - len(row)) for row in rows])
    for name, reason in measurement.missing.items():
        metric = METRICS.get(name)
        labels = ", ".join(column.label for column in (*metric.columns, *metric.totals)) if metric else name
        console.result(f"{labels}: not measured: {reason}")
    for note in dict.fromkeys(note for total in measurement.totals.values() for note in total.notes):
        console.say(f"note: {note}")


def _row(column: Column, value: tuple[float | None, ...], beside: list[float | None]) -> list[str]:
    decimals = _decimals(column)
    mean, low, high = value
    others = ["" if number is None else number_text(number, decimals) for number in beside]
    return [column.label, number_text(mean, decimals), interval_text(low, high, decimals), *others]


def over_seeds_texts(column: Column, over: OverSeeds) -> list[str]:
    """Returns mean and spread over seeds, and the interval."""
    digits = _decimals(column)
    mean, spread = number_text(over.mean, digits), number_text(over.spread, digits)
    return [f"{mean} ± {spread}", interval_text(over.low, over.high, digits)]


def _decimals(column: Column) -> int:
    """A terminal has room for one digit more than a page shows of numbers below 1."""
    return column.decimals + (column.decimals > 2)


def number_text(value: float | None, decimals: int, *, signed: bool = False) -> str:
    """Returns a number with fixed decimals, never `-0.00`; a dash where there is none."""
    # `z` drops the sign of what rounds to zero.
    return "-" if value is None else f"{value:{'+' if signed else ''}z.{decimals}f}"


def interval_text(low: float | None, high: float | None, decimals: int, *, signed: bool = False) -> str:
    """Returns an interval, or that there are too few images for one."""
    if low is None or high is None:
        return "too few"
    return f"{number_text(low, decimals, signed=signed)} to {number_text(high, decimals, signed=signed)}"
