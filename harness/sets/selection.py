"""Which pictures a test translates: a prepared set, an official dataset, or any folder laid out like one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.catalog.datasets import DATASETS
from harness.catalog.types import Direction, Model
from harness.errors import TestSetError, UnknownNameError
from harness.files import sha256_of
from harness.sets.item import Item
from harness.sets.naming import safe_names
from harness.sets.test_set import TestSet, load_test_set, missing_images
from harness.workspace import Workspace

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm", ".webp"}
_PAIRED_SPLITS = ("test", "val")


@dataclass(frozen=True)
class Selection:
    """The pictures of one test.

    Attributes:
        paired: whether there are targets: of pairs, or the photos themselves for a model that colours them.
        reference: what `--dataset` must say to select the same again; None for a folder outside the workspace.
        facts: one entry an image in order, for the run's record: `name`, `source`, `nearness`, `warnings`.
        digest: equal selections have equal digests.
    """

    name: str
    reference: str | None
    items: tuple[Item, ...]
    paired: bool
    direction: Direction
    digest: str
    facts: tuple[dict[str, Any], ...]
    refused: int = 0
    split: str | None = None
    nearness: dict[str, Any] | None = None

    def limited(self, count: int | None) -> Selection:
        """Returns the first `count` pictures, all for None; the digest says how many."""
        if count is None or count >= len(self.items):
            return self
        return replace(self, items=self.items[:count], facts=self.facts[:count], digest=f"{self.digest}:first-{count}")


def select(workspace: Workspace, model: Model, dataset: str | None, split: str | None = None) -> Selection:
    """Returns the pictures `--dataset` names: a set's or dataset's name, or a folder.

    Without a name: the model's own dataset if it is there, else the newest set prepared for the model.

    Raises:
        UnknownNameError: nothing has that name.
        TestSetError: the folder is no test set the model can read.
    """
    if dataset is None:
        return _default(workspace, model, split)
    prepared = workspace.datasets / dataset
    if "/" not in dataset and (prepared / "dataset.json").is_file():
        return _from_prepared(prepared, load_test_set(prepared), model, dataset, split)
    official = _official_folder(workspace, model, dataset)
    if official is not None:
        return _from_layout(official[1], model, split, official[0])
    folder = find_folder(workspace, dataset)
    if folder is not None:
        reference = _reference(workspace, folder)
        if (folder / "dataset.json").is_file():
            return _from_prepared(folder, load_test_set(folder), model, reference, split)
        return _from_layout(folder, model, split, reference)
    raise UnknownNameError(
        "dataset or folder",
        dataset,
        [*prepared_sets(workspace), *DATASETS],
        f"harness prepare-images FOLDER --model {model.id}, or harness setup --dataset {model.family}/{model.dataset}",
    )


def find_folder(workspace: Workspace, name: str) -> Path | None:
    """Returns a folder by its path from here or from the workspace's root, or by its name in `datasets/`, or None."""
    places = (Path(name).expanduser(), workspace.root / name, workspace.datasets / name)
    return next((f for f in places if f.is_dir()), None)


def is_plain_folder(dataset: str | None) -> bool:
    """Whether `--dataset` is a folder of loose pictures, which must be prepared first."""
    if dataset is None:
        return False
    folder = Path(dataset).expanduser()
    if not folder.is_dir() or (folder / "dataset.json").is_file():
        return False
    return not any((folder / name).is_dir() for name in (*_PAIRED_SPLITS, "testA", "testB"))


def prepared_sets(workspace: Workspace) -> list[str]:
    """Returns the names of the prepared test sets in the workspace, the oldest first."""
    found = [p for p in workspace.datasets.glob("*/dataset.json") if not p.parent.name.startswith(".")]
    return [p.parent.name for p in sorted(found, key=lambda p: p.stat().st_mtime_ns)]


def _default(workspace: Workspace, model: Model, split: str | None) -> Selection:
    if model.own:
        return select(workspace, model, model.dataset, split or model.split)
    official = _official_folder(workspace, model, model.dataset)
    if official is not None:
        return _from_layout(official[1], model, split, official[0])
    for name in reversed(prepared_sets(workspace)):
        folder = workspace.dataset(name)
        test_set = load_test_set(folder)
        if test_set.model == model.id:
            return _from_prepared(folder, test_set, model, name, split)
    raise TestSetError(
        f"there is nothing to test `{model.id}` on: neither its dataset nor a prepared set is in `datasets/`",
        f"harness prepare-images FOLDER --model {model.id}, or harness setup --dataset {model.family}/{model.dataset}",
    )


def _official_folder(workspace: Workspace, model: Model, name: str) -> tuple[str, Path] | None:
    """The id and folder of an installed official dataset; a bare name prefers the model's family."""
    for dataset in (name, f"{model.family}/{name}", f"pix2pix/{name}", f"cyclegan/{name}"):
        if dataset in DATASETS:
            entry = DATASETS[dataset]
            folder = workspace.official_dataset(entry.family, entry.name)
            if folder.is_dir():
                return dataset, folder
    return None


def _reference(workspace: Workspace, folder: Path) -> str | None:
    resolved = folder.resolve()
    return resolved.relative_to(workspace.root).as_posix() if resolved.is_relative_to(workspace.root) else None


def _from_prepared(
    folder: Path, test_set: TestSet, model: Model, reference: str | None, split: str | None
) -> Selection:
    missing = missing_images(folder, test_set)
    if missing:
        raise TestSetError(
            f"`{folder}` lacks {len(missing)} of the pictures its `dataset.json` names, e.g. `{missing[0]}`",
            "prepare the images again",
        )
    paired = test_set.layout == "paired"
    split = split or ("test" if paired else "testA")
    images = [i for i in test_set.images if i.output.startswith(f"{split}/")]
    if not images:
        parts = sorted({i.output.partition("/")[0] for i in test_set.images})
        raise TestSetError(
            f"`{folder}` holds no image in `{split}`; it has: {', '.join(parts) or 'none at all'}",
            "name one with `--split`, or harness prepare-images FOLDER",
        )
    return Selection(
        name=test_set.name,
        reference=reference,
        items=tuple(Item(i.name, folder / i.output, paired) for i in images),
        paired=paired or model.architecture.colorizes,
        # A set says which half is the input of the model it was made for; one's own may learn the other way round.
        direction=model.direction if model.own else test_set.direction,
        digest=replace(test_set, images=tuple(images)).digest(),
        facts=tuple(
            {"name": i.name, "source": i.source, "nearness": i.nearness, "warnings": list(i.warnings)} for i in images
        ),
        refused=len(test_set.refused),
        split=split,
        nearness=test_set.nearness,
    )


def _from_layout(folder: Path, model: Model, split: str | None, reference: str | None) -> Selection:
    """A folder laid out as the official datasets: `test/` or `val/` with pairs, or `testA/`, `testB/`."""
    several = model.paired or model.architecture.colorizes
    wanted = [split] if split else [model.split, *_PAIRED_SPLITS] if several else [model.split]
    chosen = next((s for s in wanted if (folder / s).is_dir()), None)
    if chosen is None:
        there = sorted(p.name for p in folder.iterdir() if p.is_dir())
        raise TestSetError(
            f"`{folder}` has no folder `{wanted[0]}`; it has: {', '.join(there) or 'no folders'}",
            f"name one with `--split`, or harness prepare-images {folder} --model {model.id}",
        )
    files = sorted(p for p in (folder / chosen).rglob("*") if p.suffix.lower() in PICTURES)
    if not files:
        raise TestSetError(f"`{folder / chosen}` holds no picture", f"harness prepare-images FOLDER --model {model.id}")
    names = safe_names([p.relative_to(folder / chosen).as_posix() for p in files])
    colorizes = model.architecture.colorizes
    paired = not chosen.endswith(("A", "B")) and not colorizes
    return Selection(
        name=folder.resolve().name if chosen == model.split else f"{folder.resolve().name}-{chosen}",
        reference=reference,
        items=tuple(Item(name, path, paired) for name, path in zip(names, files, strict=True)),
        paired=paired or colorizes,
        direction=model.direction,
        digest=_digest(names, files),
        split=chosen,
        facts=tuple(
            {"name": n, "source": p.relative_to(folder).as_posix(), "nearness": None, "warnings": []}
            for n, p in zip(names, files, strict=True)
        ),
    )


def _digest(names: Sequence[str], files: Sequence[Path]) -> str:
    facts = [[name, sha256_of(path)] for name, path in zip(names, files, strict=True)]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()
