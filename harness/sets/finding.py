"""What a name after `--dataset` means: a prepared set, an official dataset, or a folder."""

from __future__ import annotations

from pathlib import Path

from harness.catalog.types import Dataset
from harness.workspace import Workspace


def installed_dataset(workspace: Workspace, dataset: Dataset) -> Path | None:
    """Returns the folder of an official dataset, None where none of its splits is there."""
    folder = workspace.official_dataset(dataset.family, dataset.name)
    return folder if has_split(folder, dataset) else None


def has_split(folder: Path, dataset: Dataset) -> bool:
    """Whether `folder` holds at least one of the dataset's splits."""
    return any((folder / split).is_dir() for split in dataset.splits)
