"""Unpacks zip and tar archives that may be broken or hostile: nothing leaves the target folder."""

from __future__ import annotations

import errno
import gzip
import lzma
import re
import shutil
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from harness.errors import ArchiveError
from harness.fetch.asset import check_space
from harness.fetch.http import most_unpacked
from harness.files import folder_written_aside
from harness.progress import Progress, Silent, Step

# Some times what the largest official archive has, edges2handbags with 137,000; each entry costs an inode.
_MAX_ENTRIES = 1_000_000
_MAX_HEADER = 1 << 20
"""Bytes of a tar's long name or extended header, which is read into memory; a path has at most 4096."""
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,  # among them text that is none; a number no header should hold
    OverflowError,
    NotImplementedError,
)
# How file systems refuse a name: too long, with letters they cannot store, or no valid text.
_UNNAMEABLE = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
_CHECKED_TARS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
"""What gzip, bzip2 and xz begin with; each ends in a checksum."""
_JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db"}
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: what NTFS and Windows do not store.
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)", re.IGNORECASE)


def unpack(
    archive: Path,
    target: Path,
    keep: Collection[str] = (),
    inspect: Callable[[Path], None] = lambda folder: None,
    progress: Progress | None = None,
    *,
    verified: bool = False,
) -> int:
    """Unpacks a zip or tar (plain, gz, bz2, xz) into the new folder `target`; returns the number of files.

    The archive is read to its end, checksums included. Its own single top folder is left out unless its name is in
    `keep`; so are the files that desktops add (`._x.jpg` would be taken for a picture). Links and special files are
    refused, and so are names that are one on Windows or macOS; letters that Windows cannot store become `_`.

    Args:
        inspect: looks at the unpacked folder before it gets its name; raises a HarnessError to refuse it.
        verified: whether a digest of the archive was compared; without one a plain tar, which has no checksum of its
            own, is refused.

    Raises:
        ArchiveError: it is no archive, broken, encrypted, escapes its folder, names a file twice, or is a bomb.
        FetchError: the disk is too small.
        FileExistsError: `target` is there already.
    """
    progress = progress or Silent()
    guard = _Guard(archive)
    with folder_written_aside(target) as temporary:
        # In a folder of its own first: the archive may have a top folder of any name, `target`'s among them.
        inside = temporary / ".unpacked"
        inside.mkdir()
        with _translated(archive), progress.step(f"unpack {archive.name}", None, "files") as step:
            _unpack_any(archive, inside, guard, step, verified=verified)
        if not guard.files:
            raise ArchiveError(f"`{archive}` holds no file", "download it again, or name another file")
        _lift(inside, temporary, keep)
        # While it still is a draft: what is refused here never had the final name.
        inspect(temporary)
    if guard.renamed:
        name, new = guard.renamed[0]
        progress.warn(f"{len(guard.renamed)} names that Windows cannot store were changed, e.g. `{name}` to `{new}`")
    return guard.files


def _unpack_any(archive: Path, folder: Path, guard: _Guard, step: Step, *, verified: bool) -> None:
    with archive.open("rb") as stream:
        head = stream.read(6)
    # By what it begins with, too: `is_zipfile` finds the end of a zip in any file that has one behind it.
    if head.startswith(b"PK") and zipfile.is_zipfile(archive):
        _unpack_zip(archive, folder, guard, step)
        return
    try:
        opened = tarfile.open(archive, tarinfo=_Header)  # noqa: SIM115  # its first header decides whether it is one
    except tarfile.ReadError as error:
        raise ArchiveError(
            f"`{archive}` is neither a zip nor a tar archive", "download it again, or name another file"
        ) from error
    with opened:
        if not verified and not head.startswith(_CHECKED_TARS):
            raise ArchiveError(
                f"`{archive}` is a plain tar, which has no checksum: a changed byte would not be seen",
                "give the SHA-256 that its source tells with `--sha256`, or get it as `.tar.gz`",
            )
        # A tar has no list of its contents; its own size is the least it will take.
        check_space(folder, archive.stat().st_size, f"unpacking `{archive.name}`")
        _unpack_tar(opened, folder, guard, step)


class _Guard:
    """Judges every entry before it is written."""

    def __init__(self, archive: Path) -> None:
        # One limit for the sum of all entries: a bomb may be one large file or a million small ones.
        self._archive, self._limit = archive, most_unpacked(archive.stat().st_size)
        self._names: dict[str, tuple[str, bool]] = {}
        self._entries = 0
        self._bytes = 0
        self.files = 0
        self.renamed: list[tuple[str, str]] = []

    def place(self, name: str, size: int, *, is_folder: bool) -> PurePosixPath | None:
        """Returns the path an entry gets, None for what desktops add; raises ArchiveError to refuse it."""
        path = PurePosixPath(name)
        if (
            not name
            or path.is_absolute()
            or ".." in path.parts
            # A backslash divides paths on Windows only, a NUL cuts the name short in C: no honest archive has either.
            or any(c in name for c in "\\\0")
            or (path.parts and path.parts[0][1:2] == ":")
        ):
            raise self.refused(f"names a place outside of it: `{name!r}`")
        self._entries += 1
        if self._entries > _MAX_ENTRIES:
            raise self.refused(f"holds more than {_MAX_ENTRIES:,} entries")
        # Counted even where the entry is then passed over: it was packed to be unpacked.
        self.take(size)
        if _JUNK & set(path.parts) or path.name.startswith("._"):
            return None
        storable = PurePosixPath(*map(_storable, path.parts))
        if storable != path and not is_folder:
            self.renamed.append((str(path), str(storable)))
        # Parents need no entry of their own in an archive, yet two spellings of one would be two folders here.
        for folder in list(storable.parents)[-2::-1]:  # from the top, without the `.` above it
            self._note_name(folder, is_folder=True)
        self._note_name(storable, is_folder=is_folder)
        self.files += not is_folder
        return storable

    def take(self, size: int) -> None:
        """Counts bytes that were unpacked, or will be."""
        self._bytes += size
        if self._bytes > self._limit:
            raise self.refused(f"unpacks to more than {self._limit / 1e6:,.0f} MB, far more than pictures would")

    def _note_name(self, path: PurePosixPath, *, is_folder: bool) -> None:
        """Windows and macOS take names for one that differ in case, or in how an accent is written."""
        name = unicodedata.normalize("NFC", str(path))
        known, was_folder = self._names.get(name.lower(), (name, None))
        if known != name:
            raise self.refused(f"names `{known}` and `{name}`, which are one on Windows and macOS")
        if was_folder is not None and not (is_folder and was_folder):
            raise self.refused(f"names `{name}` twice")
        self._names[name.lower()] = name, is_folder

    def refused(self, why: str) -> ArchiveError:
        return ArchiveError(
            f"`{self._archive}` was not unpacked: it {why}", "get the archive from the authors' own address"
        )


def _storable(part: str) -> str:
    part = _NOT_ON_WINDOWS.sub("_", part)
    # Opened on Windows, `aux.png` is a device; so is the name with any ending.
    return f"_{part}" if _DEVICE.match(part) else part


def _unpack_zip(archive: Path, folder: Path, guard: _Guard, step: Step) -> None:
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
        places = []
        for entry in entries:
            # The upper 16 bits are the Unix mode; archives made on Windows leave them zero.
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise guard.refused(f"holds a link or special file: `{entry.filename}`")
            # Bit 0 of the general purpose flags (APPNOTE 4.4.4).
            if entry.flag_bits & 1:
                raise guard.refused(f"is encrypted: `{entry.filename}`")
            places.append(guard.place(entry.filename, entry.file_size, is_folder=entry.is_dir()))
        # The sizes that the list announces. `zipfile` stops reading an entry at its announced size.
        check_space(folder, sum(entry.file_size for entry in entries), f"unpacking `{archive.name}`")
        step.expect(len(entries))
        for entry, place in zip(entries, places, strict=True):
            if place is not None:
                _write(folder / place, None if entry.is_dir() else opened.open(entry))
            step.advance()


def _unpack_tar(opened: tarfile.TarFile, folder: Path, guard: _Guard, step: Step) -> None:
    for member in opened:
        # A link would let a later entry be written to wherever it leads.
        if not (member.isfile() or member.isdir()):
            raise guard.refused(f"holds a link or special file: `{member.name}`")
        place = guard.place(member.name, member.size, is_folder=member.isdir())
        if place is not None:
            _write(folder / place, opened.extractfile(member))
        step.advance()
    rest = opened.fileobj
    assert rest is not None
    # It ends in two blocks of zeros, of which the first was just read; the checksum stands behind all padding.
    if rest.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("its end is missing")
    # Read to the end, or a packed tar's checksum would never be compared; counted, as zeros may be a bomb.
    while padding := rest.read(1 << 20):
        guard.take(len(padding))


def _write(place: Path, source: IO[bytes] | None) -> None:
    """Writes an entry, or makes the folder that it is."""
    if source is None:
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    # `x`: an entry that meets a file of another name on this disk, by the disk's own rules, is an error.
    with source, place.open("xb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)


class _Header(tarfile.TarInfo):
    """A header that is an error where tarfile would take it for the end: damaged, cut off, or not there."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        if not any(buf) and buf:  # the end, which tarfile tells itself
            return super().frombuf(buf, encoding, errors)
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error
        if header.size > _MAX_HEADER and not (header.isfile() or header.isdir()):
            raise tarfile.ReadError(f"an extended header of {header.size:,} bytes")
        return header


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
    # A ValueError here is of the archive's bytes; refusals are HarnessErrors and pass.
    except _BROKEN as error:
        raise ArchiveError(
            f"`{archive}` is broken or cut off: {error}", "remove it and download it again, or name another file"
        ) from error
    except OSError as error:
        if error.errno not in _UNNAMEABLE:
            raise
        raise ArchiveError(
            f"`{archive}` holds a name that this disk cannot store: `{error.filename}`: {error.strerror}",
            "unpack it on another disk with `--workspace DIR`",
        ) from error
