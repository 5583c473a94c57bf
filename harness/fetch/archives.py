"""Unpacks zip and tar archives that may be broken or hostile: nothing leaves the target folder."""

from __future__ import annotations

import errno
import gzip
import lzma
import shutil
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from harness.errors import ArchiveError, FetchError
from harness.fetch.asset import check_space
from harness.files import folder_written_aside
from harness.progress import Progress, Silent, Step

_MAX_RATIO = 50
"""Unpacked to packed size. Pictures hardly shrink: the official archives stay below 2, a bomb is far above 1000."""
_SMALL_BYTES = 100 << 20
"""Any archive may unpack to this much, however small it is: code and label maps do shrink."""
_MAX_ENTRIES = 1_000_000
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    NotImplementedError,
)
_JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db"}


def unpack(
    archive: Path,
    target: Path,
    keep: Collection[str] = (),
    inspect: Callable[[Path], None] = lambda folder: None,
    progress: Progress | None = None,
) -> int:
    """Unpacks a zip or tar (plain, gz, bz2, xz) into the new folder `target`; returns the number of files.

    The archive's own single top folder is left out unless its name is in `keep`; so are the files that desktops add
    (`._x.jpg` would be taken for a picture). Links and special files are refused.

    Args:
        inspect: looks at the unpacked folder before it gets its name; raises a HarnessError to refuse it.

    Raises:
        ArchiveError: it is no archive, broken, encrypted, escapes its folder, names a file twice, or is a bomb.
        FetchError: the disk is too small.
        FileExistsError: `target` is there already.
    """
    packed = archive.stat().st_size
    guard = _Guard(archive, max(_SMALL_BYTES, _MAX_RATIO * packed))
    with _translated(archive), folder_written_aside(target) as temporary:
        inside = Path(tempfile.mkdtemp(dir=temporary))
        with (progress or Silent()).step(f"unpack {archive.name}", None, "files") as step:
            if zipfile.is_zipfile(archive):
                _unpack_zip(archive, inside, guard, step)
            elif tarfile.is_tarfile(archive):
                _unpack_tar(archive, inside, guard, step)
            else:
                raise ArchiveError(
                    f"`{archive}` is neither a zip nor a tar archive", "download it again, or name another file"
                )
        if not guard.files:
            raise ArchiveError(f"`{archive}` holds no file", "download it again, or name another file")
        _lift(inside, temporary, keep)
        inspect(temporary)
    return guard.files


class _Guard:
    """Judges every entry before it is written."""

    def __init__(self, archive: Path, limit: int) -> None:
        self._archive, self._limit = archive, limit
        self._seen: set[str] = set()
        self._folders: set[str] = set()
        self._bytes = 0
        self.files = 0

    def place(self, name: str, folder: Path, is_folder: bool, size: int) -> Path | None:
        """Returns where an entry goes below `folder`, None for what desktops add; raises ArchiveError to refuse it."""
        path = PurePosixPath(name)
        if (
            not name
            or path.is_absolute()
            or ".." in path.parts
            or any(c in name for c in "\\\0")
            or (path.parts and path.parts[0][1:2] == ":")
        ):
            raise self.refused(f"names a place outside of it: `{name!r}`")
        if _JUNK & set(path.parts) or path.name.startswith("._"):
            return None
        if len(self._seen) >= _MAX_ENTRIES:
            raise self.refused(f"holds more than {_MAX_ENTRIES:,} entries")
        self._note_name(name, PurePosixPath(unicodedata.normalize("NFC", path.as_posix())), is_folder)
        self._bytes += size
        if self._bytes > self._limit:
            raise self.refused(f"unpacks to more than {self._limit / 1e6:,.0f} MB, far more than pictures would")
        return folder / path

    def _note_name(self, name: str, path: PurePosixPath, is_folder: bool) -> None:
        key, parents = str(path), {str(parent) for parent in path.parents}
        if key in self._seen or parents & self._seen or (not is_folder and key in self._folders):
            raise self.refused(f"names `{name}` twice")
        self._folders |= parents
        if is_folder:
            self._folders.add(key)
        else:
            self._seen.add(key)
            self.files += 1

    def refused(self, why: str) -> ArchiveError:
        return ArchiveError(
            f"`{self._archive}` was not unpacked: it {why}", "get the archive from the authors' own address"
        )


def _unpack_zip(archive: Path, folder: Path, guard: _Guard, step: Step) -> None:
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
        places = []
        for entry in entries:
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise guard.refused(f"holds a link or special file: `{entry.filename}`")
            if entry.flag_bits & 1:
                raise guard.refused(f"is encrypted: `{entry.filename}`")
            places.append(guard.place(entry.filename, folder, entry.is_dir(), entry.file_size))
        check_space(folder, sum(entry.file_size for entry in entries), f"unpacking `{archive.name}`")
        step.expect(len(entries))
        for entry, place in zip(entries, places, strict=True):
            if place is not None and entry.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif place is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry) as source, place.open("xb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
            step.advance()


def _unpack_tar(archive: Path, folder: Path, guard: _Guard, step: Step) -> None:
    check_space(folder, archive.stat().st_size, f"unpacking `{archive.name}`")
    with tarfile.open(archive) as opened:
        for member in opened:
            if not (member.isfile() or member.isdir()):
                raise guard.refused(f"holds a link or special file: `{member.name}`")
            if guard.place(member.name, folder, member.isdir(), member.size) is not None:
                opened.extract(member, folder, set_attrs=False, filter="data")
            step.advance()


def _lift(inside: Path, folder: Path, keep: Collection[str]) -> None:
    """Moves what was unpacked up to `folder`, without a single top folder that only carries the archive's name."""
    top = list(inside.iterdir())
    source = top[0] if len(top) == 1 and top[0].is_dir() and top[0].name not in keep else inside
    for entry in list(source.iterdir()):
        entry.rename(folder / entry.name)
    shutil.rmtree(inside)


@contextmanager
def _translated(archive: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise ArchiveError(
            f"`{archive}` is broken or cut off: {error}", "remove it and download it again, or name another file"
        ) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise FetchError(
            f"the disk is full: `{archive}` could not be unpacked; nothing of it was kept",
            "make room, or use another disk with `--workspace DIR`",
        ) from error
