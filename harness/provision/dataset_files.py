"""An official dataset brought from its address, or unpacked from the user's archive, and checked for its splits."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from harness.catalog.types import Dataset
from harness.errors import ArchiveError, CountError, WorkspaceError
from harness.fetch.archives import unpack
from harness.fetch.asset import Asset, bring, known_digests
from harness.fetch.lockfile import LockFile
from harness.files import folder_written_aside
from harness.progress import Progress
from harness.provision.mirrors import mirrored
from harness.sets.finding import has_split, installed_dataset
from harness.sets.walking import walk
from harness.workspace import Workspace


def bring_dataset(
    workspace: Workspace,
    dataset: Dataset,
    progress: Progress,
    mirrors: Sequence[str] = (),
    *,
    accept_counts: bool = False,
) -> bool:
    """Brings and unpacks a dataset unless it is there; returns whether anything was done.

    Args:
        accept_counts: whether another number of pictures than the catalog knows is taken.

    Raises:
        FetchError: it could not be brought, or its archive is broken, hostile or another one.
        CountError: it holds another number of pictures than the catalog knows; the archive is kept.
    """
    folder = workspace.official_dataset(dataset.family, dataset.name)
    suffix = ".tar.gz" if dataset.url.endswith(".tar.gz") else ".zip"
    # Hidden beside the folder, so that a listing of datasets shows no half-brought one.
    archive = folder.with_name(f".{dataset.name}{suffix}")
    if installed_dataset(workspace, dataset):
        # Left over by a call that was cut between unpacking and removing.
        archive.unlink(missing_ok=True)
        return False
    _refuse_other_folder(folder)
    progress.say(f"{dataset.id}: licence {dataset.licence}{f'; {dataset.note}' if dataset.note else ''}")

    room = dataset.size_bytes or 0  # pictures unpack to about the size of their archive
    urls = (dataset.url, *dataset.mirrors)
    asset = mirrored(Asset(f"dataset {dataset.id}", urls, dataset.sha256, dataset.size_bytes, room), mirrors)
    lock = LockFile(workspace.lock_file)
    # With a digest the archive is proved, so that even a plain tar may be unpacked.
    verified = bool(known_digests(asset, lock))
    check = partial(_check, dataset, progress, accept_counts=accept_counts)

    def take(archive: Path) -> None:
        unpack(archive, folder, dataset.splits, check, progress, verified=verified)

    # Already there, brought by a call that was cut before it was unpacked or refused for its counts.
    if not bring(asset, archive, lock, progress, inspect=take):
        take(archive)
    archive.unlink()
    return True


def place_dataset(
    workspace: Workspace,
    dataset: Dataset,
    source: Path,
    progress: Progress,
    *,
    accept_counts: bool = False,
    verified: bool = False,
) -> bool:
    """Unpacks the user's archive of a dataset, or copies its unpacked folder; returns whether anything was done.

    Args:
        verified: whether the archive's digest was compared, so that it need not hold a checksum.

    Raises:
        ArchiveError: the archive is missing, broken, hostile, another dataset's, or holds another number of pictures.
    """
    if installed_dataset(workspace, dataset):
        return False
    if not source.exists():
        raise ArchiveError(f"there is no archive `{source}`", "give the path of a zip or tar file")
    folder = workspace.official_dataset(dataset.family, dataset.name)
    _refuse_other_folder(folder)
    check = partial(_check, dataset, progress, accept_counts=accept_counts)
    if source.is_dir():
        check(source)
        with folder_written_aside(folder) as temporary:
            shutil.copytree(source, temporary, dirs_exist_ok=True)
    else:
        unpack(source, folder, dataset.splits, check, progress, verified=verified)
    return True


def _refuse_other_folder(folder: Path) -> None:
    if folder.exists():
        raise WorkspaceError(
            f"`{folder}` is there but holds none of the dataset's folders; it was not touched",
            f"move it away, e.g. `mv {folder} {folder}.old`, and set up again",
        )


def _check(dataset: Dataset, progress: Progress, folder: Path, *, accept_counts: bool) -> None:
    # At least one of the splits: some archives come without a part.
    if not has_split(folder, dataset):
        there = ", ".join(f"`{entry.name}`" for entry in sorted(folder.iterdir())[:8])
        raise ArchiveError(
            f"this is not `{dataset.id}`: it holds {there}, and "
            f"{', '.join(f'`{split}`' for split in dataset.splits)} were expected",
            "name the dataset it belongs to with `--dataset`, or use pictures of your own: "
            "`harness prepare-images FOLDER`",
        )
    found = counted(dataset, folder)
    others = [
        f"{found.get(split, 0)} pictures in `{split}`, {expected} were expected"
        for split, expected in dataset.splits.items()
        # None where nobody published a number.
        if expected is not None and found.get(split, 0) != expected
    ]
    if others and not accept_counts:
        raise CountError(
            f"`{dataset.id}`: {'; '.join(others)}",
            "if you know why, repeat the command with `--accept-counts`: it takes them as they are",
        )
    for other in others:
        progress.warn(f"`{dataset.id}`: {other}")


def counted(dataset: Dataset, folder: Path) -> dict[str, int]:
    """Returns how many pictures each split that is there has, as every command that reads it will find them."""
    there = [split for split in dataset.splits if (folder / split).is_dir()]
    return {split: len(walk(folder / split, within=folder).pictures) for split in there}
