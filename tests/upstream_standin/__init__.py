"""A tiny git repository that stands in for upstream: same command line, folders, output names and log lines.

Its `test.py` inverts pictures with Pillow instead of translating them, so it starts at once and every pixel can be
checked. The environment variable STANDIN_MISBEHAVE makes it fail in one of the ways of `MISBEHAVIOURS`; scripts are
passed it where HARNESS_PASS names it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

FILES = Path(__file__).parent / "files"
MISBEHAVIOURS = (
    "nothing",  # exit 0 without a single picture
    "skip_one",  # exit 0 without the last picture
    "wrong_size",  # exit 0, the last picture is smaller
    "state_dict",  # the text of a state dict that does not fit
    "sequential",  # the text of another generator's layout
    "memory",  # the text of a GPU without memory
    "large",  # the same at every picture wider than 100 pixels
    "disk",  # the text of a full disk
    "killed",  # ends as under the kernel's out-of-memory killer
    "hang",  # sleeps before the second picture until it is ended
    "nan",  # in training: weights are no numbers after the sixth iteration
    "die:N",  # in training: is killed after N iterations, those of a warm-up counted
    "wait:N",  # in training: begins the iteration after N when it is asked to stop, or when nobody waits for it
    "batch",  # in training: the text of a GPU without memory, for more than one image at once
)
_LEGACY_LINE = '    parser.add_argument("--gpu_ids", type=str, default="0")\n'


def make_standin(folder: Path) -> tuple[str, str]:
    """Makes the repository in `folder` and returns what to clone it from and the commit at its tip.

    The commit is the same on every machine: author, dates and content are fixed. Any commit may be asked for by its
    SHA, and partial clones are served, as the real hosts do.
    """
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch=master")
    for key, value in {
        "uploadpack.allowFilter": "true",
        "uploadpack.allowAnySHA1InWant": "true",
        "core.autocrlf": "false",
        "commit.gpgsign": "false",
    }.items():
        _git(folder, "config", key, value)
    shutil.copytree(FILES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    options = folder / "options" / "base_options.py"
    text = options.read_text(encoding="utf-8")
    marker = "    # devices\n"
    assert marker in text
    options.write_text(text.replace(marker, marker + _LEGACY_LINE), encoding="utf-8")
    _commit(folder, "the older command line, with --gpu_ids", "2024-03-22T00:00:00Z")
    options.write_text(text, encoding="utf-8")
    return str(folder), _commit(folder, "the command line of today", "2025-08-06T00:00:00Z")


def legacy_commit(url: str) -> str:
    """Returns the older commit of a stand-in, whose scripts still take `--gpu_ids`."""
    return _git(Path(url), "rev-parse", "HEAD~1")


def check_out(url: str, commit: str, folder: Path) -> Path:
    """Clones a stand-in to `folder` at one commit and returns the folder."""
    _git(Path(url), "clone", "--quiet", "--no-checkout", url, str(folder))
    _git(folder, "checkout", "--quiet", "--detach", commit)
    return folder


def _commit(folder: Path, message: str, date: str) -> str:
    _git(folder, "add", "--all", "--force")
    _git(folder, "commit", "--quiet", "--message", message, date=date)
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str, date: str = "") -> str:
    person = {"NAME": "Stand In", "EMAIL": "standin@example.org", "DATE": date}
    fixed = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items() if value}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment = {**clean, **fixed, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()
