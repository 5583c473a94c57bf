"""A colour is what its file declares, by primaries and curve and never by a name; checked against plain arithmetic."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image, ImageCms

from harness.images.opening import Opened, open_picture
from tests.images.pictures import content
from tests.images.profiles import (
    ADOBE,
    DCI_P3,
    P3,
    REC2020,
    SRGB,
    chrm,
    cicp,
    expected,
    gama,
    gamma,
    grey_profile,
    rgb_profile,
    srgb_curve,
    with_chunks,
)

pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()


@pytest.fixture(scope="module")
def colours() -> Image.Image:
    """Greys and colours all over the cube, those kept that no wider gamut pushes out of sRGB."""
    rng = np.random.default_rng(0)
    grid = rng.integers(0, 256, (32, 48, 3))
    greys = np.repeat(np.arange(32 * 16).reshape(32, 16, 1) % 256, 3, axis=2)
    return Image.fromarray(np.concatenate([grid, greys], axis=1).astype(np.uint8))


def off_by(opened: Opened, wanted: np.ndarray) -> float:
    return float(np.abs(np.asarray(opened.image, dtype=np.float64) - wanted).max())


@pytest.mark.parametrize(
    ("name", "primaries", "curve"),
    [
        ("DCI-P3 D65 Gamut with sRGB Transfer", P3, srgb_curve),
        ("Display P3 Gamut with sRGB Transfer", P3, srgb_curve),
        ("GIMP built-in Linear sRGB", SRGB, None),
        ("sRGB", ADOBE, gamma(563 / 256)),
        ("sRGB IEC61966-2.1", SRGB, gamma(2.2)),
        ("Rec. 2020", REC2020, gamma(2.4)),
    ],
)
def test_a_profile_is_followed_whatever_it_is_called(
    colours: Image.Image, name: str, primaries: tuple[float, ...], curve: object
) -> None:
    opened = open_picture(content(colours, "PNG", icc_profile=rgb_profile(name, primaries, curve)))  # type: ignore[arg-type]
    wanted = expected(np.asarray(colours), primaries, curve or gamma(1))  # type: ignore[arg-type]
    assert off_by(opened, wanted) <= 2
    assert off_by(opened, np.asarray(colours)) > 5
    assert opened.operations == (f"colours from `{name}` to sRGB",)
    assert not opened.untouched


@pytest.mark.parametrize("points", [1024, 4096])
def test_what_is_srgb_is_left_alone_whatever_it_is_called(colours: Image.Image, points: int) -> None:
    for profile in (
        rgb_profile("my monitor", SRGB, srgb_curve, points),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ):
        opened = open_picture(content(colours, "PNG", icc_profile=profile))
        assert np.array_equal(np.asarray(opened.image), np.asarray(colours))
        assert (opened.operations, opened.warnings) == ((), ())
        assert opened.untouched


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_profiles_count_with_and_without_alpha(mode: str, format_: str) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).convert(mode)
    opened = open_picture(content(ramp, format_, icc_profile=grey_profile("Linear Gray", None)))
    wanted = expected(np.asarray(ramp.convert("RGB")), SRGB, gamma(1))
    assert off_by(opened, wanted) <= 1
    assert any(o.startswith("colours from `Linear Gray`") for o in opened.operations)


def test_an_rgb_profile_speaks_for_the_greys_of_a_grey_picture() -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    opened = open_picture(content(ramp, "JPEG", quality=100, icc_profile=rgb_profile("Linear P3", P3, None)))
    assert off_by(opened, expected(np.asarray(ramp.convert("RGB")), P3, gamma(1))) <= 14  # JPEG at the dark end
    assert "colours from `Linear P3` to sRGB" in opened.operations


def test_a_profile_for_other_pixels_is_told(colours: Image.Image) -> None:
    opened = open_picture(content(colours, "PNG", icc_profile=grey_profile("Grey", None)))
    assert np.array_equal(np.asarray(opened.image), np.asarray(colours))
    assert "it is for GRAY, the pixels are RGB" in opened.warnings[0]


@pytest.mark.parametrize(
    ("chunks", "primaries", "curve"),
    [
        ([gama(1.0)], SRGB, gamma(1)),
        ([gama(1 / 1.8)], SRGB, gamma(1.8)),
        ([gama(1 / 2.2), chrm(ADOBE)], ADOBE, gamma(2.2)),
        ([chrm(P3)], P3, srgb_curve),
        ([cicp(12, 13)], P3, srgb_curve),
        ([cicp(9, 8)], REC2020, gamma(1)),
        ([cicp(11, 5)], DCI_P3, gamma(2.8)),  # whose white is another
        ([cicp(1, 4)], SRGB, gamma(2.2)),
        # The order of PNG's specification: cICP, iCCP, sRGB, gAMA with cHRM.
        ([cicp(12, 13), (b"sRGB", b"\0"), gama(1.0)], P3, srgb_curve),
        ([cicp(9, 16), gama(1.0)], SRGB, gamma(1)),
    ],
)
def test_what_a_png_says_of_its_colours_is_followed(
    colours: Image.Image, chunks: list[tuple[bytes, bytes]], primaries: tuple[float, ...], curve: object
) -> None:
    opened = open_picture(with_chunks(content(colours, "PNG"), *chunks))
    assert off_by(opened, expected(np.asarray(colours), primaries, curve)) <= 1  # type: ignore[arg-type]
    assert opened.operations[0].startswith("colours from")
    assert not opened.untouched


def test_cicp_goes_before_a_profile_and_a_profile_before_gamma(colours: Image.Image) -> None:
    png = content(colours, "PNG", icc_profile=rgb_profile("Linear", SRGB, None))
    pixels = np.asarray(colours)
    assert off_by(open_picture(with_chunks(png, cicp(12, 13))), expected(pixels, P3, srgb_curve)) <= 1
    for chunk in (gama(1 / 1.8), cicp(9, 16)):
        assert off_by(open_picture(with_chunks(png, chunk)), expected(pixels, SRGB, gamma(1))) <= 2


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"sRGB", b"\0"), gama(1.0), chrm(P3)],
        [gama(0.45455)],
        [gama(0.45455), chrm(SRGB)],
        [cicp(1, 13)],
        [cicp(1, 13), gama(1.0)],
    ],
)
def test_what_a_png_says_of_srgb_changes_nothing(colours: Image.Image, chunks: list[tuple[bytes, bytes]]) -> None:
    opened = open_picture(with_chunks(content(colours, "PNG"), *chunks))
    assert np.array_equal(np.asarray(opened.image), np.asarray(colours))
    assert opened.untouched
    assert not opened.warnings


@pytest.mark.parametrize(
    ("chunk", "said"),
    [(cicp(9, 16), "9/16 by ITU-T H.273 (HDR)"), (cicp(1, 13, 0), "not converted"), (gama(0), "means nothing"),
     (chrm((0.3, 0, 0, 0, 0, 0, 0, 0)), "means nothing")],
)  # fmt: skip
def test_what_cannot_be_converted_is_said(colours: Image.Image, chunk: tuple[bytes, bytes], said: str) -> None:
    opened = open_picture(with_chunks(content(colours, "PNG"), chunk))
    assert np.array_equal(np.asarray(opened.image), np.asarray(colours))
    assert said in opened.warnings[0]


def test_gamma_of_greys_and_palettes_is_followed(colours: Image.Image) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    for picture in (ramp, colours.quantize(256)):
        opened = open_picture(with_chunks(content(picture, "PNG"), gama(1.0)))
        assert off_by(opened, expected(np.asarray(picture.convert("RGB")), SRGB, gamma(1))) <= 1


@pytest.mark.parametrize("by_profile", [False, True])
def test_no_dark_step_of_sixteen_bits_is_lost(by_profile: bool) -> None:
    values = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    picture = Image.fromarray(values)
    if by_profile:
        data = content(picture, "PNG", icc_profile=grey_profile("Linear Gray", None))
    else:
        data = with_chunks(content(picture, "PNG"), gama(1.0))
    wanted = expected(np.repeat(values[..., None] / 257, 3, axis=2), SRGB, gamma(1))
    assert off_by(open_picture(data), wanted) <= 2


@pytest.mark.parametrize("format_", ["AVIF", "HEIF"])
def test_the_numbers_of_heif_and_avif_are_followed(format_: str) -> None:
    plain = Image.new("RGB", (64, 64), (40, 180, 60))
    data = content(plain, format_, quality=95)
    stored = np.asarray(open_picture(data).image)
    coded = data.replace(b"colrnclx\0\x01\0\r", b"colrnclx\0\x0c\0\r")
    assert coded != data
    assert off_by(open_picture(coded), expected(stored, P3, srgb_curve)) <= 1
    profiled = content(plain, format_, quality=95, icc_profile=rgb_profile("Linear", SRGB, None))
    both = re.sub(rb"colrnclx....", b"colrnclx\0\x0c\0\r", profiled, flags=re.DOTALL)
    assert both != profiled or format_ == "HEIF", "libheif writes one or the other"
    assert off_by(open_picture(both), expected(stored, SRGB, gamma(1))) <= 2, "a profile says it better"


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\xff\0"]
)
def test_damaged_exif_costs_no_picture(colours: Image.Image, exif: bytes) -> None:
    opened = open_picture(content(colours, "JPEG", exif=exif))
    assert opened.image.size == colours.size


def test_cameras_tell_adobe_rgb_by_a_mark(colours: Image.Image) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    data = content(colours, "JPEG", quality=100, subsampling=0, exif=exif)
    stored = open_picture(content(colours, "JPEG", quality=100, subsampling=0)).image
    opened = open_picture(data)
    assert off_by(opened, expected(np.asarray(stored), ADOBE, gamma(563 / 256))) <= 1
    assert "Adobe RGB" in opened.operations[0]
