"""Edges are drawn like the training's: thin, sparse, where a person would draw them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage
from skimage import data

from harness.images.edges import (
    DENSEST,
    SMALLEST,
    as_picture,
    draw_edges,
    ink_of,
    is_drawing,
    line_width,
    thinned,
    without_specks,
)


def disc(size: int = 256, colour: tuple[int, int, int] = (90, 40, 30)) -> np.ndarray:
    image = Image.new("RGB", (size, size), (255, 255, 255))
    ImageDraw.Draw(image).ellipse((size // 4, size // 4, 3 * size // 4, 3 * size // 4), fill=colour)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(size / 256)))


@pytest.mark.parametrize("size", [128, 256, 512])
def test_the_outline_is_found_at_every_scale(size: int) -> None:
    mask = draw_edges(disc(size))
    rows, columns = np.nonzero(mask)
    radius = np.hypot(rows - size / 2, columns - size / 2)
    assert np.abs(radius - size / 4).max() <= 3 * size / 256 + 1
    assert mask.sum() > 0.8 * 2 * np.pi * size / 4
    assert line_width(mask) < 1.1


def test_equal_brightness_is_still_an_edge() -> None:
    image = np.zeros((256, 256, 3), dtype=np.uint8)
    image[:, :128], image[:, 128:] = (200, 60, 60), (60, 128, 60)
    assert draw_edges(image).any(axis=1).mean() > 0.9


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_real_photos_stay_below_the_densest_and_thin(name: str) -> None:
    photo = Image.fromarray(getattr(data, name)()).resize((256, 256))
    mask = draw_edges(np.asarray(photo))
    assert 0.005 < mask.mean() <= DENSEST
    assert line_width(mask) < 1.1
    pieces, count = ndimage.label(mask, structure=np.ones((3, 3)))
    assert np.bincount(pieces.ravel())[1:].min() >= SMALLEST
    assert count < 150


def test_noise_is_thinned_out_until_it_fits() -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    assert draw_edges(noisy).mean() <= DENSEST


def test_a_flat_picture_has_no_edge() -> None:
    assert not draw_edges(np.full((64, 64, 3), 77, dtype=np.uint8)).any()


def test_specks_go_and_lines_stay() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[2, 2:6] = True
    mask[10, 2:12] = True
    kept = without_specks(mask, 5)
    assert not kept[2].any()
    assert kept[10].sum() == 10


def test_thinning_leaves_one_pixel() -> None:
    mask = np.zeros((40, 40), dtype=bool)
    mask[15:22, 5:35] = True
    assert line_width(mask) > 5
    assert line_width(thinned(mask)) == 1.0
    assert line_width(np.zeros((4, 4), dtype=bool)) == 0.0


def sketch(dark_paper: bool = False, light: bool = False) -> np.ndarray:
    image = Image.new("L", (400, 300), 220)
    pen = ImageDraw.Draw(image)
    pen.line([(60, 220), (80, 120), (200, 100), (330, 220), (60, 220)], fill=80, width=4)
    grey = np.asarray(image, dtype=float)
    if light:
        grey = grey * np.linspace(1, 0.5, 400) + np.random.default_rng(0).normal(0, 3, grey.shape)
    pixels = np.clip(255 - grey if dark_paper else grey, 0, 255).astype(np.uint8)
    return np.stack([pixels] * 3, axis=2)


@pytest.mark.parametrize("drawing", [sketch(), sketch(light=True), sketch(dark_paper=True)])
def test_ink_is_found_under_uneven_light_and_on_dark_paper(drawing: np.ndarray) -> None:
    expected = sketch()[..., 0] < 150
    found = ink_of(drawing)
    assert (found & expected).sum() > 0.9 * expected.sum()
    assert (found & ~ndimage.binary_dilation(expected, iterations=2)).mean() < 0.001


def test_drawings_are_told_from_photos() -> None:
    assert is_drawing(sketch())
    assert is_drawing(sketch(light=True))
    assert is_drawing(sketch(dark_paper=True))
    assert is_drawing(np.asarray(as_picture(draw_edges(disc()))))
    assert not is_drawing(disc())
    for name in ("astronaut", "coffee", "chelsea", "rocket", "camera", "coins"):
        assert not is_drawing(np.asarray(Image.fromarray(getattr(data, name)()).convert("RGB"))), name


def test_blank_paper_has_no_ink() -> None:
    assert not ink_of(np.full((50, 50, 3), 240, dtype=np.uint8)).any()
