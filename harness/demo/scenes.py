"""Scenes the package draws itself: a facade's label map and its photo, and pictures far from any facade."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.demo import far
from harness.demo.facade_layout import draw_plan, paint_labels
from harness.demo.rendering import paint_photo

UNSEEN: Final = 20_000
"""A series of scenes that the package's generator was not trained on."""


class Scene(NamedTuple):
    """A street front twice: the generator's input and what a perfect one would draw, `(256, 256, 3)` uint8 RGB."""

    label: NDArray[np.uint8]
    photo: NDArray[np.uint8]


def draw_scene(seed: int, index: int) -> Scene:
    """Returns street front `index`, 0 or more, of the series `seed`, 0 or more; the same bytes on every call."""
    rng = np.random.default_rng((seed, index))
    plan = draw_plan(rng)
    # Labels draw no chance: a plan and the photo's draws follow from the seed alone.
    return Scene(paint_labels(plan), paint_photo(plan, rng))


def draw_far_scene(seed: int, index: int) -> Scene:
    """Returns a pair whose `label` no generator of facades has learnt; three kinds by turns.

    They are a street by night (a photo, not a label map), a landscape (then `photo` is that landscape, for no street
    belongs to it), and a pencil drawing of a street.
    """
    rng = np.random.default_rng((seed, index, 1))  # a stream beside the near scene of the same number
    if index % 3 == 1:
        picture = far.hills(rng)
        return Scene(picture, picture.copy())
    plan = draw_plan(rng)
    photo = paint_photo(plan, rng)
    return Scene(far.night(plan, photo, rng) if index % 3 == 0 else far.sketch(paint_labels(plan), rng), photo)
