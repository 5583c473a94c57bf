"""Exact sizes whatever the shape; label colours never mix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.images.geometry import crop_box, enlargement, fit_to, kept_share
from tests.images.pictures import QUADRANTS, noise, quadrants

SIDES = st.integers(1, 90)


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["crop", "pad", "stretch"]), st.booleans())
def test_the_size_is_exact(width: int, height: int, to: int, tall: int, how: str, mixing: bool) -> None:
    made = fit_to(Image.new("RGB", (width, height)), (to, tall), how, mixing=mixing)
    assert made.image.size == (to, tall)


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.floats(0, 1), st.floats(0, 1))
def test_a_crop_lies_inside_and_has_the_aspect(w: int, h: int, to: int, tall: int, x: float, y: float) -> None:
    left, top, right, bottom = crop_box((w, h), (to, tall), (x, y))
    assert -1e-9 <= left <= right <= w + 1e-9
    assert -1e-9 <= top <= bottom <= h + 1e-9
    assert (right - left) * tall == pytest.approx((bottom - top) * to)


def test_the_right_size_is_left_alone() -> None:
    image = noise(32, 32)
    made = fit_to(image, (32, 32))
    assert made.image is image
    assert made.operations == ()


def test_a_crop_takes_the_middle_without_distortion() -> None:
    image = Image.new("RGB", (90, 30), (0, 0, 0))
    image.paste((255, 255, 255), (30, 0, 60, 30))
    made = fit_to(image, (16, 16), "crop")
    assert np.asarray(made.image).min() > 230
    assert made.operations == ("cropped to 30x30 at 30,0", "resized to 16x16 (Lanczos)")


def test_the_focus_moves_the_crop() -> None:
    image = Image.new("RGB", (90, 30), (0, 0, 0))
    image.paste((255, 255, 255), (60, 0, 90, 30))
    assert np.asarray(fit_to(image, (16, 16), "crop", focus=(1.0, 0.5)).image).min() > 230


def test_padding_keeps_the_whole_picture_in_the_middle() -> None:
    made = fit_to(Image.new("RGB", (64, 32), (9, 9, 9)), (32, 32), "pad", background=(200, 0, 0))
    pixels = np.asarray(made.image)
    assert (pixels[:8] == (200, 0, 0)).all()
    assert (pixels[8:24] == (9, 9, 9)).all()
    assert (pixels[24:] == (200, 0, 0)).all()
    assert made.operations[-1] == "padded to 32x32 with c80000"


def test_stretching_says_so() -> None:
    assert fit_to(noise(40, 20), (16, 16), "stretch").operations == ("stretched to 16x16 (Lanczos)",)
    assert fit_to(noise(40, 40), (16, 16), "stretch").operations == ("resized to 16x16 (Lanczos)",)


@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
def test_nearest_never_mixes_colours(how: str) -> None:
    made = fit_to(quadrants(101, 77), (50, 50), how, mixing=False, background=QUADRANTS[0])
    assert {colour for _, colour in made.image.getcolors()} <= set(QUADRANTS)


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    small = np.asarray(fit_to(Image.fromarray(stripes), (8, 8)).image)
    assert np.abs(small.astype(int) - 127).max() <= 8


def test_shares_and_factors() -> None:
    assert kept_share((2000, 100), (256, 256)) == pytest.approx(0.05)
    assert kept_share((512, 512), (256, 256)) == 1.0
    assert enlargement((128, 64), (256, 256), "crop") == 4.0
    assert enlargement((128, 64), (256, 256), "pad") == 2.0
