"""The facades palette, from its formula; numbers go by number, and what a codec mixed by colour and neighbours."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from harness.demo.scenes import draw_scene
from harness.images.palettes import (
    CITYSCAPES_PALETTE,
    FACADES,
    FACADES_PALETTE,
    snap,
)
from tests.images.pictures import facades_colours, raw_colours


def jet(levels: int) -> np.ndarray:
    """MATLAB's jet: three trapezoids a quarter of the map wide, shifted by a quarter each."""
    quarter = int(np.ceil(levels / 4))
    ramp = np.arange(1, quarter + 1) / quarter
    trapezoid = np.concatenate([ramp, np.ones(quarter - 1), ramp[::-1]])
    green = int(np.ceil(quarter / 2)) - (levels % 4 == 1) + np.arange(1, len(trapezoid) + 1)
    colours = np.zeros((levels + quarter * 4, 3))
    for channel, shift in ((1, 0), (0, quarter), (2, -quarter)):
        places = green + shift
        inside = (places >= 1) & (places <= levels)
        colours[places[inside] - 1, channel] = trapezoid[inside]
    return colours[:levels] * 255


def test_the_colours_are_jet() -> None:
    assert np.abs(facades_colours() - jet(64)[[5 * n for n in range(1, 13)]]).max() <= 1
    assert np.abs(raw_colours() - jet(12)).max() <= 1


def test_classes_are_numbered_in_order() -> None:
    assert len({c.name for c in FACADES}) == len({c.rgb for c in FACADES}) == 12


def test_snapping_takes_jpeg_noise_away() -> None:
    rng = np.random.default_rng(0)
    clean = facades_colours()[rng.integers(0, 12, (40, 50))]
    noisy = np.clip(clean + rng.normal(0, 4, clean.shape), 0, 255).round().astype(np.uint8)
    snapped = snap(noisy, facades_colours(), facades_colours())
    assert np.array_equal(snapped.pixels, clean)
    assert snapped.off_palette < 0.1


def test_the_off_palette_share_is_exact() -> None:
    pixels = np.zeros((10, 10, 3), dtype=np.uint8)
    pixels[:] = FACADES[2].rgb
    pixels[:3] = (128, 128, 128)
    assert snap(pixels, facades_colours(), facades_colours()).off_palette == 0.3
    assert snap(facades_colours()[None], facades_colours(), facades_colours()).off_palette == 0.0


@pytest.mark.parametrize(("distance", "share"), [(10, 0.0), (14, 0.25), (28, 0.25)])
def test_a_colour_is_off_the_palette_from_twelve_levels_on(distance: int, share: float) -> None:
    pixels = np.zeros((4, 4, 3), dtype=np.uint8)
    pixels[:] = FACADES[10].rgb
    pixels[0, :, 1] += distance
    assert snap(pixels, facades_colours(), facades_colours()).off_palette == share


def classes_of(index: int) -> np.ndarray:
    """A drawn facade's classes, rows of the palette."""
    label = draw_scene(1, index).label.astype(int)
    return np.abs(label[:, :, None] - facades_colours().astype(int)).sum(axis=3).argmin(axis=2)


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(stream))


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    image = Image.fromarray(pixels)
    return np.asarray(
        image.resize((side, side), Image.Resampling.BILINEAR).resize(image.size, Image.Resampling.BILINEAR)
    )


@pytest.mark.parametrize("encoding", [facades_colours(), raw_colours()], ids=["dataset", "raw"])
@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (lambda p: jpeg(p, 95), 0.006),
        (lambda p: jpeg(p, 75), 0.013),
        (lambda p: jpeg(resized(p, 512), 75), 0.035),
        (lambda p: resized(p, 200), 0.012),
    ],
    ids=["95", "75", "enlarged, 75", "smaller and larger"],
)
def test_borders_that_were_mixed_get_their_classes_back(encoding: np.ndarray, spoil: object, wrong: float) -> None:
    shares, unsure, nearest = [], [], []
    for index in range(4):
        classes = classes_of(index)
        spoilt = spoil(encoding[classes])  # type: ignore[operator]
        made = snap(spoilt, encoding, facades_colours())
        shares.append((made.pixels != facades_colours()[classes]).any(axis=2).mean())
        unsure.append(made.unsure)
        apart = ((spoilt[:, :, None].astype(int) - encoding.astype(int)) ** 2).sum(axis=3)
        nearest.append((apart.argmin(axis=2) != classes).mean())
    assert np.mean(shares) < wrong
    assert np.mean(shares) < np.mean(nearest) / 2
    assert 0.3 < np.mean(unsure) / np.mean(shares) < 4, "the share told is about the share that is wrong"


def test_thin_lines_without_a_sure_pixel_survive() -> None:
    classes = np.zeros((64, 64), dtype=int)
    classes[20], classes[:, 40] = 5, 10
    spoilt = jpeg(facades_colours()[classes], 90)
    index = ndimage.maximum_filter(np.abs(spoilt[20].astype(int) - facades_colours()[5]).max(axis=1), 1)
    assert (index[:30] > 12).all(), "every pixel of the line is off the palette"
    made = snap(spoilt, facades_colours(), facades_colours()).pixels
    assert (made == facades_colours()[classes]).all(axis=2).mean() > 0.98


def test_the_facades_numbers_mean_what_the_whole_folder_tells() -> None:
    one, zero = FACADES_PALETTE.numberings
    for seen, expected in (
        ({0, 3, 11}, (zero, True)),
        ({1, 12}, (one, True)),
        ({0, 1, 12}, (one, True)),  # 0 is no class then
        ({0, 11, 255}, (zero, True)),
        ({1, 2, 11}, (one, False)),
    ):
        assert FACADES_PALETTE.numbering_of(seen) == expected
    assert one.rows_of(np.array([0, 1, 12, 13, 255, -1])).tolist() == [-1, 0, 11, -1, -1, -1]
    assert zero.rows_of(np.array([0, 11, 12, 255])).tolist() == [0, 11, -1, -1]


def test_street_numbers_are_the_labels_or_the_trainings() -> None:
    training, labels = CITYSCAPES_PALETTE.numberings
    assert CITYSCAPES_PALETTE.numbering_of({0, 7, 18, 255}) == (training, True)
    assert CITYSCAPES_PALETTE.numbering_of({0, 7, 26}) == (labels, True)
    assert CITYSCAPES_PALETTE.numbering_of({0, 7}) == (training, False)
    road, car = labels.rows_of(np.array([7, 26]))
    assert (training.rows_of(np.array([0, 13])) == [road, car]).all()
    assert tuple(CITYSCAPES_PALETTE.colours[road]) == (128, 64, 128)
    assert tuple(CITYSCAPES_PALETTE.colours[car]) == (0, 0, 142)


def test_nearest_colour_would_have_confused_the_raw_palette() -> None:
    raw = raw_colours()[None]
    assert np.array_equal(FACADES_PALETTE.encoding_of(raw), raw_colours())
    assert np.array_equal(FACADES_PALETTE.encoding_of(facades_colours()[None]), facades_colours())
    by_colour = np.abs(raw_colours()[:, None].astype(int) - facades_colours().astype(int)).sum(axis=2).argmin(axis=1)
    assert by_colour[1] == 0, "facade would become background"
    assert by_colour[2] == 1, "window would become facade"
    assert np.array_equal(snap(raw, raw_colours(), facades_colours()).pixels[0], facades_colours())
