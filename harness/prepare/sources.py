"""Finds the files of a user's folder, ZIP archive or single picture, and matches inputs with targets."""

from __future__ import annotations

import unicodedata
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from harness.errors import ImageError, TestSetError
from harness.sets.test_set import Refusal

MAX_BYTES = 1 << 30
"""A larger file is no picture anyone wants translated at a few hundred pixels."""

_LITTER = {".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", ".git", "@eadir", ".picasa.ini"}


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

    def read(self) -> bytes:
        """Returns the whole content, read once; raises ImageError if that is impossible now."""
        try:
            if self.archive is not None:
                return _read_member(*self.archive)
            size = self.path.stat().st_size
            if size > MAX_BYTES:
                raise ImageError(f"has {size / 1e9:.1f} GB, more than the limit of {MAX_BYTES / 1e9:.1f} GB")
            return self.path.read_bytes()
        except FileNotFoundError:
            raise ImageError("vanished while the folder was read") from None
        except OSError as error:
            raise ImageError(f"cannot be read: {(error.strerror or str(error)).lower()}") from error


@dataclass(frozen=True)
class Gathered:
    """What a folder holds: files to try, sorted by name, and what could not even be tried."""

    sources: tuple[Source, ...]
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Matched:
    """Inputs with their targets of the same stem, and files of either folder without a partner."""

    pairs: tuple[tuple[Source, Source], ...]
    refused: tuple[Refusal, ...]


def shown(name: str) -> str:
    """Returns a file name as valid text: undecodable bytes and control characters become U+FFFD."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)


def gather(folder: Path) -> Gathered:
    """Returns every file below a folder, of a ZIP archive, or the one picture given.

    Links are followed, each folder once; what operating systems leave lying about (`.DS_Store`) is passed over.

    Raises:
        TestSetError: it does not exist, or holds no file.
    """
    if not folder.exists():
        raise TestSetError(f"there is no folder `{folder}`", "harness prepare-images FOLDER")
    if folder.is_file():
        found = _archive(folder) if zipfile.is_zipfile(folder) else Gathered((Source(folder.name, folder),))
    else:
        found = _walk(folder)
    if not found.sources:
        more = f": {found.refused[0].source} {found.refused[0].reason}" if found.refused else ""
        raise TestSetError(f"`{folder}` holds no file{more}", "name the folder that holds your pictures")
    return found


def match(inputs: Gathered, targets: Gathered) -> Matched:
    """Pairs inputs with targets of the same path without suffix; case and Unicode form may differ.

    A target of the very same name wins over others of the same stem; otherwise two are one too many.
    """
    by_stem: dict[str, list[Source]] = defaultdict(list)
    for target in targets.sources:
        by_stem[_stem(target.name)].append(target)
    pairs: list[tuple[Source, Source]] = []
    used: set[str] = set()
    refused = [*inputs.refused, *(Refusal(f"targets/{r.source}", r.reason) for r in targets.refused)]
    for source in inputs.sources:
        found = by_stem.get(_stem(source.name), [])
        used.update(t.name for t in found)
        same = [t for t in found if t.name == source.name]
        if len(found) == 1 or same:
            pairs.append((source, (same or found)[0]))
        elif found:
            names = " and ".join(f"`{t.shown}`" for t in found)
            refused.append(Refusal(source.shown, f"has {len(found)} targets: {names}"))
        else:
            refused.append(Refusal(source.shown, "has no target of that name"))
    lonely = (t for t in targets.sources if t.name not in used)
    refused += [Refusal(f"targets/{t.shown}", "has no input of that name") for t in lonely]
    return Matched(tuple(pairs), tuple(refused))


def _stem(name: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(name).with_suffix("").as_posix()).casefold()


def _walk(folder: Path) -> Gathered:
    found: list[Source] = []
    refused: list[Refusal] = []
    seen: set[tuple[int, int]] = set()
    folders = [folder]
    while folders:
        current = folders.pop()
        try:
            entries = _entries_once(current, seen)
        except OSError as error:
            reason = f"folder cannot be read: {(error.strerror or str(error)).lower()}"
            refused.append(Refusal(shown(current.relative_to(folder).as_posix()), reason))
            continue
        for entry in entries:
            name = entry.relative_to(folder).as_posix()
            if entry.is_dir():
                folders.append(entry)
            elif entry.is_file():
                found.append(Source(name, entry))
            else:
                reason = "is a link to nothing" if entry.is_symlink() else "is no regular file"
                refused.append(Refusal(shown(name), reason))
    return Gathered(tuple(sorted(found, key=lambda s: s.name)), tuple(refused))


def _entries_once(folder: Path, seen: set[tuple[int, int]]) -> list[Path]:
    """What a folder holds, sorted, litter left out; nothing for a folder met before under another name."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:
        return []
    seen.add((status.st_dev, status.st_ino))
    return sorted((e for e in folder.iterdir() if not _is_litter(e.name)), reverse=True)


def _is_litter(name: str) -> bool:
    return name.lower() in _LITTER or name.startswith("._")


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
        if any(map(_is_litter, parts)):
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
    if not info.flag_bits & 0x800:
        try:
            return info.filename.encode("cp437").decode("utf-8").replace("\\", "/")
        except (UnicodeEncodeError, UnicodeDecodeError):
            pass
    return info.filename.replace("\\", "/")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as stream:
            content = stream.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ImageError(f"cannot be unpacked: {error}") from error
    if len(content) > MAX_BYTES:
        raise ImageError(f"unpacks to more than {MAX_BYTES / 1e9:.1f} GB")
    return content
