"""What of the authors' code, weights and datasets is in a workspace."""

from __future__ import annotations

from pathlib import Path

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Model
from harness.fetch.asset import known_digests
from harness.fetch.git import inspect
from harness.fetch.lockfile import LockFile
from harness.fetch.proving import Clone
from harness.files import sha256_of
from harness.provision.weight_files import weights_asset
from harness.runs.trained import trained_weights
from harness.workspace import Workspace


def installed_weights(workspace: Workspace, model: Model) -> Path | None:
    """Returns the file of a model's generator, None where it is not installed."""
    if model.own:
        return trained_weights(workspace, model)
    path = workspace.weights(model.family, model.name)
    return path if path.is_file() else None


def weights_differ(workspace: Workspace, model: Model) -> str | None:
    """Returns a sentence where a model's installed weights are another file than was brought or placed, else None.

    Raises:
        WorkspaceError: `harness.lock` is damaged.
    """
    path = installed_weights(workspace, model)
    known = known_digests(weights_asset(model), LockFile(workspace.lock_file))
    # One's own trainings are recorded in their training.json, not in the lock file.
    if path is None or model.own or not known:
        return None
    found = sha256_of(path)
    if found in known:
        return None
    return f"`{path}` changed since it was brought: its SHA-256 is {found}, recorded is {' or '.join(sorted(known))}"


def clone_state(workspace: Workspace, repository: str = PYTORCH.id) -> Clone | None:
    """Returns the state of the clone of one of the repositories, None where there is none.

    Raises:
        GitError: git is missing, or the folder is no clone.
    """
    return inspect(workspace.upstream(repository))
