"""Line drawings as the edges2shoes and edges2handbags datasets have them: black, one pixel wide, on white."""

from __future__ import annotations

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


# Chosen over Canny and other scales on the two published training pairs (drawing and photo): precision and recall of
# line pixels within 2 pixels 0.79/0.85 and 0.84/0.84, densities 0.0136 and 0.0154 against 0.0133 and 0.0162.
_SIGMA = 3.0  # Gaussian scale of the gradient, in pixels of a 256-pixel picture
_LOW = 0.8  # weakest gradient of a line that hangs on a stronger one, in CIELAB units a pixel
_HIGH = 2.0  # gradient a line must reach somewhere


def draw_edges(pixels: Pixels) -> Mask:
    """Returns where an H×W×3 uint8 photo has lines, H×W bool, one pixel wide.

    The gradient over all three CIELAB channels (Di Zenzo 1986), its ridges, hysteresis, thinning and the removal of
    small pieces stand in for HED and PostprocessHED.m. Thresholds rise until at most `DENSEST` of the pixels are line.
    """
    # Settings are told for 256 pixels: the blur grows with the picture, and a gradient a pixel shrinks by as much.
    scale = min(pixels.shape[:2]) / 256
    strength, ridge = _gradient(pixels, _SIGMA * scale)
    strength = strength * scale
    low, high = _LOW, _HIGH
    # A busy photo is drawn with its strongest lines only; the loop ends, for at some threshold no line is left.
    while True:
        lines = apply_hysteresis_threshold(np.where(ridge, strength, 0.0), low, high)  # type: ignore[no-untyped-call]
        mask = thinned(lines)
        if mask.mean() <= DENSEST:
            return mask
        low, high = low * 1.25, high * 1.25


def thinned(mask: Mask) -> Mask:
    """Returns lines thinned to one pixel, without pieces of fewer than `SMALLEST` pixels."""
    return without_specks(_middle_line(mask), SMALLEST)


def ridge_of(values: NDArray[np.float64], across: NDArray[np.float64], play: float = 1.0) -> Mask:
    """Returns where H×W values are a ridge: no less, times `play`, than one pixel to either side of it.

    Non-maximum suppression; `across` is the angle across the ridge in radians, H×W.
    """
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]]
    ridge = np.ones(values.shape, bool)
    for side in (1, -1):
        places = [rows + side * np.sin(across), columns + side * np.cos(across)]
        ridge &= values * play >= ndimage.map_coordinates(values, places, order=1, mode="nearest")
    return ridge


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
    down, right = (
        ndimage.gaussian_filter(lab, (sigma, sigma, 0), order=order, mode="nearest") for order in ((1, 0, 0), (0, 1, 0))
    )
    xx, yy, xy = (products.sum(axis=2) for products in (right * right, down * down, right * down))  # H×W each
    # Root of the largest eigenvalue of the structure tensor [[xx, xy], [xy, yy]], and below the angle of its vector.
    strength = np.sqrt(0.5 * (xx + yy + np.sqrt((xx - yy) ** 2 + 4 * xy**2)))
    return strength, ridge_of(strength, 0.5 * np.arctan2(2 * xy, xx - yy))
