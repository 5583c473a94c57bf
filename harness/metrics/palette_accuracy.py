"""Drawn label maps against true ones, by the nearest colour of a palette: the papers' photo→labels tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.errors import MetricError
from harness.images.palettes import CITYSCAPES, FACADES, nearest_colours
from harness.metrics.meters import ClassColours, Column, Instruments, Meter, Metric, Shot, Total
from harness.metrics.pairs import Picture, check_pair
from harness.metrics.statistics import jackknifed

Counts = NDArray[np.int64]


CITYSCAPES_CLASSES = 19
"""Of the colours of Cityscapes the first are the classes that its benchmark counts; the others are void."""


def class_colours() -> dict[str, ClassColours]:
    """Returns how label maps of known domains are read, by domain."""
    facades, streets = (np.array(c, dtype=np.uint8) for c in ([c.rgb for c in FACADES], CITYSCAPES))
    # CMP has no void: its background is a class as well.
    return {
        "facade_label": ClassColours("facades", facades, facades[:0]),
        "cityscapes_label": ClassColours("cityscapes", streets[:CITYSCAPES_CLASSES], streets[CITYSCAPES_CLASSES:]),
    }


def confusion(drawn: Picture, true: Picture, palette: ClassColours) -> Counts:
    """Returns how many pixels of each true class (rows) were drawn as each class (columns).

    Pixels whose true colour is nearest to a void one are left out; what is drawn is always some class.

    Raises:
        ValueError: not two uint8 RGB pictures of one size.
    """
    check_pair(drawn, true)
    classes = len(palette.colours)
    # (H, W) of numbers, those of void colours after the classes'.
    truth = nearest_colours(true, np.concatenate([palette.colours, palette.void]))
    counted = truth < classes
    # Row and column as one number, so that one bincount fills all K².
    places = classes * truth[counted] + nearest_colours(drawn, palette.colours)[counted]
    return np.bincount(places, minlength=classes**2).reshape(classes, classes)


def scores(counts: NDArray[np.number]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Returns pixel accuracy, mean class accuracy and mean class IoU of (…, K, K) confusion counts.

    As `get_scores` of the authors' scripts/eval_cityscapes/util.py, but over the classes that the truth shows: theirs
    counts a class that is nowhere as 0, which changes nothing where all are there, as in Cityscapes' 500.
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    true, drawn = counts.sum(axis=-1), counts.sum(axis=-2)
    there = true > 0
    number = np.maximum(there.sum(axis=-1), 1)
    accuracy = right.sum(axis=-1) / np.maximum(true.sum(axis=-1), 1)
    by_class = np.where(there, right / np.maximum(true, 1), 0.0).sum(axis=-1) / number
    union = np.maximum(true + drawn - right, 1)
    return accuracy, by_class, np.where(there, right / union, 0.0).sum(axis=-1) / number


class Confusions:
    """The confusion counts of a set, image by image."""

    def __init__(self, palette: ClassColours) -> None:
        self.palette = palette
        self.counts: dict[str, NDArray[np.int32]] = {}

    def add(self, name: str, drawn: Picture, true: Picture) -> float:
        """Returns the image's pixel accuracy.

        Raises:
            ValueError: other sizes, or the true map shows nothing but void.
        """
        counts = confusion(drawn, true, self.palette)
        if not counts.any():
            raise ValueError(f"the true label map shows no class of the palette `{self.palette.name}`")
        # Half of what a set keeps, and no picture has 2³¹ pixels.
        self.counts[name] = counts.astype(np.int32)
        return float(scores(counts)[0])

    def whole(self) -> tuple[Total, ...]:
        """Returns pixel accuracy, mean class accuracy and mean IoU of all pixels together."""
        if not self.counts:
            raise MetricError("no label map was measured")
        every = np.stack([self.counts[name] for name in sorted(self.counts)])
        pooled = every.sum(axis=0, dtype=np.int64)
        # Leaving one out changes what classes there are; where they are many images that is rare, and small.
        without = scores(pooled - every)
        found = []
        for value, left in zip(scores(pooled), without, strict=True):
            low, high = jackknifed(float(value), left)
            found.append(Total(float(value), low, high, len(every)))
        return tuple(found)


class PaletteMeter(Confusions):
    """Outputs that are label maps, against their targets."""

    def one(self, shot: Shot) -> tuple[float, ...]:
        return (self.add(shot.name, shot.output, shot.wanted),)


CHOOSE = "harness measure RUN --metrics palette --palette NAME"


def _begin(instruments: Instruments) -> Meter:
    if instruments.output_palette is None:
        raise instruments.lacking("output_palette", "the outputs are no label maps that are known", CHOOSE)
    return PaletteMeter(instruments.output_palette)


SCORES = (
    ("pixel", "share of all pixels of the right class, each the nearest palette colour"),
    ("class", "mean over classes of the share of their pixels found"),
    ("iou", "mean over classes of intersection over union"),
)
PALETTE = Metric(
    name="palette",
    begin=_begin,
    columns=(Column("palette_accuracy", "Pixel accuracy by image", "", "higher", f"by image the {SCORES[0][1]}"),),
    totals=tuple(
        Column(f"palette_{name}", label, "", "higher", definition)
        for label, (name, definition) in zip(("Pixel accuracy", "Class accuracy", "Class IoU"), SCORES, strict=True)
    ),
)
