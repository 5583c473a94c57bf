"""One picture of a set, as whatever translates, measures or trains takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.images.geometry import Geometry


@dataclass(frozen=True)
class Item:
    """One image to translate.

    Attributes:
        name: unique in the job; the stem of the pictures in the answer.
        path: an RGB picture; of A and B side by side when `paired`.
        paired: whether `path` holds both halves; the job's direction says which one is the input.
        geometry: from the user's own picture to this one, or to each half; None where that is not known.
    """

    name: str
    path: Path
    paired: bool
    geometry: Geometry | None = None
