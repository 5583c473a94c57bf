"""A job that is cut goes on: its whole pieces are kept, each under a key of all that decides it, until it is whole.

A key is made of contents, options and code, never of a path, so that it says the same on every machine. What is kept
is read by the command that made it and by nothing else: checks make everything themselves.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.errors import HarnessError
from harness.files import is_held, lock_of, sha256_of, write_json

_SUFFIX = ".cut"
_DECIDE_PIXELS = ("numpy", "pillow", "pillow-heif", "scikit-image", "scipy", "torch")


def key_of(**facts: Any) -> str:
    """Returns the SHA-256 of facts as JSON with sorted names."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@cache
def code_and_libraries() -> str:
    """Returns a digest of harness's own code and of the libraries that decode, compute and encode pictures."""
    from PIL import features

    root = Path(__file__).parent
    code = hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        code.update(path.read_bytes())
    versions: dict[str, str | None] = {"python": platform.python_version(), "machine": platform.machine()}
    versions["deflate"] = zlib.ZLIB_RUNTIME_VERSION
    for package in _DECIDE_PIXELS:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    versions |= {codec: features.version(codec) for codec in ("jpg", "libjpeg_turbo", "zlib", "zlib_ng", "webp")}
    return key_of(code=code.hexdigest(), versions=versions)


@dataclass(frozen=True)
class Pieces:
    """Whole pieces of one job: a document each, and the pictures it is about.

    Attributes:
        folder: where they are; None keeps nothing and has nothing.
    """

    folder: Path | None = None

    def keep(self, key: str, document: Any, files: Mapping[str, Path]) -> None:
        """Keeps a piece; its document, written last, holds the hashes of its files by their names in the job's folder.

        Nothing depends on it: a piece that cannot be kept is made again.
        """
        if self.folder is None:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            hashes = {name: sha256_of(path) for name, path in files.items()}
            for number, path in enumerate(files.values()):
                same_file(path, self.folder / f"{key}-{number}")
            write_json(self.folder / f"{key}.json", {"document": document, "files": hashes})

    def take(self, key: str, into: Path) -> Any | None:
        """Puts a piece's files into the job's folder and returns its document; None where it is not whole."""
        if self.folder is None:
            return None
        try:
            kept = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
            sources = {name: self.folder / f"{key}-{number}" for number, name in enumerate(kept["files"])}
            # A power cut leaves names of files whose bytes never reached the disk.
            if any(sha256_of(sources[name]) != sha256 for name, sha256 in kept["files"].items()):
                return None
            for name, source in sources.items():
                if Path(name).is_absolute() or ".." in Path(name).parts:
                    return None
                same_file(source, into / name)
            return kept["document"]
        except (OSError, ValueError, KeyError, AttributeError):
            return None


def same_file(old: Path, new: Path) -> None:
    """Gives a file another name, in place of what has it; or makes a copy where the file system cannot do that."""
    new.parent.mkdir(parents=True, exist_ok=True)
    new.unlink(missing_ok=True)
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


@contextmanager
def kept_pieces(parent: Path, name: str, **facts: Any) -> Iterator[Pieces]:
    """Yields the pieces of the job of these facts; they go when it is whole, or fails as it would fail again.

    They stay after an interrupt, a kill, a full disk. Of two such jobs at once, the second goes without.
    """
    parent.mkdir(parents=True, exist_ok=True)
    facts["code"] = code_and_libraries()
    folder = parent / f".{name[:40]}.{key_of(**facts)[:16]}{_SUFFIX}"
    lock = FileLock(lock_of(folder))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield Pieces()
        return
    try:
        yield Pieces(folder)
        shutil.rmtree(folder, ignore_errors=True)
    except HarnessError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        lock_of(folder).unlink(missing_ok=True)
        lock.release()


def cut_jobs(parent: Path) -> list[Path]:
    """Returns the folders of pieces that no running job holds, sorted by name."""
    return sorted(f for f in parent.glob(f".*{_SUFFIX}") if not (lock_of(f).exists() and is_held(lock_of(f))))
