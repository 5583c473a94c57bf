"""Finds what a picture is of: a thing on a plain background, or where its detail lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2lab

from harness.images.geometry import Fitted, Geometry

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_LIKE = 9.0  # CIELAB distance up to which a pixel is of the background's colour: JPEG noise and soft shadow stay below


def find_background(pixels: Pixels, at_least: float) -> Mask | None:
    """Returns where an H×W×3 uint8 photo is plain background, H×W bool: like its border and joined with it.

    Args:
        at_least: share of the border, 0 to 1, that has to be of one colour; None is returned where less is.
    """
    border = rgb2lab(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]))
    # The median, for the thing itself may touch the border on one side.
    colour = np.median(border, axis=0)
    plain = float((np.sqrt(((border - colour) ** 2).sum(axis=1)) < _LIKE).mean())
    if plain < at_least:
        return None
    lab = rgb2lab(pixels)
    like = np.sqrt(((ndimage.gaussian_filter(lab, (0.7, 0.7, 0)) - colour) ** 2).sum(axis=2)) < _LIKE
    pieces, _ = ndimage.label(like)
    edge = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    touching = np.unique(edge[edge > 0])
    return np.isin(pieces, touching)


def framed(
    image: Image.Image, box: tuple[int, int, int, int], aspect: float, margin: float, background: tuple[int, int, int]
) -> Fitted:
    """Returns the thing in `box` centred with a margin, on background where the picture ends.

    Args:
        aspect: width by height of the result.
        margin: free space on each side, as a share of the thing's longer side relative to the frame.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    frame_height = max(width / aspect, float(height)) * (1 + 2 * margin)
    frame = (max(1, round(frame_height * aspect)), max(1, round(frame_height)))
    left, top = round((box[0] + box[2] - frame[0]) / 2), round((box[1] + box[3] - frame[1]) / 2)
    canvas = Image.new("RGB", frame, background)
    canvas.paste(image.convert("RGB"), (-left, -top))
    seen = (max(left, 0), max(top, 0), min(left + frame[0], image.width), min(top + frame[1], image.height))
    within = (seen[0] - left, seen[1] - top, seen[2] - left, seen[3] - top)
    return Fitted(canvas, ("centred with a margin",), Geometry(image.size, seen, frame, within))


def focus_of(image: Image.Image) -> tuple[float, float]:
    """Returns where a picture's detail lies, x and y from 0 to 1: the centre of the sharp edges' mass.

    Detail far from the middle counts less, as photographers centre what they mean.
    """
    small = image.convert("L").resize((64, 64), Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.float64)
    # Squared, so that one sharp thing outweighs a meadow of faint texture.
    energy = ndimage.gaussian_filter(ndimage.gaussian_gradient_magnitude(grey, 1.0), 3.0) ** 2
    rows, columns = (np.mgrid[:64, :64] + 0.5) / 64
    weight = energy * np.exp(-2 * ((rows - 0.5) ** 2 + (columns - 0.5) ** 2))
    total = weight.sum()
    if total <= 0:
        return (0.5, 0.5)
    return float((weight * columns).sum() / total), float((weight * rows).sum() / total)
