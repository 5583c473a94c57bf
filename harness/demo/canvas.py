"""A drawing surface with light: colour, cast shadow and wall material of one picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from harness.demo import textures
from harness.demo.facade_layout import SIDE
from harness.demo.textures import Texture

Colour = tuple[int, int, int]

_FINE: Final = 2  # colour and shadow are drawn at twice the size, so that edges come out smooth

# By their number, from 1, a pixel knows what it is made of; they are drawn in this order.
_TEXTURES: Final = (
    textures.plaster,
    textures.bricks,
    textures.ashlar,
    textures.rustication,
    textures.tiles,
    textures.pavement,
)


def shaded(colour: Colour, factor: float) -> Colour:
    """Returns the colour times `factor`, cut to 0..255."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return red, green, blue


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Returns the colour `share` (0..1) of the way from `first` to `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


class Canvas:
    """Takes shapes, whose coordinates may lie between pixels, and develops them into a photo."""

    def __init__(self) -> None:
        fine = (SIDE * _FINE, SIDE * _FINE)
        # Three layers over one another: what colour a pixel has, how much of the sun reaches it, what it is made of.
        self._colour = Image.new("RGB", fine, (128, 128, 128))
        self._light = Image.new("L", fine, 255)
        # Not enlarged: between two materials there is none in the middle.
        self._material = Image.new("L", (SIDE, SIDE), 0)
        # RGBA: this pen blends by alpha; those of light and material replace.
        self._pen = ImageDraw.Draw(self._colour, "RGBA")
        self._light_pen = ImageDraw.Draw(self._light)
        self._material_pen = ImageDraw.Draw(self._material)

    def rectangle(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, texture: Texture | None = None
    ) -> None:
        """Fills a rectangle of one material, fully lit: what stands in front takes the shadows behind it away."""
        self.paint(x0, y0, x1, y1, colour)
        self.shadow(x0, y0, x1, y1, 1.0)
        number = 1 + _TEXTURES.index(texture) if texture else 0
        _fill(self._material_pen, (x0, y0, x1, y1), number, scale=1)

    def paint(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, alpha: float = 1.0) -> None:
        """Colours a rectangle and leaves light and material as they are."""
        _fill(self._pen, (x0, y0, x1, y1), (*colour, round(255 * alpha)))

    def polygon(self, points: list[tuple[float, float]], colour: Colour, *, alpha: float = 1.0) -> None:
        """Colours a polygon and leaves light and material as they are."""
        self._pen.polygon([(x * _FINE, y * _FINE) for x, y in points], fill=(*colour, round(255 * alpha)))

    def ellipse(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Colours an ellipse and leaves light and material as they are."""
        if x1 > x0 and y1 > y0:
            self._pen.ellipse([value * _FINE for value in (x0, y0, x1, y1)], fill=colour)

    def picture(self, x0: float, y0: float, x1: float, y1: float, patch: NDArray[np.uint8]) -> None:
        """Stretches a `(h, w, 3)` uint8 RGB patch over a rectangle."""
        left, top, right, bottom = (round(value * _FINE) for value in (x0, y0, x1, y1))
        if right > left and bottom > top:
            glass = Image.fromarray(patch).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
            self._colour.paste(glass, (left, top))

    def shadow(self, x0: float, y0: float, x1: float, y1: float, light: float) -> None:
        """Lets only `light` (0..1) of the sun reach a rectangle."""
        _fill(self._light_pen, (x0, y0, x1, y1), round(255 * light))

    def cast(self, x0: float, y0: float, x1: float, y1: float, depth: float, *, light: float = 0.0) -> None:
        """Casts the shadow of a box that stands `depth` units out of the wall; the sun is up on the left."""
        # The box and its copy pushed right and down: a hexagon. Light comes from 31° left of straight above.
        points = [(x0, y0), (x1, y0), (x1 + depth * 0.6, y0 + depth), (x1 + depth * 0.6, y1 + depth)]
        points += [(x0 + depth * 0.6, y1 + depth), (x0, y1)]
        self._light_pen.polygon([(x * _FINE, y * _FINE) for x, y in points], fill=round(255 * light))

    def slab(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, depth: float) -> None:
        """Draws a stone that stands out of the wall: its shadow, a lit upper and left edge, a dark lower edge."""
        self.cast(x0, y0, x1, y1, depth)
        self.rectangle(x0, y0, x1, y1, colour)
        self.paint(x0, y0, x1, y0 + 1, shaded(colour, 1.13))
        self.paint(x0, y0, x0 + 0.5, y1, shaded(colour, 1.08))
        self.paint(x0, y1 - 1, x1, y1, shaded(colour, 0.76))

    def develop(self, rng: np.random.Generator, shade: Colour) -> NDArray[np.float32]:
        """Returns the lit picture, `(256, 256, 3)` float32 RGB in 0..1; `shade` tints what lies in shadow."""
        # (256, 256, 3); the mean of 2×2 pixels smooths the edges.
        colour = np.asarray(self._colour.reduce(_FINE), dtype=np.float32) / 255.0
        # Shadows have soft edges, for the sun is no point.
        soft = self._light.reduce(_FINE).filter(ImageFilter.GaussianBlur(0.7))
        # (256, 256, 1), so that it multiplies all three channels.
        light = np.asarray(soft, dtype=np.float32)[..., None] / 255.0
        tint = np.asarray(shade, dtype=np.float32) / 255.0
        texture = np.ones((SIDE, SIDE), np.float32)
        for kind, draw in enumerate(_TEXTURES, 1):
            mask = np.asarray(self._material) == kind
            # A texture is drawn only where it is seen: what is drawn decides what the generator gives next.
            if mask.any():
                texture[mask] = draw(rng)[mask]
        # c · (shade + (1 - shade) · light) · texture
        lit: NDArray[np.float32] = colour * (tint + (1.0 - tint) * light) * texture[..., None]
        return lit


def _fill(
    pen: ImageDraw.ImageDraw, corners: tuple[float, ...], ink: int | tuple[int, ...], *, scale: int = _FINE
) -> None:
    # Right and lower edge are the first pixels not covered, as in slices.
    left, top, right, bottom = (round(value * scale) for value in corners)
    if right > left and bottom > top:
        # Pillow's rectangles include their lower right corner.
        pen.rectangle((left, top, right - 1, bottom - 1), fill=ink)
