"""Opens any picture a user may have as plain 8-bit RGB, upright, in sRGB, with nothing of its metadata left."""

from __future__ import annotations

import io
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError

from harness.errors import ImageError
from harness.images.converting_colours import GREYS, Declared, declared_by, to_srgb
from harness.images.geometry import Geometry
from harness.images.scaling_samples import (
    Span,
    is_deep,
    is_tiff,
    read_unusual_tiff,
    to_levels,
    unusual_tiff_size,
    with_own_numbers,
)

MAX_PIXELS = 120_000_000
"""Default limit: the largest phone cameras take 108 megapixels; more is taken for a decompression bomb."""

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "HEIF", "PPM", "JPEG2000")
"""What is read. Left out on purpose: formats that run other programs (EPS, WMF) or are found by guess (TGA)."""

WHITE = (255, 255, 255)
Colour = tuple[int, int, int]

# What Pillow's decoders let out on damaged files besides OSError; found by flipping bytes in every format.
_DAMAGE = (
    *(OSError, EOFError, struct.error, zlib.error, MemoryError),
    *(SyntaxError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError),
)
_ORIENTATION, _SUBFILE, _DNG = 0x0112, 0x00FE, 0xC612
_PIECE = 64 * 1024
_SHOWS = 26  # levels of 255, a tenth: what differs less from the ground it lies on is seen by nobody
_MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"%!PS": "PostScript",
    b"\xff\xd8": "a JPEG whose head is damaged",
    b"\x89PNG": "a PNG whose head is damaged",
    b"RIFF": "a WebP or film whose head is damaged",
    b"GIF8": "a GIF whose head is damaged",
}


@dataclass(frozen=True)
class Opened:
    """A picture as read.

    Attributes:
        image: mode RGB from `open_picture`; the file's own mode from `decode`.
        size_before: width and height in pixels as stored, upright.
        geometry: from the file, or a tile's, to `image`.
        operations: what was done, in words, in order.
        warnings: what the user should know.
        untouched: whether there was nothing to do: whoever opens the file with Pillow, knowing nothing of EXIF or
            profiles, gets the very pixels of `image`. The file may then be linked in place of being written anew.
        span: the values of black and white of a single channel of more than 8 bits, where the file tells them.
    """

    image: Image.Image
    size_before: tuple[int, int]
    geometry: Geometry
    operations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    untouched: bool = False
    span: Span | None = None


logging.getLogger("PIL").addHandler(logging.NullHandler())  # else it writes to stderr what the errors here say


@contextmanager
def _damage_told(what: str = "is damaged") -> Iterator[None]:
    """Turns whatever a decoder lets out into an ImageError."""
    try:
        yield
    except ImageError:
        raise
    except _DAMAGE as error:
        raise ImageError(f"{what}: {_reason(error)}", "open it in a picture viewer and save it anew") from error


_quiet_lock = threading.RLock()
_quiet_depth = 0
_before_quiet = ExitStack()


@contextmanager
def quiet_decoding() -> Iterator[None]:
    """Switches off Pillow's own size limit and warnings while inside; may be nested and held by many threads.

    Both are global to the process, hence the count: the first in switches off, the last out restores.
    """
    global _quiet_depth
    with _quiet_lock:
        if _quiet_depth == 0:
            _before_quiet.enter_context(warnings.catch_warnings())
            _before_quiet.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
            warnings.filterwarnings("ignore", module="PIL")
            Image.MAX_IMAGE_PIXELS = None
        _quiet_depth += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_depth -= 1
            if _quiet_depth == 0:
                _before_quiet.close()


def open_rgb(source: Path | bytes, *, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Returns a picture as 8-bit RGB; see `open_picture`."""
    return open_picture(source, at_least=at_least).image


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
        ImageError: no picture, damaged, too large, empty, or nothing of it shows on the background.
    """
    content = _content(source)
    opened = decode(content, max_pixels=max_pixels, at_least=at_least)
    with _damage_told("cannot be converted to RGB"), quiet_decoding():
        return _to_rgb(opened, declared_by(content, opened.image), background)


def stored_size(source: Path | bytes) -> tuple[int, int]:
    """Returns width and height in pixels, upright, as a picture's head says; ImageError for what is none."""
    content = _content(source)
    with _damage_told(), quiet_decoding():
        image = _identified(content)
        return unusual_tiff_size(content) if image is None else _upright_size(image, content)


def decode(source: Path | bytes, *, max_pixels: int = MAX_PIXELS, at_least: tuple[int, int] | None = None) -> Opened:
    """Returns a picture decoded and upright in its own mode, palette indexes and 16 bits intact; see `open_picture`."""
    content = _content(source)
    operations: list[str] = []
    told: list[str] = []
    with _damage_told(), quiet_decoding():
        image = _identified(content)
        _check_pixels(unusual_tiff_size(content) if image is None else image.size, max_pixels)
        if image is None:
            image = read_unusual_tiff(content, operations, told)
        size, orientation, span = _upright_size(image, content), _orientation(image, content), None
        if at_least is not None and image.format in {"JPEG", "MPO"}:
            _draft(image, at_least, orientation, operations)
        if image.format in {"GIF", "PNG", "WEBP", "TIFF", "AVIF"} and getattr(image, "n_frames", 1) > 1:
            operations.append(f"took the first of {image.n_frames} frames")  # type: ignore[attr-defined]
            image.seek(0)
        if ";16" in str(getattr(image, "tile", "")) and not is_deep(image):
            operations.append("cut from 16 to 8 bits a channel")  # Pillow keeps 16 of single channels only
        # A reader with Pillow alone cannot open HEIF, and an MPO holds further pictures.
        plain = image.mode == "RGB" and image.format not in {None, "HEIF", "MPO"}
        image.load()
        if image.format == "TIFF":  # its decoder turns the picture itself
            size = image.size
            image, span = with_own_numbers(image, operations, told)
        elif orientation != 1:
            image = ImageOps.exif_transpose(image)
        if orientation != 1:
            operations.append(f"turned upright (EXIF orientation {orientation})")
    geometry = Geometry.whole(size, image.size, orientation)
    return Opened(image, size, geometry, tuple(operations), tuple(told), plain and not operations, span)


def _content(source: Path | bytes) -> bytes:
    try:
        content = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise ImageError(f"`{source!s}` cannot be read: {error.strerror or error}", "check its permissions") from error
    if not content:
        raise ImageError("is empty (0 bytes)", "copy or download it again")
    return content


def _identified(content: bytes) -> Image.Image | None:
    """The picture, its head read; None for a TIFF of a kind that Pillow does not know."""
    if content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"heim", b"heis"}:
        _register_heif()
    try:
        Image.init()
        image = Image.open(io.BytesIO(content), formats=[f for f in FORMATS if f in Image.OPEN])
        _refuse_raw(image, content)
        return image
    except UnidentifiedImageError:
        if is_tiff(content):
            return None
        raise ImageError(f"is no picture: {_looks_like(content)}", f"formats read: {', '.join(FORMATS)}") from None


def _refuse_raw(image: Image.Image, content: bytes) -> None:
    """A camera's raw file is a TIFF whose first picture is a thumbnail: what Pillow shows of it is not the photo."""
    if image.format != "TIFF":
        return
    tags = image.tag_v2  # type: ignore[attr-defined]
    # Bit 0 of NewSubfileType (TIFF 6.0): a reduced version of another picture in the file. Canon's marks itself.
    if content[8:10] == b"CR" or _DNG in tags or int(tags.get(_SUBFILE) or 0) & 1:
        raise ImageError(
            "is a camera's raw file, or a TIFF that begins with a thumbnail", "export it as JPEG, PNG or 8-bit TIFF"
        )


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
    try:
        text = "" if b"\x00" in start else start.decode("utf-8").lower()
    except UnicodeDecodeError:
        text = ""
    if not text:
        return "its content is of no format that is read"
    return "it holds an HTML page" if "<html" in text or "<!doctype" in text else "it holds text"


def _orientation(image: Image.Image, content: bytes) -> int:
    # Pillow decodes a whole PNG to see what it may say behind its pixels, which takes ten times as long as its head.
    exif = Image.Image.getexif if image.format == "PNG" and _ends_with_pixels(content) else type(image).getexif
    # Damaged EXIF is no reason to refuse a picture whose pixels are whole.
    try:
        value = exif(image).get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _ends_with_pixels(png: bytes) -> bool:
    """Whether nothing stands behind a PNG's pixels but its end."""
    place, pixels = 8, False
    while place + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        if pixels and kind != b"IDAT":
            return bool(kind == b"IEND")
        pixels, place = kind == b"IDAT", place + 12 + length
    return False


def _upright_size(image: Image.Image, content: bytes) -> tuple[int, int]:
    width, height = image.size
    # Orientations 5 to 8 swap the sides; of TIFF the decoder has done it.
    return (height, width) if image.format != "TIFF" and _orientation(image, content) >= 5 else (width, height)


def _check_pixels(size: tuple[int, int], max_pixels: int) -> None:
    pixels = size[0] * size[1]
    if pixels > max_pixels:
        raise ImageError(
            f"has {size[0]}x{size[1]} = {pixels / 1e6:.0f} million pixels, more than the limit of "
            f"{max_pixels / 1e6:.0f} million",
            f"--max-pixels {pixels} if it is what you meant",
        )


def _draft(image: Image.Image, at_least: tuple[int, int], orientation: int, operations: list[str]) -> None:
    before = image.size
    wanted = at_least if orientation < 5 else (at_least[1], at_least[0])
    # libjpeg scales while it decodes, which costs a fraction of decoding in full.
    image.draft(None, wanted)
    if image.size != before:
        operations.append(f"decoded at 1/{round(before[0] / image.size[0])} of its size")


def _to_rgb(opened: Opened, declared: Declared, background: Colour) -> Opened:
    operations, told = list(opened.operations), list(opened.warnings)
    image, alpha, levels = _parted(opened, operations, told)
    if image.mode == "CMYK" and not declared.profile:
        told.append("CMYK without a colour profile: colours are a guess")
        image = image.convert("RGB")
    if levels is None:
        image = _in_srgb(image, declared, operations, told)
    else:
        # A curve over the 256 greys, read between them, so that no dark step of the 16 bits is lost.
        curve = np.asarray(_in_srgb(GREYS, declared, operations, told).convert("L"))[0]
        image = Image.fromarray(np.rint(np.interp(levels, np.arange(256), curve)).astype(np.uint8))
    clean = image if image.mode == "RGB" else image.convert("RGB")
    if alpha is not None:
        clean = _composited(clean, alpha, background, operations)
    if opened.image.mode not in {"RGB", "RGBA"}:
        operations.append(f"converted from {opened.image.mode} to RGB")
    # A copy where nothing was converted: clearing below must not reach into what the caller still holds.
    clean = clean.copy() if clean is opened.image else clean
    clean.info = {}
    clean.getexif().clear()
    untouched = opened.untouched and operations == list(opened.operations)
    return Opened(clean, opened.size_before, opened.geometry, tuple(operations), tuple(told), untouched)


def _parted(
    opened: Opened, operations: list[str], told: list[str]
) -> tuple[Image.Image, Image.Image | None, NDArray[np.float64] | None]:
    """Colours as L, RGB or CMYK; alpha, if any; and deep greys as 0..255 before they are rounded."""
    image, levels = opened.image, None
    if is_deep(image):
        samples = np.asarray(image)
        levels = to_levels(samples, opened.span, operations, told)
        clear = image.info.get("transparency")  # PNG's one value that is clear
        alpha = None if clear is None else Image.fromarray(np.where(samples == clear, 0, 255).astype(np.uint8))
        return image, alpha, levels
    grey = image.mode in {"1", "L", "LA", "La"}
    if image.has_transparency_data:
        image = image.convert("LA" if grey else "RGBA")
        return image.convert("L" if grey else "RGB"), image.getchannel("A"), None
    wanted = "L" if grey else "RGB"
    return image if image.mode in {"CMYK", wanted} else image.convert(wanted), None, None


def _in_srgb(image: Image.Image, declared: Declared, operations: list[str], told: list[str]) -> Image.Image:
    image, done, said = to_srgb(image, declared)
    operations += done
    told += said
    return image


def _composited(colours: Image.Image, alpha: Image.Image, background: Colour, operations: list[str]) -> Image.Image:
    under = Image.new("RGB", colours.size, background)
    made = Image.composite(colours, under, alpha)
    values = alpha.histogram()
    if values[255] == alpha.width * alpha.height:
        return made
    name = "{:02x}{:02x}{:02x}".format(*background)
    operations.append(f"put on {name} where transparent")
    seen = np.asarray(ImageChops.difference(made, under)).max()
    # Nothing stands out from the background though something is opaque: white ink on white, say.
    if seen < _SHOWS and values[0] < alpha.width * alpha.height:
        # About half of 3 · 255: the other background is the one that contrasts.
        other = "white" if sum(background) < 384 else "black"
        raise ImageError(
            f"is clear but for what has the background's colour: nothing of it shows on {name}; "
            f"try `--background {other}`",
            f"harness prepare-images FOLDER --background {other}",
        )
    return made


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:200]
