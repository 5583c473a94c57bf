"""The ways in which pictures lie in a folder: in parts to train and to test on, in two sides, or loose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.sets.roles import PARTS, folder_role, part_of
from harness.sets.walking import is_litter


@dataclass(frozen=True)
class Layout:
    """How a folder is laid out.

    Attributes:
        kind: `laid_out` in parts as the official loaders want it, `train/ val/ test/` of pairs or `trainA/ trainB/ …`;
            `two_folders`, the pictures of the two sides of pairs in folders of their own, `A/` and `B/` as the
            authors' `combine_A_and_B.py` takes them, `labels/` and `photos/`, `train_A/` …; or `loose` pictures.
        parts: the folders of the parts that are there, in the order of `PARTS`.
        sides: of `two_folders`, the folders of each side's pictures by part, "" where there are no parts.
        roles: of `two_folders`, what the names of the two sides' folders say, as `harness.sets.roles` has it.
    """

    kind: Literal["laid_out", "two_folders", "loose"]
    parts: tuple[str, ...] = ()
    sides: tuple[dict[str, Path], dict[str, Path]] = ({}, {})
    roles: tuple[str, str] = ("A", "B")

    def as_two_folders(self, folder: Path) -> Layout:
        """The folders of the authors' unaligned loader, `trainA/ trainB/ …`, as two sides; itself where none are."""
        a, b = ({part[:-1]: folder / part for part in self.parts if part.endswith(side)} for side in "AB")
        if not (a and b):
            return self
        return Layout("two_folders", tuple(part for part in PARTS if part in a or part in b), (a, b))


LOOSE = Layout("loose")


def laid_out_within(folder: Path) -> Path:
    """Returns the folder that a chain of single folders leads to, as archives unpack, where that one is laid out."""
    inner = folder
    while len(there := [child for child in inner.iterdir() if not is_litter(child.name)]) == 1 and there[0].is_dir():
        inner = there[0]
        if layout_of(inner).kind != "loose" or (inner / "dataset.json").is_file():
            return inner
    return folder


def layout_of(folder: Path) -> Layout:
    """Returns how a folder, or a `zipfile.Path`, is laid out; only names of folders are looked at."""
    sides: dict[str, dict[str, Path]] = defaultdict(dict)
    doubled = False
    for part, role, place in _sided(folder):
        doubled |= part in sides[role]
        sides[role][part] = place
    # A to Z are an alphabet's folders, not two sides.
    alphabet = any(child.name.casefold() == "c" for child in _folders(folder))
    if len(sides) == 2 and not doubled and not alphabet:
        first, second = sorted(sides)
        a, b = sides[first], sides[second]
        return Layout("two_folders", tuple(p for p in PARTS if p in a or p in b), (a, b), (first, second))
    names = (name for part in PARTS for name in (part, f"{part}A", f"{part}B"))
    there = tuple(name for name in names if (folder / name).is_dir())
    return Layout("laid_out", there) if there else LOOSE


def _sided(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yields part ("" for none), role and folder of each that holds one side of pairs."""
    for child in _folders(folder):
        if said := folder_role(child.name):
            part, role = said
            inner = [] if part else [(str(named), place) for place in _folders(child) if (named := part_of(place.name))]
            yield from ((name, role, place) for name, place in inner or [(part or "", child)])
        elif part := part_of(child.name):
            # The other nesting, `train/A` and `train/B`; a part counts only with both sides.
            within_part = {said[1]: inner for inner in _folders(child) if (said := folder_role(inner.name))}
            if len(within_part) > 1:
                yield from ((part, role, place) for role, place in within_part.items())


def _folders(folder: Path) -> list[Path]:
    folders = (child for child in folder.iterdir() if child.is_dir() and not is_litter(child.name))
    return sorted(folders, key=lambda child: child.name)
