"""Tiny git repositories that stand in for an upstream."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


def run_git(folder: Path, *arguments: str) -> str:
    """Runs git in `folder` as one fixed author, whoever runs the tests."""
    who = {"NAME": "A", "EMAIL": "a@example.org", "DATE": "2020-01-01T00:00:00Z"}
    environment = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=master", *arguments],
        cwd=folder, env=os.environ | environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@dataclass(frozen=True)
class Upstream:
    """A bare repository with two commits on its branch and one that no branch holds."""

    path: Path
    first: str
    second: str
    hidden: str


def make_upstream(folder: Path) -> Upstream:
    """Makes the repository below `folder`."""
    work, bare = folder / "work", folder / "upstream.git"
    work.mkdir(parents=True)
    run_git(work, "init", "--quiet")
    (work / "imgs").mkdir()
    (work / "imgs" / "big.jpg").write_bytes(os.urandom(50_000))
    (work / "docs").mkdir()
    (work / "docs" / "teaser.gif").write_bytes(os.urandom(50_000))
    (work / ".gitignore").write_text("checkpoints/\n*.pyc\n")
    (work / "test.py").write_bytes(b"print('test')\n")
    (work / "dos.txt").write_bytes(b"a line\r\n")
    first = _commit(work)
    (work / "test.py").write_bytes(b"print('better')\n")
    second = _commit(work)
    (work / "test.py").write_bytes(b"print('aside')\n")
    hidden = _commit(work)
    run_git(work, "update-ref", "refs/hidden/one", hidden)
    run_git(work, "reset", "--quiet", "--hard", second)
    run_git(folder, "clone", "--quiet", "--mirror", str(work), str(bare))
    return Upstream(bare, first, second, hidden)


def _commit(work: Path) -> str:
    run_git(work, "add", "--all")
    run_git(work, "commit", "--quiet", "--no-gpg-sign", "-m", "a step")
    return run_git(work, "rev-parse", "HEAD")
