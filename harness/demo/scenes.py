"""Scenes the package draws itself: a facade's label map and its photo, and pictures far from any facade."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.demo import far
from harness.demo.facade_layout import GRID, draw_plan, paint_labels
from harness.demo.rendering import paint_photo


@dataclass(frozen=True, eq=False)
class Scene:
    """A pair of pictures of one street front.

    Attributes:
        name: a name of its own, fit for a file.
        description: one line saying what is to be seen.
        label: `(size, size, 3)` uint8 RGB, the generator's input.
        photo: `(size, size, 3)` uint8 RGB, what a perfect generator would draw.
    """

    name: str
    description: str
    label: NDArray[np.uint8] = field(repr=False)
    photo: NDArray[np.uint8] = field(repr=False)


def draw_scene(seed: int, index: int, size: int = GRID) -> Scene:
    """Returns street front `index` of the series `seed`; the same bytes on every call.

    Args:
        seed: the series, 0 or more.
        index: the number within the series, 0 or more.
        size: the side of both pictures in pixels; 256 is what the textures are made for.
    """
    rng = np.random.default_rng((seed, index))
    plan = draw_plan(rng)
    styles = ", ".join(house.style for house in plan.houses)
    # Labels draw no chance: a plan and the photo's draws follow from the seed alone.
    label, photo = paint_labels(plan, size), paint_photo(plan, rng, size)
    return Scene(f"facade_{index:04d}", f"street front: {styles}", label, photo)


def draw_far_scene(seed: int, index: int) -> Scene:
    """Returns a pair whose `label` no generator of facades has learnt; three kinds by turns, 256x256.

    They are a street by night (a photo, not a label map), a landscape (then `photo` is that landscape, for no street
    belongs to it), and a pencil drawing of a street.
    """
    rng = np.random.default_rng((seed, index, 1))  # a stream beside the near scene of the same number
    if index % 3 == 1:
        picture = far.hills(rng, GRID)
        return Scene(f"far_{index:04d}_hills", "a landscape, no facade at all", picture, picture.copy())
    plan = draw_plan(rng)
    photo = paint_photo(plan, rng)
    if index % 3 == 0:
        return Scene(f"far_{index:04d}_night", "a photo by night instead of a map", far.night(plan, photo, rng), photo)
    label = far.sketch(paint_labels(plan), rng)
    return Scene(f"far_{index:04d}_sketch", "a pencil drawing instead of a map", label, photo)
