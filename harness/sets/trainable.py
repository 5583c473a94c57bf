"""What a training reads of a set: which parts, of what kind, and which ones are held out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from harness.catalog.models import MODELS
from harness.catalog.types import Direction, Family, Model
from harness.errors import TestSetError, TrainingError, quoted
from harness.sets.finding import FoundSet, find_set
from harness.sets.roles import part_of
from harness.sets.walking import Walked, walk
from harness.units import counted
from harness.workspace import Workspace

_PREPARE = "harness prepare-images FOLDER --targets FOLDER --split 80/10/10"
OWN_A, OWN_B = "own_a", "own_b"
"""Domains of datasets that nobody described."""

# As the authors' loaders name them: one folder of pairs, or one a side.
_EVERY_PART = ("train", "val", "test", "trainA", "trainB", "valA", "valB", "testA", "testB")
Kind = Literal["pairs", "unpaired", "photos"]


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """A dataset to train on.

    Attributes:
        found: the set as `--dataset` found it.
        kind: what the training pictures are: `pairs` of A and B side by side, `unpaired` ones of A and of B, or
            `photos` that are their own targets.
        parts: the folders of training pictures.
        chosen_on: the part the best epoch is chosen on, None where nothing is held out.
        tested_on: the part the result is tested on; another one where the dataset has two.
        walked: what each part's folder holds.
    """

    found: FoundSet
    kind: Kind
    parts: tuple[str, ...]
    chosen_on: str | None
    tested_on: str | None
    walked: dict[str, Walked] = field(repr=False)

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def reference(self) -> str:
        """What `--dataset` must say to find it again."""
        return self.found.reference

    @property
    def folder(self) -> Path:
        return self.found.folder.resolve()

    @property
    def direction(self) -> Direction | None:
        """The one this dataset is made for, None where nothing says so."""
        return self.found.direction

    @cached_property
    def domains(self) -> tuple[str, str]:
        """Ids of what A and B are."""
        if self.kind == "photos":
            return "photo", "photo"
        a, b = self.found.domains
        return a or OWN_A, b or OWN_B

    @property
    def official(self) -> tuple[Model, ...]:
        """The official models that were trained on it."""
        entry = self.found.official
        return tuple(m for m in MODELS.values() if entry and m.dataset_id == entry.id)

    @property
    def has_targets(self) -> bool:
        """Whether what is held out can be measured against targets."""
        return self.kind != "unpaired"

    def pictures(self, part: str) -> list[Path]:
        """Returns the files of a part (`train`, `trainA`, `test` …) in the order of their names."""
        return [file.path for file in self.walked[part].pictures] if part in self.walked else []

    def remarks(self) -> list[str]:
        """What the user should know of the files before they are used, a line each."""
        said = []
        for part, walked in self.walked.items():
            said += [f"`{part}`: {remark}" for remark in walked.remarks()]
            if left_out := walked.left_out():
                first = left_out[0]
                said.append(
                    f"`{part}`: {counted(len(left_out), 'file')} left out, e.g. `{first.source}`: {first.reason}"
                )
        return said

    def pretrained(self, direction: Direction, family: Family) -> Model | None:
        """Returns the official model of this dataset that translates in that direction, if there is one."""
        found = (m for m in self.official if m.direction == direction and m.family == family)
        return next(found, None)


def find_data(
    workspace: Workspace, dataset: str, family: Family | None = None, *, follow_links: bool = False
) -> TrainingData:
    """Finds the dataset `--dataset` names; see `harness.sets.finding.find_set`.

    Args:
        family: what it must suit; without one, pairs and pictures without partners are both welcome.

    Raises:
        UnknownNameError: nothing has that name.
        TrainingError: it has no part to train on that suits the family.
    """
    found = find_set(workspace, dataset, family=family)
    if found.kind == "run":
        hint = f"harness prepare-images {quoted(found.name)} --model MODEL"
        raise TrainingError(f"`{found.folder}` is a run, not a dataset", hint)
    if found.kind == "two_folders":
        split = "" if found.layout.parts else " --split 80/10/10"
        raise TrainingError(
            f"`{found.folder}` has A and B in folders of their own; `train.py` reads pairs side by side",
            f"harness prepare-images {quoted(found.folder)}{split} --name NAME, then harness train --dataset NAME",
        )
    # `train.py` runs in another working directory.
    folder = found.folder.resolve()
    walked = {
        part: walk(folder / part, within=folder, follow_links=follow_links)
        for part in _EVERY_PART
        if (folder / part).is_dir()
    }
    there = {part for part, inside in walked.items() if inside.pictures}
    kind, parts = _kind(found, family, there)
    suffix = "A" if parts[0].endswith("A") else ""
    # In this order the best epoch is chosen on val and the result told of test; one alone serves for both.
    held_out = [part for part in (f"val{suffix}", f"test{suffix}") if part in there]
    # Without targets there is no number to choose by, so only what to test on is kept.
    if kind == "unpaired":
        held_out = held_out[-1:]
    return TrainingData(
        found=found,
        kind=kind,
        parts=parts,
        chosen_on=held_out[0] if held_out else None,
        tested_on=held_out[-1] if held_out else None,
        walked=walked,
    )


def _kind(found: FoundSet, family: Family | None, there: set[str]) -> tuple[Kind, tuple[str, ...]]:
    """What there is to train on, and in which folders."""
    folder, reference = found.folder, found.reference
    # Any folder of pictures will do, for none needs a partner.
    if family == "colorization" and there & {"train", "trainA"}:
        return "photos", ("train" if "train" in there else "trainA",)
    if "train" in there:
        return "pairs", ("train",)
    if family != "colorization" and {"trainA", "trainB"} <= there:
        if family != "pix2pix":
            return "unpaired", ("trainA", "trainB")
        raise TrainingError(
            f"`{folder}` has `trainA` and `trainB`, pictures that belong to no other; pix2pix learns from pairs",
            f"harness train --dataset {quoted(reference)} --family cyclegan",
        )
    wanted = {"pix2pix": "`train` of pairs", "colorization": "`train` of photos"}.get(
        family or "", "`train` of pairs, or `trainA` and `trainB`"
    )
    misnamed = sorted(f.name for f in folder.iterdir() if f.is_dir() and part_of(f.name)) if folder.is_dir() else []
    if found.kind == "loose" and misnamed:
        raise TrainingError(
            f"`{folder}` has no folder {wanted}; it has: {', '.join(misnamed)}",
            "call them as `train.py` does: train, val and test",
        )
    if found.kind == "loose" and walk(folder).pictures:
        typed = quoted(reference)
        hint = f"make pairs of them: harness train --task grey --dataset {typed}; or pair and split them: {_PREPARE}"
        if family == "colorization":
            hint = f"harness prepare-images {typed} --split 80/10/10 --name NAME, then train on NAME"
        raise TrainingError(
            f"`{folder}` is a folder of loose pictures, not one with a part to train on and one to test on", hint
        )
    has = f"it has: {', '.join(sorted(there))}" if there else "it has no folder of pictures"
    hint = f"{_PREPARE}, or harness setup --dataset {family or 'pix2pix'}/NAME"
    if family == "colorization":
        hint = "harness prepare-images FOLDER --split 80/10/10"
    raise TrainingError(f"`{folder}` has no folder {wanted}; {has}", hint)


def check_set(data: TrainingData) -> None:
    """Raises TestSetError where a part to train on holds fewer than two pictures."""
    for part in data.parts:
        count = len(data.pictures(part))
        if count < 2:
            raise TestSetError(
                f"`{data.folder / part}` holds {count} picture{'' if count == 1 else 's'}; a training needs at least "
                "2, and hundreds to learn more than those by heart",
                f"add pictures, or {_PREPARE}",
            )
