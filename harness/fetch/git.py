"""Clones of upstream repositories at one full commit SHA: small, proved, and never touched while they hold changes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from harness.errors import FetchError, GitError, NetworkError
from harness.fetch.proving import FULL_SHA, LEFT_OUT_FOLDER, LEFT_OUT_KINDS, Clone, proved_clone
from harness.fetch.running_git import GitFailed, Run, bound_git, own_directory
from harness.files import folder_written_aside
from harness.progress import Progress, Silent
from harness.redacting import without_credentials

_SETTINGS = {
    "core.autocrlf": "false",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.sparseCheckout": "true",
    "core.sparseCheckoutCone": "false",
    "submodule.recurse": "false",
    "advice.detachedHead": "false",
    "gc.auto": "0",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}
"""Stronger than the user's own, so that nothing runs beside and a dead connection ends."""
_ATTRIBUTES = "* -text -eol -ident -filter -working-tree-encoding\n"
"""In `info/attributes`, stronger than any other attributes: the files are byte-identical to the commit's."""
_OBEYED_FILES = ("config", "config.worktree", "commondir", "info/attributes", "info/grafts", "index")
"""What git would obey in a directory it works in; made anew before a received clone is moved to another commit."""
_NO_SUCH_KEY = 5
"""What `git config --unset-all` answers."""


def inspect(folder: Path) -> Clone | None:
    """Returns the state of the clone in `folder`, None where there is no folder; nothing in it is run or obeyed.

    Raises:
        GitError: there is a folder, but it is no git clone with a commit checked out.
    """
    if not folder.exists():
        return None
    again = f"move it away, e.g. `mv {folder} {folder}.old`, and set up again"
    if not (folder / ".git").is_dir():
        raise GitError(f"`{folder}` is no git clone", again)
    try:
        return proved_clone(folder)
    except (GitFailed, OSError, ValueError) as error:
        raise GitError(f"git cannot read the clone `{folder}`: {error}", again) from error


def ensure_clone(
    url: str, commit: str, folder: Path, remembered: str | None = None, progress: Progress | None = None
) -> bool:
    """Brings `folder` to `commit`, checked out clean without the README pictures; returns whether anything was done.

    Any mirror, path or bundle may be the `url`: the SHA proves the content. Only the blobs that are checked out are
    fetched where the other side allows it. A new clone gets its name when it is whole; a clean clone at another
    commit is moved to this one in place, so ignored files in it stay. Credentials in `url` are never written down.

    Args:
        commit: all 40 hexadecimal digits.
        remembered: the address the clone keeps, where `url` will not last.

    Raises:
        GitError: no git, no such commit, a `folder` that is no clone or holds changed files.
        NetworkError: no connection.
    """
    _check_arguments(url, commit)
    clone = inspect(folder)
    if clone is not None:
        _refuse_changed(folder, clone)
        # Proved by `inspect` just now, file by file, so nothing has to be asked of the network.
        if clone.commit == commit:
            return False
    with (progress or Silent()).step(f"clone {without_credentials(url)} at {commit[:12]}", unit="steps"):
        if clone is None:
            with folder_written_aside(folder) as temporary:
                _bring(url, commit, temporary)
                _remember(temporary, remembered or url)
        else:
            # A failed move leaves the clone where it was, and then its old address is the true one.
            address = clone.url
            try:
                _bring(url, commit, folder, clone.commit)
                address = remembered or url
            finally:
                _remember(folder, address)
    return True


def _check_arguments(url: str, commit: str) -> None:
    if not FULL_SHA.fullmatch(commit):
        raise GitError(
            f"`{commit}` is no full commit SHA: 40 hexadecimal digits in lower case are expected",
            "`git rev-parse REF` in a clone tells the full SHA of a branch, tag or short SHA",
        )
    # A leading dash would be read as an option, such as `--upload-pack=COMMAND`.
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


def _local_path(url: str) -> Path | None:
    if url.startswith("file:"):
        return Path(url.removeprefix("file://"))
    if "://" in url or re.match(r"[^/\\]{2,}:", url):  # scheme, or scp's host:path; one letter is a drive
        return None
    return Path(url).expanduser()


def _bring(url: str, commit: str, folder: Path, before: str | None = None) -> None:
    """Fetches `commit` into the clone `folder`, new or at the commit `before`, and checks it out."""
    local = _local_path(url)
    try:
        if local is None:
            _check_out(url, commit, folder, before)
        elif local.is_dir():
            # A folder may come from anybody: git is never run in it, only its objects are read.
            with own_directory(_common_directory(local), commit) as own:
                _check_out(str(own), commit, folder, before)
        elif local.is_file():
            _check_out(str(local.resolve()), commit, folder, before)
        else:
            raise GitError(f"there is no git repository at `{url}`", "use `--upstream-url URL_OR_FOLDER`")
    except GitFailed as error:
        raise _explained(url, commit, str(error)) from error
    # Not git's word for it: every file is hashed once more, whatever was fetched from wherever.
    clone = inspect(folder)
    if clone is None or clone.commit != commit or clone.changed:
        what = ", ".join(clone.changed[:5]) if clone and clone.changed else clone.commit if clone else "nothing"
        raise GitError(f"git did not check out the commit `{commit}` as it is: {what}", "set up again")


def _check_out(url: str, commit: str, folder: Path, before: str | None) -> None:
    inside = folder / ".git"
    for name in _OBEYED_FILES:
        (inside / name).unlink(missing_ok=True)
    alone = bound_git(inside, folder, alone=True)
    # An empty template: the user's own could bring hooks.
    alone("init", "--quiet", "--template=")
    public = without_credentials(url)
    settings = {"remote.origin.url": public, "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*"}
    for key, value in (_SETTINGS | settings).items():
        alone("config", key, value)
    (inside / "info").mkdir(exist_ok=True)
    (inside / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
    # Sparse checkout in the order of `.gitignore`: everything, then what is left out again.
    patterns = ["/*", f"!/{LEFT_OUT_FOLDER}/", *(f"!*{kind}" for kind in LEFT_OUT_KINDS)]
    (inside / "info" / "sparse-checkout").write_text("\n".join(patterns) + "\n", encoding="utf-8")
    if before:
        # The index that was removed is built anew from the old commit, so that checkout sees what it replaces.
        alone("read-tree", before)
    # Of the user's own settings only the network needs some: proxies, certificates, credentials, `insteadOf`.
    git = bound_git(inside, folder, alone=_local_path(url) is not None, instead=(public, url))
    _fetch(git, commit)
    git("checkout", "--quiet", "--detach", commit)


def _fetch(git: Run, commit: str) -> None:
    """Fetches as little as the other side allows: the one commit without blobs, the one commit, all branches."""
    small = ("fetch", "--quiet", "--no-tags", "--depth=1")
    # Old servers know no filter, some give no commit that is not a branch's head, all give branches.
    attempts = (
        (*small, "--filter=blob:none", "origin", commit),
        (*small, "origin", commit),
        ("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"),
    )
    for attempt in attempts:
        try:
            git(*attempt)
            break
        except GitFailed as error:
            if attempt is attempts[-1] or _unreachable(str(error)):
                raise
            # A failed filtered fetch leaves these behind; git would then ask for every missing object one by one.
            for key in ("remote.origin.promisor", "remote.origin.partialclonefilter", "extensions.partialClone"):
                git("config", "--unset-all", key, allowed=_NO_SUCH_KEY)
    # Branches were fetched in the end, and the commit may be on none of them.
    git("cat-file", "-e", f"{commit}^{{commit}}")


def _remember(folder: Path, url: str) -> None:
    """Notes the address for people and their own git; the next call here is told its address anew."""
    local = _local_path(url)
    # A path stays valid inside the clone only when it is absolute.
    kept = url if local is None or url.startswith("file:") else str(local.resolve())
    bound_git(folder / ".git", folder, alone=True)("config", "remote.origin.url", without_credentials(kept))


def _common_directory(repository: Path) -> Path:
    """The git directory with the objects of a repository: bare, beside its files, or of a linked work tree."""
    inside = repository / ".git"
    if inside.is_file():
        inside = repository / inside.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")
        shared = inside / "commondir"
        inside = inside / shared.read_text(encoding="utf-8").strip() if shared.is_file() else inside
    inside = inside if inside.is_dir() else repository
    if not (inside / "objects").is_dir():
        raise GitError(f"there is no git repository at `{repository}`", "use `--upstream-url URL_OR_FOLDER`")
    return inside


def _unreachable(reason: str) -> bool:
    signs = (
        "Could not resolve",
        "unable to access",
        "Connection refused",
        "Connection timed out",
        "Could not read from",
    )
    return any(sign in reason for sign in signs)


def _explained(url: str, commit: str, reason: str) -> FetchError:
    elsewhere = "name a repository that holds the commit with `--upstream-url URL_OR_FOLDER`"
    if any(sign in reason for sign in ("does not appear to be a git", "not found", "prompts disabled")):
        return GitError(f"there is no git repository at `{url}`: {reason}", elsewhere)
    if _unreachable(reason):
        return NetworkError(
            f"`{url}` cannot be reached: {reason}",
            "check the network and proxy with `harness doctor`, or name a mirror or a folder with `--upstream-url`",
        )
    if any(sign in reason for sign in ("not our ref", "remote ref", "Not a valid", "not a valid")):
        return GitError(f"the commit `{commit}` is not in `{url}`", f"check `--upstream-ref`, or {elsewhere}")
    return GitError(f"git could not clone `{url}`: {reason}", f"try again, or {elsewhere}")
