"""Where finished shards lie, each under its key: what has that name is whole.

Names decide, not locks: file systems that many machines share lock badly, and rename well.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import WorkerError
from harness.fetch.archives import unpack
from harness.workspace import Workspace

DOCUMENT = "shard.json"
_PART = ".part"


class Store:
    """A folder of finished shards, on this machine or shared."""

    def __init__(self, folder: Path) -> None:
        self.name, self._folder = str(folder), folder

    def has(self, key: str) -> bool:
        """Whether a shard is there."""
        return (self._folder / key / DOCUMENT).is_file()

    @contextmanager
    def written(self, key: str) -> Iterator[Path]:
        """Yields a folder that becomes the shard when all went well; nothing of it stays when not.

        Two that finish one shard wrote the same: the first one's stays.
        """
        draft = self._folder / f".{key[:16]}.{secrets.token_hex(6)}{_PART}"
        draft.mkdir(parents=True)
        try:
            yield draft
            try:
                draft.rename(self._folder / key)
            except OSError:
                if not self.has(key):
                    raise
        except OSError as error:  # a full disk knows no file
            error.filename = error.filename or str(self._folder)
            raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        """Yields the folder of a shard that is there; its files may be linked, and must not be changed."""
        yield self._folder / key

    def drop(self, key: str) -> None:
        """Removes a shard, as one that is damaged."""
        shutil.rmtree(self._folder / key, ignore_errors=True)


class AddressedStore(Store):
    """An address that fsspec knows, such as `s3://bucket/folder`: an archive a shard, for objects are whole or not."""

    def __init__(self, address: str) -> None:
        # Torch brings it; what it opens an address with, such as s3fs, is brought by whoever has such a store.
        import fsspec

        self.name = address
        try:
            self._files: Any
            self._files, self._root = fsspec.core.url_to_fs(address, use_listings_cache=False)
        except (ValueError, ImportError) as error:  # no such protocol, or its package is not here
            raise WorkerError(f"`{address}` is no store: {error}", "give `--store` a folder or an address") from error

    def has(self, key: str) -> bool:
        return bool(self._files.exists(self._path(key)))

    @contextmanager
    def written(self, key: str) -> Iterator[Path]:
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
        with tempfile.TemporaryDirectory(prefix="harness-shard-") as place:
            packed, folder = Path(place) / "packed.tar", Path(place) / "shard"
            self._files.get_file(self._path(key), str(packed))
            unpack(packed, folder, verified=True)  # the document has a hash of every file
            yield folder

    def drop(self, key: str) -> None:
        self._files.rm_file(self._path(key))

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}.tar"


def find_store(workspace: Workspace, given: str | None) -> Store:
    """Returns the store of a folder or an address, the workspace's own for None."""
    if given is not None and "://" in given:
        return AddressedStore(given)
    # A relative one is the workspace's, so that it is the same for every worker.
    return Store(workspace.root / (given or workspace.shards))
