"""Whether two runs translated the same pictures: told by the hashes of their sources and targets, name by name.

Runs made before pictures were hashed are told by their own input and target pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from harness.progress import Progress, Silent
from harness.runs.pixel_differences import DAMAGE, difference_of, read_pixels
from harness.runs.record import RunRecord, load_record

_SIDE, _ALIKE = 16, 8.0
"""Up to this mean difference in levels, at 16x16 pixels, two pictures are two preparations of one: another resizing
makes 1 of it, another picture 30 and more."""

_ROUNDED = 2  # levels that two engines' resizing of one picture differs by
_SHOWN = 3
Facts = dict[str, Any]
"""What a record knows of an image."""
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


def kinship(first: Path, second: Path, progress: Progress | None = None) -> Kinship:
    """Returns what two runs have in common: what they translated, and what it was measured against.

    Raises:
        RunError: a record, or a picture that has to be looked at, is missing or damaged.
    """
    a, b = load_record(first), load_record(second)
    # A pair has one source whichever half is the input, so runs of two directions are told by their pictures.
    one_way = a.test_set.get("direction") == b.test_set.get("direction")
    # Inputs first: other inputs are the reason worth telling where both differ.
    others: dict[str, list[str]] = {kind: [] for kind in _kinds(a, b)}
    images, same, hashed = (first / "images", second / "images"), True, True
    with (progress or Silent()).step("Matching images", len(a.images)) as step:
        for facts in by_name(a.images, b.images):
            if not all(facts):
                return Kinship("their records name other images", same_preparation=False)
            both = all(image.get("sha256") and image.get("source_sha256") for image in facts)
            for kind, told in others.items():
                relation = _relation(images, kind, facts, by_hash=both and one_way)
                same = same and relation == "same"
                if relation == "other":
                    told.append(facts[0]["name"])
            hashed = hashed and both
            step.advance()
    for kind, names in others.items():
        if names:
            return Kinship(f"the {kind} is another picture for {_some(names)}", same_preparation=False, hashed=hashed)
    return Kinship(None, same, hashed)


def by_name(ours: Iterable[Facts], theirs: Iterable[Facts]) -> Iterator[tuple[Facts, Facts]]:
    """Yields what two records know of each image; in the end those that one of them does not name, `{}` in its place.

    Side by side, as nearly all runs have one order: only what stands elsewhere in the other is kept meanwhile.
    """
    waiting: tuple[dict[str, Facts], dict[str, Facts]] = {}, {}
    for a, b in zip_longest(ours, theirs, fillvalue=Facts()):
        if a.get("name") == b.get("name"):
            yield a, b
            continue
        if a and a["name"] in waiting[1]:
            yield a, waiting[1].pop(a["name"])
        elif a:
            waiting[0][a["name"]] = a
        if b and b["name"] in waiting[0]:
            yield waiting[0].pop(b["name"]), b
        elif b:
            waiting[1][b["name"]] = b
    yield from ((a, {}) for a in waiting[0].values())
    yield from (({}, b) for b in waiting[1].values())


def _kinds(a: RunRecord, b: RunRecord) -> Sequence[str]:
    # Targets only where both have them: a run without can still be compared by what it drew.
    paired = all(record.test_set["layout"] == "paired" for record in (a, b))
    return ("input", "target") if paired else ("input",)


def _relation(
    images: tuple[Path, Path], kind: str, facts: tuple[Facts, Facts], *, by_hash: bool
) -> Literal["same", "prepared otherwise", "other"]:
    a, b = facts
    if by_hash:
        if a.get(_HASHES[kind]) != b.get(_HASHES[kind]):
            return "other"
        alike = a["sha256"] == b["sha256"] and _brought_alike(images, kind, facts)
        return "same" if alike else "prepared otherwise"
    difference = difference_of(*images, kind, a["name"])
    if not difference.problem and difference.max <= _ROUNDED:
        return "same"
    first, second = map(_small, _pictures(images, kind, a["name"]))
    # Float64 arrays of 16×16×3: another crop or filter moves such averages little.
    return "prepared otherwise" if np.abs(first - second).mean() <= _ALIKE else "other"


def _brought_alike(images: tuple[Path, Path], kind: str, facts: tuple[Facts, Facts]) -> bool:
    """Whether the same bytes were brought to one shape, which `--size` may differ in."""
    first, second = (image.get("geometry") for image in facts)
    if first and second:
        return all(first[key] == second[key] for key in ("region", "frame", "box"))
    # Of runs from before it was recorded, the pictures tell.
    return len({*map(_size, _pictures(images, kind, facts[0]["name"]))}) == 1


def _pictures(images: tuple[Path, Path], kind: str, name: str) -> list[Path]:
    return [folder / kind / f"{name}.png" for folder in images]


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
