"""The runs of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.errors import RunError, UnknownNameError
from harness.runs import record
from harness.runs.ordering import oldest_first
from harness.runs.training_record import FILE, load_training, training_folders
from harness.workspace import Workspace

REPRODUCTION = "reproduction.json"
SWEEP = "sweep.json"


def folders_with(results: Path, file: str) -> tuple[str, ...]:
    """Returns the folders that hold a file such as those of `harness reproduce`, by name, the newest first."""
    return tuple(path.parent.name for path in sorted(results.glob(f"*/{file}"), key=lambda p: -p.stat().st_mtime))


def run_folders(workspace: Workspace) -> list[Path]:
    """Returns the complete runs of a workspace, the newest last."""
    return oldest_first(workspace.results.glob(f"*/{record.FILE}"))


def find_run(workspace: Workspace, run: str | None) -> Path:
    """Returns a run's folder by name, by path, or the newest one for None.

    Raises:
        UnknownNameError: no run has that name.
        RunError: there are no runs yet.
    """
    return _found(run, run_folders(workspace), (record.FILE,), workspace)


def find_report(workspace: Workspace, name: str | None) -> Path:
    """Returns the folder of a run or of a training as `find_run` does that of a run; the newest of both for None.

    A training's page shows the runs that tested it, so that it stands for them.
    """
    files, tests = (FILE, record.FILE), set[str]()
    for folder in training_folders(workspace):
        with suppress(RunError):
            tests |= load_training(folder).tests
    folders = oldest_first(path for file in files for path in workspace.results.glob(f"*/{file}"))
    return _found(name, [f for f in folders if name or f.name not in tests], files, workspace)


def find_runs(workspace: Workspace, names: Sequence[str]) -> list[Path]:
    """Returns the folders of runs, each once; a folder that is no run stands for all runs in it.

    Raises:
        UnknownNameError, RunError: as `find_run`.
    """
    found: list[Path] = []
    for name in names:
        try:
            # A run of that name goes before a folder that holds runs.
            found.append(find_run(workspace, name))
        except UnknownNameError:
            within = oldest_first(Path(name).glob(f"*/{record.FILE}"))
            if not within:
                raise
            # As paths of `find_run` are: one run, however it was reached, is one entry below.
            found += [folder.resolve() for folder in within]
    return list(dict.fromkeys(found))


def _found(name: str | None, folders: list[Path], files: tuple[str, ...], workspace: Workspace) -> Path:
    if name is None:
        if not folders:
            raise RunError(
                f"there are no runs in `{workspace.results}` yet", "harness test --model facades_label2photo"
            )
        return folders[-1]
    # A name before a path: a folder `facades-001` here must not hide the run.
    by_name = {folder.name: folder for folder in folders}
    if name in by_name:
        return by_name[name]
    # A run received from elsewhere, outside of results/.
    if any((Path(name) / file).is_file() for file in files):
        return Path(name).resolve()
    raise UnknownNameError("run", name, by_name)
