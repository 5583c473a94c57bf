"""What a name after `--dataset` means, decided here for every command.

A prepared set comes first, then an official dataset, then a folder; what is written as a path is a path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.catalog.types import Dataset, Direction, Model
from harness.errors import TestSetError, UnknownNameError
from harness.sets.layouts import LOOSE, Layout, laid_out_within, layout_of
from harness.sets.test_set import Domains, TestSet, load_test_set
from harness.sets.walking import walk
from harness.units import counted
from harness.workspace import Workspace

FoundKind = Literal["prepared", "official", "laid_out", "two_folders", "loose", "run"]
# The order in which a bare name is looked up; `lua` models use the datasets of pix2pix.
_FAMILIES = ("pix2pix", "cyclegan")


@dataclass(frozen=True, kw_only=True)
class FoundSet:
    """The set a name means.

    Attributes:
        kind: `prepared` by us, an `official` dataset, a folder `laid_out` in parts, the `two_folders` A and B,
            `loose` pictures (a folder, a ZIP archive or one picture), or a `run`, whose outputs are meant.
        reference: what `--dataset` must say to find it again, an absolute path where it lies outside the workspace.
        inside: whether it lies in the workspace, so that its reference means the same on another machine.
        direction: the one it is made for, None where nothing says so.
        domains: what A and B are, as far as that is known.
        note: which one was taken where the name means two.
        stale: what to know of a prepared set where the folder of that name holds what it was not made of.
    """

    kind: FoundKind
    name: str
    folder: Path
    reference: str
    inside: bool = True
    direction: Direction | None = None
    domains: Domains = (None, None)
    layout: Layout = LOOSE
    test_set: TestSet | None = None
    official: Dataset | None = None
    note: str | None = None
    stale: str | None = None

    @property
    def must_be_prepared(self) -> bool:
        """Whether no model can read it as it is."""
        return self.kind in {"two_folders", "loose", "run"}

    @property
    def what(self) -> str:
        """The kind in words."""
        return {"prepared": "prepared set", "official": "official dataset", "run": "run"}.get(self.kind, "folder")


def find_set(workspace: Workspace, name: str, *, family: str | None = None) -> FoundSet:
    """Returns the set that `--dataset NAME` means.

    Args:
        family: whose official dataset a bare name means where both families have one of that name.

    Raises:
        UnknownNameError: nothing has that name.
        TestSetError: the prepared set of that name cannot be read.
    """
    found = _candidates(workspace, name, family)
    if not found:
        # As they are typed: bare names, and with the family where one was named.
        official = DATASETS if "/" in name else dict.fromkeys(entry.name for entry in DATASETS.values())
        known = [*prepared_sets(workspace), *official]
        brought = next((f"harness setup --dataset {key}" for key, _ in _entries(name, family)), None)
        hint = brought or "harness prepare-images FOLDER --name NAME"
        raise UnknownNameError("dataset or folder", name, known, hint)
    chosen, *others = found
    if not others:
        return chosen
    beside = "; ".join(f"`--dataset {_typed(other)}` is the {other.what}" for other in others)
    stale = _stale(chosen, others[-1].folder) if others[-1].must_be_prepared else None
    return replace(chosen, note=f"`{name}`: the {chosen.what} is taken; {beside}", stale=stale)


def default_set(workspace: Workspace, model: Model) -> FoundSet:
    """Returns what a model is tested on where nothing is named: its own dataset, else the newest set made for it.

    Raises:
        TestSetError: there is neither.
    """
    if model.own:
        return find_set(workspace, model.dataset)
    official = _official(workspace, model.dataset, model.family)
    if official is not None:
        return official
    # The newest first: who has just prepared pictures for this model means those.
    for name in reversed(prepared_sets(workspace)):
        found = _prepared(workspace, workspace.dataset(name))
        if found.test_set and found.test_set.model == model.id:
            return found
    raise TestSetError(
        f"there is nothing to test `{model.id}` on: neither its dataset nor a prepared set is in `datasets/`",
        f"harness prepare-images FOLDER --model {model.id}, or harness setup --dataset {model.dataset_id}",
    )


def find_folder(workspace: Workspace, name: str) -> Path | None:
    """Returns a folder or file by its path from here or from the workspace's root, or by its name in `datasets/`."""
    # As a shell would read it, then as a record does, whose references are relative to the workspace.
    places = (Path(name).expanduser(), workspace.root / name, workspace.datasets / name)
    return next((place for place in places if place.exists()), None)


def prepared_sets(workspace: Workspace) -> list[str]:
    """Returns the names of the prepared test sets in the workspace, the oldest first."""
    found = [p for p in workspace.datasets.glob("*/dataset.json") if not p.parent.name.startswith(".")]
    # The file is as old as its set; names decide between copies of one moment.
    return [p.parent.name for p in sorted(found, key=lambda p: (p.stat().st_mtime_ns, p.parent.name))]


def installed_dataset(workspace: Workspace, dataset: Dataset) -> Path | None:
    """Returns the folder of an official dataset, None where none of its splits is there."""
    folder = workspace.official_dataset(dataset.family, dataset.name)
    return folder if has_split(folder, dataset) else None


def has_split(folder: Path, dataset: Dataset) -> bool:
    """Whether `folder` holds at least one of the dataset's splits."""
    return any((folder / split).is_dir() for split in dataset.splits)


def is_path(name: str) -> bool:
    """Whether a name is written as a path: with a separator, or as a place such as `.` or `~`."""
    return any(mark in name for mark in ("/", os.sep)) or name in {".", ".."} or name.startswith("~")


def _candidates(workspace: Workspace, name: str, family: str | None) -> list[FoundSet]:
    """Everything a name may mean, each place once, what is taken first."""
    bare = name.rstrip("/" + os.sep)
    prepared = official = None
    if bare and not is_path(bare) and (workspace.datasets / bare / "dataset.json").is_file():
        prepared = _prepared(workspace, workspace.datasets / bare)
    if bare in DATASETS or not is_path(name):  # an id such as `pix2pix/facades` has a separator, too
        official = _official(workspace, bare, family)
    path = find_folder(workspace, name) if name else None
    described = _described(workspace, path) if path is not None else None
    ordered = (prepared, official, described)
    # Written as a path, a name means what lies there, and a prepared set only where that is the same place.
    if is_path(name) and official is None:
        ordered = (described, prepared, None)
    places: dict[Path, FoundSet] = {}
    for candidate in filter(None, ordered):
        # By place: a prepared set found by name and as a folder is one candidate, not a choice of two.
        places.setdefault(candidate.folder.resolve(), candidate)
    return list(places.values())


def _stale(prepared: FoundSet, folder: Path) -> str | None:
    """What the folder that a set was made of holds by now and the set does not: pictures put there or changed since."""
    if prepared.test_set is None or prepared.test_set.made_by.get("folder") != folder.resolve().name:
        return None
    made = (prepared.folder / "dataset.json").stat().st_mtime
    # Moved or copied there since: the time of change of the file's entry tells, its own time may be years old.
    times = [(s.st_mtime, s.st_ctime) for s in (file.path.stat() for file in walk(folder).pictures)]
    newer = sum(max(both) > made for both in times)
    if not newer:
        return None
    pictures = counted(newer, "picture")
    return f"`{folder.name}/` has {pictures} newer than the prepared set `{prepared.name}`, which is taken as it is"


def _prepared(workspace: Workspace, folder: Path) -> FoundSet:
    test_set = load_test_set(folder)
    reference, inside = _reference(workspace, folder)
    return FoundSet(
        kind="prepared",
        name=test_set.name,
        folder=folder,
        # By name alone in datasets/, which stays true when the workspace is moved.
        reference=folder.name if folder.resolve().parent == workspace.datasets.resolve() else reference,
        inside=inside,
        direction=test_set.direction,
        domains=test_set.domains,
        test_set=test_set,
    )


def _official(workspace: Workspace, name: str, family: str | None) -> FoundSet | None:
    """The installed official dataset of that id or bare name; a bare one prefers the family asked for."""
    for key, entry in _entries(name, family):
        if (folder := installed_dataset(workspace, entry)) is not None:
            made_for = next((m.direction for m in MODELS.values() if m.dataset_id == key), None)
            return FoundSet(
                kind="official",
                name=entry.name,
                folder=folder,
                reference=key,
                # Unpaired data have no side that is the input: each of two models takes one.
                direction=made_for if entry.layout == "paired" else None,
                domains=(entry.domain_a, entry.domain_b),
                layout=layout_of(folder),
                official=entry,
            )
    return None


def _described(workspace: Workspace, path: Path) -> FoundSet:
    """What a folder or file is by what lies in it."""
    path = laid_out_within(path) if path.is_dir() else path
    reference, inside = _reference(workspace, path)
    name = path.resolve().name
    if path.is_dir() and (path / "dataset.json").is_file():
        return _prepared(workspace, path)
    for entry in DATASETS.values():  # `datasets/pix2pix/facades` is that dataset, by whatever path
        if path.resolve() == workspace.official_dataset(entry.family, entry.name).resolve():
            found = _official(workspace, entry.id, None)
            if found is not None:
                return found
    if (path / "run.json").is_file():
        return FoundSet(kind="run", name=name, folder=path, reference=reference, inside=inside)
    # A ZIP archive or a single picture has no folders to look at.
    layout = layout_of(path) if path.is_dir() else LOOSE
    return FoundSet(kind=layout.kind, name=name, folder=path, reference=reference, inside=inside, layout=layout)


def _reference(workspace: Workspace, path: Path) -> tuple[str, bool]:
    resolved = path.resolve()
    if not resolved.is_relative_to(workspace.root):
        return str(resolved), False
    below = resolved.relative_to(workspace.root).as_posix()
    # `./` keeps a bare name from being read as that of a prepared set.
    return below if is_path(below) else f"./{below}", True


def _typed(found: FoundSet) -> str:
    """What to type for this one of several: its name, or the path that leads there from here."""
    if found.kind in {"prepared", "official"}:
        return found.reference
    path, here = found.folder.resolve(), Path.cwd()
    return f"./{path.relative_to(here).as_posix()}" if path.is_relative_to(here) else str(path)


def _entries(name: str, family: str | None) -> Iterator[tuple[str, Dataset]]:
    """The official datasets of that id or bare name; of a bare one the family's asked for comes first."""
    ids = (name, *(f"{first}/{name}" for first in dict.fromkeys((family, *_FAMILIES))))
    return ((key, DATASETS[key]) for key in ids if key in DATASETS)
