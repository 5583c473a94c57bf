"""What a training reads: a prepared set, an official dataset or a folder laid out like one, and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.catalog.types import Direction, Family, Model
from harness.errors import TestSetError, TrainingError, UnknownNameError
from harness.setup.installed import installed_dataset
from harness.testing.selection import PICTURES, find_folder, prepared_sets
from harness.testset import load_test_set
from harness.workspace import Workspace

_PREPARE = "harness prepare-images FOLDER --targets FOLDER --split 80/10/10"
OWN_A, OWN_B = "own_a", "own_b"
"""Domains of datasets that nobody described."""


@dataclass(frozen=True)
class TrainingData:
    """A dataset to train on.

    Attributes:
        reference: what `--dataset` must say to find it again.
        paired: whether `train/` holds A and B side by side; else there are `trainA/` and `trainB/`.
        direction: the one this dataset is made for, None where nothing says so.
        chosen_on: the part the best epoch is chosen on, None where nothing is held out.
        tested_on: the part the result is tested on; another one where the dataset has two.
        domains: ids of what A and B are.
    """

    name: str
    reference: str
    folder: Path
    paired: bool
    direction: Direction | None
    chosen_on: str | None
    tested_on: str | None
    domains: tuple[str, str]
    official: tuple[Model, ...] = ()

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
    paired = "train" in there
    if not paired and not {"trainA", "trainB"} <= there:
        has = f"it has: {', '.join(sorted(there))}" if there else "it has no folder of pictures"
        wanted = "`train` of pairs" if family == "pix2pix" else "`train` of pairs, or `trainA` and `trainB`"
        raise TrainingError(
            f"`{folder}` has no folder {wanted}; {has}",
            f"{_PREPARE}, or harness setup --dataset {family or 'pix2pix'}/NAME",
        )
    if family == "pix2pix" and not paired:
        raise TrainingError(
            f"`{folder}` has `trainA` and `trainB`, pictures that belong to no other; pix2pix learns from pairs",
            f"harness train --dataset {reference} --family cyclegan",
        )
    held_out = [part for part in (("val", "test") if paired else ("testA",)) if part in there]
    return TrainingData(
        name, reference, folder, paired, direction,
        held_out[0] if held_out else None, held_out[-1] if held_out else None, domains, official,
    )  # fmt: skip


def check_set(data: TrainingData) -> None:
    """Raises TestSetError where a part to train on holds fewer than two pictures."""
    for part in ("train",) if data.paired else ("trainA", "trainB"):
        count = len(data.pictures(part))
        if count < 2:
            raise TestSetError(
                f"`{data.folder / part}` holds {count} picture{'' if count == 1 else 's'}; a training needs at least "
                "2, and hundreds to learn more than those by heart",
                f"add pictures, or {_PREPARE}",
            )
