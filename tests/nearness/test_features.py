from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from harness.nearness.features import COLUMNS, DIRECTION, LAYOUT, NAMES, describe
from harness.nearness.palette import ColourSet, Picture
from tests.nearness.conftest import drawing, wall

NONE = ColourSet([])


def value(picture: Picture, name: str, palette: ColourSet = NONE) -> float:
    return float(describe(picture, palette)[NAMES.index(name)])


def test_every_feature_has_one_name_and_a_finite_value_on_any_picture() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for picture in (wall(1), drawing(1), np.zeros((32, 77, 3), np.uint8), np.full((50, 32, 3), 255, np.uint8)):
        assert np.isfinite(describe(picture, NONE)).all()


def test_tones_and_colours_are_what_they_say() -> None:
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    assert value(red, "brightness") == pytest.approx(0.299)
    assert value(red, "saturation") == 1
    assert value(red, "red_green") == 1
    assert value(red, "yellow_blue") == 0.5
    assert value(red, "palette_300") == 1
    assert value(red, "flat_share") == 1


def test_lines_twice_as_wide_are_found_twice_as_wide() -> None:
    def stripes(width: int) -> Picture:
        picture = np.full((96, 96, 3), 255, np.uint8)
        for left in range(4, 90, 16):
            picture[:, left : left + width] = 0
        return picture

    ratio = np.exp(value(stripes(4), "line_width") - value(stripes(2), "line_width"))
    assert ratio == pytest.approx(2, rel=0.05)


def test_a_darker_picture_has_as_many_lines() -> None:
    darker = (wall(2) * 0.3).astype(np.uint8)
    assert value(darker, "edge_density") == pytest.approx(value(wall(2), "edge_density"), abs=0.05)


def test_blur_takes_fine_detail_and_noise_adds_noise() -> None:
    picture = wall(2)
    blurred = gaussian_filter(picture, (1.5, 1.5, 0))
    noisy = (picture + np.random.default_rng(0).normal(0, 20, picture.shape)).clip(0, 255).astype(np.uint8)
    assert value(blurred, "fine_detail") < value(picture, "fine_detail") - 1
    assert value(noisy, "noise") > value(picture, "noise") + 0.5


def test_steps_on_the_grid_of_jpeg_are_blocks() -> None:
    generator = np.random.default_rng(0)
    blocks = np.kron(generator.integers(0, 255, (8, 8)), np.ones((8, 8))).astype(np.uint8)
    assert value(np.dstack([blocks] * 3), "blocks") > 2


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 80)])
def test_turning_by_90_degrees_changes_the_sign_of_direction(height: int, width: int) -> None:
    picture = wall(3)[:height, : min(width, 64)]
    upright, turned = describe(picture, NONE), describe(np.ascontiguousarray(np.rot90(picture)), NONE)
    assert np.abs(upright[COLUMNS[DIRECTION]]).max() > 0.5
    assert turned[COLUMNS[DIRECTION]] == pytest.approx(-upright[COLUMNS[DIRECTION]], abs=0.12)


def test_turning_upside_down_changes_the_sign_of_layout_and_nothing_of_direction() -> None:
    upright, turned = describe(wall(3), NONE), describe(np.ascontiguousarray(wall(3)[::-1]), NONE)
    assert turned[COLUMNS[LAYOUT]] == pytest.approx(-upright[COLUMNS[LAYOUT]], abs=5e-3)
    assert turned[COLUMNS[DIRECTION]] == pytest.approx(upright[COLUMNS[DIRECTION]], abs=0.12)


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (np.zeros((64, 64), np.uint8), "height × width × 3"),
        (np.zeros((64, 64, 3), np.float32), "got float32"),
        (np.zeros((64, 8, 3), np.uint8), "8×64 pixels are too few"),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        describe(picture, NONE)
