"""Opens any picture a user may have as plain 8-bit RGB, upright, in sRGB, with nothing of its metadata left."""

from __future__ import annotations

import io
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from harness.errors import ImageError

MAX_PIXELS = 120_000_000
"""Default limit: the largest phone cameras take 108 megapixels; more is taken for a decompression bomb."""

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "HEIF", "PPM", "JPEG2000")
"""What is read. Left out on purpose: formats that run other programs (EPS, WMF) or are found by guess (TGA)."""

WHITE = (255, 255, 255)
Colour = tuple[int, int, int]

# What Pillow's decoders let out on damaged files besides OSError; found by flipping bytes in every format.
_DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError, OverflowError,
    NotImplementedError, RuntimeError, MemoryError, struct.error, zlib.error, ZeroDivisionError,
)  # fmt: skip
_ORIENTATION = 0x0112
_PIECE = 64 * 1024
_MAGIC = {
    b"%PDF": "a PDF", b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "a gzip archive", b"%!PS": "PostScript",
    b"\xff\xd8": "a JPEG whose head is damaged", b"\x89PNG": "a PNG whose head is damaged",
    b"RIFF": "a WebP or film whose head is damaged", b"GIF8": "a GIF whose head is damaged",
}  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """A picture as read.

    Attributes:
        image: mode RGB from `open_picture`; the file's own mode from `decode`.
        size_before: width and height in pixels as stored, upright.
        operations: what was done, in words, in order.
        warnings: what the user should know.
    """

    image: Image.Image
    size_before: tuple[int, int]
    operations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


logging.getLogger("PIL").addHandler(logging.NullHandler())  # else it writes to stderr what the errors here say

_quiet_lock = threading.RLock()
_quiet_depth = 0
_quiet_before: tuple[warnings.catch_warnings[None], int | None] | None = None


@contextmanager
def quiet_decoding() -> Iterator[None]:
    """Switches off Pillow's own size limit and warnings while inside; may be nested and held by many threads.

    Both are global to the process, hence the count: the first in switches off, the last out restores.
    """
    global _quiet_depth, _quiet_before
    with _quiet_lock:
        if _quiet_depth == 0:
            catcher = warnings.catch_warnings()
            _quiet_before = (catcher, Image.MAX_IMAGE_PIXELS)
            catcher.__enter__()
            warnings.filterwarnings("ignore", module="PIL")
            Image.MAX_IMAGE_PIXELS = None
        _quiet_depth += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_depth -= 1
            if _quiet_depth == 0 and _quiet_before is not None:
                _quiet_before[0].__exit__(None, None, None)
                Image.MAX_IMAGE_PIXELS = _quiet_before[1]


def open_rgb(
    source: Path | bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    background: Colour = WHITE,
    at_least: tuple[int, int] | None = None,
) -> Image.Image:
    """Returns a picture as 8-bit RGB; see `open_picture`."""
    return open_picture(source, max_pixels=max_pixels, background=background, at_least=at_least).image


def open_picture(
    source: Path | bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    background: Colour = WHITE,
    at_least: tuple[int, int] | None = None,
) -> Opened:
    """Returns a picture as 8-bit RGB in sRGB, upright by EXIF, alpha composited, first frame, without metadata.

    Args:
        source: a file, or its content.
        max_pixels: a picture with more, as its header says, is refused before it is decoded.
        background: RGB below transparent pixels.
        at_least: width and height in pixels that are enough; a JPEG is then decoded at 1/2, 1/4 or 1/8.

    Raises:
        ImageError: no picture, damaged, too large or empty; the message gives the reason.
    """
    opened = decode(source, max_pixels=max_pixels, at_least=at_least)
    try:
        with quiet_decoding():
            return _to_rgb(opened, background)
    except _DAMAGE as error:
        raise ImageError(f"cannot be converted to RGB: {_reason(error)}") from error


def stored_size(source: Path | bytes) -> tuple[int, int]:
    """Returns width and height in pixels, upright, as a picture's head says; ImageError for what is none."""
    content = _content(source)
    try:
        with quiet_decoding():
            image = _identified(content)
            width, height = image.size
            return (height, width) if _orientation(image) >= 5 else (width, height)
    except _DAMAGE as error:
        raise ImageError(f"is damaged: {_reason(error)}", "open it in a picture viewer and save it anew") from error


def decode(source: Path | bytes, *, max_pixels: int = MAX_PIXELS, at_least: tuple[int, int] | None = None) -> Opened:
    """Returns a picture decoded and upright in its own mode, palette indexes and 16 bits intact; see `open_picture`."""
    content = _content(source)
    operations: list[str] = []
    try:
        with quiet_decoding():
            image = _identified(content)
            width, height = image.size
            if width * height > max_pixels:
                raise ImageError(
                    f"has {width}x{height} = {width * height / 1e6:.0f} million pixels, more than the limit of "
                    f"{max_pixels / 1e6:.0f} million",
                    f"--max-pixels {width * height} if it is what you meant",
                )
            orientation = _orientation(image)
            if at_least is not None and image.format in {"JPEG", "MPO"}:
                _draft(image, at_least, orientation, operations)
            if image.format in {"GIF", "PNG", "WEBP", "TIFF", "AVIF"} and getattr(image, "n_frames", 1) > 1:
                operations.append(f"took the first of {image.n_frames} frames")  # type: ignore[attr-defined]
                image.seek(0)
            image.load()
            if image.format == "TIFF":  # its decoder turns the picture itself
                width, height = image.size
            elif orientation >= 5:
                width, height = height, width
            if orientation != 1:
                image = ImageOps.exif_transpose(image)
                operations.append(f"turned upright (EXIF orientation {orientation})")
    except ImageError:
        raise
    except _DAMAGE as error:
        raise ImageError(f"is damaged: {_reason(error)}", "open it in a picture viewer and save it anew") from error
    return Opened(image, (width, height), tuple(operations))


def _content(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        content = source
    else:
        try:
            content = source.read_bytes()
        except OSError as error:
            raise ImageError(
                f"`{source}` cannot be read: {error.strerror or error}", "check its permissions"
            ) from error
    if not content:
        raise ImageError("is empty (0 bytes)", "copy or download it again")
    return content


def _identified(content: bytes) -> Image.Image:
    if content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"heim", b"heis"}:
        _register_heif()
    stream: BinaryIO = io.BytesIO(content)
    try:
        return Image.open(stream, formats=[f for f in FORMATS if f in _known_formats()])
    except UnidentifiedImageError:
        raise ImageError(f"is no picture: {_looks_like(content)}", f"formats read: {', '.join(FORMATS)}") from None


def _known_formats() -> dict[str, object]:
    Image.init()
    return dict(Image.OPEN)


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError:
        raise ImageError("is HEIC/HEIF, which needs one more package", "pip install 'pix2pix-harness[heif]'") from None
    pillow_heif.register_heif_opener()


def _looks_like(content: bytes) -> str:
    start = content[:_PIECE]
    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            return f"it holds {name}"
    if b"\x00" not in start:
        try:
            text = start.decode("utf-8")
        except UnicodeDecodeError:
            return "its content is of no format that is read"
        kind = "an HTML page" if "<html" in text.lower() or "<!doctype" in text.lower() else "text"
        return f"it holds {kind}"
    return "its content is of no format that is read"


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _draft(image: Image.Image, at_least: tuple[int, int], orientation: int, operations: list[str]) -> None:
    before = image.size
    wanted = at_least if orientation < 5 else (at_least[1], at_least[0])
    image.draft(None, wanted)
    if image.size != before:
        operations.append(f"decoded at 1/{round(before[0] / image.size[0])} of its size")


def _to_rgb(opened: Opened, background: Colour) -> Opened:
    image, operations, told = opened.image, list(opened.operations), list(opened.warnings)
    profile = image.info.get("icc_profile")
    image = _eight_bits(image, operations, told)
    if _has_alpha(image):
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        colours = _to_srgb(image.convert("RGB"), profile, operations, told)
        image = Image.new("RGB", image.size, background)
        image.paste(colours, mask=alpha)
        if alpha.getextrema() != (255, 255):
            operations.append("put on {:02x}{:02x}{:02x} where transparent".format(*background))
    else:
        if image.mode == "CMYK" and not profile:
            told.append("CMYK without a colour profile: colours are a guess")
        image = _to_srgb(image if image.mode in {"L", "CMYK"} else image.convert("RGB"), profile, operations, told)
    if opened.image.mode not in {"RGB", "RGBA"}:
        operations.append(f"converted from {opened.image.mode} to RGB")
    clean = image.convert("RGB")
    clean = clean.copy() if clean is opened.image else clean
    clean.info = {}
    clean.getexif().clear()
    return Opened(clean, opened.size_before, tuple(operations), tuple(told))


def _has_alpha(image: Image.Image) -> bool:
    return image.has_transparency_data


def _eight_bits(image: Image.Image, operations: list[str], told: list[str]) -> Image.Image:
    """Brings 16-bit, 32-bit and floating-point grey to mode L; everything else passes."""
    if image.mode not in {"I", "F"} and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("some of its values are no numbers")
    low, high = float(values.min()), float(values.max())
    if image.mode == "F":
        full = (0.0, 1.0) if low >= 0 and high <= 1 else (0.0, 255.0) if low >= 0 and high <= 255 else (low, high)
    else:
        full = (0.0, 65535.0) if low >= 0 and high <= 65535 else (low, high)
        if high <= 4095:
            told.append(f"stored with 16 bits, but its brightest value is {high:.0f}: it will look dark")
    span = max(full[1] - full[0], 1e-12)
    operations.append(f"scaled {full[0]:g}..{full[1]:g} to 0..255")
    return Image.fromarray(np.rint((values - full[0]) / span * 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None, operations: list[str], told: list[str]) -> Image.Image:
    if not profile:
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(own).strip() or "unnamed"
        if "srgb" in name.lower() or own.profile.xcolor_space.strip() not in _FITTING[image.mode]:
            return image
        converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        told.append(f"its colour profile is not readable ({_reason(error)}): taken as sRGB")
        return image
    assert converted is not None
    operations.append(f"colours from `{name}` to sRGB")
    return converted


_FITTING = {"RGB": {"RGB"}, "L": {"GRAY"}, "CMYK": {"CMYK"}}


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:200]
