"""Exact sizes whatever the shape; label colours never mix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.images.geometry import (
    Geometry,
    at_most,
    crop_box,
    enlargement,
    fit_to,
    kept_share,
    middle_box,
    mirrored_around,
)
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


FITS = st.sampled_from(["crop", "pad", "stretch"])


@settings(max_examples=60, deadline=None)
@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), FITS, FITS)
def test_two_maps_are_one(size: tuple[int, int], by: tuple[int, int], to: tuple[int, int], one: str, two: str) -> None:
    first = fit_to(Image.new("RGB", size), by, one).geometry
    second = fit_to(Image.new("RGB", by), to, two).geometry
    both = first.then(second)
    assert (both.source, both.frame) == (size, to)
    again = first.then(Geometry.whole(by))
    assert again.box == first.box
    assert again.region == pytest.approx(first.region, abs=1e-6)
    assert min(both.region[:2]) >= 0
    assert np.subtract(both.region[2:], size).max() < 1e-5
    left, top, right, bottom = both.full
    if left < right and top < bottom and both.box[0] < both.box[2] and both.box[1] < both.box[3]:
        assert both.undo(Image.new("RGB", to)).size == (right - left, bottom - top)


# A ramp tells of every pixel where it came from: red the column, green the row.
def ramp(width: int, height: int) -> Image.Image:
    across, down = np.meshgrid(np.linspace(20, 235, width), np.linspace(20, 235, height))
    return Image.fromarray(np.stack([across, down, across], axis=-1).astype(np.uint8))


@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(200, 80), (81, 203), (257, 255), (64, 64), (1000, 700)])
def test_what_is_undone_lies_on_its_source_to_the_pixel(size: tuple[int, int], how: str) -> None:
    source = ramp(*size)
    made = fit_to(source, (64, 64), how, background=(255, 0, 255))
    full = made.geometry.undo(made.image)
    seen = np.asarray(source.crop(made.geometry.full), dtype=np.int64)
    assert full.size == seen.shape[1::-1]
    # A shift by one pixel of the ramp's shorter side would move its levels by 215 / 80 at least.
    off = np.asarray(full, dtype=np.int64) - seen
    assert np.abs(off.mean((0, 1))).max() < 0.6
    assert np.abs(off).max() <= 4


def test_padding_does_not_reach_into_what_is_undone() -> None:
    made = fit_to(Image.new("RGB", (64, 32), (9, 9, 9)), (48, 48), "pad", background=(255, 0, 0))
    assert set(np.unique(np.asarray(made.geometry.undo(made.image)))) == {9}


def test_where_nothing_changed_nothing_is_resampled() -> None:
    image = noise(33, 17)
    framed, box = mirrored_around(image, (36, 20)), middle_box(image.size, (36, 20))
    assert framed.size == (36, 20)
    there = Geometry(image.size, (0, 0, 33, 17), (36, 20), box)
    assert np.array_equal(np.asarray(there.undo(framed)), np.asarray(image))
    assert there.padded
    assert not there.changes_nothing
    assert Geometry.whole((3, 4)).changes_nothing


@pytest.mark.parametrize(("size", "frame"), [((5, 7), (8, 8)), ((3, 40), (256, 256)), ((1, 9), (8, 12))])
def test_mirroring_is_that_of_the_authors_layers(size: tuple[int, int], frame: tuple[int, int]) -> None:
    image = noise(*size)
    left, top, right, bottom = middle_box(size, frame)
    pixels = np.asarray(mirrored_around(image, frame))
    assert np.array_equal(pixels[top:bottom, left:right], np.asarray(image))
    if left and size[0] > 1:
        assert np.array_equal(pixels[top:bottom, left - 1], np.asarray(image)[:, 1])


def test_a_longest_side_keeps_the_shape() -> None:
    assert at_most((4000, 3000), 1024) == (1024, 768)
    assert at_most((40, 30), 1024) == (40, 30)
    assert at_most((40, 30), None) == (40, 30)
    assert at_most((5000, 1), 100) == (100, 1)


def test_whether_a_picture_was_made_at_its_own_size() -> None:
    scaled = Geometry.whole((400, 300), (200, 150))
    assert scaled.made_at(200)
    assert not scaled.made_at(None)
    assert not scaled.made_at(400)
    assert Geometry.whole((400, 300)).made_at(None)
