"""Brings samples of any depth to 0..255 by one rule a kind of number, and reads the TIFFs that Pillow cannot."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.errors import ImageError

Span = tuple[float, float]
"""The values that are black and white."""

Samples = NDArray[Any]
_BITS, _PHOTOMETRIC, _CHANNELS, _FORMAT = 258, 262, 277, 339  # tags of TIFF 6.0
_SIGNED = 2
_WHITE_IS_ZERO = 0
_COLOURS = (_WHITE_IS_ZERO, 1, 2)  # of PhotometricInterpretation: greys either way round, and RGB
_PLAIN = 1  # of Compression
_ALPHA = {1: "RGBa", 2: "RGBA"}  # ExtraSamples: colours multiplied by alpha already, or not
_ORIENTATION, _PROFILE = 274, 34675
_FEW = 16  # values that fill less than a 16th of their span come out dark or flat

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else it writes to stderr what the errors here say


def is_deep(image: Image.Image) -> bool:
    """Whether a picture has one channel of more than 8 bits."""
    return image.mode in {"I", "F"} or image.mode.startswith("I;16")


def to_levels(samples: Samples, span: Span | None, operations: list[str], told: list[str]) -> NDArray[np.float64]:
    """Returns samples of any shape as 0..255, not rounded; says how, and what the user should know.

    Integers go by the range of their kind, the same for every file: 0..65535 for 16 bits, 0..4095 for TIFF's 12,
    -32768..32767 where they are signed. Of 32 bits 0..65535, the whole range only where that is left. Floating-point
    numbers go by 0..1, else by 0..255, else by their own darkest and brightest.

    Args:
        span: the values of black and white where the file tells them.

    Raises:
        ValueError: samples that are no numbers.
    """
    values = samples.astype(np.float64)
    if samples.dtype == np.uint8:
        return values
    if not np.isfinite(values).all():
        raise ValueError("some of its values are no numbers")
    low, high = float(values.min()), float(values.max())
    black, white = span or _span_of(samples.dtype, low, high)
    operations.append(f"scaled {black:g}..{white:g} to 0..255")
    outside = float(((values < black) | (values > white)).mean())
    if outside:
        told.append(f"{outside:.1%} of its values lie beyond {black:g}..{white:g}: they are black or white")
    if samples.dtype.kind == "f":
        if (black, white) not in {(0, 1), (0, 255)}:
            told.append(
                f"its values, {low:g} to {high:g}, are neither of 0..1 nor of 0..255: it is stretched by its own "
                "darkest and brightest"
            )
    elif black == 0 and high * _FEW < white:
        told.append(f"stored for 0 to {white:g}, but its brightest value is {high:g}: it will look dark")
    elif black < 0 and (high - low) * _FEW < white - black:
        told.append(f"stored for {black:g} to {white:g}, but its values are {low:g} to {high:g}: it will look flat")
    return np.asarray(np.clip((values - black) / max(white - black, 1e-12), 0, 1) * 255)


def _span_of(kind: np.dtype[Any], low: float, high: float) -> Span:
    if kind.kind == "f":
        # Resampling and sharpening overshoot; beyond these bounds it is another scale.
        if low >= -0.1 and high <= 1.5:
            return (0.0, 1.0)
        return (0.0, 255.0) if low >= -25 and high <= 300 else (low, high)
    if kind.itemsize >= 4 and low >= 0 and high <= 65535:
        return (0.0, 65535.0)
    limits = np.iinfo(kind)
    return (float(limits.min), float(limits.max))


def with_own_numbers(image: Image.Image, operations: list[str], told: list[str]) -> tuple[Image.Image, Span | None]:
    """Returns a TIFF that Pillow decoded with its numbers as the file means them, and their span where it tells.

    Pillow takes signed bytes for unsigned, wraps large unsigned numbers, and leaves deep greys whose zero is white.
    """
    tags: Any = getattr(image, "tag_v2", {})
    bits, signed = tags.get(_BITS, (1,))[0], tags.get(_FORMAT, (1,))[0] == _SIGNED
    samples, span, info = np.asarray(image), None, image.info
    if image.mode == "L" and signed:
        image = Image.fromarray(samples ^ 0x80)  # -128..127 to 0..255
        operations.append("scaled -128..127 to 0..255")
    elif image.mode == "I" and bits == 16:
        span = (-32768.0, 32767.0)
    elif image.mode == "I" and not signed and int(samples.min()) < 0:
        span = (0.0, 2.0**32 - 1)
        image = Image.fromarray(samples.view(np.uint32).astype(np.float32))
    elif image.mode.startswith("I;16"):
        span = (0.0, 2.0**bits - 1)
    if is_deep(image) and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        samples = np.asarray(image)
        low, high = span or _span_of(samples.dtype, float(samples.min()), float(samples.max()))
        image = Image.fromarray((low + high - samples).astype(samples.dtype))
        operations.append("inverted: its zero is white")
    if image.mode == "RGB" and tags.get(_CHANNELS, 3) > 3:
        told.append(_first_three(tags[_CHANNELS]))
    image.info = info
    return image, span


def _first_three(channels: int) -> str:
    return f"has {channels} channels: the first three were taken as red, green and blue"


def is_tiff(content: bytes) -> bool:
    """Whether a file's content begins as a TIFF does, or a BigTIFF."""
    return content[:4] in {b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"}


def unusual_tiff_size(content: bytes) -> tuple[int, int]:
    """Returns width and height, upright, of a TIFF that Pillow does not know; errors as of `read_unusual_tiff`."""
    with _first_page(content) as page:
        turned = page.tags.valueof(_ORIENTATION, 1) >= 5
        return (page.imagelength, page.imagewidth) if turned else (page.imagewidth, page.imagelength)


def read_unusual_tiff(content: bytes, operations: list[str], told: list[str]) -> Image.Image:
    """Returns a TIFF that Pillow does not know as 8 bits, L, RGB or with alpha; its EXIF says how it is turned.

    Any number of channels and any kind of number is read; of more than three channels the first three.

    Raises:
        ImageError: a TIFF whose colours or compression cannot be read; ValueError and the like for a damaged one.
    """
    with _first_page(content) as page:
        try:
            samples = page.asarray()
        except ValueError as error:  # what tifffile says of a packing that it has no decoder for
            if page.compression == _PLAIN:
                raise
            kind = f"{page.samplesperpixel} channels of {page.dtype}, packed by {page.compression.name}"
            raise ImageError(f"is a TIFF of {kind}, which is not read", "save it without compression") from error
        if len(page.parent.pages) > 1:
            operations.append(f"took the first of {len(page.parent.pages)} frames")
        image = _as_picture(page, samples, operations, told)
        image.getexif()[_ORIENTATION] = page.tags.valueof(_ORIENTATION, 1)
        if profile := page.tags.valueof(_PROFILE, None):
            image.info["icc_profile"] = profile
    return image


@contextmanager
def _first_page(content: bytes) -> Iterator[Any]:
    import tifffile  # comes with scikit-image; slow to import, and hardly ever needed

    try:
        with tifffile.TiffFile(io.BytesIO(content)) as file:
            page = file.pages.first
            if page.photometric not in _COLOURS or page.axes not in {"YX", "YXS", "SYX"}:
                kind = f"{getattr(page.photometric, 'name', page.photometric)} colours along {page.axes}"
                raise ImageError(f"is a TIFF of {kind}, which is not read", "save it as grey or RGB")
            yield page
    except tifffile.TiffFileError as error:
        raise ValueError(str(error)) from error


def _as_picture(page: Any, samples: Samples, operations: list[str], told: list[str]) -> Image.Image:
    planes = samples[..., None] if page.axes == "YX" else samples
    planes = np.moveaxis(planes, 0, -1) if page.axes == "SYX" else planes  # height × width × channels
    channels = planes.shape[2]
    colours = 3 if channels > 2 else 1
    mode = _ALPHA.get(next(iter(page.extrasamples), 0)) if channels == colours + 1 else None
    if channels > 3 and mode is None:
        told.append(_first_three(channels))
    levels = to_levels(planes[..., : channels if mode else colours], None, operations, told)
    if page.photometric == _WHITE_IS_ZERO:
        levels[..., 0] = 255 - levels[..., 0]
        operations.append("inverted: its zero is white")
    pixels = np.rint(levels).astype(np.uint8)
    if mode is None:
        return Image.fromarray(pixels[..., 0] if colours == 1 else pixels)
    filled = np.concatenate([pixels[..., [0] * (4 - channels)], pixels], axis=2)  # grey three times
    return Image.frombytes(mode, (filled.shape[1], filled.shape[0]), filled.tobytes())
