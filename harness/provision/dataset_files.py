"""An official dataset brought from its address, or unpacked from the user's archive, and checked for its splits."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.catalog.types import Dataset
from harness.errors import ArchiveError, WorkspaceError
from harness.fetch.archives import unpack
from harness.fetch.asset import Asset, bring
from harness.fetch.lockfile import LockFile
from harness.files import folder_written_aside
from harness.progress import Progress
from harness.sets.finding import has_split, installed_dataset
from harness.workspace import Workspace

_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm"}


def bring_dataset(workspace: Workspace, dataset: Dataset, progress: Progress) -> bool:
    """Brings and unpacks a dataset unless it is there; returns whether anything was done.

    Raises:
        FetchError: it could not be brought, or its archive is broken, hostile or another one.
    """
    folder = workspace.official_dataset(dataset.family, dataset.name)
    suffix = ".tar.gz" if dataset.url.endswith(".tar.gz") else ".zip"
    archive = folder.with_name(f".{dataset.name}{suffix}")
    if installed_dataset(workspace, dataset):
        archive.unlink(missing_ok=True)
        return False
    _refuse_other_folder(folder)
    progress.say(f"{dataset.id}: licence {dataset.licence}{f'; {dataset.note}' if dataset.note else ''}")

    def work(archive: Path) -> None:
        _unpack(dataset, archive, folder, progress)

    room = dataset.size_bytes or 0  # pictures unpack to about the size of their archive
    urls = (dataset.url, *dataset.mirrors)
    asset = Asset(f"dataset {dataset.id}", urls, dataset.sha256, dataset.size_bytes, room)
    if not bring(asset, archive, LockFile(workspace.lock_file), progress, work):
        work(archive)
    archive.unlink()
    return True


def place_dataset(workspace: Workspace, dataset: Dataset, source: Path, progress: Progress) -> bool:
    """Unpacks the user's archive of a dataset, or copies its unpacked folder; returns whether anything was done.

    Raises:
        ArchiveError: the archive is missing, broken, hostile, or another dataset's.
    """
    if installed_dataset(workspace, dataset):
        return False
    if not source.exists():
        raise ArchiveError(f"there is no archive `{source}`", "give the path of a zip or tar file")
    folder = workspace.official_dataset(dataset.family, dataset.name)
    _refuse_other_folder(folder)
    if source.is_dir():
        _check(dataset, source, progress)
        with folder_written_aside(folder) as temporary:
            shutil.copytree(source, temporary, dirs_exist_ok=True)
    else:
        _unpack(dataset, source, folder, progress)
    return True


def _refuse_other_folder(folder: Path) -> None:
    if folder.exists():
        raise WorkspaceError(
            f"`{folder}` is there but holds none of the dataset's folders; it was not touched",
            f"move it away, e.g. `mv {folder} {folder}.old`, and set up again",
        )


def _unpack(dataset: Dataset, archive: Path, folder: Path, progress: Progress) -> None:
    unpack(archive, folder, dataset.splits, lambda unpacked: _check(dataset, unpacked, progress), progress)


def _check(dataset: Dataset, folder: Path, progress: Progress) -> None:
    if not has_split(folder, dataset):
        there = ", ".join(f"`{entry.name}`" for entry in sorted(folder.iterdir())[:8])
        raise ArchiveError(
            f"this is not `{dataset.id}`: it holds {there}, and "
            f"{', '.join(f'`{split}`' for split in dataset.splits)} were expected",
            "name the dataset it belongs to with `--dataset`, or use pictures of your own: "
            "`harness prepare-images FOLDER`",
        )
    for split, expected in dataset.splits.items():
        found = _count_pictures(folder / split)
        if expected is not None and found != expected:
            progress.warn(f"`{dataset.id}`: {found} pictures in `{split}`, {expected} were expected")


def _count_pictures(folder: Path) -> int:
    return sum(1 for path in folder.glob("*") if path.suffix.lower() in _PICTURES)
