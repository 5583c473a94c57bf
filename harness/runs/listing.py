"""The runs of a workspace."""

from __future__ import annotations

from pathlib import Path

from harness.errors import RunError, UnknownNameError
from harness.runs.training_record import training_folders
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


def find_report(workspace: Workspace, name: str | None) -> Path:
    """Returns the folder of a run or of a training by name or path; the newest of both for None.

    Raises:
        UnknownNameError, RunError: as `find_run`.
    """
    trainings = training_folders(workspace)
    if name is None:
        candidates = [(folder / "run.json", folder) for folder in run_folders(workspace)[-1:]]
        candidates += [(folder / "training.json", folder) for folder in trainings[-1:]]
        newest = max(candidates, key=lambda pair: pair[0].stat().st_mtime_ns, default=None)
        return newest[1] if newest else find_run(workspace, None)
    by_name = {folder.name: folder for folder in trainings}
    if name in by_name:
        return by_name[name]
    if (Path(name) / "training.json").is_file():
        return Path(name).resolve()
    return find_run(workspace, name)
