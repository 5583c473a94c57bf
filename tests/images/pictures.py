"""Tiny seeded pictures for the tests of pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from harness.images.palettes import FACADES, FACADES_PALETTE

QUADRANTS = ((250, 10, 10), (10, 250, 10), (10, 10, 250), (240, 240, 10))

_UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quadrants(width: int = 64, height: int = 48) -> Image.Image:
    """Four colours, so that every turning and mirroring shows."""
    small = Image.new("RGB", (2, 2))
    small.putdata(QUADRANTS)
    return small.resize((width, height), Image.Resampling.NEAREST)


def noise(width: int = 40, height: int = 30, seed: int = 0) -> Image.Image:
    """Random, but smooth enough to survive JPEG."""
    values = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


def as_orientation(upright: Image.Image, orientation: int) -> tuple[Image.Image, Image.Exif]:
    """The pixels and EXIF of a camera that was held so."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright.transpose(_UNDO[orientation]) if orientation in _UNDO else upright
    return stored, exif


def content(image: Image.Image, format_: str, **options: Any) -> bytes:
    """A picture as the content of a file."""
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def facades_colours() -> np.ndarray:
    """The 12 colours of the facades dataset, 12×3 uint8."""
    return FACADES_PALETTE.colours


def raw_colours() -> np.ndarray:
    """The 12 colours of the raw CMP label maps, 12×3 uint8."""
    return np.array([c.raw_rgb for c in FACADES], dtype=np.uint8)
