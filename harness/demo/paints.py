"""The colours and the walls of each style, and what every part of a house is drawn with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from harness.demo import textures
from harness.demo.canvas import Canvas, Colour
from harness.demo.facade_layout import House, Style
from harness.demo.textures import Texture

LEAVES: Final[Colour] = (62, 96, 46)


@dataclass(frozen=True)
class Paint:
    """The colours of a style, RGB 0..255, and what its walls are made of."""

    wall: Colour
    texture: Texture
    trim: Colour
    frame: Colour
    roof: Colour
    door: Colour
    shop: Colour
    awning: Colour
    shutter: Colour
    surround: bool = False


PAINTS: Final[dict[Style, Paint]] = {
    # Wall, texture, trim, window frame, roof; then door, shop, awning, shutter.
    "brick": Paint(
        (156, 90, 74), textures.bricks, (226, 215, 196), (240, 238, 230), (96, 92, 96),
        (38, 66, 60), (32, 62, 58), (188, 52, 46), (60, 80, 70),
    ),
    "palace": Paint(
        (226, 190, 124), textures.plaster, (244, 234, 212), (246, 240, 226), (110, 104, 100),
        (104, 66, 40), (92, 60, 40), (150, 60, 50), (110, 80, 50), surround=True,
    ),
    "riviera": Paint(
        (232, 160, 122), textures.plaster, (246, 228, 206), (244, 240, 230), (186, 98, 66),
        (64, 98, 84), (70, 104, 92), (232, 178, 62), (62, 118, 100), surround=True,
    ),
    "paris": Paint(
        (218, 206, 182), textures.ashlar, (230, 221, 202), (236, 234, 226), (98, 108, 124),
        (34, 52, 84), (34, 48, 78), (48, 74, 122), (150, 160, 166),
    ),
    "pastel": Paint(
        (156, 196, 184), textures.plaster, (246, 243, 234), (250, 248, 242), (150, 92, 74),
        (146, 62, 50), (148, 72, 58), (206, 92, 74), (240, 240, 232), surround=True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """What every part of one house is drawn with."""

    canvas: Canvas
    house: House
    paint: Paint
    wall: Colour
    rng: np.random.Generator
