"""Scores that others published, each with its protocol and source: to quote beside a run, never to rank it by."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from harness.catalog.types import Model


@dataclass(frozen=True)
class Evaluation:
    """How a published number was measured, and what sets it apart from what harness measures; both in words."""

    evaluator: str
    difference: str


_PEOPLE = "people judged, which no program replaces"
_FCN = "a segmentation network for Caffe that does not run today; harness asks a generator that draws label maps"
_VOID = "the same rule; whether void pixels counted is not said, harness leaves them out"
_FEATURES = "another copy of the Inception network"
# The same outputs score otherwise under each: FID moves by several units with the filter alone that resizes.
PROTOCOLS: dict[str, Evaluation] = {
    "fcn8s-256": Evaluation(
        "FCN-8s segmentation of 256×256 outputs enlarged to 1024×2048 (scripts/eval_cityscapes)", _FCN
    ),
    # The paper's own warning: one network scores 0.55 here and 0.66 at batch 1.
    "fcn8s-256-batch10": Evaluation(
        "FCN-8s segmentation of 256×256 outputs, trained in batches of 10: not to be mixed with the tables of batch 1",
        _FCN,
    ),
    # CycleGAN's tables, whose pix2pix row (0.71) is therefore not that of the pix2pix paper (0.66).
    "fcn8s-from128": Evaluation("FCN-8s segmentation of outputs made at 128×128", _FCN),
    # Photo to labels: table 6 of arXiv v3.
    "cityscapes-nearest-colour": Evaluation("label of the nearest Cityscapes colour, per pixel, at 256×256", _VOID),
    "cityscapes-nearest-colour-128": Evaluation(
        "label of the nearest Cityscapes colour, per pixel, at 128×128", f"{_VOID}; made at 128×128"
    ),
    "amt-pix2pix": Evaluation(
        "share of outputs that about 50 people took for real, shown for one second, 10 for practice and 40 that count; "
        "maps made at 512×512 and shown at 256×256",
        f"{_PEOPLE}; not to be compared with CycleGAN's panel",
    ),
    "amt-cyclegan": Evaluation(
        "share of outputs that 25 people an algorithm took for real at 256×256, shown for one second",
        f"{_PEOPLE}; not to be compared with pix2pix's panel",
    ),
    # The one numeric result of the paper that needs no network to repeat.
    "fig7": Evaluation(
        "intersection of Lab histograms with the ground truth's",
        "the width of the bins is not said; harness takes one unit",
    ),
    "mmgen-fid": Evaluation("FID by mmgeneration, outputs with live dropout", _FEATURES),
    "mmgen-fid-cyclegan": Evaluation("FID by mmgeneration, of a network without dropout", _FEATURES),
    "paddlegan-fid": Evaluation("FID by PaddleGAN, outputs without dropout", _FEATURES),
    "pytorch-fid": Evaluation("FID by pytorch-fid", "the same network, but pictures enlarged as PyTorch does"),
    "clean-fid": Evaluation(
        "FID by clean-fid, which resizes with antialiasing",
        "pictures resized otherwise, which changes FID by several units",
    ),
}
"""By name; scores of different protocols cannot be compared, FIDs of the same images included."""

METRICS: dict[str, tuple[str, str | None]] = {
    "fcn_pixacc": ("FCN score, pixel accuracy", "agreement_pixel"),
    "fcn_classacc": ("FCN score, class accuracy", "agreement_class"),
    "fcn_iou": ("FCN score, class IoU", "agreement_iou"),
    "seg_pixacc": ("pixel accuracy", "palette_pixel"),
    "seg_classacc": ("class accuracy", "palette_class"),
    "seg_iou": ("class IoU", "palette_iou"),
    "amt_fool_pct": ("% taken for real", None),
    "lab_hist_inter_L": ("Lab histograms, L", "lab_l"),
    "lab_hist_inter_a": ("Lab histograms, a", "lab_a"),
    "lab_hist_inter_b": ("Lab histograms, b", "lab_b"),
    "fid": ("FID", "fid"),
    "clean_fid": ("clean-FID", "fid"),
}
"""By the metric of a score its name in words, and what harness measures that comes nearest, None for nothing."""

# Columns that are more than text, and None where they are empty.
_READERS = {"model": str, "generated": int, "real": int, "value": float, "uncertainty": float}


@dataclass(frozen=True)
class PublishedScore:
    """One published number.

    Attributes:
        model: id of the catalog model for the same task by the same method, None where there is none.
        weights: `paper`; `called official` where the source says so of a file it does not name; else whose training.
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

    @property
    def label(self) -> str:
        """The metric in words."""
        return METRICS[self.metric][0]

    @property
    def column(self) -> str | None:
        """What harness measures that comes nearest, None where it measures nothing of the kind."""
        return METRICS[self.metric][1]

    @property
    def evaluation(self) -> Evaluation:
        return PROTOCOLS[self.protocol]

    @property
    def how(self) -> str:
        """By whom it was measured, and on how many images, in words."""
        split = f" on {self.split}" if self.split else ""
        count = f", {self.generated} against {self.real}" if self.generated else ""
        return f"{self.evaluation.evaluator}{split}{count}"

    @property
    def whose(self) -> str:
        """Whose weights they are of, in words."""
        told = {"called official": "weights called official, which file is not said", "paper": "the paper's weights"}
        return told.get(self.weights, f"weights of: {self.weights}")

    @property
    def text(self) -> str:
        """The number as it was published."""
        return f"{self.value:g}" + (f" ± {self.uncertainty:g}" if self.uncertainty is not None else "")


@cache
def published_scores() -> tuple[PublishedScore, ...]:
    """Returns every published score, in the order of `published_scores.csv`."""
    text = (files("harness.catalog") / "published_scores.csv").read_text(encoding="utf-8")
    found = []
    for row in csv.DictReader(text.splitlines()):
        read = {column: of(row[column]) if row[column] else None for column, of in _READERS.items()}
        found.append(PublishedScore(**(row | read)))
    return tuple(found)


def scores_of(model: Model) -> tuple[PublishedScore, ...]:
    """Returns the published scores of a model's task, those said to be of its own weights first."""
    found = [score for score in published_scores() if score.model == model.id]
    # Sorting is stable: within both the order of the file stays.
    return tuple(sorted(found, key=lambda score: score.weights != "called official"))
