"""The numbers an image has on a page: the metrics in order, then nearness where it was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.metrics.measure import Measurement
from harness.metrics.meters import Column as Known
from harness.metrics.registry import COLUMNS, TOTALS
from harness.web.language import Language

# No metric fills this column: it comes from run.json, not from the measurement.
NEARNESS = "nearness"


@dataclass(frozen=True)
class Column:
    """One number an image.

    Attributes:
        label: short enough for the head of a table; `about` says what it is.
        better: None where neither way is better.
        decimals: shown of each value; files hold them in full.
        limits: what a value can be, None where that is open.
        values: one an image; infinite for a picture equal to its reference, NaN where there is none.
    """

    id: str
    label: str
    about: str
    unit: str
    better: str | None
    decimals: int
    values: tuple[float, ...]
    limits: tuple[float, float] | None = None

    @property
    def title(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def arrow(self) -> str:
        """Which way is better, as a sign."""
        return {"higher": "↑", "lower": "↓"}.get(self.better or "", "")


def metric_columns(measurement: Measurement, language: Language) -> tuple[Column, ...]:
    """Returns the measured columns with their labels."""
    return tuple(_metric(name, measurement, language) for name in measurement.columns)


def _metric(name: str, measurement: Measurement, language: Language) -> Column:
    return _labelled(name, COLUMNS.get(name), language, tuple(measurement.rows.columns[name].tolist()))


def known_column(name: str, language: Language) -> Column:
    """Returns the column of a number of an image or of the whole set, without values."""
    return _labelled(name, (COLUMNS | TOTALS).get(name), language, ())


def _labelled(name: str, known: Known | None, language: Language, values: tuple[float, ...]) -> Column:
    """A column with its texts in the page's language; what only a newer version measures keeps its bare name."""
    label, unit = (known.label, known.unit) if known else (name, "")
    return Column(
        id=name,
        label=language.either(f"column.{name}", label),
        about=language.either(f"about.{name}", known.definition if known else name),
        unit=language.either(f"unit.{unit}", unit),
        better=known.better if known else None,
        # Three decimals suit what lies in 0..1, as most metrics do; the range of an unknown one is not known.
        decimals=known.decimals if known else 3,
        values=values,
    )


def nearness_column(names: Sequence[str], facts: dict[str, dict[str, Any]], language: Language) -> tuple[Column, ...]:
    """Returns one column with the percentile among training pictures, or nothing where no image has one."""
    values = tuple(_percentile(facts.get(name, {}).get("nearness")) for name in names)
    # A model without a profile of its training pictures has no nearness: no empty column then.
    if all(math.isnan(value) for value in values):
        return ()
    label, about = language.text("column.nearness"), language.text("about.nearness")
    return (Column(NEARNESS, label, about, language.text("unit.percentile"), "lower", 1, values, (0, 100)),)


def _percentile(nearness: Any) -> float:
    # What is no number counts as not measured: a record may come from another version or hand.
    value = nearness.get("percentile") if isinstance(nearness, dict) else nearness
    return float(value) if isinstance(value, int | float) else math.nan


def ranked(column: Column) -> list[int]:
    """Returns the rows from best to worst; where neither way is better, from high to low."""
    sign = 1 if column.better == "lower" else -1
    # The row breaks ties, so that equal numbers give the same examples on every machine.
    return sorted(range(len(column.values)), key=lambda row: (sign * column.values[row], row))


def json_value(value: float) -> float | str | None:
    """Returns a value as JSON can hold it: infinity, the PSNR of an identical pair, as `inf`, NaN as null."""
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else "inf" if value > 0 else "-inf"
