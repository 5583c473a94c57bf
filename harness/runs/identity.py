"""Whether two runs translated the same pictures: told by the hashes of their sources and targets, name by name.

Runs made before pictures were hashed are told by their own input and target pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from harness.runs.pixel_differences import DAMAGE, difference_of, read_pixels
from harness.runs.record import RunRecord, load_record

_SIDE, _ALIKE = 16, 8.0
"""Up to this mean difference in levels, at 16x16 pixels, two pictures are two preparations of one: another resizing
makes 1 of it, another picture 30 and more."""

_ROUNDED = 2  # levels that two engines' resizing of one picture differs by
_SHOWN = 3
_HASHES = {"input": "source_sha256", "target": "target_sha256"}


@dataclass(frozen=True)
class Kinship:
    """What two runs have in common.

    Attributes:
        why_not: why their numbers must not be set side by side, None where they may.
        same_preparation: whether they may, and the networks were shown equal pictures, not only ones of equal sources.
        hashed: False where a run recorded no hashes, and pictures were compared instead.
    """

    why_not: str | None = None
    same_preparation: bool = True
    hashed: bool = True


def kinship(first: Path, second: Path) -> Kinship:
    """Returns what two runs have in common: what they translated, and what it was measured against.

    Raises:
        RunError: a record, or a picture that has to be looked at, is missing or damaged.
    """
    a, b = load_record(first), load_record(second)
    # By name: runs may have their images in another order.
    ours, theirs = ({image["name"]: image for image in record.images} for record in (a, b))
    if ours.keys() != theirs.keys():
        return Kinship("their records name other images", same_preparation=False)
    hashed = _hashed(a) and _hashed(b)
    # A pair has one source whichever half is the input, so runs of two directions are told by their pictures.
    by_hash = hashed and a.test_set.get("direction") == b.test_set.get("direction")
    same = True
    # Inputs first: other inputs are the reason worth telling where both differ.
    for kind in _kinds(a, b):
        images = (first / "images", second / "images")
        found = {n: _relation(images, kind, (ours[n], theirs[n]), by_hash=by_hash) for n in ours}
        others = [name for name, relation in found.items() if relation == "other"]
        if others:
            return Kinship(f"the {kind} is another picture for {_some(others)}", same_preparation=False, hashed=hashed)
        same = same and "prepared otherwise" not in found.values()
    return Kinship(None, same, hashed)


def _hashed(record: RunRecord) -> bool:
    return all(image.get("sha256") and image.get("source_sha256") for image in record.images)


def _kinds(a: RunRecord, b: RunRecord) -> Sequence[str]:
    # Targets only where both have them: a run without can still be compared by what it drew.
    paired = all(record.test_set["layout"] == "paired" for record in (a, b))
    return ("input", "target") if paired else ("input",)


def _relation(
    images: tuple[Path, Path], kind: str, facts: tuple[dict[str, Any], dict[str, Any]], *, by_hash: bool
) -> Literal["same", "prepared otherwise", "other"]:
    a, b = facts
    pictures = [folder / kind / f"{a['name']}.png" for folder in images]
    if by_hash:
        if a.get(_HASHES[kind]) != b.get(_HASHES[kind]):
            return "other"
        # The same bytes may have been brought to two sizes, by `--size`.
        return "same" if a["sha256"] == b["sha256"] and len({*map(_size, pictures)}) == 1 else "prepared otherwise"
    difference = difference_of(*images, kind, a["name"])
    if not difference.problem and difference.max <= _ROUNDED:
        return "same"
    first, second = map(_small, pictures)
    # Float64 arrays of 16×16×3: another crop or filter moves such averages little.
    return "prepared otherwise" if np.abs(first - second).mean() <= _ALIKE else "other"


def _size(path: Path) -> tuple[int, int] | None:
    """Width and height, None where a picture was taken away: its hash says all the same what it was."""
    try:
        with Image.open(path) as picture:
            return picture.size
    except DAMAGE:
        return None


def _small(path: Path) -> np.ndarray:
    # BOX averages what lies below each pixel, so that no detail decides.
    picture = Image.fromarray(read_pixels(path)).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(picture, dtype=np.float64)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
