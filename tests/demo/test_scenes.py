"""What a scene promises: the same bytes for ever, pure palettes, and a photo that fits its label map."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest

from harness.demo.facade_layout import COLOURS, draw_plan
from harness.demo.scenes import Scene, draw_far_scene, draw_scene

SEED = 11


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [draw_scene(SEED, index) for index in range(12)]


def pixels_of(scene: Scene, label: str) -> np.ndarray:
    return (scene.label == COLOURS[label]).all(axis=2)


def brightness(scene: Scene, mask: np.ndarray) -> float:
    return float(scene.photo[mask].mean())


@pytest.mark.parametrize("draw", [draw_scene, draw_far_scene])
@pytest.mark.parametrize("index", range(3))
def test_a_scene_is_the_same_on_every_call_whatever_the_global_generators_say(draw, index):
    first = draw(SEED, index)
    random.seed(1)
    np.random.seed(1)
    second = draw(SEED, index)
    assert np.array_equal(first.label, second.label)
    assert np.array_equal(first.photo, second.photo)


@pytest.mark.parametrize("draw", [draw_scene, draw_far_scene])
def test_drawing_leaves_the_global_generator_alone(draw):
    before = np.random.get_state()[1].tobytes()
    draw(SEED, 0)
    assert np.random.get_state()[1].tobytes() == before


def test_every_scene_of_a_series_and_every_series_is_another(scenes):
    digests = {hashlib.sha256(scene.photo.tobytes()).hexdigest() for scene in scenes}
    assert len(digests) == len(scenes)
    assert not np.array_equal(draw_scene(SEED + 1, 0).label, scenes[0].label)


@pytest.mark.parametrize("draw", [draw_scene, draw_far_scene])
def test_pictures_are_square_rgb_bytes(draw):
    for index in range(3):
        scene = draw(SEED, index)
        for picture in (scene.label, scene.photo):
            assert picture.shape == (256, 256, 3)
            assert picture.dtype == np.uint8


def test_label_maps_hold_palette_colours_only(scenes):
    palette = set(COLOURS.values())
    for scene in scenes:
        assert {tuple(int(v) for v in colour) for colour in np.unique(scene.label.reshape(-1, 3), axis=0)} <= palette


def test_a_short_series_uses_every_class(scenes):
    for label in COLOURS:
        assert any(pixels_of(scene, label).any() for scene in scenes), label


def test_every_scene_has_sky_wall_windows_and_a_door(scenes):
    for scene in scenes:
        for label in ("background", "facade", "window", "door"):
            assert pixels_of(scene, label).any(), label


def test_windows_are_darker_than_walls(scenes):
    # Red brick is as dark as a window with curtains: the bright walls tell.
    plans = [draw_plan(np.random.default_rng((SEED, index))) for index in range(len(scenes))]
    dark = [any(house.style == "brick" for house in plan) for plan in plans]
    bright = [scene for scene, bricks in zip(scenes, dark, strict=True) if not bricks]
    assert len(bright) >= 5
    below_the_roofs = np.arange(256)[:, None] > 100
    for scene in bright:
        window, wall = (pixels_of(scene, label) & below_the_roofs for label in ("window", "facade"))
        assert brightness(scene, wall) > brightness(scene, window) + 15


def test_sky_is_blue_above_the_roofs(scenes):
    for scene in scenes:
        sky = pixels_of(scene, "background") & (np.arange(256)[:, None] < 60)
        red, _, blue = scene.photo[sky].mean(axis=0)
        assert blue > red + 10


def test_stone_trim_is_brighter_than_what_it_shades(scenes):
    """The row under a sill lies in its shadow."""
    sills, shaded = [], []
    for scene in scenes:
        mask = pixels_of(scene, "sill")
        under = np.roll(mask, 2, axis=0) & pixels_of(scene, "facade")
        if under.any():
            sills.append(brightness(scene, mask))
            shaded.append(brightness(scene, under))
    assert len(sills) >= 5
    assert np.mean(sills) > np.mean(shaded) + 15


def test_the_photo_changes_where_the_label_changes(scenes):
    """Edges of the label map are edges of the photo: both come from one plan."""
    for scene in scenes:
        edge = (np.diff(scene.label.astype(int), axis=1) != 0).any(axis=2)
        step = np.abs(np.diff(scene.photo.astype(int), axis=1)).sum(axis=2)
        assert step[edge].mean() > 1.5 * step[~edge].mean()


def test_far_scenes_are_off_the_palette_and_of_three_kinds():
    palette = np.array(list(COLOURS.values()), float)
    for index in range(6):
        scene = draw_far_scene(SEED, index)
        distance = np.linalg.norm(scene.label[::4, ::4, None].astype(float) - palette, axis=-1).min(axis=-1)
        assert (distance > 30).mean() > 0.9
        # A street by night is darker than its photo, a landscape is its own photo, a pencil drawing is mostly paper.
        brightness = scene.label.mean()
        assert (brightness < 0.5 * scene.photo.mean(), np.array_equal(scene.label, scene.photo), brightness > 180) == (
            index % 3 == 0, index % 3 == 1, index % 3 == 2,
        )  # fmt: skip
