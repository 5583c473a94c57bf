"""Every format, orientation, depth and colour space comes out as upright 8-bit sRGB; every damage is named."""

from __future__ import annotations

import io
import struct
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngImageFile

from harness.errors import ImageError
from harness.images.opening import FORMATS as READ
from harness.images.opening import decode, open_picture, open_rgb, quiet_decoding, stored_size
from harness.images.suffixes import SUFFIXES
from tests.images.pictures import QUADRANTS, as_orientation, content, noise, quadrants
from tests.images.profiles import P3, rgb_profile, srgb_curve

pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "PPM", "JPEG2000"]


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters."""
    width, height = image.size
    spots = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [image.getpixel(spot) for spot in spots]


def assert_quadrants(image: Image.Image, tolerance: int = 40) -> None:
    assert np.abs(np.array(corners(image)) - np.array(QUADRANTS)).max() <= tolerance, corners(image)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_read(format_: str) -> None:
    opened = open_picture(content(quadrants(), format_))
    assert opened.image.mode == "RGB"
    assert opened.size_before == (64, 48)
    assert_quadrants(opened.image)


@pytest.mark.parametrize("tags", [{254: 1}, {50706: bytes((1, 4, 0, 0))}], ids=["thumbnail first", "DNG"])
def test_a_cameras_raw_file_is_refused_for_what_shows_is_its_thumbnail(tags: dict[int, object]) -> None:
    stored = content(quadrants(), "TIFF", tiffinfo=tags)
    for reading in (open_picture, stored_size):
        with pytest.raises(ImageError, match="camera's raw file") as caught:
            reading(stored)
        assert caught.value.hint == "export it as JPEG, PNG or 8-bit TIFF"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_is_turned_upright(format_: str, orientation: int) -> None:
    stored, exif = as_orientation(quadrants(), orientation)
    opened = open_picture(content(stored, format_, exif=exif))
    assert opened.image.size == opened.size_before == (64, 48)
    assert_quadrants(opened.image)
    assert any("upright" in o for o in opened.operations) == (orientation != 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_jpeg_is_turned_too_and_large_enough(orientation: int) -> None:
    stored, exif = as_orientation(quadrants(640, 480), orientation)
    opened = open_picture(content(stored, "JPEG", exif=exif), at_least=(150, 110))
    assert opened.image.size == (160, 120)
    assert opened.size_before == (640, 480)
    assert "decoded at 1/4 of its size" in opened.operations
    assert_quadrants(opened.image)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_impossible_orientation_is_none(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert_quadrants(open_rgb(content(quadrants(), "JPEG", exif=exif)))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_no_metadata_survives(format_: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera Maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 41.0, 21.0), 3: "E", 4: (51.0, 23.0, 20.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = open_rgb(content(quadrants(), format_, exif=exif, icc_profile=profile))
    saved = Image.open(io.BytesIO(content(image, "PNG")))
    assert saved.info == {}
    assert not saved.getexif()
    assert b"Camera Maker" not in content(image, "TIFF")


def test_transparency_lies_on_the_background() -> None:
    image = quadrants().convert("RGBA")
    image.putalpha(0)
    assert open_rgb(content(image, "PNG")).getpixel((3, 3)) == (255, 255, 255)
    opened = open_picture(content(image, "WEBP", lossless=True, exact=True), background=(10, 20, 30))
    assert opened.image.getpixel((3, 3)) == (10, 20, 30)
    assert "put on 0a141e where transparent" in opened.operations


def test_half_transparent_is_mixed_and_opaque_is_untouched() -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert open_rgb(content(image, "PNG")).getpixel((0, 0)) == (127, 127, 127)
    opaque = quadrants().convert("RGBA")
    assert np.array_equal(np.asarray(open_rgb(content(opaque, "PNG"))), np.asarray(quadrants()))


def test_transparent_palettes_and_grey_are_composited() -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([9, 9, 9, 200, 100, 50])
    assert open_rgb(content(palette, "PNG", transparency=1)).getpixel((0, 0)) == (255, 255, 255)
    assert open_rgb(content(palette, "PNG")).getpixel((0, 0)) == (200, 100, 50)
    grey = Image.new("LA", (8, 8), (40, 0))
    assert open_rgb(content(grey, "PNG")).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(("stored", "expected"), [(0, 0), (257 * 100, 100), (65535, 255), (32768, 128)])
def test_sixteen_bits_are_scaled_by_their_range(stored: int, expected: int) -> None:
    values = np.full((8, 8), stored, dtype=np.uint16)
    values[0, 0] = 65535
    for format_ in ("PNG", "TIFF"):
        assert open_rgb(content(Image.fromarray(values), format_)).getpixel((5, 5)) == (expected,) * 3


def test_twelve_bits_in_sixteen_are_told() -> None:
    values = np.full((8, 8), 4000, dtype=np.uint16)
    assert "look dark" in open_picture(content(Image.fromarray(values), "PNG")).warnings[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [(np.linspace(0, 1, 64), 255), (np.linspace(0, 255, 64), 255), (np.linspace(-5, 1000, 64), 255)],
)
def test_floating_point_is_scaled(values: np.ndarray, expected: int) -> None:
    image = Image.fromarray(values.reshape(8, 8).astype(np.float32))
    opened = open_rgb(content(image, "TIFF"))
    assert opened.getpixel((0, 0)) == (0, 0, 0)
    assert opened.getpixel((7, 7)) == (expected,) * 3


def test_values_that_are_no_numbers_are_refused() -> None:
    image = Image.fromarray(np.full((8, 8), np.nan, dtype=np.float32))
    with pytest.raises(ImageError, match="no numbers"):
        open_rgb(content(image, "TIFF"))


def test_cmyk_is_converted_and_told() -> None:
    opened = open_picture(content(quadrants().convert("CMYK"), "JPEG"))
    assert_quadrants(opened.image)
    assert "CMYK" in opened.warnings[0]


def test_the_suffixes_are_those_of_the_formats_read() -> None:
    Image.init()
    assert {suffix for suffix, format_ in Image.registered_extensions().items() if format_ in READ} == SUFFIXES


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_file_of_every_suffix_is_opened(tmp_path: Path, suffix: str) -> None:
    mode = {".pfm": "F", ".pgm": "L", ".pbm": "1"}.get(suffix, "RGB")
    quadrants().convert(mode).save(tmp_path / f"a{suffix}")
    assert open_rgb(tmp_path / f"a{suffix}").size == stored_size(tmp_path / f"a{suffix}") == (64, 48)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_size_in_the_head_is_that_of_the_picture(format_: str, orientation: int) -> None:
    stored, exif = as_orientation(quadrants(), orientation)
    assert stored_size(content(stored, format_, exif=exif)) == (64, 48)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_size_is_told_without_decoding_any_pixel(orientation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, exif = as_orientation(quadrants(), orientation)
    png = content(stored, "PNG", exif=exif) if orientation > 1 else content(stored, "PNG")
    monkeypatch.setattr(PngImageFile, "load", lambda image: pytest.fail("decoded"))
    assert stored_size(png) == (64, 48)


def test_what_a_png_says_behind_its_pixels_counts() -> None:
    stored, exif = as_orientation(quadrants(), 6)
    png = content(stored, "PNG", exif=exif)
    start = png.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(png[start : start + 4])
    behind = len(png) - 12  # before IEND
    moved = png[:start] + png[end:behind] + png[start:end] + png[behind:]
    assert stored_size(moved) == open_picture(moved).size_before == (64, 48)
    assert_quadrants(open_rgb(moved))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000"])
def test_a_file_with_nothing_to_do_is_untouched(format_: str) -> None:
    data = content(noise(), format_)
    opened = open_picture(data)
    assert opened.untouched
    assert np.array_equal(np.asarray(opened.image), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def touched() -> dict[str, bytes]:
    stored, exif = as_orientation(noise(), 6)
    clear, frames = noise().convert("RGBA"), [noise(seed=1), noise(seed=2)]
    clear.putpixel((0, 0), (0, 0, 0, 9))
    return {
        "turned": content(stored, "JPEG", exif=exif),
        "alpha": content(clear, "PNG"),
        "opaque alpha": content(noise().convert("RGBA"), "PNG"),
        "clear colour": content(noise(), "PNG", transparency=noise().getpixel((0, 0))),
        "grey": content(noise().convert("L"), "PNG"),
        "palette": content(noise().convert("P"), "PNG"),
        "sixteen bits": content(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 999), "PNG"),
        "frames": content(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "two views": content(frames[0], "MPO", save_all=True, append_images=frames[1:]),
        "profile": content(noise(), "PNG", icc_profile=rgb_profile("sRGB", P3, srgb_curve)),
        "HEIF": content(noise(), "HEIF"),
        "CMYK": content(noise().convert("CMYK"), "JPEG"),
    }


@pytest.mark.parametrize("kind", sorted(touched()))
def test_a_file_with_anything_to_do_is_not(kind: str) -> None:
    assert not open_picture(touched()[kind]).untouched


def strokes(colour: tuple[int, int, int]) -> bytes:
    """A drawing on a clear ground, as tablets save it."""
    image = Image.new("RGBA", (64, 64), (*colour, 0))
    ImageDraw.Draw(image).line([(8, 8), (50, 20), (30, 56)], fill=(*colour, 255), width=3)
    return content(image, "PNG")


@pytest.mark.parametrize(
    ("colour", "other"), [((255, 255, 255), "black"), ((250, 240, 248), "black"), ((0, 0, 0), "white")]
)
def test_what_has_the_colour_of_the_ground_is_told_the_other(colour: tuple[int, int, int], other: str) -> None:
    background = (0, 0, 0) if other == "white" else (255, 255, 255)
    with pytest.raises(ImageError, match=f"try `--background {other}`") as caught:
        open_picture(strokes(colour), background=background)
    assert caught.value.hint and f"--background {other}" in caught.value.hint
    shown = open_picture(strokes(colour), background=tuple(255 - v for v in background))
    assert np.asarray(shown.image).std() > 20


def test_one_bit_and_grey_are_converted() -> None:
    for mode in ("1", "L"):
        image = open_rgb(content(Image.new(mode, (8, 8), 255), "PNG"))
        assert image.mode == "RGB"
        assert image.getpixel((0, 0)) == (255, 255, 255)


def test_a_broken_profile_is_told_and_the_picture_read() -> None:
    opened = open_picture(content(quadrants(), "PNG", icc_profile=b"no profile at all"))
    assert_quadrants(opened.image)
    assert "colour profile is not followed (cannot open profile" in opened.warnings[0]


def test_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    for format_ in ("GIF", "PNG", "WEBP", "TIFF"):
        opened = open_picture(content(frames[0], format_, save_all=True, append_images=frames[1:]))
        assert opened.image.getpixel((4, 4))[0] > 200
        assert "took the first of 3 frames" in opened.operations


def test_palette_indexes_survive_decode() -> None:
    image = Image.new("P", (8, 8), 3)
    image.putpalette([0] * 12)
    decoded = decode(content(image, "PNG"))
    assert decoded.image.mode == "P"
    assert decoded.image.getpixel((0, 0)) == 3


def test_a_bomb_is_refused_by_its_header() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(ImageError, match=r"60000x60000 = 3600 million pixels") as caught:
        open_rgb(bomb)
    assert caught.value.hint and "--max-pixels" in caught.value.hint


def test_the_limit_is_the_users() -> None:
    data = content(quadrants(), "PNG")
    with pytest.raises(ImageError, match="more than the limit"):
        open_picture(data, max_pixels=64 * 48 - 1)
    assert open_picture(data, max_pixels=64 * 48).image.size == (64, 48)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (b"just a text", "holds text"),
        ("یک متن".encode(), "holds text"),
        (b"<!DOCTYPE html><html>", "HTML page"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"PK\x03\x04....", "ZIP archive"),
        (bytes(range(256)), "no format that is read"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason) as caught:
        open_rgb(data)
    assert caught.value.hint


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000"])
def test_a_truncated_file_is_an_error(format_: str) -> None:
    data = content(noise(160, 120), format_)
    with pytest.raises(ImageError):
        open_rgb(data[: len(data) // 2])


@pytest.mark.parametrize("format_", FORMATS)
def test_flipped_bytes_are_an_error_or_a_picture_and_nothing_else(format_: str) -> None:
    data = content(noise(), format_)
    rng = np.random.default_rng(7)
    for _ in range(25):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 6):
            broken[place] = rng.integers(0, 256)
        try:
            assert open_picture(bytes(broken), max_pixels=1_000_000).image.mode == "RGB"
        except ImageError as error:
            assert error.message


def test_a_missing_file_is_an_image_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        open_rgb(tmp_path / "none.png")


def test_heic_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match="needs one more package") as caught:
        open_rgb(b"\x00\x00\x00\x18ftypheic" + bytes(64))
    assert caught.value.hint == "pip install 'pix2pix-harness[heif]'"


def test_pillows_global_limit_comes_back_after_many_threads() -> None:
    before, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    data = content(quadrants(), "PNG")
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(open_rgb, [data] * 64))) == 64
    with quiet_decoding(), quiet_decoding():
        assert Image.MAX_IMAGE_PIXELS is None
    assert before == Image.MAX_IMAGE_PIXELS
    assert list(warnings.filters) == filters
