"""The runs of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import RunError, UnknownNameError
from harness.runs import record, training_record
from harness.runs.ordering import oldest_first
from harness.workspace import Workspace


def run_folders(workspace: Workspace) -> list[Path]:
    """Returns the complete runs of a workspace, the newest last."""
    return oldest_first(workspace.results.glob(f"*/{record.FILE}"))


def find_run(workspace: Workspace, run: str | None) -> Path:
    """Returns a run's folder by name, by path, or the newest one for None.

    Raises:
        UnknownNameError: no run has that name.
        RunError: there are no runs yet.
    """
    return _found(workspace, run, (record.FILE,))


def find_report(workspace: Workspace, name: str | None) -> Path:
    """Returns the folder of a run or of a training as `find_run` does that of a run; the newest of both for None."""
    return _found(workspace, name, (training_record.FILE, record.FILE))


def find_runs(workspace: Workspace, names: Sequence[str]) -> list[Path]:
    """Returns the folders of runs, each once; a folder that is no run stands for all runs in it.

    Raises:
        UnknownNameError, RunError: as `find_run`.
    """
    found: list[Path] = []
    for name in names:
        try:
            found.append(find_run(workspace, name))
        except UnknownNameError:
            within = oldest_first(Path(name).glob(f"*/{record.FILE}"))
            if not within:
                raise
            found += [folder.resolve() for folder in within]
    return list(dict.fromkeys(found))


def _found(workspace: Workspace, name: str | None, files: tuple[str, ...]) -> Path:
    folders = oldest_first(path for file in files for path in workspace.results.glob(f"*/{file}"))
    if name is None:
        if not folders:
            raise RunError(
                f"there are no runs in `{workspace.results}` yet", "harness test --model facades_label2photo"
            )
        return folders[-1]
    by_name = {folder.name: folder for folder in folders}
    if name in by_name:
        return by_name[name]
    if any((Path(name) / file).is_file() for file in files):
        return Path(name).resolve()
    raise UnknownNameError("run", name, by_name)
