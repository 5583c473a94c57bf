"""The ways in which pictures lie in a folder: in parts to train and to test on, in two sides, or loose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")
LayoutKind = Literal["parts", "two_folders", "loose"]


@dataclass(frozen=True)
class Layout:
    """How a folder is laid out.

    Attributes:
        kind: `parts` as the official loaders want it, `train/ val/ test/` of pairs or `trainA/ trainB/ testA/ …`;
            `two_folders`, the pictures of A and of B in folders of their own, as the authors' `combine_A_and_B.py`
            takes them; or `loose` pictures.
        parts: the folders of the parts that are there, in the order of `PARTS`.
        sides: of `two_folders`, the folders of A's and of B's pictures by part, "" where there are no parts.
    """

    kind: LayoutKind
    parts: tuple[str, ...] = ()
    sides: tuple[dict[str, Path], dict[str, Path]] = ({}, {})


LOOSE = Layout("loose")


def layout_of(folder: Path) -> Layout:
    """Returns how a folder is laid out; only names of folders are looked at."""
    a, b = _parts_of(folder / "A"), _parts_of(folder / "B")
    if a and b and not (folder / "C").exists():  # A to Z are an alphabet's folders, not two sides
        return Layout("two_folders", _ordered({*a, *b} - {""}), (a, b))
    # The other nesting, `train/A` and `train/B`; a part counts only with both sides.
    within = [part for part in PARTS if all((folder / part / side).is_dir() for side in "AB")]
    if within:
        a, b = ({str(part): folder / part / side for part in within} for side in "AB")
        return Layout("two_folders", _ordered(within), (a, b))
    names = (name for part in PARTS for name in (part, f"{part}A", f"{part}B"))
    there = tuple(name for name in names if (folder / name).is_dir())
    return Layout("parts", there) if there else LOOSE


def _parts_of(folder: Path) -> dict[str, Path]:
    """The parts inside the folder of one side, or the folder itself where it has none; nothing where it is missing."""
    parts: dict[str, Path] = {part: folder / part for part in PARTS if (folder / part).is_dir()}
    return parts or ({"": folder} if folder.is_dir() else {})


def _ordered(parts: Iterable[str]) -> tuple[str, ...]:
    found = set(parts)
    return tuple(part for part in PARTS if part in found)
