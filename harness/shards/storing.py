"""Where finished shards lie, each under its key: what has that name is whole.

Names decide, not locks: file systems that many machines share lock badly, and rename well.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.errors import WorkerError, refused_by_system
from harness.fetch.archives import unpack
from harness.files import scratch
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
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        """Yields the folder of a shard that is there; its files may be linked, and must not be changed."""
        yield self._folder / key

    def drop(self, key: str) -> None:
        """Removes a shard, as one that is damaged."""
        shutil.rmtree(self._folder / key, ignore_errors=True)


class Objects:
    """What lies at an address that fsspec knows, such as `s3://bucket/folder`; what has its name there is whole.

    Raises:
        WorkerError: nothing opens such an address, or what is there cannot be reached, read or written.
    """

    def __init__(self, address: str) -> None:
        # Torch brings it; what it opens an address with, such as s3fs, is brought by whoever has such a store.
        import fsspec

        self.address = address.rstrip("/")
        try:
            if urlsplit(address).password:
                raise ValueError("it holds a password, which would stand in plans; put it into `~/.config/fsspec`")
            self._files: Any
            self._files, root = fsspec.core.url_to_fs(address, use_listings_cache=False)
        except (ValueError, ImportError) as error:  # no such protocol, or its package is not here
            raise WorkerError(f"`{address}` is no store: {error}", "give a folder or an address") from error
        self._root = root.rstrip("/")

    def try_out(self) -> None:
        """Writes something and removes it, to know before the work that results will have a place."""
        name = f".{secrets.token_hex(6)}{_PART}"
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / name).touch()
            self.put(name, Path(place) / name)
        self.remove(name)

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        with self._told(name, "read"):
            return bool(self._files.exists(self._path(name)))

    def put(self, name: str, file: Path) -> None:
        """Puts a file there, in place of what has the name."""
        path = self._path(name)
        with self._told(name, "written"):
            if self._files.async_impl:  # object stores: whole or not at all; of a folder's name some make a new bucket
                self._files.put_file(str(file), path)
                return
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            part = f"{path}.{secrets.token_hex(6)}{_PART}"
            try:
                self._files.put_file(str(file), part)
                self._files.mv(part, path)
            except BaseException:
                with suppress(Exception):
                    self._files.rm_file(part)
                raise

    def get(self, name: str, file: Path) -> None:
        """Copies what is there into a file here; raises FileNotFoundError where nothing has the name."""
        with self._told(name, "read", FileNotFoundError):
            self._files.get_file(self._path(name), str(file))

    def remove(self, name: str) -> None:
        """Removes what is there, as what is damaged."""
        with suppress(FileNotFoundError), self._told(name, "written", FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _told(self, name: str, deed: str, *but: type[Exception]) -> Iterator[None]:
        try:
            yield
        except but:
            raise
        # Every protocol's package has errors of its own, of which some are no OSError.
        except Exception as error:
            known = refused_by_system(error, Path.cwd()) if isinstance(error, OSError) else None
            usual = "see that this machine reaches the address, and has credentials that may write there"
            raise WorkerError(
                f"`{self.address}/{name}` cannot be {deed} on `{socket.gethostname()}`: {error or type(error)}",
                (known and known.hint) or usual,
            ) from error


class AddressedStore(Store):
    """Finished shards at an address, an archive each."""

    def __init__(self, address: str, place: Path) -> None:
        """`place` is where archives are packed and unpacked."""
        self._objects, self._place = Objects(address), place
        self.name = address

    def has(self, key: str) -> bool:
        return self._objects.has(_archive(key))

    @contextmanager
    def written(self, key: str) -> Iterator[Path]:
        with scratch(self._place) as place:
            folder = place / "shard"
            folder.mkdir()
            yield folder
            # Pictures do not get smaller, and are packed for their number alone.
            self._objects.put(_archive(key), Path(shutil.make_archive(str(place / "packed"), "tar", folder)))

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        with scratch(self._place) as place:
            packed, folder = place / "packed.tar", place / "shard"
            try:
                self._objects.get(_archive(key), packed)
            except FileNotFoundError as error:  # taken out since it was looked for
                raise ValueError("it is gone") from error
            unpack(packed, folder, verified=True)  # the document has a hash of every file
            yield folder

    def drop(self, key: str) -> None:
        self._objects.remove(_archive(key))


def _archive(key: str) -> str:
    return f"{key}.tar"


def is_address(given: str) -> bool:
    """Whether a place is an address for fsspec, and no folder."""
    return "://" in given


def find_store(workspace: Workspace, given: str | None) -> Store:
    """Returns the store of a folder or an address, the workspace's own for None."""
    if given is not None and is_address(given):
        return AddressedStore(given, workspace.shards)
    # A relative one is the workspace's, so that it is the same for every worker.
    return Store(workspace.root / (given or workspace.shards))
