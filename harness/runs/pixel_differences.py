"""Pixel differences between two pictures of a run, counted as a person would count them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from harness.errors import RunError

TOLERANCE = 1
"""Levels of 255 that rounding makes of the last bit of a float: what two engines or devices may differ by."""

DAMAGE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for a file that is no whole picture."""

Verdict = Literal["identical", "within tolerance", "different"]


@dataclass(frozen=True)
class PixelDifference:
    """How far two pictures of one name are apart.

    Attributes:
        kind: the folder they lie in: `input`, `output`, `target`, …
        max, mean: greatest and mean difference in levels of 255; `share_different`: the share of pixels that differ.
        problem: why they cannot be compared pixel by pixel, e.g. as one is missing; then they are different.
    """

    kind: str
    name: str
    max: int = 0
    mean: float = 0.0
    share_different: float = 0.0
    problem: str | None = None

    @property
    def verdict(self) -> Verdict:
        if self.problem or self.max > TOLERANCE:
            return "different"
        return "within tolerance" if self.max else "identical"


def difference_of(first: Path, second: Path, kind: str, name: str) -> PixelDifference:
    """Returns the difference of `KIND/NAME.png` below the `images/` of two runs."""
    pictures = []
    for images, place in ((first, "first"), (second, "second")):
        try:
            pictures.append(read_pixels(images / kind / f"{name}.png"))
        except RunError as error:
            # A missing picture is a finding of its own, not an error: the others are still compared.
            return PixelDifference(kind, name, problem=f"of the {place}: {error.message}")
    a, b = pictures
    if a.shape != b.shape:
        sizes = " and ".join(f"{p.shape[1]}x{p.shape[0]}" for p in pictures)
        return PixelDifference(kind, name, problem=f"their sizes are {sizes}")
    # int16, for uint8 would wrap below zero.
    apart = np.abs(a.astype(np.int16) - b)  # H x W x 3
    changed = apart.max(axis=2) > 0
    # Mean over channels; the share counts a pixel where any of its three channels differs.
    return PixelDifference(kind, name, int(apart.max()), float(apart.mean()), float(changed.mean()))


def read_pixels(path: Path) -> np.ndarray:
    """Returns a picture of a run as uint8 of H x W x 3; raises RunError where it is missing or damaged."""
    try:
        with Image.open(path) as picture:
            # Pictures of runs from elsewhere may be grey or have a palette.
            return np.asarray(picture.convert("RGB"))
    except FileNotFoundError:
        raise RunError(f"`{path.parent.name}/{path.name}` is missing", "run `harness test` again") from None
    except DAMAGE as error:
        raise RunError(f"`{path.parent.name}/{path.name}` is damaged: {error}", "run `harness test` again") from error
