"""What of the authors' code, weights and datasets is in a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Dataset, Model
from harness.fetch.git import inspect
from harness.runs.trained import trained_weights
from harness.workspace import Workspace


@dataclass(frozen=True)
class CloneState:
    """The clone of the authors' code: where it came from, its full commit SHA, whether files differ from it."""

    url: str
    commit: str
    dirty: bool


def installed_weights(workspace: Workspace, model: Model) -> Path | None:
    """Returns the file of a model's generator, None where it is not installed."""
    if model.own:
        return trained_weights(workspace, model)
    path = workspace.weights(model.family, model.name)
    return path if path.is_file() else None


def installed_dataset(workspace: Workspace, dataset: Dataset) -> Path | None:
    """Returns the folder of an official dataset, None where none of its splits is there."""
    folder = workspace.official_dataset(dataset.family, dataset.name)
    return folder if has_split(folder, dataset) else None


def has_split(folder: Path, dataset: Dataset) -> bool:
    """Whether `folder` holds at least one of the dataset's splits."""
    return any((folder / split).is_dir() for split in dataset.splits)


def clone_state(workspace: Workspace) -> CloneState | None:
    """Returns the state of the clone, None where there is none.

    Raises:
        GitError: git is missing, or the folder is no clone.
    """
    clone = inspect(workspace.upstream(PYTORCH.id))
    return None if clone is None else CloneState(clone.url, clone.commit, bool(clone.changed))
