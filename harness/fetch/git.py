"""Clones of upstream repositories at one full commit SHA: small, clean, and never touched while they hold changes."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.errors import GitError
from harness.files import folder_written_aside
from harness.progress import Progress, Silent

# GitPython looks for the binary at import and raises without this; we say it better, and only when git is needed.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import git

_FULL_SHA = re.compile(r"[0-9a-f]{40}")
_LEFT_OUT = ("/imgs/", "*.gif", "*.mp4", "*.avi")
"""Pictures of the READMEs, several times the size of the code; patterns of `git sparse-checkout --no-cone`."""
_SETTINGS = {
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.sparseCheckout": "true",
    "core.sparseCheckoutCone": "false",
    "advice.detachedHead": "false",
    "gc.auto": "0",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}
"""So that the files are byte-identical to the commit's whatever the user's own settings, and nothing runs beside."""
_SERVE_ALL = "git -c uploadpack.allowFilter=true -c uploadpack.allowAnySHA1InWant=true upload-pack"
"""A local repository is served by our own git, which may then leave out the blobs nobody asked for."""


_NO_SUCH_KEY = 5
"""What `git config --unset-all` answers."""


class _Run(Protocol):
    def __call__(self, *arguments: str, allowed: Sequence[int] = (0,)) -> str: ...


@dataclass(frozen=True)
class Clone:
    """What a clone is at: where it came from, its commit, and the files that differ from that commit."""

    url: str
    commit: str
    changed: tuple[str, ...]


def inspect(folder: Path) -> Clone | None:
    """Returns the state of the clone in `folder`, None where there is no folder.

    Raises:
        GitError: there is a folder, but it is no git clone with a commit checked out.
    """
    if not folder.exists():
        return None
    run = _runner(folder)
    again = f"move it away, e.g. `mv {folder} {folder}.old`, and set up again"
    if not (folder / ".git").exists():
        raise GitError(f"`{folder}` is no git clone", again)
    try:
        commit = run("rev-parse", "--verify", "HEAD^{commit}")
        status = run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
        url = run("config", "--default", "", "--get", "remote.origin.url")
    except git.GitCommandError as error:
        raise GitError(f"git cannot read the clone `{folder}`: {_reason(error)}", again) from error
    return Clone(url, commit, tuple(entry[3:] for entry in status.split("\0") if entry))


def ensure_clone(
    url: str, commit: str, folder: Path, remembered: str | None = None, progress: Progress | None = None
) -> bool:
    """Brings `folder` to `commit`, checked out clean without the README pictures; returns whether anything was done.

    Any mirror, path or bundle may be the `url`: the SHA proves the content. Only the blobs that are checked out are
    fetched where the other side allows it. A new clone gets its name when it is whole; a clean clone at another
    commit is moved to this one in place, so ignored files in it stay.

    Args:
        commit: all 40 hexadecimal digits.
        remembered: the address the clone keeps, where `url` will not last.

    Raises:
        GitError: no git, no connection, no such commit, a `folder` that is no clone or holds changed files.
    """
    _check_arguments(url, commit)
    clone = inspect(folder)
    if clone is not None:
        _refuse_changed(folder, clone)
        if clone.commit == commit:
            return False
    source = _absolute(url)
    with (progress or Silent()).step(f"clone {url} at {commit[:12]}", unit="steps"):
        if clone is None:
            with folder_written_aside(folder) as temporary:
                _check_out(source, commit, temporary, remembered)
        else:
            _check_out(source, commit, folder, remembered)
    return True


def _check_arguments(url: str, commit: str) -> None:
    if not _FULL_SHA.fullmatch(commit):
        raise GitError(
            f"`{commit}` is no full commit SHA: 40 hexadecimal digits in lower case are expected",
            "`git rev-parse REF` in a clone tells the full SHA of a branch, tag or short SHA",
        )
    if not url or url.startswith("-"):
        raise GitError(f"`{url}` is no address of a git repository", "use `--upstream-url URL_OR_FOLDER`")


def _refuse_changed(folder: Path, clone: Clone) -> None:
    if clone.changed:
        shown = ", ".join(f"`{name}`" for name in clone.changed[:5])
        more = f" and {len(clone.changed) - 5} more" if len(clone.changed) > 5 else ""
        raise GitError(
            f"the clone `{folder}` holds files that differ from its commit: {shown}{more}; it was not touched",
            f"keep them with `git -C {folder} stash --include-untracked`, or move the folder away",
        )


def _absolute(url: str) -> str:
    """A path stays valid inside the clone only when it is absolute; URLs pass unchanged."""
    local = _local_path(url)
    return url if local is None or url.startswith("file:") else str(local.resolve())


def _local_path(url: str) -> Path | None:
    if url.startswith("file:"):
        return Path(url.removeprefix("file://"))
    if "://" in url or re.match(r"[^/\\]{2,}:", url):  # scheme, or scp's host:path; one letter is a drive
        return None
    return Path(url).expanduser()


def _check_out(url: str, commit: str, folder: Path, remembered: str | None) -> None:
    run = _runner(folder)
    local = _local_path(url)
    if local is not None and not local.exists():
        raise GitError(f"there is no git repository at `{url}`", "use `--upstream-url URL_OR_FOLDER`")
    try:
        if not (folder / ".git").exists():
            run("init", "--quiet", "--template=")
        for key, value in _SETTINGS.items():
            run("config", key, value)
        run("config", "remote.origin.url", url)
        run("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
        _serve_locally(run, local)
        sparse = folder / ".git" / "info" / "sparse-checkout"
        sparse.parent.mkdir(exist_ok=True)
        sparse.write_text("/*\n" + "".join(f"!{pattern}\n" for pattern in _LEFT_OUT), encoding="utf-8")
        _fetch(run, commit)
        run("checkout", "--quiet", "--detach", commit)
        if remembered and remembered != url:
            run("config", "remote.origin.url", _absolute(remembered))
            _serve_locally(run, _local_path(remembered))
    except git.GitCommandError as error:
        raise _explained(url, commit, error) from error
    _verify(folder, commit)


def _serve_locally(run: _Run, local: Path | None) -> None:
    if local is not None and local.is_dir():
        run("config", "remote.origin.uploadpack", _SERVE_ALL)
    else:
        run("config", "--unset-all", "remote.origin.uploadpack", allowed=(0, _NO_SUCH_KEY))


def _fetch(run: _Run, commit: str) -> None:
    """Fetches as little as the other side allows: the one commit without blobs, the one commit, all branches."""
    small = ("fetch", "--quiet", "--no-tags", "--depth=1")
    attempts = (
        (*small, "--filter=blob:none", "origin", commit),
        (*small, "origin", commit),
        ("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"),
    )
    for attempt in attempts:
        try:
            run(*attempt)
            break
        except git.GitCommandError as error:
            if attempt is attempts[-1] or _unreachable(_reason(error)):
                raise
            # A failed filtered fetch leaves these behind; git would then ask for every missing object one by one.
            for key in ("remote.origin.promisor", "remote.origin.partialclonefilter"):
                run("config", "--unset-all", key, allowed=(0, _NO_SUCH_KEY))
    run("cat-file", "-e", f"{commit}^{{commit}}")


def _verify(folder: Path, commit: str) -> None:
    clone = inspect(folder)
    if clone is None or clone.commit != commit:
        raise GitError(
            f"the clone is at `{clone.commit if clone else 'nothing'}` where `{commit}` was expected", "set up again"
        )
    if clone.changed:
        raise GitError(
            f"git checked out files that differ from the commit: {', '.join(clone.changed[:5])}",
            "look for filters in `git config --global --list` and set up again",
        )


def _runner(folder: Path) -> _Run:
    """Returns `git` bound to one clone, whatever repository, prompt or language the environment names."""
    if shutil.which("git") is None:
        raise GitError("git is not installed, or not on PATH", "install it: https://git-scm.com/downloads")
    environment = {
        "GIT_DIR": str(folder / ".git"),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(folder / ".git" / "index"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
        "LANGUAGE": "C",
    }
    command = git.Git(folder)

    def run(*arguments: str, allowed: Sequence[int] = (0,)) -> str:
        status, output, errors = command.execute(
            ["git", *arguments], env=environment, with_extended_output=True, with_exceptions=False
        )
        if status not in allowed:
            raise git.GitCommandError(["git", *arguments], status, errors, output)
        return str(output)

    return run


def _reason(error: git.GitCommandError) -> str:
    """The lines of git's own words that matter, in one."""
    text = str(error.stderr or error.stdout).strip().removeprefix("stderr: ").strip("'\n ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("hint:", "warning:"))]
    fatal = [line for line in lines if "fatal:" in line or "error:" in line]
    return "; ".join(dict.fromkeys(fatal or lines[-3:])) or f"exit status {error.status}"


def _unreachable(reason: str) -> bool:
    signs = (
        "Could not resolve",
        "unable to access",
        "Connection refused",
        "Connection timed out",
        "Could not read from",
    )
    return any(sign in reason for sign in signs)


def _explained(url: str, commit: str, error: git.GitCommandError) -> GitError:
    reason = _reason(error)
    elsewhere = "name a repository that holds the commit with `--upstream-url URL_OR_FOLDER`"
    if "dubious ownership" in reason:
        return GitError(
            f"git does not read `{url}`, because it belongs to another user",
            f"if you trust it: `git config --global --add safe.directory {url}`",
        )
    if any(sign in reason for sign in ("does not appear to be a git", "not found", "prompts disabled")):
        return GitError(f"there is no git repository at `{url}`: {reason}", elsewhere)
    if _unreachable(reason):
        return GitError(
            f"`{url}` cannot be reached: {reason}",
            "check the network and proxy with `harness doctor`, or name a mirror or a folder with `--upstream-url`",
        )
    if any(sign in reason for sign in ("not our ref", "remote ref", "Not a valid", "not a valid")):
        return GitError(f"the commit `{commit}` is not in `{url}`", f"check `--upstream-ref`, or {elsewhere}")
    return GitError(f"git could not clone `{url}`: {reason}", f"try again, or {elsewhere}")
