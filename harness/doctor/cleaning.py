"""What cut jobs left, in the workspace and in the system's folder for temporary files: told, and removed when asked."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

from filelock import FileLock, Timeout

from harness.doctor.check import Check
from harness.fetch.running_git import scratch_of_the_dead
from harness.files import DRAFT, leftovers, sweep
from harness.keeping import cut_jobs
from harness.units import megabytes
from harness.workspace import Workspace

_SHOWN = 3
_FORGOTTEN_S = 3600
"""Seconds without a new picture from which a shard that is being written is taken for a cut one."""
_OF_TRAININGS = (".official-*", ".sweep-*", ".data")


def check_leftovers(workspace: Workspace) -> Check:
    """What cut jobs left, and how much of the disk it takes."""
    resumable, dead = _resumable(workspace), _dead(workspace)
    if not resumable and not dead:
        shards = "".join(f"; finished shards: {megabytes(_size(store))}" for store in _finished(workspace))
        return Check("leftovers", "ok", f"none{shards}")
    found = [*dead, *resumable]
    shown = ", ".join(f"`{path}`" for path in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    again = f"; the same command again takes over {len(resumable)} of them" if resumable else ""
    what = f"{shown}{more} of cut jobs, {megabytes(sum(map(_size, found)))}{again}"
    return Check("leftovers", "warn", what, "harness doctor --clean")


def clean(workspace: Workspace) -> list[Path]:
    """Removes what cut jobs left, what could go on too, and finished shards; returns the paths.

    A folder that was cut off between its two names is put back, see `harness.files.sweep`.

    Raises:
        WorkspaceError: another command holds the workspace, or it cannot be written.
    """
    found = [*_dead(workspace), *_resumable(workspace), *_finished(workspace)]
    inside = any(path.is_relative_to(workspace.root) for path in found)
    with workspace.locked("harness doctor --clean") if inside else nullcontext():
        for folder in workspace.written_to() if inside else ():
            sweep(folder)
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)  # a lock goes with its draft
    return found


def _resumable(workspace: Workspace) -> list[Path]:
    """What the same command would go on with: whole pieces of cut jobs and parts of downloads."""
    found = [job for folder in (workspace.datasets, workspace.results) for job in cut_jobs(folder)]
    if _idle(workspace.root / ".harness.lock"):  # downloads run under it
        found += [part for folder in workspace.written_to() for part in folder.glob(".*.part*")]
    return sorted(found)


def _dead(workspace: Workspace) -> list[Path]:
    """What nobody will ask for again."""
    found = [left for folder in workspace.written_to() for left in leftovers(folder)]
    if _idle(workspace.root / ".harness.lock"):
        found += workspace.root.glob(".bundle.*")
    for training in workspace.results.glob("*/"):
        if (training / "training.json").is_file() and _idle(training / ".lock"):
            found += (left for pattern in _OF_TRAININGS for left in training.glob(pattern))
    return sorted({*found, *scratch_of_the_dead()})


def _finished(workspace: Workspace) -> list[Path]:
    """The store of finished shards, which the same tests take over; nothing while a test or a shard is under way."""
    store = workspace.shards
    if not store.is_dir() or set(store.glob(f".*{DRAFT}")) - set(leftovers(store)):
        return []
    # What a worker writes holds no lock. By the clock of the disk: that of whoever writes may be another.
    with tempfile.TemporaryFile(dir=store) as probe:
        now = os.fstat(probe.fileno()).st_mtime
    places = [place for part in store.glob(".*.part") for place in (part, *part.glob("images/*"))]
    return [] if any(now - place.stat().st_mtime < _FORGOTTEN_S for place in places) else [store]


def _idle(lock: Path) -> bool:
    """Whether nobody holds a lock; looks at it without making one."""
    if not lock.exists():
        return True
    try:
        with FileLock(lock, timeout=0):
            return True
    except (Timeout, OSError):
        return False


def _size(path: Path) -> int:
    """Bytes of a file, or of the files below a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.lstat().st_size for file in files if file.is_file())
