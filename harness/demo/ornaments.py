"""Draws what stands out of a wall – sills, cornices, balconies, moldings, pillars, panels – onto a canvas."""

from __future__ import annotations

from typing import Final

import numpy as np

from harness.demo import textures
from harness.demo.canvas import Colour, mixed, shaded
from harness.demo.paints import LEAVES, Site

_IRON: Final[Colour] = (44, 46, 50)


def cornice(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a window head: a flat stone, or a pediment where there is room for one."""
    canvas, trim = site.canvas, site.paint.trim
    # Only a palace's window heads are so high.
    if y1 - y0 >= 7:
        middle = (x0 + x1) / 2
        points = [(x0 - 0.5, y1 - 2.0), (middle, float(y0)), (x1 + 0.5, y1 - 2.0)]
        canvas.cast(x0 + 3, y0 + 2, x1 - 3, y1, 2.5, light=0.2)
        canvas.polygon(points, shaded(trim, 1.05))
        inner = [(x0 + 3.5, y1 - 2.5), (middle, y0 + 2.2), (x1 - 3.5, y1 - 2.5)]
        canvas.polygon(inner, shaded(trim, 0.80))
        canvas.slab(x0 - 0.5, y1 - 2.5, x1 + 0.5, y1, trim, depth=2.5)
        return
    canvas.slab(x0, y0, x1, y1, trim, depth=2.5)
    # A keystone.
    if y1 - y0 >= 5 and site.house.style == "brick":
        middle = (x0 + x1) / 2
        canvas.polygon(
            [(middle - 2.5, y0 - 1), (middle + 2.5, y0 - 1), (middle + 1.5, y1), (middle - 1.5, y1)],
            shaded(trim, 1.04),
        )


def sill(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a stone sill; a riviera house keeps geraniums on it."""
    canvas = site.canvas
    # The wall below lies in half shade.
    canvas.shadow(x0 + 1, y1, x1 - 1, y1 + 8, 0.86)
    canvas.slab(x0, y1 - min(3, y1 - y0), x1, y1, site.paint.trim, depth=2.5)
    if site.house.style == "riviera":
        _flowers(site, x0 + 0.5, y0 - 3.5, x1 - 0.5, y1 - 1.5)


def _flowers(site: Site, x0: float, y0: float, x1: float, y1: float) -> None:
    canvas = site.canvas
    canvas.paint(x0, y1 - 2, x1, y1 + 1, (150, 88, 62))
    # Leaves first, flowers before them.
    for x in np.arange(x0, x1 - 1.0, 1.6):
        lift = float(site.rng.uniform(-0.8, 0.8))
        canvas.ellipse(x - 0.6, y0 + 1 + lift, x + 2.4, y1 - 0.5, shaded(LEAVES, float(site.rng.uniform(0.7, 1.3))))
    for x in np.arange(x0 + 0.3, x1 - 1.0, 2.0):
        lift = float(site.rng.uniform(-0.6, 1.4))
        bloom: Colour = (214, 48, 60) if site.rng.random() < 0.75 else (240, 128, 150)
        canvas.ellipse(x, y0 + lift, x + 1.7, y0 + 1.8 + lift, bloom)


def balcony(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a balcony: stone balusters on a palace, iron rails elsewhere, and its slab's deep shadow."""
    canvas = site.canvas
    if site.house.style == "palace":
        trim = site.paint.trim
        canvas.paint(x0, y0 + 2, x1, y1 - 2, mixed((150, 160, 176), site.wall, 0.35))
        for x in np.arange(x0 + 1.0, x1 - 1.5, 4.0):
            canvas.paint(x, y0 + 2, x + 2, y1 - 2, trim)
            canvas.paint(x + 1.5, y0 + 2, x + 2.5, y1 - 2, shaded(trim, 0.68))
        # A post to every twelve balusters.
        for x in np.arange(x0 + 0.0, x1 - 3.0, 48.0):
            canvas.slab(x, y0, x + 5, y1, trim, depth=1)
        canvas.slab(x0, y1 - 2, x1, y1, trim, depth=0)
        canvas.slab(x0, y0, x1, y0 + 2.5, trim, depth=0)
        return
    canvas.cast(x0, y1 - 2, x1, y1, 6, light=0.05)
    canvas.shadow(x0 + 2, y0 + 4, x1 + 1, y1 - 2, 0.72)
    canvas.rectangle(x0, y1 - 2, x1, y1, site.paint.trim)
    canvas.paint(x0, y1 - 0.5, x1, y1, shaded(site.paint.trim, 0.7))
    canvas.paint(x0, y0 + 1, x1, y1 - 2, _IRON, alpha=0.16)
    for x in np.arange(x0 // 2 * 2, x1 - 0.4, 2.0):
        canvas.paint(x, y0, x + 0.5, y1 - 2, _IRON, alpha=0.85)
    canvas.paint(x0, y0, x1, y0 + 1, _IRON)
    canvas.paint(x0, y1 - 3, x1, y1 - 2.5, _IRON)
    canvas.paint(x0, y0 + 3, x1, y0 + 3.5, _IRON, alpha=0.7)


def deco(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a relief panel with a rosette; above the roof line a chimney or a crest."""
    canvas, trim = site.canvas, site.paint.trim
    # Above the roof line a relief has no wall to hang on: it is a chimney or a crest.
    if y1 <= site.house.top and site.house.style == "brick":
        canvas.rectangle(x0, y0, x1, y1, shaded(site.wall, 0.92), texture=textures.bricks)
        canvas.shadow((x0 + x1) / 2 + 2, y0, x1, y1, 0.35)
        canvas.slab(x0 - 1, y0, x1 + 1, y0 + 2.5, trim, depth=0.5)
        return
    if y1 <= site.house.top:
        _crest(site, x0, y0, x1, y1)
        return
    canvas.slab(x0, y0, x1, y1, trim, depth=1.5)
    canvas.paint(x0 + 1.5, y0 + 1.5, x1 - 1.5, y1 - 1.5, shaded(site.wall, 0.82))
    middle, centre = (x0 + x1) / 2, (y0 + y1) / 2
    canvas.ellipse(middle - 1.6, centre - 1.6, middle + 1.6, centre + 1.6, trim)
    for side in (-1, 1):
        canvas.paint(middle + side * 4 - 1.5, centre - 0.5, middle + side * 4 + 1.5, centre + 0.5, trim)


def _crest(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    canvas, trim = site.canvas, site.paint.trim
    middle = (x0 + x1) / 2
    canvas.rectangle(x0, y0 + 3, x1, y1, site.wall, texture=textures.plaster)
    canvas.paint(x0, y0, x1, y0 + 3, shaded(trim, 1.0))
    canvas.paint(x0, y0 + 2, x1, y0 + 3, shaded(trim, 0.72))
    for left in (x0, x1 - 3):
        canvas.slab(left, y0, left + 3, y1, trim, depth=0)
    canvas.ellipse(middle - 4.5, y0 + 4, middle + 4.5, y1 - 0.5, trim)
    canvas.ellipse(middle - 3, y0 + 5.2, middle + 3, y1 - 1.7, (74, 86, 96))
    canvas.paint(middle - 0.25, y0 + 5, middle + 0.25, y1 - 1.5, trim)


def molding(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a band of stone; a high one carries dentils and throws a broad shadow."""
    canvas, trim = site.canvas, site.paint.trim
    if y1 - y0 < 6:
        canvas.slab(x0, y0, x1, y1, trim, depth=1 + (y1 - y0) * 0.5)
        return
    canvas.cast(x0, y0, x1, y1, 5, light=0.05)
    canvas.rectangle(x0, y0, x1, y1, trim)
    canvas.paint(x0, y0, x1, y0 + 1, shaded(trim, 1.12))
    canvas.paint(x0, y0 + 3, x1, y0 + 3.5, shaded(trim, 0.66))
    canvas.paint(x0, y0 + 3.5, x1, y1, shaded(trim, 0.88))
    # Dentils stand on a grid of 4 units of the whole picture, so that neighbours join.
    for x in range(x0 // 4 * 4, x1, 4):
        canvas.paint(max(x0, x), y1 - 3, min(x1, x + 2), y1 - 0.5, shaded(trim, 1.08))
        canvas.paint(max(x0, x + 2), y1 - 3, min(x1, x + 4), y1 - 0.5, shaded(trim, 0.56))


def pillar(site: Site, x0: int, y0: int, x1: int, y1: int) -> None:
    """Draws a round pillar, lit from the left, on a base and under a capital."""
    canvas, trim = site.canvas, site.paint.trim
    canvas.cast(x0, y0, x1, y1, 2.5, light=0.25)
    canvas.rectangle(x0, y0, x1, y1, trim)
    for x in np.arange(x0, x1, 0.5):
        # 0 at the lit side, brightest at 0.3, darkest at the right edge.
        across = (x - x0) / (x1 - x0)
        canvas.paint(x, y0, x + 0.5, y1, shaded(trim, 1.06 - 0.42 * abs(across - 0.3) ** 1.2))
    for top in (y0, y1 - 3):
        canvas.slab(x0 - 1, top, x1 + 1, top + 3, trim, depth=1.5)
