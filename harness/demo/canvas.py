"""A drawing surface with light: colour, cast shadow and wall material of one picture."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from harness.demo import textures
from harness.demo.facade_layout import GRID

Colour = tuple[int, int, int]

_FINE: Final = 2  # colour and shadow are drawn at twice the size, so that edges come out smooth


class Material(IntEnum):
    """What a pixel is made of; decides its texture."""

    NONE = 0
    PLASTER = 1
    BRICK = 2
    ASHLAR = 3
    RUSTIC = 4
    TILES = 5
    STREET = 6


_TEXTURES: Final[dict[Material, Callable[[np.random.Generator, int], textures.Floats]]] = {
    Material.PLASTER: textures.plaster,
    Material.BRICK: textures.bricks,
    Material.ASHLAR: textures.ashlar,
    Material.RUSTIC: textures.rustication,
    Material.TILES: textures.tiles,
    Material.STREET: textures.pavement,
}


def shaded(colour: Colour, factor: float) -> Colour:
    """Returns the colour times `factor`, cut to 0..255."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return red, green, blue


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Returns the colour `share` (0..1) of the way from `first` to `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


class Canvas:
    """Takes shapes in plan units (1/256 of the side) and develops them into a photo of `size` pixels."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._scale = size * _FINE / GRID
        side = size * _FINE
        self._colour = Image.new("RGB", (side, side), (128, 128, 128))
        self._light = Image.new("L", (side, side), 255)
        self._material = Image.new("L", (size, size), Material.NONE)
        self._pen = ImageDraw.Draw(self._colour, "RGBA")
        self._light_pen = ImageDraw.Draw(self._light)
        self._material_pen = ImageDraw.Draw(self._material)

    def backdrop(self, picture: NDArray[np.uint8]) -> None:
        """Lays a `(size, size, 3)` uint8 RGB picture under everything that follows."""
        side = self.size * _FINE
        self._colour.paste(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))

    def rectangle(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, material: Material = Material.NONE
    ) -> None:
        """Fills a rectangle of one material, fully lit: what stands in front takes the shadows behind it away."""
        self.paint(x0, y0, x1, y1, colour)
        self._box(self._light_pen, x0, y0, x1, y1, 255)
        scale = self.size / GRID
        left, top, right, bottom = round(x0 * scale), round(y0 * scale), round(x1 * scale) - 1, round(y1 * scale) - 1
        if right >= left and bottom >= top:
            self._material_pen.rectangle((left, top, right, bottom), fill=int(material))

    def paint(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, alpha: float = 1.0) -> None:
        """Colours a rectangle and leaves light and material as they are."""
        self._box(self._pen, x0, y0, x1, y1, (*colour, round(255 * alpha)))

    def polygon(self, points: list[tuple[float, float]], colour: Colour, alpha: float = 1.0) -> None:
        """Colours a polygon and leaves light and material as they are."""
        self._pen.polygon([self._point(x, y) for x, y in points], fill=(*colour, round(255 * alpha)))

    def ellipse(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, alpha: float = 1.0) -> None:
        """Colours an ellipse and leaves light and material as they are."""
        if x1 > x0 and y1 > y0:
            self._pen.ellipse((*self._point(x0, y0), *self._point(x1, y1)), fill=(*colour, round(255 * alpha)))

    def picture(self, x0: float, y0: float, x1: float, y1: float, patch: NDArray[np.uint8]) -> None:
        """Stretches a `(h, w, 3)` uint8 RGB patch over a rectangle."""
        left, top = (round(value) for value in self._point(x0, y0))
        right, bottom = (round(value) for value in self._point(x1, y1))
        if right > left and bottom > top:
            glass = Image.fromarray(patch).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
            self._colour.paste(glass, (left, top))

    def shadow(self, x0: float, y0: float, x1: float, y1: float, light: float) -> None:
        """Lets only `light` (0..1) of the sun reach a rectangle."""
        self._box(self._light_pen, x0, y0, x1, y1, round(255 * light))

    def cast(self, x0: float, y0: float, x1: float, y1: float, depth: float, light: float = 0.0) -> None:
        """Casts the shadow of a box that stands `depth` units out of the wall; the sun is up on the left."""
        points = [(x0, y0), (x1, y0), (x1 + depth * 0.6, y0 + depth), (x1 + depth * 0.6, y1 + depth)]
        points += [(x0 + depth * 0.6, y1 + depth), (x0, y1)]
        self._light_pen.polygon([self._point(x, y) for x, y in points], fill=round(255 * light))

    def slab(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, depth: float) -> None:
        """Draws a stone that stands out of the wall: its shadow, a lit upper and left edge, a dark lower edge."""
        self.cast(x0, y0, x1, y1, depth)
        self.rectangle(x0, y0, x1, y1, colour)
        self.paint(x0, y0, x1, y0 + 1, shaded(colour, 1.13))
        self.paint(x0, y0, x0 + 0.5, y1, shaded(colour, 1.08))
        self.paint(x0, y1 - 1, x1, y1, shaded(colour, 0.76))

    def develop(self, rng: np.random.Generator, shade: Colour) -> NDArray[np.float32]:
        """Returns the lit picture, `(size, size, 3)` float32 RGB in 0..1; `shade` tints what lies in shadow."""
        colour = np.asarray(self._colour.reduce(_FINE), dtype=np.float32) / 255.0
        soft = self._light.reduce(_FINE).filter(ImageFilter.GaussianBlur(0.7 * self.size / GRID))
        light = np.asarray(soft, dtype=np.float32)[..., None] / 255.0
        tint = np.asarray(shade, dtype=np.float32) / 255.0
        lit: NDArray[np.float32] = colour * (tint + (1.0 - tint) * light) * self._texture(rng)[..., None]
        return lit

    def _texture(self, rng: np.random.Generator) -> textures.Floats:
        material = np.asarray(self._material)
        texture = np.ones((self.size, self.size), np.float32)
        for kind, draw in _TEXTURES.items():
            mask = material == kind
            if mask.any():
                texture[mask] = draw(rng, self.size)[mask]
        return texture

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return x * self._scale, y * self._scale

    def _box(self, pen: ImageDraw.ImageDraw, x0: float, y0: float, x1: float, y1: float, ink: object) -> None:
        left, top = (round(value) for value in self._point(x0, y0))
        right, bottom = (round(value) for value in self._point(x1, y1))
        if right > left and bottom > top:
            pen.rectangle((left, top, right - 1, bottom - 1), fill=ink)  # type: ignore[arg-type]
