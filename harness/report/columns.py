"""The numbers an image has on a page: the metrics in order, then nearness where it was measured."""

from __future__ import annotations

from dataclasses import dataclass

from harness.metrics import meters
from harness.metrics.registry import COLUMNS, TOTALS
from harness.web.language import Language

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


def known_column(name: str, language: Language) -> Column:
    """Returns the column of a number of an image or set; one that only newer versions measure keeps its bare name."""
    known = (COLUMNS | TOTALS).get(name) or meters.Column(name, name, "", None, name)
    texts = {
        "label": language.either(f"column.{name}", known.label),
        "definition": language.either(f"about.{name}", known.definition),
        "unit": language.either(f"unit.{known.unit}", known.unit),
    }
    return Column(**(vars(known) | texts))


def nearness_column(language: Language) -> Column:
    """Returns the column of the percentile among training pictures."""
    label, unit, about = (language.text(key) for key in ("column.nearness", "unit.percentile", "about.nearness"))
    return Column(NEARNESS, label, unit, "lower", about, decimals=1, limits=(0, 100))
