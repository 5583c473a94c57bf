"""The numbers an image has on a page: the metrics in order, then nearness where it was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.metrics import meters
from harness.metrics.measure import Measurement
from harness.metrics.registry import COLUMNS, TOTALS
from harness.web.language import Language

# No metric fills this column: it comes from run.json, not from the measurement.
NEARNESS = "nearness"


@dataclass(frozen=True)
class Column(meters.Column):
    """One number an image, its texts in the page's language.

    Attributes:
        values: one an image; infinite for a picture equal to its reference, NaN where there is none.
        limits: what a value can be, None where that is open.
    """

    values: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None


def metric_columns(measurement: Measurement, language: Language) -> tuple[Column, ...]:
    """Returns the measured columns with their labels."""
    rows = measurement.rows
    return tuple(known_column(name, language, [row.values[name] for row in rows]) for name in measurement.columns)


def known_column(name: str, language: Language, values: Sequence[float] = ()) -> Column:
    """Returns the column of a number of an image or set; one that only newer versions measure keeps its bare name."""
    known = (COLUMNS | TOTALS).get(name) or meters.Column(name, name, "", None, name)
    texts = {
        "label": language.either(f"column.{name}", known.label),
        "definition": language.either(f"about.{name}", known.definition),
        "unit": language.either(f"unit.{known.unit}", known.unit),
    }
    return Column(**(vars(known) | texts), values=tuple(values))


def nearness_column(names: Sequence[str], facts: dict[str, dict[str, Any]], language: Language) -> tuple[Column, ...]:
    """Returns one column with the percentile among training pictures, or nothing where no image has one."""
    values = tuple(_percentile(facts.get(name, {}).get("nearness")) for name in names)
    # A model without a profile of its training pictures has no nearness: no empty column then.
    if all(math.isnan(value) for value in values):
        return ()
    label, unit, about = (language.text(key) for key in ("column.nearness", "unit.percentile", "about.nearness"))
    return (Column(NEARNESS, label, unit, "lower", about, decimals=1, values=values, limits=(0, 100)),)


def _percentile(nearness: Any) -> float:
    # What is no number counts as not measured: a record may come from another version or hand.
    value = nearness.get("percentile") if isinstance(nearness, dict) else nearness
    return float(value) if isinstance(value, int | float) else math.nan


def ranked(column: Column) -> list[int]:
    """Returns the rows from best to worst; where neither way is better, from high to low."""
    sign = 1 if column.better == "lower" else -1
    # The row breaks ties, so that equal numbers give the same examples on every machine.
    return sorted(range(len(column.values)), key=lambda row: (sign * column.values[row], row))
