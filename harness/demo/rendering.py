"""Renders a plan as a sunny street photograph: sky, trees, houses, pavement, and what a lens does to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from harness.demo import openings, ornaments, textures
from harness.demo.canvas import Canvas, Colour, shaded
from harness.demo.facade_layout import SIDE, House, Label, Plan
from harness.demo.paints import PAINTS, Site
from harness.demo.textures import Floats, as_levels, soft_noise

# Drawn from the wall outwards, so that what stands in front covers and shades what lies behind.
_PARTS: Final[dict[Label, Callable[[Site, int, int, int, int], None]]] = {
    "window": openings.window,
    "molding": ornaments.molding,
    "pillar": ornaments.pillar,
    "shop": openings.shop,
    "door": openings.door,
    "deco": ornaments.deco,
    "cornice": ornaments.cornice,
    "blind": openings.blind,
    "sill": ornaments.sill,
    "balcony": ornaments.balcony,
}

_SHADE: Final[Colour] = (112, 118, 146)  # the sky alone lights a shadow: darker and bluer than the sun


def paint_photo(plan: Plan, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns the photo of a plan, `(256, 256, 3)` uint8 RGB."""
    canvas = Canvas()
    canvas.picture(0, 0, SIDE, SIDE, _backdrop(rng))
    _street(canvas, plan)
    # The higher house in front: its shadow falls on the lower one.
    for house in sorted(plan, key=lambda each: -each.top):
        _house(canvas, house, rng)
    return _lens(canvas.develop(rng, _SHADE), rng)


def _backdrop(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns sky, clouds and the trees behind the houses, `(256, 256, 3)` uint8."""
    rows = np.linspace(0.0, 1.0, SIDE, dtype=np.float32)[:, None]
    down = rows[..., None]
    zenith, haze = np.array([104, 158, 214], np.float32), np.array([216, 228, 234], np.float32)
    # Blue above, pale towards the horizon, reached at 0.8 of the height.
    sky = zenith + (haze - zenith) * np.clip(down * 1.25, 0.0, 1.0)
    # (256, 256); above one half it is cloud.
    wide = soft_noise(rng, 5, 4)
    clouds = np.clip((wide - 0.50) * 4.0, 0.0, 1.0)[..., None] * (1.0 - 0.6 * down)
    picture = sky + (np.float32(249) - sky) * clouds * np.float32(0.8)
    leaves = soft_noise(rng, 20, 3)
    # The trees' upper edge: one row of noise says how high, the leaves roughen it.
    crown = 0.62 + 0.16 * soft_noise(rng, 6, 2)[:1] + 0.10 * (leaves - 0.5)
    mask = np.clip((rows - crown) * 40.0, 0.0, 1.0)[..., None]
    green = np.array([84, 112, 66], np.float32) * (0.45 + 1.05 * leaves[..., None])
    blend: Floats = picture + (green - picture) * mask
    return np.clip(blend, 0, 255).astype(np.uint8)


def _street(canvas: Canvas, plan: Plan) -> None:
    base = plan[0].base
    kerb = base + 9
    canvas.rectangle(0, base, SIDE, kerb, (186, 180, 170), texture=textures.pavement)
    for x in range(0, SIDE, 16):
        canvas.paint(x, base, x + 0.5, kerb, (150, 146, 140))
    canvas.rectangle(0, kerb, SIDE, kerb + 2, (206, 202, 194))
    canvas.rectangle(0, kerb + 2, SIDE, SIDE, (104, 104, 108), texture=textures.pavement)
    canvas.shadow(0, kerb + 2, SIDE, kerb + 3.5, 0.3)
    for house in plan:
        canvas.shadow(house.x0 + 1, base, house.x1 + 2, base + 2.5, 0.35)


def _house(canvas: Canvas, house: House, rng: np.random.Generator) -> None:
    paint = PAINTS[house.style]
    # No two walls of a style have quite the same colour.
    red, green, blue = (part * rng.uniform(0.975, 1.025) for part in paint.wall)
    wall = shaded((round(red), round(green), round(blue)), float(rng.uniform(0.95, 1.04)))
    if house.roof_top < house.top:
        _roof(canvas, house, paint.roof)
    canvas.rectangle(house.x0, house.top, house.x1, house.base, wall, texture=paint.texture)
    if house.style in ("palace", "paris"):
        stone = shaded(wall, 0.95)
        canvas.rectangle(house.x0, house.first_floor, house.x1, house.base, stone, texture=textures.rustication)
    canvas.paint(house.x0, house.top, house.x0 + 0.5, house.base, (255, 250, 240), alpha=0.25)
    canvas.paint(house.x1 - 1, house.top, house.x1, house.base, (40, 36, 40), alpha=0.35)
    for step in range(6):  # splashed rain darkens a wall towards the street
        canvas.paint(house.x0, house.base - 2.0 * (6 - step), house.x1, house.base, (60, 52, 46), alpha=0.035)
    canvas.slab(house.x0, house.base - 5, house.x1, house.base, shaded(wall, 0.72), depth=0)
    site = Site(canvas, house, paint, wall, rng)
    for label, draw in _PARTS.items():
        for box in house.boxes:
            if box.label == label:
                draw(site, *box[1:])


def _roof(canvas: Canvas, house: House, colour: Colour) -> None:
    canvas.rectangle(house.x0, house.roof_top, house.x1, house.top, colour, texture=textures.tiles)
    height = house.top - house.roof_top
    for step in range(8):
        upper = house.roof_top + height * step / 8
        canvas.paint(house.x0, upper, house.x1, upper + height / 8, (255, 255, 255), alpha=0.12 * (1 - step / 8))
    canvas.slab(house.x0, house.roof_top, house.x1, house.roof_top + 1.5, shaded(colour, 0.9), depth=0)


def _lens(lit: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns the light as a camera keeps it: warm grading, soft shoulder, vignette, blur, grain; uint8."""
    place = np.linspace(-1.0, 1.0, SIDE, dtype=np.float32)
    # A lens darkens by the square of the distance from the middle.
    vignette = 1.0 - 0.10 * (place[:, None] ** 2 + place[None, :] ** 2)
    warmth = np.array([1.05, 1.0, 0.95], np.float32) * np.float32(rng.uniform(0.98, 1.05))
    # (size, size, 3), above 1 in places
    exposed = 1.07 * lit * vignette[..., None] * warmth
    # A shoulder above 0.8 keeps the white trim from clipping.
    curved = np.where(exposed > 0.8, 0.8 + 0.2 * np.tanh((exposed - 0.8) / 0.2), exposed)
    # Steeper in the middle, flat at both ends: black and white stay where they are.
    contrast = curved + 0.10 * (curved - 0.5) * (1.0 - np.abs(2.0 * curved - 1.0))
    # Added after the blur: a sensor's noise is not softened by the lens before it.
    grain = rng.standard_normal((SIDE, SIDE, 1), dtype=np.float32) * 0.008
    picture = Image.fromarray((np.clip(contrast, 0, 1) * 255).astype(np.uint8))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.45)), dtype=np.float32) / 255.0
    return as_levels(soft + grain)
