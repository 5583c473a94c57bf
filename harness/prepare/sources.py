"""The files of a user's folder, ZIP archive or single picture, ready to be read."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from harness.errors import ImageError, TestSetError
from harness.sets.roles import Part, part_of
from harness.sets.test_set import Refusal, shown
from harness.sets.walking import is_litter, walk

MAX_BYTES = 1 << 30
"""A larger file is no picture anyone wants translated at a few hundred pixels."""


@dataclass(frozen=True)
class Source:
    """One file of the user.

    Attributes:
        name: path relative to the folder given, `/` between parts, exactly as the file system has it.
        path: the file, or the ZIP archive that holds it.
        archive: that archive, open, and the file's entry there; many threads may read from it.
    """

    name: str
    path: Path
    archive: tuple[zipfile.ZipFile, zipfile.ZipInfo] | None = field(default=None, compare=False)

    @property
    def shown(self) -> str:
        """The name as valid text without control characters, for documents and terminals."""
        return shown(self.name)

    @property
    def part(self) -> Part | None:
        """The part its path begins with: `train`, `val` or `test` of the user's own folders."""
        first, slash, _ = self.name.partition("/")
        return part_of(first) if slash else None

    def read(self) -> bytes:
        """Returns the whole content, read once; raises ImageError if that is impossible now."""
        try:
            if self.archive is not None:
                return _read_member(*self.archive)
            size = self.path.stat().st_size
            # Before reading: a disk image in the folder would fill the memory.
            if size > MAX_BYTES:
                raise ImageError(f"has {size / 1e9:.1f} GB, more than the limit of {MAX_BYTES / 1e9:.1f} GB")
            return self.path.read_bytes()
        except FileNotFoundError:
            raise ImageError("vanished while the folder was read") from None
        except OSError as error:
            raise ImageError(f"cannot be read: {(error.strerror or str(error)).lower()}") from error


@dataclass(frozen=True)
class Gathered:
    """What a folder holds: files to try, sorted by name, what could not be tried, and lines that should be said."""

    sources: tuple[Source, ...]
    refused: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()


def gather(folder: Path, *, follow_links: bool = False) -> Gathered:
    """Returns every file below a folder, of a ZIP archive, or the one picture given.

    What lies there is decided by `harness.sets.walking.walk`. Files whose suffix is no picture's are among the
    sources, too: their content is looked at, so that each is a picture or is refused for what it holds.

    Raises:
        TestSetError: it does not exist, or holds no file.
    """
    if not folder.exists():
        raise TestSetError(f"there is no folder `{folder}`", "harness prepare-images FOLDER")
    if folder.is_file():
        found = _archive(folder) if zipfile.is_zipfile(folder) else Gathered((Source(folder.name, folder),))
    else:
        found = _below(folder, "", folder, follow_links=follow_links)
    return _refuse_empty(folder, found)


def gather_parts(root: Path, parts: Mapping[str, Path], *, follow_links: bool = False) -> Gathered:
    """Returns the files of one side of a folder that holds A and B apart; their names begin with their part's.

    Raises:
        TestSetError: there is no file.
    """
    each = [_below(folder, part, root, follow_links=follow_links) for part, folder in parts.items()]
    found = Gathered(
        tuple(source for gathered in each for source in gathered.sources),
        tuple(refusal for gathered in each for refusal in gathered.refused),
        tuple(dict.fromkeys(remark for gathered in each for remark in gathered.remarks)),
    )
    return _refuse_empty(root, found)


def _below(folder: Path, part: str, within: Path, *, follow_links: bool) -> Gathered:
    walked, before = walk(folder, within=within, follow_links=follow_links), f"{part}/" if part else ""
    files = sorted((*walked.pictures, *walked.others), key=lambda file: file.name)
    sources = tuple(Source(before + file.name, file.path) for file in files)
    return Gathered(sources, walked.refused, tuple(walked.remarks()))


def _refuse_empty(folder: Path, found: Gathered) -> Gathered:
    if not found.sources:
        more = f": {found.refused[0].source} {found.refused[0].reason}" if found.refused else ""
        more = more or "".join(f"; {remark}" for remark in found.remarks)
        raise TestSetError(f"`{folder}` holds no file{more}", "name the folder that holds your pictures")
    return found


def _archive(path: Path) -> Gathered:
    try:
        archive = zipfile.ZipFile(path)  # closed with the last source that reads from it
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise TestSetError(f"`{path}` is no readable ZIP archive: {error}", "copy or download it again") from error
    found: dict[str, Source] = {}
    refused = []
    for info in (i for i in archive.infolist() if not i.is_dir()):
        name = _member_name(info)
        parts = PurePosixPath(name).parts
        if any(map(is_litter, parts)):
            continue
        if ".." in parts or name.startswith("/"):
            refused.append(Refusal(shown(name), "points outside the archive"))
        elif info.flag_bits & 1:
            refused.append(Refusal(shown(name), "is encrypted"))
        elif name in found:
            refused.append(Refusal(shown(name), "stands twice in the archive"))
        else:
            found[name] = Source(name, path, (archive, info))
    return Gathered(tuple(sorted(found.values(), key=lambda s: s.name)), tuple(refused))


def _member_name(info: zipfile.ZipInfo) -> str:
    """Tools that forget the UTF-8 flag make `zipfile` read the name as cp437; undone where that gives UTF-8."""
    name = info.filename
    # Bit 11 of the general purpose flags: the name is UTF-8 (APPNOTE appendix D).
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as stream:
            # One byte more than allowed is read: the size in the archive's head may be a lie.
            content = stream.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ImageError(f"cannot be unpacked: {error}") from error
    if len(content) > MAX_BYTES:
        raise ImageError(f"unpacks to more than {MAX_BYTES / 1e9:.1f} GB")
    return content
