"""Leaning facades are set upright; upright ones, and pictures that show no facade, stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from harness.demo.scenes import draw_scene
from harness.images.rectifying import lean_of, rectify
from tests.images.pictures import noise


def facade(index: int) -> Image.Image:
    return Image.fromarray(draw_scene(3, index).photo).resize((384, 384), Image.Resampling.BICUBIC)


def seen_from_below(image: Image.Image, slant: float = 0.25, degrees: float = 5.0) -> Image.Image:
    """The picture turned and in perspective, what lies beyond it grey."""
    width, height = image.size
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    lean = np.array([[cos, -sin, 0], [sin, cos, 0], [slant / width, 0.6 * slant / height, 1]])
    centred = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    back = np.linalg.inv(centred) @ lean @ centred
    coefficients = tuple((back / back[2, 2]).ravel()[:8])
    return image.transform(
        image.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor="grey"
    )


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_leaning_facade_is_set_upright(index: int) -> None:
    leaning = seen_from_below(facade(index))
    made = rectify(leaning)
    after = lean_of(made.image)
    assert made.image is not leaning and made.refused is None
    assert made.lean is not None and max(made.lean) > 3
    assert after is not None and max(after) < 0.6
    assert made.image.width * made.image.height > 0.5 * leaning.width * leaning.height


def test_an_upright_facade_is_left_alone() -> None:
    picture = facade(0)
    made = rectify(picture)
    assert made.image is picture
    assert made.refused is None


@pytest.mark.parametrize("picture", [noise(256, 256, 1), Image.new("RGB", (64, 64), "red"), Image.new("RGB", (1, 1))])
def test_what_shows_no_facade_is_refused(picture: Image.Image) -> None:
    made = rectify(picture)
    assert made.image is picture
    assert made.refused is not None and "lines agree" in made.refused


def test_a_view_along_the_wall_is_refused() -> None:
    picture = seen_from_below(facade(1), slant=1.1)
    made = rectify(picture)
    assert made.refused is not None
    assert made.image is picture
