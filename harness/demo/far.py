"""Pictures that are no label maps: what people feed to a generator by mistake, and what is simply elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from harness.demo.facade_layout import SIDE, Plan
from harness.demo.textures import Floats, as_levels, soft_noise


def night(plan: Plan, photo: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns the street of a `(256, 256, 3)` uint8 photo by night: stars, a moon, lamps behind some windows."""
    # Moonlight: little of red, most of blue.
    dark = photo.astype(np.float32) / 255.0 * np.array([0.17, 0.21, 0.34], np.float32)
    # (256,) the highest row of each column that belongs to a house; 16 units are left for chimneys and crests.
    roofs = np.full(SIDE, plan[0].base)
    for house in plan:
        roofs[house.x0 : house.x1] = house.roof_top - 16
    # Above the roofs, and above row 170 where no house stands.
    sky = np.arange(SIDE)[:, None] < np.minimum(roofs, 170)[None, :]
    fall = np.linspace(1.0, 0.0, SIDE, dtype=np.float32)[:, None, None]
    # Thins out towards the horizon, where the day's trees stay as shapes.
    veil = sky[..., None] * np.clip((1.0 - fall) * -6.0 + 4.0, 0.0, 1.0)
    dark += (np.array([0.05, 0.07, 0.16], np.float32) + 0.10 * (1.0 - fall) - dark) * veil
    # Four stars in a thousand pixels of sky.
    dark += (sky & (rng.random((SIDE, SIDE)) < 0.004))[..., None] * rng.uniform(0.3, 0.9, (SIDE, SIDE, 1))
    dark += _moon(rng) * sky[..., None]
    lamps = np.zeros((SIDE, SIDE, 3), np.float32)
    for house in plan:
        for box in house.boxes:
            if box.label in ("window", "shop") and rng.random() < 0.5:
                warmth = np.array([1.0, 0.74, 0.38], np.float32) * np.float32(rng.uniform(0.6, 1.0))
                # (h, w, 1): curtains and frames still show against the lamp.
                inside = photo[box.y0 + 2 : box.y1 - 1, box.x0 + 2 : box.x1 - 1].mean(axis=2, keepdims=True) / 255.0
                lamps[box.y0 + 2 : box.y1 - 1, box.x0 + 2 : box.x1 - 1] = warmth * (0.55 + 0.6 * inside)
    # Lamps shine beyond their windows.
    glow = Image.fromarray((np.clip(lamps, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(7))
    lit = np.maximum(dark, lamps) + 0.7 * np.asarray(glow, dtype=np.float32) / 255.0
    return as_levels(lit)


def hills(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns mountains at sunset over a lake, `(256, 256, 3)` uint8 RGB: no house at all."""
    down = np.linspace(0.0, 1.0, SIDE, dtype=np.float32)[:, None]
    across = np.linspace(0.0, 1.0, SIDE, dtype=np.float32)[None, :]
    warm, cool = np.array([1.0, 0.66, 0.42], np.float32), np.array([0.30, 0.34, 0.58], np.float32)
    picture = cool + (warm - cool) * np.clip(down * 1.7, 0.0, 1.0)[..., None] * np.ones((1, SIDE, 1), np.float32)
    picture += 0.18 * (soft_noise(rng, 4, 4) - 0.5)[..., None]
    x, y = rng.uniform(0.25, 0.75), 0.42
    # From the sun, in sides of the picture, (256, 256).
    distance = np.sqrt((across - x) ** 2 + (down - y) ** 2)
    picture += np.exp(-distance * 9.0)[..., None] * np.array([0.5, 0.36, 0.14], np.float32)
    picture = np.where((distance < 0.045)[..., None], np.array([1.0, 0.93, 0.74], np.float32), picture)
    # From the farthest ridge to the nearest: lower, smoother and darker.
    for layer in range(4):
        # (1, 256), in shares of the height
        ridge = 0.40 + 0.09 * layer + (0.22 - 0.03 * layer) * (soft_noise(rng, 4 + 2 * layer, 5)[:1] - 0.5)
        tone = np.array([0.50, 0.42, 0.56], np.float32) * (1.0 - 0.25 * layer)
        mask = np.clip((down - ridge) * SIDE, 0.0, 1.0)[..., None]
        picture += (tone - picture) * mask
    shore = round(SIDE * 0.76)
    # The land above the shore, mirrored and dimmed.
    water = picture[shore - 1 :: -1][: SIDE - shore] * 0.62 + 0.06
    ripples = np.sin(np.arange(SIDE - shore) * 1.9 + rng.uniform(0, 6))[:, None, None] * 0.02
    picture[shore:] = water + ripples
    return as_levels(picture)


def sketch(label: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns the outlines of a `(256, 256, 3)` uint8 label map as a pencil drawing on paper, uint8 RGB."""
    plain = label.astype(np.int32).sum(axis=2)
    edges = (plain != np.roll(plain, 1, axis=0)) | (plain != np.roll(plain, 1, axis=1))
    # `roll` brings the last row and column round to the first.
    edges[0], edges[:, 0] = False, False
    lines = Image.fromarray(edges.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(0.8))
    # A hand does not draw straight: every point of the paper is taken from a little beside it.
    shift = [(3.0 * (soft_noise(rng, 12, 2) - 0.5)).round().astype(int) for _ in range(2)]
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    bent = np.asarray(lines)[np.clip(down + shift[0], 0, SIDE - 1), np.clip(across + shift[1], 0, SIDE - 1)]
    pressure = 0.55 + 0.45 * soft_noise(rng, 30, 2)
    paper = np.array([0.965, 0.95, 0.91], np.float32) * (0.96 + 0.06 * soft_noise(rng, 60, 2))[..., None]
    ink = np.clip(bent / 255.0 * 2.2, 0.0, 1.0) * pressure
    return as_levels(paper * (1.0 - 0.85 * ink[..., None]))


def _moon(rng: np.random.Generator) -> Floats:
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    distance = np.hypot(across - SIDE * rng.uniform(0.15, 0.85), down - SIDE * 0.10)
    disc = np.clip(SIDE * 0.035 - distance, 0.0, 1.0)
    halo = 0.35 * np.exp(-distance / (SIDE * 0.05))
    moon: Floats = ((disc + halo)[..., None] * np.array([0.95, 0.93, 0.84])).astype(np.float32)
    return moon
