"""Photos with something taken away that a network can learn to give back: a hole in them, or few pixels."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from PIL import Image

from harness.images.geometry import Size
from harness.images.opening import Opened
from harness.prepare.recipes.base import Drawn, Recipe, Settings, finished, fitted, read_rgb

FEWER = 4
"""Each side of the small picture is so many times shorter."""

# Nearly zero in the network's -1..1, so that the hole carries no signal.
GREY = (128, 128, 128)
_LEAST, _MOST = 0.35, 0.7  # of a side; the area is a quarter, as of the hole that Context Encoders learnt to fill


def hole_in(picture: Image.Image) -> tuple[int, int, int, int]:
    """Returns left, top, right and bottom of a hole of a quarter of the area; the pixels decide its place."""
    rng = np.random.default_rng(zlib.crc32(picture.tobytes()))
    share = rng.uniform(_LEAST, _MOST)
    # width · height = share · (0.25 / share) of the area: always a quarter.
    width, height = round(picture.width * share), round(picture.height * 0.25 / share)
    left, top = rng.integers(picture.width - width + 1), rng.integers(picture.height - height + 1)
    return int(left), int(top), int(left) + width, int(top) + height


def draw_blank(opened: Opened, settings: Settings) -> Drawn:
    """Returns the photo with a grey hole, the whole one as its target."""
    made = fitted(opened.image, settings)
    hole = hole_in(made.image)
    spoilt = made.image.copy()
    spoilt.paste(GREY, hole)
    said = f"a hole of {hole[2] - hole[0]}x{hole[3] - hole[1]} pixels at {hole[0]}, {hole[1]}"
    return finished(
        opened, replace(made, image=spoilt, operations=(*made.operations, said)), settings, target=made.image
    )


def draw_small(opened: Opened, settings: Settings) -> Drawn:
    """Returns the photo made four times smaller by averaging and enlarged again, the sharp one as its target."""
    made = fitted(opened.image, settings)
    size: Size = (max(1, made.image.width // FEWER), max(1, made.image.height // FEWER))
    # Averaging is what a sensor of fewer pixels does; bicubic enlarging is the baseline of super-resolution papers.
    small = made.image.resize(size, Image.Resampling.BOX).resize(made.image.size, Image.Resampling.BICUBIC)
    said = f"made {size[0]}x{size[1]} by averaging and enlarged again (bicubic)"
    return finished(
        opened, replace(made, image=small, operations=(*made.operations, said)), settings, target=made.image
    )


BLANK = Recipe(
    "blank", "photos: a hole is cut, the whole is the target", draw_blank, read_rgb, makes_target=True, mirrors=True
)
SUPERRES = Recipe(
    "superres",
    f"photos: made {FEWER} times smaller and enlarged again, the sharp one is the target",
    draw_small,
    read_rgb,
    makes_target=True,
    mirrors=True,
)
