"""A thing on plain paper is found, framed and centred; detail draws the crop."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from harness.images.subject import find_background, focus_of, framed


def thing(paper: tuple[int, int, int] = (225, 224, 220)) -> Image.Image:
    image = Image.new("RGB", (120, 80), paper)
    ImageDraw.Draw(image).rectangle((20, 30, 59, 49), fill=(90, 30, 20))
    return image


def test_paper_is_background_and_the_thing_is_not() -> None:
    found = find_background(np.asarray(thing()), 1.0)
    assert found is not None
    left, top, right, bottom = Image.fromarray(~found).getbbox() or (0, 0, 0, 0)
    assert abs(left - 20) <= 2 and abs(top - 30) <= 2 and abs(right - 60) <= 2 and abs(bottom - 50) <= 2


def test_a_hole_of_the_papers_colour_belongs_to_the_thing() -> None:
    image = thing()
    ImageDraw.Draw(image).rectangle((35, 36, 45, 44), fill=(225, 224, 220))
    found = find_background(np.asarray(image), 1.0)
    assert found is not None and not found[40, 40]


def test_a_busy_border_is_not_plain() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    assert find_background(noise, 0.3) is None


def test_framing_centres_with_a_margin() -> None:
    made = framed(thing(), (20, 30, 60, 50), 1.0, 0.1, (255, 255, 255))
    assert made.image.size == (48, 48)
    dark = np.asarray(made.image.convert("L")) < 100
    left, top, right, bottom = Image.fromarray(dark).getbbox() or (0, 0, 0, 0)
    assert (left, 48 - right) == (4, 4)
    assert top == 48 - bottom


def test_detail_draws_the_focus() -> None:
    pixels = np.full((64, 128, 3), 120, dtype=np.uint8)
    pixels[20:44, 90:120] = np.random.default_rng(0).integers(0, 256, (24, 30, 3), dtype=np.uint8)
    x, y = focus_of(Image.fromarray(pixels))
    assert x > 0.7
    assert 0.4 < y < 0.6
    assert focus_of(Image.new("RGB", (32, 32), (5, 5, 5))) == (0.5, 0.5)
