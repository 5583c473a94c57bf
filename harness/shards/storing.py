"""Where finished shards lie, each under its key: what has that name is whole.

Names decide, not locks: file systems that many machines share lock badly, and rename well.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from harness.errors import WorkerError
from harness.workspace import Workspace

DOCUMENT = "shard.json"
_PART = ".part"


class Store(Protocol):
    """Keeps the folders of finished shards."""

    name: str

    def has(self, key: str) -> bool:
        """Whether a shard is there."""

    def written(self, key: str) -> AbstractContextManager[Path]:
        """Yields a folder that becomes the shard when all went well; nothing of it stays when not.

        Two that finish one shard wrote the same: the first one's stays.
        """

    def opened(self, key: str) -> AbstractContextManager[Path]:
        """Yields the folder of a shard that is there; its files may be linked, and must not be changed."""

    def drop(self, key: str) -> None:
        """Removes a shard, as one that is damaged."""


class FolderStore:
    """A folder, on this machine or shared."""

    def __init__(self, folder: Path) -> None:
        self.name, self._folder = str(folder), folder

    def has(self, key: str) -> bool:
        """See `Store`."""
        return (self._folder / key / DOCUMENT).is_file()

    @contextmanager
    def written(self, key: str) -> Iterator[Path]:
        """See `Store`."""
        draft = self._folder / f".{key[:16]}.{secrets.token_hex(6)}{_PART}"
        draft.mkdir(parents=True)
        try:
            yield draft
            try:
                Path(draft).rename(self._folder / key)
            except OSError:
                if not self.has(key):
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        """See `Store`."""
        yield self._folder / key

    def drop(self, key: str) -> None:
        """See `Store`."""
        shutil.rmtree(self._folder / key, ignore_errors=True)


class ObjectStore:
    """An address that fsspec knows, such as `s3://bucket/folder`: an archive a shard, for objects are whole or not."""

    def __init__(self, address: str) -> None:
        # Torch brings it; what it opens an address with, such as s3fs, is brought by whoever has such a store.
        import fsspec

        self.name = address
        try:
            self._files: Any
            self._files, self._root = fsspec.core.url_to_fs(address)
        except (ValueError, ImportError) as error:  # no such protocol, or its package is not here
            raise WorkerError(f"`{address}` is no store: {error}", "give `--store` a folder or an address") from error

    def has(self, key: str) -> bool:
        """See `Store`."""
        self._files.invalidate_cache()  # others write there
        return bool(self._files.exists(self._path(key)))

    @contextmanager
    def written(self, key: str) -> Iterator[Path]:
        """See `Store`."""
        with tempfile.TemporaryDirectory(prefix="harness-shard-") as place:
            folder = Path(place) / "shard"
            folder.mkdir()
            yield folder
            # Pictures do not get smaller, and are packed for their number alone.
            packed = shutil.make_archive(str(Path(place) / "packed"), "tar", folder)
            self._files.makedirs(self._root, exist_ok=True)
            part = f"{self._path(key)}.{secrets.token_hex(6)}{_PART}"
            self._files.put_file(packed, part)
            self._files.mv(part, self._path(key))

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        """See `Store`."""
        with tempfile.TemporaryDirectory(prefix="harness-shard-") as place:
            packed = Path(place) / "packed.tar"
            self._files.get_file(self._path(key), str(packed))
            shutil.unpack_archive(packed, Path(place) / "shard", "tar", filter="data")
            yield Path(place) / "shard"

    def drop(self, key: str) -> None:
        """See `Store`."""
        self._files.rm_file(self._path(key))

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}.tar"


def find_store(workspace: Workspace, given: str | None) -> Store:
    """Returns the store of a folder or an address, the workspace's own for None."""
    if given is not None and "://" in given:
        return ObjectStore(given)
    # A relative one is the workspace's, so that it is the same for every worker.
    return FolderStore(workspace.root / (given or workspace.shards))
