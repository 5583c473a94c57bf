"""The runs of a workspace."""

from __future__ import annotations

from pathlib import Path

from harness.errors import RunError, UnknownNameError
from harness.workspace import Workspace


def run_folders(workspace: Workspace) -> list[Path]:
    """Returns the complete runs of a workspace, the newest last."""
    found = [p.parent for p in workspace.results.glob("*/run.json") if not p.parent.name.startswith(".")]
    return sorted(found, key=lambda folder: ((folder / "run.json").stat().st_mtime_ns, folder.name))


def find_run(workspace: Workspace, run: str | None) -> Path:
    """Returns a run's folder by name, by path, or the newest one for None.

    Raises:
        UnknownNameError: no run has that name.
        RunError: there are no runs yet.
    """
    folders = run_folders(workspace)
    if run is None:
        if not folders:
            raise RunError(
                f"there are no runs in `{workspace.results}` yet", "harness test --model facades_label2photo"
            )
        return folders[-1]
    by_name = {folder.name: folder for folder in folders}
    if run in by_name:
        return by_name[run]
    if (Path(run) / "run.json").is_file():
        return Path(run).resolve()
    raise UnknownNameError("run", run, by_name)
