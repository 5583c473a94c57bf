"""Which images a run's page lists: all of them; of very many the worst, the best and a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.metrics.measure import Measurement
from harness.metrics.registry import COLUMNS
from harness.progress import Step
from harness.runs import record as record_file
from harness.runs.record import RunRecord

ENDS, SAMPLE = 500, 2000
SEED = 0
_Places = NDArray[np.intp]


@dataclass(frozen=True)
class Pick:
    """Images that are listed.

    Attributes:
        rows: the rows of the run that they are; `count` is how many there are in all.
        sample: places among `rows` of those drawn evenly from all: what charts show single points of.
        examples: places among `rows` of the first screen's, by role: `best`, `median` and `worst` of all.
        ends: how many were taken from each end.
    """

    rows: _Places
    count: int
    sample: _Places
    examples: dict[str, int]
    ends: int

    @property
    def partial(self) -> bool:
        return len(self.rows) < self.count


Listed = tuple[Sequence[str], Pick]
"""Names of all images, and which of them are picked: of runs side by side, that list the same ones."""


def pick(*orders: _Places) -> Pick:
    """Picks images, given from best to worst in one order or several; the examples are those of the first."""
    count, ends = len(orders[0]), ENDS // len(orders)
    roles = {0: (), 1: ("best",), 2: ("best", "worst")}.get(count, ("best", "median", "worst"))
    # Of an even number the lower of the two in the middle: an image is shown, there is no mean of two.
    places = {"best": 0, "median": (count - 1) // 2, "worst": -1}
    examples = {role: orders[0][places[role]] for role in roles}
    rows = sample = np.arange(count)
    if count > record_file.MANY:
        sample = np.random.default_rng(SEED).choice(count, SAMPLE, replace=False)
        both = [end for order in orders for end in (order[:ends], order[-ends:])]
        rows = np.unique(np.concatenate([*both, sample, [*examples.values()]]))
    places_of = {role: int(np.searchsorted(rows, row)) for role, row in examples.items()}
    return Pick(rows, count, np.searchsorted(rows, np.sort(sample)), places_of, ends)


def ranked(values: ArrayLike, better: str | None) -> _Places:
    """Returns the places of (n,) values from best to worst; where neither way is better, from high to low."""
    every = np.asarray(values, float)
    # The place breaks ties, so that equal numbers give the same examples on every machine.
    return np.argsort(every if better == "lower" else -every, kind="stable")


@dataclass(frozen=True)
class Seen:
    """What going through a run's images once gives, whatever the language.

    Attributes:
        facts: what the record knows of each image that is picked; empty where it knows none of that name.
        nearness: (n,) percentile of every image among the training pictures, NaN where it was not judged.
        far: how many are far from them.
        boxed: whether it was recorded where in each picture its padding begins.
    """

    pick: Pick
    facts: tuple[dict[str, Any], ...]
    nearness: NDArray[np.float64]
    far: int
    boxed: bool


def look_through(
    record: RunRecord, measurement: Measurement, listed: Listed | None = None, step: Step | None = None
) -> Seen:
    """Goes through a run's images.

    Args:
        listed: the images that are listed; without it those that their first metric picks.
        step: counts the images.
    """
    rows, columns = measurement.rows, measurement.columns
    # The measurement says which images there are; what the record knows of them is added where it knows something.
    places = {name: place for place, name in enumerate(rows.names)}
    if listed:
        names, picked = listed
        # Each run sorted its own files.
        picked = replace(picked, rows=np.array([places[names[row]] for row in picked.rows]))
    else:
        known = COLUMNS.get(columns[0]) if columns else None
        values = rows.columns[columns[0]] if columns else np.zeros(len(rows))
        picked = pick(ranked(values, known.better if known else None))
    facts: dict[int, dict[str, Any]] = {row: {} for row in picked.rows.tolist()}
    nearness, far, boxed = np.full(len(rows), np.nan), 0, True
    for image in record.images:
        near = image.get("nearness") or {}
        far += near.get("verdict") == "far"
        boxed = boxed and bool(image.get("geometry"))
        if (place := places.get(image["name"])) is not None:
            percentile = near.get("percentile")
            nearness[place] = np.nan if percentile is None else percentile
            if place in facts:
                facts[place] = image
        if step:
            step.advance()
    return Seen(picked, tuple(facts.values()), nearness, far, boxed)
