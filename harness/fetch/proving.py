"""What a clone holds, proved: its files are compared with the hashes that the commit's SHA stands for.

A clone may come from anybody. Its settings, attributes, index and refs can run programs or hide changes: none of them
is obeyed: objects are read through a git directory of our own and hashed here.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.fetch.running_git import Run, bound_git, own_directory
from harness.redacting import public_address, without_credentials

FULL_SHA = re.compile(r"[0-9a-f]{40}")
LEFT_OUT_FOLDER, LEFT_OUT_KINDS = "imgs", (".gif", ".mp4", ".avi")
"""Pictures of the READMEs, several times the size of the code."""
_LIST_UNTRACKED = ("-c", f"core.excludesFile={os.devnull}", "ls-files", "-z", "--others")


@dataclass(frozen=True)
class Clone:
    """What a clone is at: where it came from, its commit, and the files that differ from that commit."""

    url: str
    commit: str
    changed: tuple[str, ...]

    @property
    def dirty(self) -> bool:
        return bool(self.changed)

    def to_json(self) -> dict[str, Any]:
        """Returns what a record keeps of it, for others to read."""
        return {"url": public_address(self.url), "commit": self.commit, "dirty": self.dirty}


def proved_clone(folder: Path) -> Clone:
    """Returns the state of the clone in `folder`; nothing in it is run or obeyed.

    Raises:
        GitFailed, OSError, ValueError: it is no clone with a commit checked out, or an object of it is missing or lies.
    """
    inside = folder / ".git"
    commit = _head(inside)
    with own_directory(inside) as own:
        git = bound_git(own, folder, alone=True)
        files = _files_of(git, commit)
        # Rules that the commit does not hold hide nothing: a `.gitignore` of its own is a change itself.
        listed = (*_LIST_UNTRACKED, "--exclude-standard"), (*_LIST_UNTRACKED, "--", ":(glob)**/.gitignore")
        others = {name for command in listed for name in os.fsdecode(git(*command)).split("\0") if name}
        url = os.fsdecode(git("config", "--file", str(inside / "config"), "--get", "remote.origin.url", allowed=1))
    changed = {name for name, sha in files.items() if _differs(folder, name, sha)}
    return Clone(without_credentials(url.strip()), commit, tuple(sorted(changed | (others - files.keys()))))


def _head(inside: Path) -> str:
    """The commit that is checked out, read by ourselves: git would read the clone's settings first."""
    told = (inside / "HEAD").read_text(encoding="ascii").strip()
    branch = told.removeprefix("ref: ")
    if branch != told:
        if not re.fullmatch(r"refs/[\w/.-]+", branch) or ".." in branch:
            raise ValueError("its HEAD names no branch")
        loose, packed = inside / branch, inside / "packed-refs"
        listed = packed.read_text(encoding="utf-8") if packed.is_file() else ""
        found = re.search(rf"^([0-9a-f]+) {re.escape(branch)}$", listed, re.MULTILINE)
        told = loose.read_text(encoding="ascii").strip() if loose.is_file() else found[1] if found else ""
    if not FULL_SHA.fullmatch(told):
        raise ValueError("its HEAD names no commit")
    return told


def _files_of(git: Run, commit: str) -> dict[str, str]:
    """The SHA-1 of every file of a commit by its path; commit and trees are hashed here, so that none can lie."""
    (first,) = _objects(git, [commit])
    root = re.match(rb"tree ([0-9a-f]{40})\n", first)
    if root is None:
        raise ValueError(f"the object {commit} is no commit")
    files: dict[str, str] = {}
    trees = {"": root[1].decode()}
    # A level of folders at a time, so that git is started once a level and not once a folder.
    while trees:
        below: dict[str, str] = {}
        for folder, tree in zip(trees, _objects(git, list(trees.values())), strict=True):
            for mode, name, sha in _entries(tree):
                if mode == b"40000":
                    below[f"{folder}{name}/"] = sha
                elif mode != b"160000":  # a submodule's commit is no file
                    files[folder + name] = sha
        trees = below
    return files


def _entries(tree: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Mode, name and SHA of each entry: `mode SP name NUL` and 20 bytes (gitformat-tree)."""
    while tree:
        head, _, rest = tree.partition(b"\0")
        mode, _, name = head.partition(b" ")
        yield mode, os.fsdecode(name), rest[:20].hex()
        tree = rest[20:]


def _objects(git: Run, names: list[str]) -> Iterator[bytes]:
    # Each answer: `SHA SP kind SP size LF`, the content, LF.
    answer = git("cat-file", "--batch", given="\n".join(names))
    for name in names:
        head, _, answer = answer.partition(b"\n")
        if head.endswith(b" missing"):
            raise ValueError(f"the object {name} is missing")
        _, kind, size = head.split()
        content, answer = answer[: int(size)], answer[int(size) + 1 :]
        if _sha1(kind, content) != name:
            raise ValueError(f"the object {name} holds something else than its name says")
        yield content


def _sha1(kind: bytes, content: bytes) -> str:
    # Git's object name: SHA-1 of `kind SP size NUL` and the content.
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).hexdigest()


def _differs(folder: Path, name: str, sha: str) -> bool:
    """Whether a file is another than the commit's; a README's picture may be missing, as it is left out."""
    path = folder / name
    if path.is_symlink():
        return _sha1(b"blob", os.fsencode(path.readlink())) != sha
    if path.is_file():
        return _sha1(b"blob", path.read_bytes()) != sha
    return path.exists() or (not name.startswith(f"{LEFT_OUT_FOLDER}/") and not name.endswith(LEFT_OUT_KINDS))
