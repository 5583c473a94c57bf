"""Numbers of every depth and kind come out by one rule; TIFFs that Pillow does not know are read or rightly refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from harness.errors import ImageError
from harness.images.opening import open_picture, stored_size
from tests.images.pictures import content, noise
from tests.images.tiffs import RGB, WHITE_IS_ZERO, tiff

LEVELS = np.linspace(0, 255, 48).round().astype(np.uint8).reshape(6, 8)


def grey(data: bytes) -> np.ndarray:
    pixels = np.asarray(open_picture(data).image)
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


@pytest.mark.parametrize(
    "samples", [LEVELS, LEVELS.astype(np.uint16) * 257, (LEVELS / 255).astype(np.float32), LEVELS.astype(np.float32)]
)
def test_white_is_zero_is_no_negative(samples: np.ndarray) -> None:
    assert np.array_equal(grey(tiff(samples)), LEVELS)
    assert np.array_equal(grey(tiff(samples.max() - samples, WHITE_IS_ZERO)), LEVELS)


def test_white_is_zero_is_no_negative_through_the_other_reader_either() -> None:
    half = (LEVELS / 255).astype(np.float16)
    assert np.array_equal(grey(tiff(half)), LEVELS)
    opened = open_picture(tiff(1 - half, WHITE_IS_ZERO))
    assert np.array_equal(np.asarray(opened.image)[..., 0], LEVELS)
    assert "inverted: its zero is white" in opened.operations


def test_signed_greys_have_one_scale_for_all_files() -> None:
    dark = np.linspace(-30_000, -20_000, 48).astype(np.int16).reshape(6, 8)
    light = np.linspace(-32_768, 32_767, 48).astype(np.int16).reshape(6, 8)
    for samples in (dark, light):
        opened = open_picture(tiff(samples))
        expected = (samples.astype(float) + 32_768) / 65_535 * 255
        assert np.abs(np.asarray(opened.image)[..., 0] - expected).max() <= 0.5
        assert "scaled -32768..32767 to 0..255" in opened.operations
        assert not opened.warnings
    assert "will look flat" in open_picture(tiff(dark // 100)).warnings[0]


def test_signed_bytes_are_signed() -> None:
    assert np.array_equal(grey(tiff((LEVELS.astype(np.int16) - 128).astype(np.int8))), LEVELS)


def test_twelve_bits_go_by_their_own_range() -> None:
    samples = np.linspace(0, 4095, 48).astype(np.uint16).reshape(6, 8)
    opened = open_picture(tiff(samples, bits=12))
    assert np.abs(np.asarray(opened.image)[..., 0] - samples / 4095 * 255).max() <= 0.5
    assert not opened.warnings, "only twelve bits put into sixteen look dark"


def test_large_numbers_do_not_wrap() -> None:
    samples = np.linspace(0, 2**32 - 1, 48).astype(np.uint32).reshape(6, 8)
    assert np.abs(grey(tiff(samples)) - samples / (2**32 - 1) * 255).max() <= 1
    assert np.abs(grey(tiff(samples // 65_536)) - samples / (2**32 - 1) * 255).max() <= 1


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("full", [1, 255])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floating_point_colours_are_read(kind: type, full: int, planar: bool) -> None:
    pixels = np.asarray(noise(40, 30))
    opened = open_picture(tiff((pixels / 255 * full).astype(kind), RGB, planar=planar))
    assert np.abs(np.asarray(opened.image).astype(int) - pixels).max() <= 1
    assert f"scaled 0..{full} to 0..255" in opened.operations
    assert not opened.warnings


def test_what_overshoots_its_scale_is_cut_and_said() -> None:
    samples = (np.asarray(noise(40, 30)) / 255).astype(np.float32)
    samples[:3] = 1.2
    opened = open_picture(tiff(samples, RGB))
    assert (np.asarray(opened.image)[:3] == 255).all()
    assert "10.0% of its values lie beyond 0..1" in opened.warnings[0]


def test_numbers_of_no_usual_scale_are_stretched_and_said() -> None:
    opened = open_picture(tiff(np.linspace(-500, 900, 48).astype(np.float32).reshape(6, 8)))
    assert "scaled -500..900" in opened.operations[0]
    assert "neither of 0..1 nor of 0..255" in opened.warnings[0]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_of_five_channels_three_are_taken_and_it_is_said(kind: type) -> None:
    pixels = np.asarray(noise(40, 30))
    full = {np.uint8: 255, np.uint16: 65_535, np.float32: 1}[kind]
    five = np.concatenate([pixels, pixels[..., :2]], axis=2) / 255 * full
    for extra in ({}, {"extra": 0}):
        opened = open_picture(tiff(five.round(9).astype(kind), RGB, **extra))
        assert np.abs(np.asarray(opened.image).astype(int) - pixels).max() <= 1
        assert "has 5 channels: the first three" in opened.warnings[0]
        assert not opened.untouched


def test_alpha_of_floating_point_lies_on_the_background() -> None:
    samples = np.full((9, 9, 4), 0.5, dtype=np.float32)
    samples[:4, :, 3], samples[4:, :, 3] = 0, 1
    pixels = np.asarray(open_picture(tiff(samples, RGB, extra=2)).image)
    assert (pixels[0, 0] == 255).all() and (pixels[8, 8] == 128).all()


def test_an_unusual_tiff_is_turned_too() -> None:
    pixels = np.asarray(noise(40, 30))
    data = tiff((np.rot90(pixels) / 255).astype(np.float32), RGB, orientation=6)
    opened = open_picture(data)
    assert opened.image.size == opened.size_before == stored_size(data) == (40, 30)
    assert np.abs(np.asarray(opened.image).astype(int) - pixels).max() <= 1


def test_the_limit_holds_before_an_unusual_tiff_is_decoded() -> None:
    with pytest.raises(ImageError, match=r"30x20 .* more than the limit"):
        open_picture(tiff(np.zeros((20, 30, 3), np.float32), RGB), max_pixels=599)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"compression": 5}, "is a TIFF of 3 channels of float32, packed by LZW, which is not read"),
        ({"photometric": 8}, "is a TIFF of CIELAB colours"),
    ],
)
def test_a_tiff_that_is_not_read_is_called_one(options: dict[str, int], said: str) -> None:
    photometric = options.pop("photometric", RGB)
    with pytest.raises(ImageError, match=said) as caught:
        open_picture(tiff(np.zeros((20, 30, 3), np.float32), photometric, **options))
    assert caught.value.hint and "save it" in caught.value.hint


def test_a_cut_tiff_is_damaged() -> None:
    data = tiff(np.zeros((20, 30, 3), np.float32), RGB)
    for length in (5, 60, len(data) // 2):
        with pytest.raises(ImageError, match="is damaged"):
            open_picture(data[:length])


def test_colours_of_sixteen_bits_are_cut_and_said() -> None:
    pixels = np.asarray(noise(40, 30))
    opened = open_picture(tiff(pixels.astype(np.uint16) * 257, RGB))
    assert np.array_equal(np.asarray(opened.image), pixels)
    assert opened.operations == ("cut from 16 to 8 bits a channel",)
    assert not opened.untouched


def test_the_clear_value_of_sixteen_bit_greys_is_clear() -> None:
    samples = np.full((8, 8), 20_000, dtype=np.uint16)
    samples[:4] = 7
    pixels = np.asarray(open_picture(content(Image.fromarray(samples), "PNG", transparency=7)).image)
    assert (pixels[0, 0] == 255).all() and (pixels[7, 7] == 78).all()
