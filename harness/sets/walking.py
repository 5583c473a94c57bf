"""The files of a folder: every picture once, and by name what was passed over, left out or leads elsewhere.

`test`, `train`, `prepare-images` and the counts of `setup` all walk here, so that one folder is one set to all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.images.suffixes import SUFFIXES
from harness.sets.test_set import Refusal, shown

# Of Windows, macOS, Linux and network disks; in lower case.
_LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin"}
_LITTER |= {"system volume information", "lost+found", "#recycle", "icon\r"}
_NAMED = 5


@dataclass(frozen=True)
class WalkedFile:
    """A file of a set: its path below the folder that was walked, `/` between parts, and where it is."""

    name: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What a folder holds, each list sorted by name.

    Attributes:
        pictures: files whose suffix says that they are pictures.
        others: files of other suffixes or of none.
        passed_over: hidden files and folders, and what operating systems leave lying about.
        again: links to what was met already under another name.
        outside: links that lead out of the folder and were not followed.
        refused: what cannot be read: links to nothing, pipes, locked folders.
    """

    pictures: tuple[WalkedFile, ...]
    others: tuple[WalkedFile, ...]
    passed_over: tuple[str, ...]
    again: tuple[str, ...]
    outside: tuple[str, ...]
    refused: tuple[Refusal, ...]

    def remarks(self) -> list[str]:
        """What the user should know before the pictures are used, a line each."""
        said = []
        if self.passed_over:
            said.append(f"passed over, hidden or no one's picture: {named(self.passed_over)}")
        if self.again:
            said.append(f"links to pictures taken already under another name: {named(self.again)}")
        if self.outside:
            links = "a link leads" if len(self.outside) == 1 else f"{len(self.outside)} links lead"
            said.append(f"{links} out of the folder and not followed without `--follow-links`: {named(self.outside)}")
        return said

    def left_out(self) -> tuple[Refusal, ...]:
        """Every file that is not among the pictures and yet no litter, with the reason."""
        others = (Refusal(shown(file.name), _why_other(file.name)) for file in self.others)
        return tuple(sorted((*others, *self.refused), key=lambda refusal: refusal.source))


def named(names: Iterable[str]) -> str:
    """Returns names in backticks, the first five and how many more."""
    listed = [f"`{shown(name)}`" for name in names]
    more = [f"{len(listed) - _NAMED} more"] if len(listed) > _NAMED else []
    return ", ".join([*listed[:_NAMED], *more])


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or left by an operating system."""
    return name.startswith(".") or name.lower() in _LITTER


def is_picture(name: str) -> bool:
    """Whether a name has the suffix of a picture."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def walk(folder: Path, *, within: Path | None = None, follow_links: bool = False) -> Walked:
    """Returns what lies below a folder.

    Links are followed once each: what was met under its own name, or by an earlier link, is not met again.

    Args:
        within: the folder the user named, of which `folder` is a part; links that stay inside it are followed.
        follow_links: whether links that lead out of it are followed too.
    """
    walker = _Walker(folder, (within or folder).resolve(), follow_links=follow_links)
    walker.go()
    found, names = sorted(walker.files, key=lambda file: file.name), walker.names
    return Walked(
        pictures=tuple(file for file in found if is_picture(file.name)),
        others=tuple(file for file in found if not is_picture(file.name)),
        passed_over=tuple(sorted(names["passed_over"])),
        again=tuple(sorted(names["again"])),
        outside=tuple(sorted(names["outside"])),
        refused=tuple(sorted(walker.refused, key=lambda refusal: refusal.source)),
    )


class _Walker:
    def __init__(self, folder: Path, root: Path, *, follow_links: bool) -> None:
        self.folder, self.root, self.follow_links = folder, root, follow_links
        self.files: list[WalkedFile] = []
        self.names: defaultdict[str, list[str]] = defaultdict(list)
        self.refused: list[Refusal] = []
        self._folders: list[Path] = []
        self._links: list[Path] = []
        self._linked = False
        self._met: set[tuple[int, int]] = set()

    def go(self) -> None:
        # The folder itself may be a link out of what the user named, e.g. `test` in a received set.
        if self.folder.is_symlink() and not self._may_follow(self.folder.resolve()):
            self.names["outside"].append(self.folder.name)
            return
        self._take(self.folder)
        # Links come last, so that a picture goes by its own name where it has one within the folder.
        while self._folders or self._links:
            if self._folders:
                self._list(self._folders.pop())
            else:
                # From here on everything is reached by a link; see `_take`.
                self._linked = True
                self._links.sort(reverse=True)
                self._follow(self._links.pop())

    def _take(self, entry: Path) -> None:
        if not (entry.is_dir() or entry.is_file()):
            self._refuse(entry, "is no regular file")
            return
        status = entry.stat()
        # Device and inode: paths of one file differ by links, case and mounts.
        identity = (status.st_dev, status.st_ino)
        new = identity not in self._met
        self._met.add(identity)
        if entry.is_dir() and new:
            self._folders.append(entry)
        # Two names of one file that both lie here (hard links) are two pictures; behind a link they are one.
        elif entry.is_file() and (new or not self._linked):
            self.files.append(WalkedFile(self._name(entry), entry))
        elif entry.is_file() or entry.is_symlink():
            self.names["again"].append(self._name(entry))

    def _list(self, folder: Path) -> None:
        try:
            entries = list(folder.iterdir())
        except OSError as error:
            self._refuse(folder, f"folder cannot be read: {(error.strerror or str(error)).lower()}")
            return
        for entry in sorted(entries):
            if is_litter(entry.name):
                self.names["passed_over"].append(self._name(entry) + ("/" if entry.is_dir() else ""))
            elif entry.is_symlink():
                self._links.append(entry)
            else:
                self._take(entry)

    def _follow(self, link: Path) -> None:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # nothing there, or links in a circle
            self._refuse(link, "is a link to nothing")
            return
        if self._may_follow(target):
            self._take(link)
        else:
            self.names["outside"].append(self._name(link))

    def _may_follow(self, target: Path) -> bool:
        return self.follow_links or target.is_relative_to(self.root)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _refuse(self, path: Path, reason: str) -> None:
        self.refused.append(Refusal(shown(self._name(path)), reason))


def _why_other(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return f"is no picture by its suffix `{shown(suffix)}`" if suffix else "has no suffix that says it is a picture"
