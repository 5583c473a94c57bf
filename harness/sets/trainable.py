"""What a training reads: a prepared set, an official dataset or a folder laid out like one, and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.catalog.types import Direction, Family, Model
from harness.errors import TestSetError, TrainingError, UnknownNameError
from harness.sets.finding import installed_dataset
from harness.sets.selection import PICTURES, find_folder, prepared_sets
from harness.sets.test_set import load_test_set
from harness.workspace import Workspace

_PREPARE = "harness prepare-images FOLDER --targets FOLDER --split 80/10/10"
OWN_A, OWN_B = "own_a", "own_b"
"""Domains of datasets that nobody described."""


@dataclass(frozen=True)
class TrainingData:
    """A dataset to train on.

    Attributes:
        reference: what `--dataset` must say to find it again.
        kind: what the training pictures are: `pairs` of A and B side by side, `unpaired` ones of A and of B, or
            `photos` that are their own targets.
        parts: the folders of training pictures.
        direction: the one this dataset is made for, None where nothing says so.
        chosen_on: the part the best epoch is chosen on, None where nothing is held out.
        tested_on: the part the result is tested on; another one where the dataset has two.
        domains: ids of what A and B are.
    """

    name: str
    reference: str
    folder: Path
    kind: Literal["pairs", "unpaired", "photos"]
    parts: tuple[str, ...]
    direction: Direction | None
    chosen_on: str | None
    tested_on: str | None
    domains: tuple[str, str]
    official: tuple[Model, ...] = ()

    @property
    def has_targets(self) -> bool:
        """Whether what is held out can be measured against targets."""
        return self.kind != "unpaired"

    def pictures(self, part: str) -> list[Path]:
        """Returns the files of a part (`train`, `trainA`, `test` …) in the order of their names."""
        return pictures_of(self.folder / part)

    def pretrained(self, direction: Direction, family: Family) -> Model | None:
        """Returns the official model of this dataset that translates in that direction, if there is one."""
        found = (m for m in self.official if m.direction == direction and m.family == family)
        return next(found, None)


def find_data(workspace: Workspace, dataset: str, family: Family | None = None) -> TrainingData:
    """Finds the dataset `--dataset` names: a prepared set's or official dataset's name, or a folder.

    Args:
        family: what it must suit; without one, pairs and pictures without partners are both welcome.

    Raises:
        UnknownNameError: nothing has that name.
        TrainingError: it has no part to train on that suits the family.
    """
    prepared = workspace.datasets / dataset
    if "/" not in dataset and (prepared / "dataset.json").is_file():
        return _described(prepared, dataset, family)
    for name in (dataset, *(f"{first}/{dataset}" for first in (family, "pix2pix", "cyclegan") if first)):
        entry = DATASETS.get(name)
        if entry and (installed := installed_dataset(workspace, entry)):
            domains = (entry.domain_a, entry.domain_b)
            official = tuple(m for m in MODELS.values() if f"{m.family}/{m.dataset}" == name)
            own = next((m.direction for m in official), None) if entry.layout == "paired" else None
            return _parts(installed, entry.name, name, family, own, domains, official)
    folder = find_folder(workspace, dataset)
    if folder is not None:
        resolved = folder.resolve()
        inside = resolved.is_relative_to(workspace.root)
        reference = resolved.relative_to(workspace.root).as_posix() if inside else str(resolved)
        if (folder / "dataset.json").is_file():
            return _described(resolved, reference, family)
        return _parts(resolved, resolved.name, reference, family, None, (OWN_A, OWN_B))
    raise UnknownNameError(
        "dataset or folder",
        dataset,
        [*prepared_sets(workspace), *DATASETS],
        f"harness setup --dataset {family or 'pix2pix'}/NAME, or {_PREPARE}",
    )


def pictures_of(folder: Path) -> list[Path]:
    """Returns the pictures below a folder in the order of their names; none where there is no folder."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES and p.is_file())


def _described(folder: Path, reference: str, family: Family | None) -> TrainingData:
    test_set = load_test_set(folder)
    model = MODELS.get(test_set.model or "")
    domains = tuple(test_set.made_by.get("domains", ())) or (OWN_A, OWN_B)
    if model:
        domains = (model.input_domain, model.output_domain)
        domains = domains if test_set.direction == "AtoB" else (domains[1], domains[0])
    return _parts(folder, folder.name, reference, family, test_set.direction, (domains[0], domains[1]))


def _parts(
    folder: Path,
    name: str,
    reference: str,
    family: Family | None,
    direction: Direction | None,
    domains: tuple[str, str],
    official: tuple[Model, ...] = (),
) -> TrainingData:
    there = {p.name for p in folder.iterdir() if p.is_dir() and pictures_of(p)}
    kind, parts = _kind(folder, reference, family, there)
    suffix = "A" if parts[0].endswith("A") else ""
    if kind == "photos":
        domains = ("photo", "photo")
    held_out = [part for part in (f"val{suffix}", f"test{suffix}") if part in there]
    if kind == "unpaired":
        held_out = held_out[-1:]
    return TrainingData(
        name, reference, folder, kind, parts, direction,
        held_out[0] if held_out else None, held_out[-1] if held_out else None, domains, official,
    )  # fmt: skip


def _kind(
    folder: Path, reference: str, family: Family | None, there: set[str]
) -> tuple[Literal["pairs", "unpaired", "photos"], tuple[str, ...]]:
    """What there is to train on, and in which folders."""
    if family == "colorization" and there & {"train", "trainA"}:
        return "photos", ("train" if "train" in there else "trainA",)
    if "train" in there:
        return "pairs", ("train",)
    if family != "colorization" and {"trainA", "trainB"} <= there:
        if family != "pix2pix":
            return "unpaired", ("trainA", "trainB")
        raise TrainingError(
            f"`{folder}` has `trainA` and `trainB`, pictures that belong to no other; pix2pix learns from pairs",
            f"harness train --dataset {reference} --family cyclegan",
        )
    wanted = {"pix2pix": "`train` of pairs", "colorization": "`train` of photos"}.get(
        family or "", "`train` of pairs, or `trainA` and `trainB`"
    )
    if not there and pictures_of(folder):
        hint = (
            f"make pairs of them: harness train --task grey --dataset {reference}; or pair and split them: {_PREPARE}"
        )
        if family == "colorization":
            hint = f"harness prepare-images {reference} --split 80/10/10 --name NAME, then train on NAME"
        raise TrainingError(
            f"`{folder}` is a folder of loose pictures, not one with a part to train on and one to test on", hint
        )
    has = f"it has: {', '.join(sorted(there))}" if there else "it has no folder of pictures"
    if family == "colorization":
        raise TrainingError(
            f"`{folder}` has no folder {wanted}; {has}", "harness prepare-images FOLDER --split 80/10/10"
        )
    raise TrainingError(
        f"`{folder}` has no folder {wanted}; {has}",
        f"{_PREPARE}, or harness setup --dataset {family or 'pix2pix'}/NAME",
    )


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
