"""The one writer of PNGs: any reader sees the very pixels, and equal pixels are equal bytes."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from PIL import Image

from harness.images import png


def pixels_of(shape, seed=1):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((1, 1, 3), "RGB"), ((255, 257, 3), "RGB"), ((7, 5), "L"), ((3, 4, 4), "RGBA"), ((3, 4, 2), "LA")],
)
def test_pixels_and_mode_come_back(tmp_path, shape, mode):
    pixels = pixels_of(shape)

    png.write_png(tmp_path / "a.png", pixels)

    with Image.open(tmp_path / "a.png") as image:
        image.verify()  # every chunk's checksum
    with Image.open(tmp_path / "a.png") as image:
        assert (image.format, image.mode) == ("PNG", mode)
        assert np.array_equal(np.asarray(image), pixels)


def test_a_large_picture_is_filtered_in_bands_that_join_without_a_seam(tmp_path, monkeypatch):
    pixels = pixels_of((50, 8, 3))
    png.write_png(tmp_path / "whole.png", pixels)
    monkeypatch.setattr(png, "_BAND_BYTES", 7 * 24)

    png.write_png(tmp_path / "bands.png", pixels)

    assert np.array_equal(np.asarray(Image.open(tmp_path / "bands.png")), pixels)


def test_a_pillow_image_is_written_as_its_pixels_are_without_any_metadata(tmp_path):
    image = Image.fromarray(pixels_of((9, 9, 3)))
    image.info["comment"] = "private"

    png.write_png(tmp_path / "a.png", image)

    with Image.open(tmp_path / "a.png") as read:
        assert read.info == {}


def test_text_is_read_back(tmp_path):
    png.write_png(tmp_path / "a.png", pixels_of((4, 4, 3)), [(b"tEXt", b"Description\0the mean"), png.SRGB])

    with Image.open(tmp_path / "a.png") as image:
        assert image.text == {"Description": "the mean"}
        assert image.info["srgb"] == 0


@pytest.mark.parametrize(
    "wrong", [Image.new("P", (4, 4)), Image.new("1", (4, 4)), np.zeros((4, 4, 3), np.float32)], ids=["P", "1", "float"]
)
def test_what_is_not_8_bits_a_channel_is_refused_before_a_file_is_made(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"8 bits|uint8"):
        png.write_png(tmp_path / "a.png", wrong)

    assert not (tmp_path / "a.png").exists()


def test_equal_pixels_are_equal_bytes(tmp_path):
    """A faster encoder, isal, made two bytes more of one picture in 25,000, in some processes and not in others."""
    for name in "ab":
        png.write_png(tmp_path / f"{name}.png", pixels_of((64, 64, 3)))

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert png.ENCODER.endswith(zlib.ZLIB_RUNTIME_VERSION)
