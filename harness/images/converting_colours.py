"""Brings a picture's colours to sRGB by what its file declares: a profile, or primaries and a transfer curve."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Floats = NDArray[np.float64]
Primaries = tuple[float, float, float, float, float, float, float, float]
"""CIE xy of white, red, green and blue, in the order of PNG's cHRM."""

TOLERANCE = 2
"""Levels of 255 that a profile may move a colour and still count as sRGB: the rounding of curves kept as tables."""

_PNG = b"\x89PNG\r\n\x1a\n"
_ROWS = 256  # rows converted at once: floats of 100 megapixels would take gigabytes
_NEAR_GAMMA = 0.02  # a gAMA so near 1/2.2 beside sRGB's primaries is the stand-in for sRGB's curve that PNG names
_D65 = (0.3127, 0.3290)

# ITU-T H.273, tables 2 and 3, as cICP of PNG and `nclx` of HEIF and AVIF number them.
_PRIMARIES: dict[int, Primaries] = {
    1: (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    5: (*_D65, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_SRGB = _PRIMARIES[1]
_ADOBE: Primaries = (*_D65, 0.640, 0.330, 0.210, 0.710, 0.150, 0.060)
# Cone responses of XYZ, Lam 1985, as ICC.1 annex E has them.
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def _srgb_curve(encoded: Floats) -> Floats:
    """IEC 61966-2-1: encoded values to linear light, both 0 to 1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _camera_curve(encoded: Floats) -> Floats:
    """The inverse of BT.709's opto-electronic transfer, which BT.601 and BT.2020 share."""
    return np.where(encoded < 0.081, encoded / 4.5, ((encoded + 0.099) / 1.099) ** (1 / 0.45))


_CURVES: dict[int, Callable[[Floats], Floats]] = {
    **dict.fromkeys((1, 6, 14, 15), _camera_curve),
    4: lambda encoded: encoded**2.2,
    5: lambda encoded: encoded**2.8,
    8: lambda encoded: encoded,
    13: _srgb_curve,
}
_LEVELS = np.arange(256) / 255
GREYS = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
"""The 256 greys, one pixel high."""

# Linear light in 65,536 steps to sRGB's levels: at its steepest the curve rises a twentieth of a level a step.
_LINEAR = np.arange(65536) / 65535
_ENCODED = np.rint(255 * np.where(_LINEAR <= 0.0031308, 12.92 * _LINEAR, 1.055 * _LINEAR ** (1 / 2.4) - 0.055)).astype(
    np.uint8
)


@dataclass(frozen=True)
class Declared:
    """What a file says its numbers mean.

    Attributes:
        name: for people.
        profile: ICC; empty where primaries and curve tell.
        curve: linear light, 0 to 1, of each of the 256 levels.
        unread: why something the file declares is not followed.
    """

    name: str = "sRGB"
    profile: bytes = b""
    primaries: Primaries = _SRGB
    curve: tuple[float, ...] = tuple(_srgb_curve(_LEVELS).tolist())
    unread: str | None = None


def declared_by(content: bytes, image: Image.Image) -> Declared:
    """Returns what a file's content declares, `image` being what was opened of it; sRGB where it declares nothing.

    In PNG the order is the specification's: cICP, iCCP, sRGB, gAMA with cHRM. Elsewhere a profile, then the `nclx`
    of HEIF and AVIF, then the interoperability mark by which cameras tell Adobe RGB (DCF 2.0).
    """
    chunks = _chunks(content) if content.startswith(_PNG) else {}
    # Four bytes of cICP, or the `nclx` box made to look like them: primaries, curve, matrix, range.
    coded = chunks.get(b"cICP") or _nclx(content)
    spoken = _by_numbers(coded) if coded else None
    profile = image.info.get("icc_profile")
    if profile and not (b"cICP" in chunks and spoken and not spoken.unread):
        return Declared(profile=profile)
    if spoken and (spoken.unread is None or not chunks.keys() & {b"sRGB", b"gAMA", b"cHRM"}):
        return spoken
    if b"sRGB" not in chunks and chunks.keys() & {b"gAMA", b"cHRM"}:
        return _by_gamma(chunks)
    with suppress(OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError, struct.error):
        if image.getexif().get_ifd(0xA005).get(1) == "R03":  # damaged EXIF says nothing of colours
            return _spoken("Adobe RGB (EXIF)", _ADOBE, lambda encoded: encoded ** (563 / 256))
    return Declared()


def to_srgb(image: Image.Image, declared: Declared) -> tuple[Image.Image, tuple[str, ...], tuple[str, ...]]:
    """Returns the picture (L, RGB or CMYK in; L or RGB out), what was done and what the user should know."""
    told = () if declared.unread is None else (declared.unread,)
    try:
        if image.mode != "CMYK" and declared.profile and _space(declared.profile) == "RGB":
            image = image.convert("RGB")  # a grey picture whose numbers are those of the profile's greys
        if image.mode in {"L", "RGB"} and _changes_nothing(declared, image.mode):
            return image, (), told
        return _converted(image, declared), (f"colours from `{_name(declared)}` to sRGB",), told
    except (ImageCms.PyCMSError, np.linalg.LinAlgError, OSError, ValueError, TypeError) as error:
        said = str(error).strip().splitlines()
        reason = said[0][:200] if said else type(error).__name__
        return image, (), (*told, f"its colour profile is not followed ({reason}): taken as sRGB")


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """A PNG's chunks before its pixels; of several of a kind the first."""
    found: dict[bytes, bytes] = {}
    at = len(_PNG)
    while at + 8 <= len(content) and (kind := content[at + 4 : at + 8]) != b"IDAT":
        length = int.from_bytes(content[at : at + 4], "big")
        found.setdefault(kind, content[at + 8 : at + 8 + length])
        # Length, kind and checksum are four bytes each.
        at += 12 + length
    return found


def _nclx(content: bytes) -> bytes:
    """Primaries, curve, matrix and range of a HEIF or AVIF file, a byte each as in cICP; empty where it has none."""
    # The box lies in the file's head; the limit keeps the search out of 100 megabytes of pixels.
    at = content.find(b"colrnclx", 0, 1 << 16) if content[4:8] == b"ftyp" else -1
    if at < 0 or len(content) < at + 15:
        return b""
    primaries, curve = struct.unpack(">HH", content[at + 8 : at + 12])
    # The decoder has undone matrix and range already; code 2 is "unspecified".
    return b"" if 2 in {primaries, curve} or primaries > 255 or curve > 255 else bytes((primaries, curve, 0, 1))


def _by_numbers(coded: bytes) -> Declared:
    name = "/".join(str(number) for number in coded[:2])
    if len(coded) != 4 or coded[2:] != b"\x00\x01" or coded[0] not in _PRIMARIES or coded[1] not in _CURVES:
        kind = " (HDR)" if coded[1:2] in (b"\x10", b"\x12") else ""
        return Declared(unread=f"its colours are coded {name} by ITU-T H.273{kind}, which is not converted to sRGB")
    return _spoken(f"H.273 {name}", _PRIMARIES[coded[0]], _CURVES[coded[1]])


def _by_gamma(chunks: dict[bytes, bytes]) -> Declared:
    gamma = int.from_bytes(chunks[b"gAMA"], "big") / 100_000 if b"gAMA" in chunks else None
    points = chunks.get(b"cHRM", b"")
    primaries: Any = tuple(n / 100_000 for n in struct.unpack(f">{len(points) // 4}I", points)) or _SRGB
    if gamma == 0 or len(primaries) != len(_SRGB) or 0 in primaries[1::2]:
        return Declared(unread="its gAMA or cHRM means nothing: taken as sRGB")
    # A cHRM of sRGB itself comes rounded to 0.001 or so.
    plain = np.abs(np.subtract(primaries, _SRGB)).max() < 0.002
    if gamma is None or (plain and abs(gamma * 2.2 - 1) < _NEAR_GAMMA):
        return _spoken("primaries (cHRM)", primaries, _srgb_curve)
    return _spoken(
        f"gamma {gamma:g}" + ("" if plain else " and primaries (cHRM)"), primaries, lambda v: v ** (1 / gamma)
    )


def _spoken(name: str, primaries: Primaries, curve: Callable[[Floats], Floats]) -> Declared:
    return Declared(name=name, primaries=primaries, curve=tuple(curve(_LEVELS).tolist()))


def _name(declared: Declared) -> str:
    if not declared.profile:
        return declared.name
    return ImageCms.getProfileDescription(_opened(declared.profile)).strip() or "unnamed"


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def _space(profile: bytes) -> str:
    return _opened(profile).profile.xcolor_space.strip()


@lru_cache(maxsize=64)
def _changes_nothing(declared: Declared, mode: str) -> bool:
    """Whether every colour stays what it is: decided by converting greys and a grid of colours, never by a name."""
    # 256 greys and 16³ colours: curves and matrices are smooth, so what moves none of these moves no other either.
    greys = np.repeat(np.arange(256)[:, None], 3, axis=1)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 255, 16)] * 3), axis=-1).reshape(-1, 3)
    tried = Image.fromarray(np.concatenate([greys, grid] if mode == "RGB" else [greys])[None].astype(np.uint8))
    tried = tried.convert(mode)
    made = np.asarray(_converted(tried, declared).convert("RGB"), dtype=np.int64)
    return int(np.abs(made - np.asarray(tried.convert("RGB"))).max()) <= TOLERANCE


def _converted(image: Image.Image, declared: Declared) -> Image.Image:
    if not declared.profile:
        curve = np.array(declared.curve)
        if image.mode == "L":  # primaries move no grey
            return image.point(_encoded(curve).tolist())
        return _by_matrix(image, curve, _to_srgb_primaries(declared.primaries))
    fitting = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}[image.mode]
    if _space(declared.profile) != fitting:
        raise ValueError(f"it is for {_space(declared.profile)}, the pixels are {fitting}")
    own, srgb = _opened(declared.profile), ImageCms.createProfile("sRGB")
    if image.mode == "L":
        # Without this flag LittleCMS reads a grey curve at few points, ten levels wrong in the dark.
        made = ImageCms.profileToProfile(GREYS, own, srgb, outputMode="RGB", flags=ImageCms.Flags.NOOPTIMIZE)
        # Of R, G and B, which are equal for greys, the middle one.
        return image.point(np.asarray(made)[0, :, 1].tolist())
    made = ImageCms.profileToProfile(image, own, srgb, outputMode="RGB")
    assert made is not None  # it is None only where asked to convert in place
    return made


def _by_matrix(image: Image.Image, curve: Floats, matrix: Floats) -> Image.Image:
    """sRGB = encode(M · curve(v)) a pixel, M from the declared primaries to sRGB's in linear light."""
    pixels = np.asarray(image)
    made = np.empty_like(pixels)
    # Rows at a time: float64 of one slice is 3 · 8 bytes a pixel.
    for top in range(0, len(pixels), _ROWS):
        made[top : top + _ROWS] = _encoded(curve[pixels[top : top + _ROWS]] @ matrix.T)
    return Image.fromarray(made)


def _encoded(linear: Floats) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = _ENCODED[np.rint(np.clip(linear, 0, 1) * 65535).astype(np.uint16)]
    return levels


def _to_srgb_primaries(primaries: Primaries) -> Floats:
    """3×3, linear light in these primaries to linear light in sRGB's; whites meet by Bradford's adaptation."""
    white, d65 = (_xyz(np.array(p[:2])) for p in (primaries, _SRGB))
    adapted = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ d65) / (_BRADFORD @ white)) @ _BRADFORD
    return np.asarray(np.linalg.inv(_to_xyz(_SRGB)) @ adapted @ _to_xyz(primaries))


def _to_xyz(primaries: Primaries) -> Floats:
    """3×3, linear RGB to CIE XYZ: the primaries' columns, scaled so that (1, 1, 1) is white (SMPTE RP 177)."""
    columns = np.stack([_xyz(np.array(primaries[i : i + 2])) for i in (2, 4, 6)], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, _xyz(np.array(primaries[:2]))), dtype=np.float64)


def _xyz(xy: Floats) -> Floats:
    """CIE XYZ with Y = 1 of a chromaticity."""
    return np.asarray(np.array([xy[0], xy[1], 1 - xy[0] - xy[1]]) / xy[1], dtype=np.float64)
