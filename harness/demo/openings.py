"""Draws what opens a wall – windows, doors, shops and the blinds in front of them – onto a canvas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.demo.canvas import Colour, mixed, shaded
from harness.demo.paints import LEAVES, Site

# A pane's coordinates, 0 to 1, (24, 12) each.
_DOWN, _ACROSS = np.mgrid[0:1:24j, 0:1:12j]


def _glass(rng: np.random.Generator, *, lamp: bool = False) -> NDArray[np.uint8]:
    """Returns a pane, `(24, 12, 3)` uint8: the sky mirrored at the top, a dark room below, a slanting gleam."""
    sky, room = np.array([168.0, 196.0, 218.0]), np.array([236.0, 176.0, 96.0] if lamp else [44.0, 52.0, 62.0])
    # How much of the sky is mirrored: most at the top, none in the lower quarter.
    share = np.clip(0.72 - 0.95 * _DOWN - 0.10 * _ACROSS, 0.0, 1.0)
    # A bell curve across a slanting line, somewhere else in every pane.
    gleam = np.exp(-(((_ACROSS - 1.1 + 0.9 * _DOWN - rng.uniform(-0.08, 0.08)) / 0.13) ** 2)) * 0.30
    share = np.clip(share + gleam, 0.0, 1.0)[..., None]
    pane: NDArray[np.uint8] = (room + (sky - room) * share).astype(np.uint8)
    return pane


def window(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a window in its reveal: surround, frame, panes, curtains, and the lintel's shadow on the glass."""
    canvas, paint = site.canvas, site.paint
    if paint.surround:
        canvas.rectangle(x0 - 2, y0 - 2, x1 + 2, y1 + 1, paint.trim)
        canvas.paint(x1 + 1.5, y0 - 2, x1 + 2, y1 + 1, shaded(paint.trim, 0.8))
    canvas.rectangle(x0, y0, x1, y1, shaded(site.wall, 0.62))
    canvas.paint(x0 + 1, y0 + 1, x1, y1, paint.frame)
    inner = (x0 + 2, y0 + 2, x1 - 1, y1 - 1)
    # In three windows of a hundred a lamp is lit by day.
    canvas.picture(*inner, _glass(site.rng, lamp=site.rng.random() < 0.03))
    _curtains(site, *inner)
    middle = (x0 + x1 + 1) / 2
    # A bar of half a unit where the window is small.
    bar = 1.0 if x1 - x0 >= 10 else 0.5
    if site.house.style == "brick":
        canvas.paint(x0 + 1, (y0 + y1) / 2 - 0.5, x1, (y0 + y1) / 2 + 0.5, paint.frame)
        canvas.paint(middle - 0.5, y0 + 1, middle, y1, paint.frame)
    else:
        canvas.paint(middle - bar / 2, y0 + 1, middle + bar / 2, y1, paint.frame)
        cross = y0 + (y1 - y0) * 0.32
        canvas.paint(x0 + 1, cross - 0.5, x1, cross + 0.5, paint.frame)
    # The reveal: lintel and left jamb keep the sun off the glass.
    canvas.shadow(x0, y0, x1, y0 + 2.5, 0.15)
    canvas.shadow(x0, y0, x0 + 2, y1, 0.25)


def _curtains(site: Site, x0: float, y0: float, x1: float, y1: float) -> None:
    cloth: Colour = (238, 232, 220)
    # Drawn to the sides, half a screen below, a blind above, or nothing.
    kind = site.rng.random()
    width = (x1 - x0) * 0.30
    if kind < 0.45:
        for left, right, foot in ((x0, x0 + width, x0 + width * 0.5), (x1, x1 - width, x1 - width * 0.5)):
            site.canvas.polygon([(left, y0), (right, y0), (foot, y1), (left, y1)], cloth, alpha=0.62)
    elif kind < 0.65:
        site.canvas.paint(x0, y0 + (y1 - y0) * 0.55, x1, y1, cloth, alpha=0.5)
    elif kind < 0.75:
        site.canvas.paint(x0, y0, x1, y0 + (y1 - y0) * 0.4, cloth, alpha=0.75)


def door(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a panelled double door with a fanlight, a step, and a clipped tree in a pot on either side."""
    canvas, colour = site.canvas, site.paint.door
    for left, right in ((x0 - 3, x0), (x1, x1 + 3)):
        canvas.slab(left, y0, right, y1, site.paint.trim, depth=1.5)
    canvas.rectangle(x0, y0, x1, y1, shaded(colour, 0.55))
    # The fanlight, about a quarter of the door.
    fan = y0 + min(9.0, (y1 - y0) * 0.26)
    canvas.picture(x0 + 1.5, y0 + 1.5, x1 - 1.5, fan, _glass(site.rng, lamp=True))
    middle = (x0 + x1) / 2
    for step in (0.33, 0.5, 0.67):
        canvas.paint(x0 + (x1 - x0) * step - 0.5, y0 + 1, x0 + (x1 - x0) * step, fan, shaded(colour, 0.8))
    canvas.paint(x0 + 1, fan, x1 - 1, y1 - 2, colour)
    for leaf, end_leaf in ((x0 + 1.5, middle - 0.5), (middle + 0.5, x1 - 1.5)):
        height = y1 - 2 - fan
        for start, end in ((0.06, 0.42), (0.50, 0.92)):
            upper, lower = fan + height * start, fan + height * end
            canvas.paint(leaf + 1, upper, end_leaf - 1, lower, shaded(colour, 0.72))
            canvas.paint(leaf + 1.5, upper + 0.5, end_leaf - 1, lower, shaded(colour, 1.22))
    canvas.paint(middle - 0.5, fan, middle, y1 - 2, shaded(colour, 0.45))
    canvas.ellipse(middle + 0.5, fan + 12, middle + 2, fan + 13.5, (222, 186, 96))
    canvas.shadow(x0, y0, x1, y0 + 4, 0.1)
    canvas.shadow(x0, y0, x0 + 2.5, y1, 0.25)
    canvas.rectangle(x0 - 3, y1 - 2, x1 + 3, y1, (190, 184, 174))
    for x in (x0 - 6.0, x1 + 6.0):
        _topiary(site, x, y1)


def _topiary(site: Site, x: float, foot: float) -> None:
    canvas = site.canvas
    canvas.cast(x - 2, foot - 6, x + 2, foot - 1, 2, light=0.3)
    canvas.polygon([(x - 2.5, foot - 6), (x + 2.5, foot - 6), (x + 2, foot), (x - 2, foot)], (164, 96, 66))
    canvas.ellipse(x - 4.0, foot - 15, x + 4.0, foot - 5, shaded(LEAVES, 0.72))
    canvas.ellipse(x - 3.6, foot - 15, x + 2.4, foot - 7, shaded(LEAVES, 1.05))
    canvas.ellipse(x - 2.8, foot - 14, x + 0.4, foot - 10, shaded(LEAVES, 1.4))


def shop(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a shop front: a painted fascia with lettering, tall panes with goods in warm light, a plinth."""
    canvas, colour, rng = site.canvas, site.paint.shop, site.rng
    fascia, plinth = y0 + 8, y1 - 8
    canvas.cast(x0, y0, x1, fascia, 3, light=0.2)
    canvas.rectangle(x0, y0, x1, y1, colour)
    canvas.paint(x0 + 2, fascia, x1 - 2, plinth, (54, 46, 42))
    canvas.picture(x0 + 2, fascia, x1 - 2, plinth, _glass(rng))
    # Goods: boxes of warm colours.
    for x in np.arange(x0 + 3.0, x1 - 5.0, 3.4):
        height = float(rng.uniform(4, 9))
        warm = mixed((230, 178, 108), (150, 84, 60), float(rng.random()))
        canvas.paint(x, plinth - height, x + 2.4, plinth, warm, alpha=0.85)
    canvas.paint(x0 + 2, fascia, x1 - 2, plinth, (255, 206, 130), alpha=0.16)
    canvas.paint(x0, plinth, x1, y1, shaded(colour, 0.9))
    canvas.paint(x0 + 2, plinth + 2, x1 - 2, y1 - 2, shaded(colour, 1.25))
    canvas.paint(x0, y0, x1, y0 + 1, shaded(colour, 1.6))
    middle = (x0 + x1) // 2
    canvas.paint(middle - 0.5, fascia, middle + 0.5, plinth, shaded(colour, 1.1))
    reach = (x1 - x0) * 0.34
    # Lettering too small to read: strokes of uneven width.
    for x in np.arange(middle - reach, middle + reach - 1.0, 2.5):
        canvas.paint(x, y0 + 3, x + float(rng.uniform(1.0, 1.8)), y0 + 6, (240, 220, 168), alpha=0.9)
    canvas.shadow(x0 + 2, fascia, x1 - 2, fascia + 3, 0.2)


def blind(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a louvred shutter; where the box is wide, the striped awning of a shop."""
    # The label says no more than `blind`: its shape tells shutter from awning.
    if x1 - x0 > (y1 - y0) * 1.3:
        _awning(site, x0, y0, x1, y1)
        return
    canvas, colour = site.canvas, site.paint.shutter
    canvas.cast(x0, y0, x1, y1, 1.5, light=0.2)
    canvas.rectangle(x0, y0, x1, y1, colour)
    # On even units, so that the slats of neighbouring shutters lie on one line.
    for y in np.arange(y0 // 2 * 2 + 2, y1 - 1.0, 2.0):
        canvas.paint(x0 + 1, y, x1 - 1, y + 1, shaded(colour, 0.70))
    middle = (y0 + y1) // 2
    canvas.paint(x0, middle - 0.5, x1, middle + 1, shaded(colour, 1.06))
    canvas.paint(x0, y0, x0 + 0.5, y1, shaded(colour, 1.25))
    canvas.paint(x1 - 0.5, y0, x1, y1, shaded(colour, 0.7))


def _awning(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    canvas, colour = site.canvas, site.paint.awning
    cream: Colour = (246, 238, 220)
    canvas.cast(x0, y0, x1, y1, 6, light=0.1)
    canvas.rectangle(x0, y0, x1, y1 - 1, colour)
    # Stripes stand on a grid of the street, whatever the place where an awning begins.
    for number, x in enumerate(range(x0 // 4 * 4, x1, 4)):
        left, right = max(x, x0), min(x + 4, x1)
        ink = colour if number % 2 else cream
        canvas.paint(left, y0, right, y1 - 3, ink)
        canvas.paint(left, y1 - 3, right, y1 - 1, shaded(ink, 0.80))
        canvas.ellipse(left, y1 - 2.5, right, y1 + 0.5, shaded(ink, 0.80))
    canvas.paint(x0, y0, x1, y0 + 1, (255, 255, 255), alpha=0.35)
