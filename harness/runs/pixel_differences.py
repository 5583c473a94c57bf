"""Pixel differences between two folders of pictures of the same names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from harness.errors import RunError


@dataclass(frozen=True)
class PixelDifference:
    """How far two pictures are apart: greatest and mean difference in levels of 255, and the share of pixels."""

    name: str
    max: int
    mean: float
    share_different: float


def compare_folders(a: Path, b: Path, names: Sequence[str]) -> list[PixelDifference]:
    """Returns one difference for each `NAME.png`.

    Raises:
        RunError: a picture is missing, or two differ in size.
    """
    return [_difference(name, _read(a / f"{name}.png"), _read(b / f"{name}.png")) for name in names]


def _difference(name: str, a: np.ndarray, b: np.ndarray) -> PixelDifference:
    if a.shape != b.shape:
        raise RunError(
            f"`{name}` has the size {a.shape[1]}x{a.shape[0]} in one run and {b.shape[1]}x{b.shape[0]} in the other"
        )
    difference = np.abs(a.astype(np.int16) - b)
    changed = difference.max(axis=2) > 0
    return PixelDifference(name, int(difference.max()), float(difference.mean()), float(changed.mean()))


def _read(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise RunError(f"`{path}` is missing or damaged: {error}", "harness report") from error
