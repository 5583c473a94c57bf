"""Tiny seeded pictures that tests draw for themselves."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def picture(name: str, width: int = 256, height: int = 256) -> Image.Image:
    """A smooth coloured picture that depends on `name` alone, with some noise so that metrics have work."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    small = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = smooth + rng.integers(-20, 20, smooth.shape, dtype=np.int16)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def save_picture(path: Path, width: int = 256, height: int = 256) -> Path:
    """Saves a picture named after the file and returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(path.name, width, height).save(path)
    return path


def save_pair(path: Path, size: int = 256) -> Path:
    """Saves A and B side by side, each `size` × `size`."""
    return save_picture(path, 2 * size, size)
