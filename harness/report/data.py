"""What a run's page shows, made from its record and its measurement alone: no file is touched here."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from harness.metrics.measure import Measurement
from harness.metrics.registry import COLUMNS
from harness.metrics.statistics import Summary
from harness.report.language import Language
from harness.report.privacy import without_paths
from harness.runs.record import RunRecord

_DECIMALS = {"ssim": 3, "psnr": 2, "mae": 2}


@dataclass(frozen=True)
class Column:
    """One metric of the table; `label` is short enough for a head, `about` says what it is.

    Attributes:
        better: None where neither way is better.
        values: one an image; infinite for a picture equal to its reference.
    """

    id: str
    label: str
    about: str
    unit: str
    better: str | None
    decimals: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Baseline:
    """A trivial answer measured on the same images."""

    id: str
    label: str
    summary: Summary


@dataclass(frozen=True)
class Headline:
    """One metric's summary beside its baselines, and in words what the two say together."""

    column: Column
    summary: Summary
    baselines: tuple[Baseline, ...]
    verdict: str


@dataclass(frozen=True)
class Example:
    """An image chosen for the first screen: `role` is `best`, `median` or `worst`."""

    role: str
    row: int


@dataclass(frozen=True)
class Picture:
    """One image of the run with the addresses of its pictures by kind."""

    name: str
    source: str | None
    addresses: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RunPage:
    """A run's page.

    Attributes:
        kinds: the kinds of pictures there are, in the order shown; `difference` is made by the page.
        columns: metrics in order, then nearness where it was measured.
    """

    name: str
    record: RunRecord
    paired: bool
    kinds: tuple[str, ...]
    columns: tuple[Column, ...]
    pictures: tuple[Picture, ...]
    headlines: tuple[Headline, ...]
    examples: tuple[Example, ...]
    warnings: tuple[str, ...]
    protocol: str


def run_page(record: RunRecord, measurement: Measurement, spread: Collection[str], language: Language) -> RunPage:
    """Returns the data of a run's page; `spread` names the images that have a map of their samples' spread."""
    paired = record.test_set["layout"] == "paired"
    columns = tuple(_column(name, measurement, language) for name in measurement.columns)
    facts = {str(fact["name"]): fact for fact in record.images}
    kinds = ["input", "output", *(["target", "difference"] if paired else []), *(["spread"] if spread else [])]
    return RunPage(
        name=record.name,
        record=record,
        paired=paired,
        kinds=tuple(kinds),
        columns=columns,
        pictures=tuple(_picture(row.name, facts.get(row.name, {}), paired, spread) for row in measurement.rows),
        headlines=tuple(_headline(column, measurement, language) for column in columns),
        examples=_examples(columns[0]) if columns else (),
        warnings=tuple(without_paths(warning) for warning in record.warnings),
        protocol=str(measurement.protocol.get("line", "")),
    )


def _column(name: str, measurement: Measurement, language: Language) -> Column:
    known = COLUMNS.get(name)
    label = known.label if known else name
    return Column(
        id=name,
        label=language.either(f"column.{name}", label),
        about=language.either(f"about.{name}", label),
        unit=language.either(f"unit.{known.metric.unit}", known.metric.unit) if known and known.metric.unit else "",
        better=known.better if known else None,
        decimals=_DECIMALS.get(known.metric.name, 3) if known else 3,
        values=tuple(row.values[name] for row in measurement.rows),
    )


def _picture(name: str, facts: dict[str, Any], paired: bool, spread: Collection[str]) -> Picture:
    kinds = ["input", "output", *(["target"] if paired else []), *(["spread"] if name in spread else [])]
    source = facts.get("source")
    return Picture(
        name=name,
        source=without_paths(str(source)) if source else None,
        addresses={kind: f"images/{kind}/{quote(name, safe='')}.png" for kind in kinds},
        notes=tuple(without_paths(str(w)) for w in facts.get("warnings") or ()),
    )


def _headline(column: Column, measurement: Measurement, language: Language) -> Headline:
    baselines = tuple(
        Baseline(id_, language.either(f"baseline.{id_}", id_.replace("_", " ")), summaries[column.id])
        for id_, summaries in measurement.baselines.items()
        if column.id in summaries
    )
    summary = measurement.summary[column.id]
    return Headline(column, summary, baselines, _verdict(column, summary, baselines, language))


def _verdict(column: Column, summary: Summary, baselines: Sequence[Baseline], language: Language) -> str:
    """Compares intervals, which errs on the careful side: apart means a clear difference."""
    if column.better is None or not baselines:
        return ""
    sides = [_side(column, summary, baseline.summary) for baseline in baselines]
    if all(side == "better_than" for side in sides):
        return language.text("verdict.better")
    parts = [language.text(f"verdict.{side}", baseline=b.label) for side, b in zip(sides, baselines, strict=True)]
    return language.text("verdict.join").join(dict.fromkeys(parts))


def _side(column: Column, ours: Summary, theirs: Summary) -> str:
    if ours.low is None or ours.high is None or theirs.low is None or theirs.high is None:
        return "unknown"
    if ours.low > theirs.high:
        return "better_than" if column.better == "higher" else "worse_than"
    if ours.high < theirs.low:
        return "worse_than" if column.better == "higher" else "better_than"
    return "unclear"


def _examples(column: Column) -> tuple[Example, ...]:
    """The best, the median and the worst image by the first metric; for similarity the most and the least similar."""
    order = ranked(column)
    places = {"best": 0, "median": (len(order) - 1) // 2, "worst": -1}
    chosen = {role: order[place] for role, place in places.items()}
    return tuple(Example(role, row) for role, row in chosen.items() if len(order) >= 3 or role == "best")


def ranked(column: Column) -> list[int]:
    """Returns the rows from best to worst; where neither way is better, from high to low."""
    sign = 1 if column.better == "lower" else -1
    return sorted(range(len(column.values)), key=lambda row: (sign * column.values[row], row))


def json_value(value: float) -> float | str:
    """Returns a value as JSON can hold it: infinity, the PSNR of an identical pair, as `inf`."""
    return value if math.isfinite(value) else "inf" if value > 0 else "-inf"
