"""Line drawings as the edges2shoes and edges2handbags datasets have them: black, one pixel wide, on white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.filters import apply_hysteresis_threshold, threshold_otsu
from skimage.morphology import skeletonize

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

SMALLEST = 5
"""Pixels of the smallest line kept, as `bwareaopen` in the authors' PostprocessHED.m has it."""

DENSEST = 0.04
"""Share of black pixels a drawing is held below; the five published training drawings have 0.013 to 0.032."""


@dataclass(frozen=True)
class Strokes:
    """Threshold settings of `draw_edges`.

    Attributes:
        sigma: Gaussian scale of the gradient, in pixels of a 256-pixel picture.
        low: weakest gradient of a line that hangs on a stronger one, in CIELAB units a pixel.
        high: gradient a line must reach somewhere.
    """

    sigma: float = 3.0
    low: float = 0.8
    high: float = 2.0


# Chosen over Canny and other scales on the two published training pairs (drawing and photo): precision and recall of
# line pixels within 2 pixels 0.79/0.85 and 0.84/0.84, densities 0.0136 and 0.0154 against 0.0133 and 0.0162.
AS_TRAINED = Strokes()


def draw_edges(pixels: Pixels, strokes: Strokes = AS_TRAINED, densest: float = DENSEST) -> Mask:
    """Returns where an H×W×3 uint8 photo has lines, H×W bool, one pixel wide.

    The gradient over all three CIELAB channels (Di Zenzo 1986), its ridges, hysteresis, thinning and the removal of
    small pieces stand in for HED and PostprocessHED.m. Thresholds rise until at most `densest` of the pixels are line.
    """
    # Settings are told for 256 pixels: the blur grows with the picture, and a gradient a pixel shrinks by as much.
    scale = min(pixels.shape[:2]) / 256
    strength, ridge = _gradient(pixels, strokes.sigma * scale)
    strength = strength * scale
    low, high = strokes.low, strokes.high
    # A busy photo is drawn with its strongest lines only; the loop ends, for at some threshold no line is left.
    while True:
        lines = apply_hysteresis_threshold(np.where(ridge, strength, 0.0), low, high)  # type: ignore[no-untyped-call]
        mask = thinned(lines)
        if mask.mean() <= densest:
            return mask
        low, high = low * 1.25, high * 1.25


def thinned(mask: Mask, smallest: int = SMALLEST) -> Mask:
    """Returns lines thinned to one pixel, without pieces of fewer than `smallest` pixels."""
    return without_specks(_middle_line(mask), smallest)


def without_specks(mask: Mask, smallest: int) -> Mask:
    """Returns the mask without connected pieces (8 neighbours) of fewer than `smallest` pixels."""
    pieces, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    large = np.bincount(pieces.ravel()) >= smallest
    # Label 0 is what lies between the pieces.
    large[0] = False
    return np.asarray(large[pieces])


def line_width(mask: Mask) -> float:
    """Returns the mean width of lines in pixels: their area by the length of their middle line; 0 without lines."""
    length = int(_middle_line(mask).sum())
    return float(mask.sum() / length) if length else 0.0


def ink_of(pixels: Pixels) -> Mask:
    """Returns where an H×W×3 uint8 drawing has ink: pencil, pen or tablet, on paper lit unevenly, dark or light.

    The paper is estimated as the blurred local maximum of brightness and divided out; Otsu's threshold parts the rest.
    """
    grey = pixels.astype(np.float64).mean(axis=2) / 255
    # Most of a drawing is paper; where most is dark, it is chalk on a board.
    if np.median(grey) < 0.5:
        grey = 1 - grey
    # Wider than any stroke, so that the maximum is of paper; narrower than a shadow across the sheet.
    reach = max(3, min(grey.shape) // 16)
    paper = ndimage.gaussian_filter(ndimage.maximum_filter(grey, size=reach), reach)
    flat = np.clip(grey / np.maximum(paper, 1e-3), 0, 1)
    # An empty sheet: Otsu's threshold would find two classes in its noise.
    if flat.max() - flat.min() < 0.1:
        return np.zeros(grey.shape, dtype=bool)
    # Otsu alone would cut faint paper grain into ink and paper; pencil is at least a tenth darker than its paper.
    threshold: float = threshold_otsu(flat)  # type: ignore[no-untyped-call]
    return np.asarray(flat < min(threshold, 0.9))


def is_drawing(pixels: Pixels) -> bool:
    """Whether an H×W×3 uint8 picture is a line drawing: hardly any colour, little ink, and that in thin lines."""
    # By skipping, not by averaging, which would fade thin lines.
    step = max(1, min(pixels.shape[:2]) // 256)
    small = pixels[::step, ::step]
    lab = rgb2lab(small)
    # Distance from the picture's own median: paper under a warm lamp is yellow all over.
    chroma = np.hypot(lab[..., 1] - np.median(lab[..., 1]), lab[..., 2] - np.median(lab[..., 2]))
    if np.percentile(chroma, 98) > 18:
        return False
    ink = ink_of(small)
    lightness = lab[..., 0]
    paper = np.abs(lightness - np.median(lightness)) < 25
    thin = line_width(ink) < 0.03 * min(ink.shape)
    return bool(0.0005 < ink.mean() < 0.2 and thin and paper.mean() > 0.75)


def as_picture(mask: Mask) -> Image.Image:
    """Returns lines as black on white, RGB."""
    return Image.fromarray(np.where(mask, 0, 255).astype(np.uint8)).convert("RGB")


def _middle_line(mask: Mask) -> Mask:
    return np.asarray(skeletonize(mask))  # type: ignore[no-untyped-call]


def _gradient(pixels: Pixels, sigma: float) -> tuple[NDArray[np.float64], Mask]:
    """Strength of the colour gradient in CIELAB units a pixel, and where it is a ridge across its direction."""
    lab = rgb2lab(pixels)
    down = [ndimage.gaussian_filter(lab[..., c], sigma, order=(1, 0), mode="nearest") for c in range(3)]
    right = [ndimage.gaussian_filter(lab[..., c], sigma, order=(0, 1), mode="nearest") for c in range(3)]
    xx, yy = sum(g * g for g in right), sum(g * g for g in down)
    xy = sum(g * h for g, h in zip(right, down, strict=True))
    # Root of the largest eigenvalue of the structure tensor [[xx, xy], [xy, yy]], and below the angle of its vector.
    strength = np.sqrt(0.5 * (xx + yy + np.sqrt((xx - yy) ** 2 + 4 * xy**2)))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    rows, columns = np.mgrid[: strength.shape[0], : strength.shape[1]]
    # A ridge is no weaker than its neighbours one pixel to either side across the line (non-maximum suppression).
    ahead, behind = (
        _sampled(strength, rows + side * np.sin(angle), columns + side * np.cos(angle)) for side in (1, -1)
    )
    return strength, (strength >= ahead) & (strength >= behind)


def _sampled(values: NDArray[np.float64], rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(ndimage.map_coordinates(values, [rows, columns], order=1, mode="nearest"))
