"""The colours of the datasets' label maps, and bringing label maps in other encodings to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Colours = tuple[tuple[int, int, int], ...]
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelClass:
    """A class of the CMP facade database.

    Attributes:
        rgb: its colour in the pix2pix and CycleGAN datasets.
        raw_rgb: its colour in the palette of the raw CMP PNGs.
    """

    name: str
    rgb: tuple[int, int, int]
    raw_rgb: tuple[int, int, int]


# Names and order: `label_names.txt` of the CMP facade database, whose raw PNGs number them 1 to 12. `rgb` is MATLAB's
# jet(64) at 0-based row 5·number, `raw_rgb` jet(12) at row number - 1; both measured on published label maps.
FACADES = (
    LabelClass("background", (0, 0, 223), (0, 0, 170)),
    LabelClass("facade", (0, 48, 255), (0, 0, 255)),
    LabelClass("window", (0, 128, 255), (0, 85, 255)),
    LabelClass("door", (0, 207, 255), (0, 170, 255)),
    LabelClass("cornice", (32, 255, 223), (0, 255, 255)),
    LabelClass("sill", (112, 255, 143), (85, 255, 170)),
    LabelClass("balcony", (191, 255, 64), (170, 255, 85)),
    LabelClass("blind", (255, 239, 0), (255, 255, 0)),
    LabelClass("deco", (255, 159, 0), (255, 170, 0)),
    LabelClass("molding", (255, 80, 0), (255, 85, 0)),
    LabelClass("pillar", (255, 0, 0), (255, 0, 0)),
    LabelClass("shop", (175, 0, 0), (170, 0, 0)),
)

# `labels.py` of cityscapesScripts: the 19 training classes, then what is ignored in training.
CITYSCAPES = (
    (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153), (250, 170, 30),
    (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60), (255, 0, 0), (0, 0, 142),
    (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32), (0, 0, 0), (111, 74, 0), (81, 0, 81),
    (250, 170, 160), (230, 150, 140), (180, 165, 180), (150, 100, 100), (150, 120, 90), (0, 0, 90), (0, 0, 110),
)  # fmt: skip

CITYSCAPES_NAMES = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic_light", "traffic_sign", "vegetation", "terrain",
    "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle", "unlabelled",
)  # fmt: skip
"""Of the first colours of `CITYSCAPES`: the training classes, and what has none."""

OFF_PALETTE = 12.0
"""Euclidean RGB distance beyond which a pixel is off the palette; within it lie 64-88 % of the pixels of the JPEG
label maps of the dataset itself."""

NO_CLASS = 255
"""The number that label maps of any numbering have where there is no class."""

# Chosen over the nearest colour, the most frequent neighbour and other weights on drawn facades whose classes were
# known. Wrong pixels after JPEG at quality 95 with halved colours: 0.4 %, of the nearest colour 5.5 %; at quality 75
# 0.5 and 6.1 %; made smaller and larger again 0.4 and 5.6 %.
_REACH = 5  # pixels a side of the neighbourhood
_LUMA = 4.0  # how much more brightness counts than colour, which JPEG and video keep at half the size
_STRANGE = 4.0  # the cost of a class that no sure pixel of the neighbourhood has, by that of one
_BLENDED = 8.0  # RGB distance from the line between two colours up to which a pixel is a blend of both
_APART = 20.0  # RGB distance from every class, below which noise is likelier than a blend
_CLEARLY = 2.0  # a class whose runner-up costs less than so many times as much is unsure
# JFIF: brightness weighted, then the two colour axes.
_FEATURES = np.array(
    [
        [_LUMA * 0.299, _LUMA * 0.587, _LUMA * 0.114],
        [-0.168736, -0.331264, 0.5],
        [0.5, -0.418688, -0.081312],
    ],
    dtype=np.float32,
)


@dataclass(frozen=True)
class Numbering:
    """One way to number classes.

    Attributes:
        name: in words.
        rows: the palette's row of each number from 0 on, -1 for no class.
        signs: numbers that tell this numbering where others could be meant as well.
    """

    name: str
    rows: tuple[int, ...]
    signs: frozenset[int] = frozenset()

    def rows_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the palette's row of each class number, -1 for no class."""
        last = len(self.rows)
        return np.array((*self.rows, -1), dtype=np.int64)[np.where((numbers < 0) | (numbers >= last), last, numbers)]


@dataclass(frozen=True)
class Palette:
    """What the label maps of a dataset look like.

    Attributes:
        encodings: colours of the classes, in one order; the dataset's own first.
        unknown: row of what has no class.
        numberings: how the classes may be numbered, the likeliest first.
    """

    name: str
    encodings: tuple[Colours, ...]
    unknown: int
    numberings: tuple[Numbering, ...]

    @property
    def colours(self) -> Pixels:
        """The dataset's colours, N×3 uint8."""
        return np.array(self.encodings[0], dtype=np.uint8)

    def encoding_of(self, pixels: Pixels) -> Pixels:
        """Returns the colours, N×3 uint8, that an H×W×3 uint8 label map is nearest to."""
        # Some hundred rows and columns suffice to tell jet(64) from jet(12), whose colours differ all over.
        sample = pixels[:: max(1, pixels.shape[0] // 256), :: max(1, pixels.shape[1] // 256)]
        known = [np.array(colours, dtype=np.uint8) for colours in self.encodings]
        return min(known, key=lambda colours: float(_nearest(sample, colours)[1].mean()))

    def share_off(self, pixels: Pixels) -> float:
        """Returns the share of an H×W×3 uint8 picture's pixels, 0 to 1, that have none of the palette's colours."""
        return float((_nearest(pixels, self.encoding_of(pixels))[1] > OFF_PALETTE).mean())

    def numbering_of(self, seen: Collection[int]) -> tuple[Numbering, bool]:
        """Returns how a folder's label maps are numbered, by all numbers in them, and whether that is certain."""
        named = set(seen) - {NO_CLASS}
        # A number beyond a numbering's last rules it out.
        fitting = [n for n in self.numberings if max(named, default=0) < len(n.rows)]
        told = [n for n in fitting if n.signs & set(seen)]
        if len(fitting) == 1:
            return fitting[0], True
        return (told or list(self.numberings))[0], bool(told)

    def numbers_in(self, image: Image.Image, *, blank: bool = False) -> NDArray[np.int64] | None:
        """Returns H×W class numbers where a picture stores numbers, in whatever mode, and None where it has colours.

        Args:
            blank: whether a picture of nothing but zeros counts, as it does among numbered ones.
        """
        values = _single_values(image)
        if values is None:
            return None
        named = values[values != NO_CLASS]
        most = max(len(numbering.rows) for numbering in self.numberings) - 1
        if not named.size or named.min() < 0 or not (0 if blank else 1) <= named.max() <= most:
            return None
        if image.mode in {"P", "PA"}:
            pixels = np.asarray(image.convert("RGB"))
            if any(snap(pixels, np.array(c), np.array(c)).off_palette <= _DRAWN for c in self.encodings):
                return None  # its palette has the colours of the classes, which leave nothing open
        return values


_DRAWN = 0.1  # share of pixels that may be off the palette in a picture that is drawn in its colours


@dataclass(frozen=True)
class Snapped:
    """A label map in palette colours.

    Attributes:
        pixels: H×W×3 uint8.
        off_palette: share of pixels, 0 to 1, that had none of its colours, or a number of no class.
        unsure: share of pixels, 0 to 1, that could be of another class nearly as well; about what comes out wrong.
    """

    pixels: Pixels
    off_palette: float
    unsure: float = 0.0


def snap(pixels: Pixels, known: Pixels, wanted: Pixels) -> Snapped:
    """Returns an H×W×3 uint8 label map with each pixel's colour of `known` replaced by that row of `wanted`.

    A pixel off the palette lies on a border, or had its colour mixed by a codec or a filter. Where it is a blend of
    two classes nearby, it gets the one that makes up more of it. Else it gets the class whose colour is nearest, where
    brightness counts four times and a class that no sure pixel nearby has is held back: argmin over classes c of
    |W(p - c)|² · (1 if c is within two pixels, else 4), W to weighted YCbCr.

    Args:
        known, wanted: N×3 uint8; the same for a map that is in the wanted colours but for noise.
    """
    index, distance = _nearest(pixels, known)
    off = distance > OFF_PALETTE
    unsure = _settle(pixels, index, distance, known) if off.any() else 0.0
    return Snapped(wanted[index], float(off.mean()), unsure)


def nearest_colours(pixels: Pixels, colours: Pixels) -> NDArray[np.int64]:
    """Returns the row of the nearest of N×3 uint8 colours, by Euclidean distance in RGB, for each pixel: H×W."""
    return _nearest(pixels, colours)[0]


def _settle(pixels: Pixels, index: NDArray[np.int64], distance: Floats, known: Pixels) -> float:
    """Decides the pixels that are off the palette, in `index`; returns the share of all that stays unsure."""
    from scipy import ndimage  # late: metrics read the palettes and need none of it

    off = distance > OFF_PALETTE
    sure = [(index == row) & ~off for row in range(len(known))]
    near = [ndimage.maximum_filter(one, size=_REACH)[off] if one.any() else np.zeros(off.sum(), bool) for one in sure]
    features, centres = pixels[off] @ _FEATURES.T, known @ _FEATURES.T  # N×3 and classes×3
    chosen, best = index[off], np.full(len(features), np.inf)
    second = best.copy()
    for row, centre in enumerate(centres):
        cost = ((features - centre) ** 2).sum(axis=1) * np.where(near[row], 1, _STRANGE)
        second = np.minimum(second, np.maximum(best, cost))
        chosen[cost < best] = row
        best = np.minimum(best, cost)
    apart = distance[off] > _APART
    near = [one & apart for one in near]
    _settle_blends(pixels[off].astype(np.float64), near, known.astype(np.float64), (chosen, best, second))
    index[off] = chosen
    return float((second < _CLEARLY * best).sum() / off.size)


def _settle_blends(
    colours: Floats, near: list[Mask], known: Floats, decided: tuple[NDArray[np.int64], Floats, Floats]
) -> None:
    """Gives N×3 colours that lie between those of two classes nearby to the one that makes up more of them."""
    chosen, best, second = decided
    least = np.full(len(colours), _BLENDED**2)
    there = [row for row in range(len(known)) if near[row].any()]
    for one, other in combinations(there, 2):
        at = np.flatnonzero(near[one] & near[other])
        step = known[other] - known[one]
        share = (colours[at] - known[one]) @ step / (step @ step)  # p = (1 - share) · one + share · other
        apart = ((colours[at] - known[one] - share[:, None] * step) ** 2).sum(axis=1)
        better = (apart < least[at]) & (share > 0) & (share < 1)
        at, share = at[better], share[better]
        least[at] = apart[better]
        chosen[at] = np.where(share < 0.5, one, other)
        best[at], second[at] = np.minimum(share, 1 - share) ** 2, np.maximum(share, 1 - share) ** 2


def _single_values(image: Image.Image) -> NDArray[np.int64] | None:
    """The one number a pixel that a picture stores, H×W, clear pixels as of no class; None for colours."""
    values = np.asarray(image)
    if image.mode not in {"RGB", "RGBA", "L", "LA", "P", "PA", "I", "F"} and not image.mode.startswith("I;16"):
        return None
    if image.mode in {"RGB", "RGBA"} and (values[..., :3] != values[..., :1]).any():
        return None
    if values.ndim == 3:
        clear = image.mode.endswith("A") & (values[..., -1] == 0)
        values = np.where(clear, NO_CLASS, values[..., 0])
    if image.mode == "F" and not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        return None
    return values.astype(np.int64)


def _nearest(pixels: Pixels, colours: Pixels) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Index and distance of the nearest colour per pixel, H×W each; distinct colours only are compared."""
    # One number a pixel makes `unique` a sort of integers: maps have few colours, even after JPEG some thousands.
    packed = pixels.reshape(-1, 3).astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    values, inverse = np.unique(packed, return_inverse=True)
    distinct = np.stack([values >> 16, (values >> 8) & 255, values & 255], axis=1).astype(np.float64)
    # |p - c|² = |p|² - 2 p·c + |c|², distinct × colours: whole numbers, and the first of equals counts
    known = colours.astype(np.float64)
    squares = (distinct**2).sum(axis=1)[:, None] - 2 * distinct @ known.T + (known**2).sum(axis=1)
    best = squares.argmin(axis=1)
    least = np.sqrt(squares[np.arange(len(distinct)), best])
    shape = pixels.shape[:2]
    return best[inverse].reshape(shape), least[inverse].reshape(shape)


# `labels.py` of cityscapesScripts: rows of `CITYSCAPES` by label id; what has no training class comes after the 19.
_CITYSCAPES_IDS = (
    19, 19, 19, 19, 19, 20, 21, 0, 1, 22, 23, 2, 3, 4, 24, 25, 26, 5, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 27, 28,
    16, 17, 18,
)  # fmt: skip

FACADES_PALETTE = Palette(
    "facade",
    (tuple(c.rgb for c in FACADES), tuple(c.raw_rgb for c in FACADES)),
    0,
    (Numbering("1 to 12", (-1, *range(12)), frozenset({12})), Numbering("0 to 11", tuple(range(12)), frozenset({0}))),
)
CITYSCAPES_PALETTE = Palette(
    "Cityscapes",
    (CITYSCAPES,),
    19,
    (
        Numbering("0 to 18, the training's", tuple(range(19)), frozenset({NO_CLASS})),
        Numbering("0 to 33, the labels'", _CITYSCAPES_IDS),
    ),
)
PALETTES = {"facade_label": FACADES_PALETTE, "cityscapes_label": CITYSCAPES_PALETTE}
"""The palette of each domain of label maps."""
