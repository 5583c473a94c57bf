"""Photos with something taken away that a network can learn to give back: their colours, a part, or most pixels."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image

from harness.images.geometry import Size
from harness.images.opening import Opened
from harness.prepare.recipes.base import Drawn, Recipe, Settings, finished, fitted

FEWER = 4
"""Each side of the small picture is so many times shorter."""

# Nearly zero in the network's -1..1, so that the hole carries no signal.
HOLE = (128, 128, 128)
_LEAST, _MOST = 0.35, 0.7  # of a side; the area is a quarter, as of the hole that Context Encoders learnt to fill

Spoil = Callable[[Image.Image], tuple[Image.Image, str]]
"""An RGB picture to one of the same size with something taken away, and what in words."""


def draw_spoilt(opened: Opened, settings: Settings, spoil: Spoil) -> Drawn:
    """Returns the photo at the settings' size with something taken away, the whole one as its target."""
    made = fitted(opened.image, settings)
    image, said = spoil(made.image)
    spoilt = replace(made, image=image, operations=(*made.operations, said))
    return finished(opened, spoilt, settings, target=made.image)


def _grey(picture: Image.Image) -> tuple[Image.Image, str]:
    # ITU-R 601: Y = 0.299 R + 0.587 G + 0.114 B; three equal channels, as the networks take RGB.
    return picture.convert("L").convert("RGB"), "colours taken away (ITU-R 601 luma)"


def _blank(picture: Image.Image) -> tuple[Image.Image, str]:
    """A hole of a quarter of the area; the pixels decide its place."""
    rng = np.random.default_rng(zlib.crc32(picture.tobytes()))
    share = rng.uniform(_LEAST, _MOST)
    # width · height = share · (0.25 / share) of the area: always a quarter.
    width, height = round(picture.width * share), round(picture.height * 0.25 / share)
    left, top = (int(rng.integers(free + 1)) for free in (picture.width - width, picture.height - height))
    spoilt = picture.copy()
    spoilt.paste(HOLE, (left, top, left + width, top + height))
    return spoilt, f"a hole of {width}x{height} pixels at {left}, {top}"


def _small(picture: Image.Image) -> tuple[Image.Image, str]:
    size: Size = (max(1, picture.width // FEWER), max(1, picture.height // FEWER))
    # Averaging is what a sensor of fewer pixels does; bicubic enlarging is the baseline of super-resolution papers.
    small = picture.resize(size, Image.Resampling.BOX).resize(picture.size, Image.Resampling.BICUBIC)
    return small, f"made {size[0]}x{size[1]} by averaging and enlarged again (bicubic)"


def _recipe(name: str, explains: str, spoil: Spoil) -> Recipe:
    return Recipe(name, explains, partial(draw_spoilt, spoil=spoil), makes_target=True, mirrors=True)


GREY = _recipe("grey", "colour photos: made grey, the colours are the target", _grey)
BLANK = _recipe("blank", "photos: a hole is cut, the whole is the target", _blank)
SUPERRES = _recipe(
    "superres", f"photos: made {FEWER} times smaller and enlarged again, the sharp one is the target", _small
)
