"""Scores that others published, each with its protocol and source: to quote beside a run, never to rank it by."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from harness.catalog.types import Model

PROTOCOLS: dict[str, str] = {
    "fcn8s-256": "FCN-8s segmentation of 256×256 outputs enlarged to 1024×2048 (scripts/eval_cityscapes)",
    "fcn8s-from128": "FCN-8s segmentation of outputs made at 128×128",
    "cityscapes-nearest-colour": "label of the nearest Cityscapes colour, per pixel",
    "cityscapes-nearest-colour-128": "label of the nearest Cityscapes colour, per pixel, at 128×128",
    "amt-1s": "share of outputs people took for real, shown for one second",
    "amt-1s-256": "share of outputs people took for real at 256×256, shown for one second",
    "fig7": "intersection of Lab histograms with the ground truth's",
    "mmgen-fid": "FID by mmgeneration, outputs with live dropout",
    "paddlegan-fid": "FID by PaddleGAN, outputs without dropout",
    "pytorch-fid": "FID by pytorch-fid",
    "clean-fid": "FID by clean-fid, which resizes with antialiasing",
}
"""What each protocol measures: scores of different protocols cannot be compared, FIDs of the same images included."""


# Columns that are more than text, and None where they are empty.
_READERS: dict[str, Callable[[str], Any]] = {
    "model": str, "generated": int, "real": int, "value": float, "uncertainty": float
}  # fmt: skip


@dataclass(frozen=True)
class PublishedScore:
    """One published number.

    Attributes:
        model: id of the catalog model for the same task by the same method, None where there is none.
        weights: `official` for the authors' released file, `paper`, or whose training it was.
        generated, real: numbers of images compared, None where not stated.
        uncertainty: as published, in the metric's unit, None where not stated.
        confidence: `A` read in the source itself, `B` in a transcription of it.
    """

    id: str
    model: str | None
    method: str
    weights: str
    dataset: str
    direction: str
    split: str
    generated: int | None
    real: int | None
    metric: str
    value: float
    uncertainty: float | None
    protocol: str
    confidence: Literal["A", "B"]
    source: str


@cache
def published_scores() -> tuple[PublishedScore, ...]:
    """Returns every published score, in the order of `published_scores.csv`."""
    text = (files("harness.catalog") / "published_scores.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(PublishedScore(**{column: _read(column, told) for column, told in row.items()}) for row in rows)


def scores_of(model: Model) -> tuple[PublishedScore, ...]:
    """Returns the published scores of a model's task, those of its own weights first."""
    found = [score for score in published_scores() if score.model == model.id]
    return tuple(sorted(found, key=lambda score: score.weights != "official"))


def _read(column: str, told: str) -> Any:
    if column not in _READERS:
        return told
    return _READERS[column](told) if told else None
