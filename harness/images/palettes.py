"""The colours of the facades label maps, and bringing label maps in other encodings to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class LabelClass:
    """A class of the CMP facade database.

    Attributes:
        index: its number in the raw CMP PNGs, 1 to 12.
        rgb: its colour in the pix2pix and CycleGAN datasets.
        raw_rgb: its colour in the palette of the raw CMP PNGs.
    """

    index: int
    name: str
    rgb: tuple[int, int, int]
    raw_rgb: tuple[int, int, int]


# Names and order: `label_names.txt` of the CMP facade database. `rgb` is MATLAB's jet(64) at 0-based row 5·index,
# `raw_rgb` jet(12) at row index - 1; both measured on published label maps.
FACADES = (
    LabelClass(1, "background", (0, 0, 223), (0, 0, 170)),
    LabelClass(2, "facade", (0, 48, 255), (0, 0, 255)),
    LabelClass(3, "window", (0, 128, 255), (0, 85, 255)),
    LabelClass(4, "door", (0, 207, 255), (0, 170, 255)),
    LabelClass(5, "cornice", (32, 255, 223), (0, 255, 255)),
    LabelClass(6, "sill", (112, 255, 143), (85, 255, 170)),
    LabelClass(7, "balcony", (191, 255, 64), (170, 255, 85)),
    LabelClass(8, "blind", (255, 239, 0), (255, 255, 0)),
    LabelClass(9, "deco", (255, 159, 0), (255, 170, 0)),
    LabelClass(10, "molding", (255, 80, 0), (255, 85, 0)),
    LabelClass(11, "pillar", (255, 0, 0), (255, 0, 0)),
    LabelClass(12, "shop", (175, 0, 0), (170, 0, 0)),
)

# `labels.py` of cityscapesScripts: the 19 training classes, then what is ignored in training.
CITYSCAPES = (
    (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153), (250, 170, 30),
    (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60), (255, 0, 0), (0, 0, 142),
    (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32), (0, 0, 0), (111, 74, 0), (81, 0, 81),
    (250, 170, 160), (230, 150, 140), (180, 165, 180), (150, 100, 100), (150, 120, 90), (0, 0, 90), (0, 0, 110),
)  # fmt: skip

OFF_PALETTE = 12.0
"""Euclidean RGB distance beyond which a pixel is off the palette; within it lie 64-88 % of the pixels of the JPEG
label maps of the dataset itself."""


@dataclass(frozen=True)
class Snapped:
    """A label map in palette colours, H×W×3 uint8, and the share of pixels, 0 to 1, that were off the palette."""

    pixels: Pixels
    off_palette: float


def facades_colours() -> Pixels:
    """Returns the 12 colours of the dataset as 12×3 uint8, in order of class."""
    return np.array([c.rgb for c in FACADES], dtype=np.uint8)


def raw_colours() -> Pixels:
    """Returns the 12 colours of the raw CMP palette as 12×3 uint8, in order of class."""
    return np.array([c.raw_rgb for c in FACADES], dtype=np.uint8)


def snap(pixels: Pixels, known: Pixels, wanted: Pixels) -> Snapped:
    """Returns an H×W×3 uint8 label map with each pixel's nearest colour of `known` replaced by that row of `wanted`.

    Args:
        known, wanted: N×3 uint8; the same for a map that is in the wanted colours but for noise.
    """
    index, distance = _nearest(pixels, known)
    return Snapped(wanted[index], float((distance > OFF_PALETTE).mean()))


def recolour_indexes(indexes: NDArray[Any]) -> Snapped:
    """Returns a raw CMP index map (H×W, 1 to 12) in the dataset's colours.

    By index, because the nearest colour would turn facade into background and window into facade. Index 0 and
    anything above 12 is no class: it becomes background and counts as off the palette.
    """
    unknown = (indexes < 1) | (indexes > len(FACADES))
    rows = np.where(unknown, 0, indexes.astype(np.int64) - 1)
    return Snapped(facades_colours()[rows], float(unknown.mean()))


def is_raw_palette(pixels: Pixels) -> bool:
    """Whether an H×W×3 uint8 label map is in the colours of the raw CMP PNGs rather than of the dataset."""
    sample = pixels[:: max(1, pixels.shape[0] // 256), :: max(1, pixels.shape[1] // 256)]
    return float(_nearest(sample, raw_colours())[1].mean()) < float(_nearest(sample, facades_colours())[1].mean())


def _nearest(pixels: Pixels, colours: Pixels) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Index and distance of the nearest colour per pixel, H×W each; distinct colours only are compared."""
    packed = pixels.reshape(-1, 3).astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    values, inverse = np.unique(packed, return_inverse=True)
    distinct = np.stack([values >> 16, (values >> 8) & 255, values & 255], axis=1).astype(np.float64)
    best = np.zeros(len(distinct), dtype=np.int64)
    least = np.full(len(distinct), np.inf)
    for row, colour in enumerate(colours.astype(np.float64)):
        distance = np.sqrt(((distinct - colour) ** 2).sum(axis=1))
        nearer = distance < least
        best[nearer], least[nearer] = row, distance[nearer]
    shape = pixels.shape[:2]
    return best[inverse].reshape(shape), least[inverse].reshape(shape)
