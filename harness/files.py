"""Writing aside and renaming, so that what has its final name is complete; and hashing of files."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

DRAFT, _KEPT, _LOCK = ".draft", ".kept", ".lock"
_FORGOTTEN_S = 3600
"""Age in seconds from which a single file written aside, which holds no lock, is taken for a cut job's."""


def _beside(target: Path) -> Path:
    """A new name beside `target`; made with it, unlike by `tempfile`, a file or folder gets the rights of the umask."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # Hidden, and beside: renaming is one step only within a file system. 40 letters of the name fit whatever they are.
    return target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}{DRAFT}")


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """A full disk found while writing names no file of itself: then it is this one."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(target)
        raise


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`; on success it replaces `target`, on any error it is removed."""
    temporary = _beside(target)
    try:
        with _named(target):
            # Made here, so that a name that another process took by chance is an error and not shared.
            temporary.touch(exist_ok=False)
            yield temporary
            os.replace(temporary, target)
    finally:
        # After the rename there is nothing to remove.
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_written_aside(
    target: Path, *, replace: bool = False, guard: AbstractContextManager[object] | None = None
) -> Iterator[Path]:
    """Yields a temporary folder beside `target`; on success it takes that name, on any error it is removed.

    It is locked while it is written: what a killed process leaves has no lock, and the next one sweeps it away.

    Args:
        replace: whether an older folder of that name gives way; if not, the rename fails with `FileExistsError`.
        guard: entered for the rename alone.
    """
    with _named(target), _drafted(target) as draft:
        yield draft
        with guard or nullcontext():
            _take_place(draft, target, replace=replace)


def scratch(folder: Path) -> AbstractContextManager[Path]:
    """Lends a new folder inside another that is gone afterwards; what a kill leaves of it is swept as a draft is."""
    return _drafted(folder / "scratch")


@contextmanager
def _drafted(target: Path) -> Iterator[Path]:
    draft = _beside(target)
    # The lock is held to the end: a sweep of another process leaves alone what is locked.
    with FileLock(lock_of(draft)):
        try:
            draft.mkdir()
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            lock_of(draft).unlink(missing_ok=True)


def _take_place(draft: Path, target: Path, *, replace: bool) -> None:
    if not target.exists():
        os.replace(draft, target)
    elif not replace:
        raise FileExistsError(target)
    elif not _exchanged(draft, target):
        # Without an exchange there is a moment without the name; a sweep puts back what a cut left in it.
        kept = draft.with_suffix(_KEPT)
        kept.mkdir()
        os.replace(target, kept / target.name)
        os.replace(draft, target)
        shutil.rmtree(kept)


def _exchanged(one: Path, other: Path) -> bool:
    """Lets two folders change their names in one step where the system can: renameat2(2) of Linux."""
    try:
        # Other systems, and C libraries older than glibc 2.28, have no such function.
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    # A file system that cannot exchange answers -1; the caller then goes the longer way.
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def lock_of(folder: Path) -> Path:
    """Returns the lock, beside it, of a folder that a job writes."""
    return folder.with_name(f"{folder.name}{_LOCK}")


def is_held(lock: Path) -> bool:
    """Returns whether another process holds a lock; one that cannot even be opened is some other user's."""
    try:
        with FileLock(lock, timeout=0):
            return False
    except (Timeout, OSError):
        return True


@contextmanager
def claimed(folder: Path, names: Iterable[str]) -> Iterator[str | None]:
    """Yields the first name that nothing in a folder has and no other process has claimed; None where there is none.

    The claim is held inside, so that two jobs that begin together end under two names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (folder / name).exists():
            continue
        # By hash: a name of 255 bytes leaves no room for an ending, and its letters may be any.
        lock = folder / f".{hashlib.sha256(name.encode()).hexdigest()[:16]}{_LOCK}"
        try:
            with FileLock(lock, timeout=0):
                try:
                    # Again, now that it is ours: another job may have ended under the name since the first look.
                    if not (folder / name).exists():
                        yield name
                        return
                finally:
                    lock.unlink(missing_ok=True)
        except Timeout:
            continue
    yield None


def leftovers(folder: Path) -> list[Path]:
    """Returns what cut jobs left in a folder: drafts that nobody holds, sorted by name."""
    found = (path for path in folder.glob(".*") if path.suffix in {DRAFT, _KEPT, _LOCK})
    return sorted(path for path in found if not _in_use(path))


def sweep(folder: Path) -> list[Path]:
    """Removes what cut jobs left in a folder, and puts back a folder that was cut off between its two names."""
    found = leftovers(folder)
    for path in found:
        if path.suffix == _KEPT:
            # Cut between two renames: the new folder has the name, or nothing has and the old one gets it back.
            for inner in path.iterdir():
                if not (folder / inner.name).exists():
                    os.replace(inner, folder / inner.name)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
            lock_of(path).unlink(missing_ok=True)
        else:
            path.unlink(missing_ok=True)
    return found


def _in_use(path: Path) -> bool:
    # A `.kept` folder belongs to the draft of the same name and has no lock of its own.
    lock = path if path.suffix == _LOCK else lock_of(path.with_suffix(DRAFT))
    if not lock.exists():
        try:
            return path.is_file() and time.time() - path.stat().st_mtime < _FORGOTTEN_S
        except FileNotFoundError:  # it ended meanwhile
            return True
    return is_held(lock)


def write_text(target: Path, text: str) -> None:
    """Writes UTF-8 text with `\\n` line ends, aside and then renamed.

    Bytes of a file's name that are no UTF-8 become `\\udcXX`, which JSON reads back as they were.
    """
    with written_aside(target) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_json(target: Path, document: Any) -> None:
    """Writes one JSON document, readable by people; refuses NaN and infinity, which are no JSON."""
    write_text(target, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def stamp_of(path: Path) -> list[int]:
    """Returns a file's size in bytes and when it was written in ns; where both are as they were, so is its content."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
