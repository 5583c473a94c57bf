"""Clones of upstream repositories at one full commit SHA: small, proved, and never touched while they hold changes.

A clone may come from anybody. Its settings, hooks, attributes, index and refs can run programs or hide changes, so none
of them is obeyed: its objects are read through a git directory of our own, and its files are compared with the hashes
that the commit's SHA proves.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.errors import GitError
from harness.files import folder_written_aside
from harness.progress import Progress, Silent
from harness.redacting import without_credentials

_FULL_SHA = re.compile(r"[0-9a-f]{40}")
_LEFT_OUT_FOLDER, _LEFT_OUT_KINDS = "imgs", (".gif", ".mp4", ".avi")
"""Pictures of the READMEs, several times the size of the code."""
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
_LIST_UNTRACKED = ("-c", f"core.excludesFile={os.devnull}", "ls-files", "-z", "--others")
_OWN_DIRECTORY = "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n"
_Run = Callable[..., bytes]
"""`git` with arguments; `given` is its standard input, `allowed` another exit status than 0 that is no failure."""
_NO_SUCH_KEY = 5
"""What `git config --unset-all` answers."""


class _GitFailed(Exception):
    """A git command that failed, with the lines of its own words that matter in one."""

    def __init__(self, status: int, said: bytes) -> None:
        lines = [line.strip() for line in os.fsdecode(said).splitlines()]
        lines = [line for line in lines if line and not line.startswith(("hint:", "warning:"))]
        fatal = [line for line in lines if "fatal:" in line or "error:" in line]
        super().__init__("; ".join(dict.fromkeys(fatal or lines[-3:])) or f"exit status {status}")


@dataclass(frozen=True)
class Clone:
    """What a clone is at: where it came from, its commit, and the files that differ from that commit."""

    url: str
    commit: str
    changed: tuple[str, ...]


def inspect(folder: Path) -> Clone | None:
    """Returns the state of the clone in `folder`, None where there is no folder; nothing in it is run or obeyed.

    Raises:
        GitError: there is a folder, but it is no git clone with a commit checked out.
    """
    if not folder.exists():
        return None
    inside = folder / ".git"
    again = f"move it away, e.g. `mv {folder} {folder}.old`, and set up again"
    if not inside.is_dir():
        raise GitError(f"`{folder}` is no git clone", again)
    try:
        commit = _head(inside)
        with _own_directory(inside) as own:
            git = _git(own, folder, alone=True)
            files = _files_of(git, commit)
            # Rules that the commit does not hold hide nothing: a `.gitignore` of its own is a change itself.
            listed = (*_LIST_UNTRACKED, "--exclude-standard"), (*_LIST_UNTRACKED, "--", ":(glob)**/.gitignore")
            others = {name for command in listed for name in os.fsdecode(git(*command)).split("\0") if name}
            url = os.fsdecode(git("config", "--file", str(inside / "config"), "--get", "remote.origin.url", allowed=1))
    except (_GitFailed, OSError, ValueError) as error:
        raise GitError(f"git cannot read the clone `{folder}`: {error}", again) from error
    changed = [name for name, sha in files.items() if _differs(folder, name, sha)]
    return Clone(without_credentials(url.strip()), commit, tuple(sorted({*changed, *(others - files.keys())})))


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
        GitError: no git, no connection, no such commit, a `folder` that is no clone or holds changed files.
    """
    _check_arguments(url, commit)
    clone = inspect(folder)
    if clone is not None:
        _refuse_changed(folder, clone)
        if clone.commit == commit:
            return False
    with (progress or Silent()).step(f"clone {without_credentials(url)} at {commit[:12]}", unit="steps"):
        if clone is None:
            with folder_written_aside(folder) as temporary:
                _bring(url, commit, temporary)
                _remember(temporary, remembered or url)
        else:
            address = clone.url
            try:
                _bring(url, commit, folder, clone.commit)
                address = remembered or url
            finally:
                _remember(folder, address)
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
    if not _FULL_SHA.fullmatch(told):
        raise ValueError("its HEAD names no commit")
    return told


def _files_of(git: _Run, commit: str) -> dict[str, str]:
    """The SHA-1 of every file of a commit by its path; commit and trees are hashed here, so that none can lie."""
    (first,) = _objects(git, [commit])
    files: dict[str, str] = {}
    trees = {"": re.match(rb"tree ([0-9a-f]{40})\n", first)[1].decode()}  # type: ignore[index]
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


def _objects(git: _Run, names: list[str]) -> Iterator[bytes]:
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
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).hexdigest()


def _differs(folder: Path, name: str, sha: str) -> bool:
    """Whether a file is another than the commit's; a README's picture may be missing, as it is left out."""
    path = folder / name
    if path.is_symlink():
        return _sha1(b"blob", os.fsencode(path.readlink())) != sha
    if path.is_file():
        return _sha1(b"blob", path.read_bytes()) != sha
    return path.exists() or (not name.startswith(f"{_LEFT_OUT_FOLDER}/") and not name.endswith(_LEFT_OUT_KINDS))


def _local_path(url: str) -> Path | None:
    if url.startswith("file:"):
        return Path(url.removeprefix("file://"))
    if "://" in url or re.match(r"[^/\\]{2,}:", url):  # scheme, or scp's host:path; one letter is a drive
        return None
    return Path(url).expanduser()


def _absolute(url: str) -> str:
    """A path stays valid inside the clone only when it is absolute; URLs pass unchanged."""
    local = _local_path(url)
    return url if local is None or url.startswith("file:") else str(local.resolve())


def _bring(url: str, commit: str, folder: Path, before: str | None = None) -> None:
    """Fetches `commit` into the clone `folder`, new or at the commit `before`, and checks it out."""
    local = _local_path(url)
    try:
        if local is None:
            _check_out(url, commit, folder, before)
        elif local.is_dir():
            with _own_directory(_common_directory(local), commit) as own:
                _check_out(str(own), commit, folder, before)
        elif local.is_file():
            _check_out(str(local.resolve()), commit, folder, before)
        else:
            raise GitError(f"there is no git repository at `{url}`", "use `--upstream-url URL_OR_FOLDER`")
    except _GitFailed as error:
        raise _explained(url, commit, str(error)) from error
    clone = inspect(folder)
    if clone is None or clone.commit != commit or clone.changed:
        what = ", ".join(clone.changed[:5]) if clone and clone.changed else clone.commit if clone else "nothing"
        raise GitError(f"git did not check out the commit `{commit}` as it is: {what}", "set up again")


def _check_out(url: str, commit: str, folder: Path, before: str | None) -> None:
    inside = folder / ".git"
    for name in _OBEYED_FILES:
        (inside / name).unlink(missing_ok=True)
    alone = _git(inside, folder, alone=True)
    alone("init", "--quiet", "--template=")
    public = without_credentials(url)
    settings = {"remote.origin.url": public, "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*"}
    for key, value in (_SETTINGS | settings).items():
        alone("config", key, value)
    (inside / "info").mkdir(exist_ok=True)
    (inside / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
    patterns = ["/*", f"!/{_LEFT_OUT_FOLDER}/", *(f"!*{kind}" for kind in _LEFT_OUT_KINDS)]
    (inside / "info" / "sparse-checkout").write_text("\n".join(patterns) + "\n", encoding="utf-8")
    if before:
        alone("read-tree", before)
    # Of the user's own settings only the network needs some: proxies, certificates, credentials, `insteadOf`.
    git = _git(inside, folder, alone=_local_path(url) is not None, instead=(public, url))
    _fetch(git, commit)
    git("checkout", "--quiet", "--detach", commit)


def _fetch(git: _Run, commit: str) -> None:
    """Fetches as little as the other side allows: the one commit without blobs, the one commit, all branches."""
    small = ("fetch", "--quiet", "--no-tags", "--depth=1")
    attempts = (
        (*small, "--filter=blob:none", "origin", commit),
        (*small, "origin", commit),
        ("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"),
    )
    for attempt in attempts:
        try:
            git(*attempt)
            break
        except _GitFailed as error:
            if attempt is attempts[-1] or _unreachable(str(error)):
                raise
            # A failed filtered fetch leaves these behind; git would then ask for every missing object one by one.
            for key in ("remote.origin.promisor", "remote.origin.partialclonefilter", "extensions.partialClone"):
                git("config", "--unset-all", key, allowed=_NO_SUCH_KEY)
    git("cat-file", "-e", f"{commit}^{{commit}}")


def _remember(folder: Path, url: str) -> None:
    """Notes the address for people and their own git; the next call here is told its address anew."""
    _git(folder / ".git", folder, alone=True)("config", "remote.origin.url", without_credentials(_absolute(url)))


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


@contextmanager
def _own_directory(inside: Path, commit: str | None = None) -> Iterator[Path]:
    """A git directory of our own that borrows the objects of another and nothing else; `commit` is its branch."""
    with tempfile.TemporaryDirectory(prefix="harness-git-") as name:
        own = Path(name)
        for folder in ("objects/info", "refs/heads"):
            (own / folder).mkdir(parents=True)
        (own / "HEAD").write_text("ref: refs/heads/wanted\n", encoding="ascii")
        (own / "config").write_text(_OWN_DIRECTORY, encoding="ascii")
        (own / "objects" / "info" / "alternates").write_bytes(os.fsencode(inside.resolve() / "objects") + b"\n")
        if (inside / "shallow").is_file():
            (own / "shallow").write_bytes((inside / "shallow").read_bytes())
        if commit:
            (own / "refs" / "heads" / "wanted").write_text(f"{commit}\n", encoding="ascii")
        yield own


_NAMES_A_REPOSITORY = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_PREFIX",
}  # fmt: skip


def _git(inside: Path, folder: Path, *, alone: bool, instead: tuple[str, str] = ("", "")) -> _Run:
    """Returns `git` bound to one git directory and its files, whatever repository the environment names.

    Args:
        alone: whether the user's and the system's settings are passed over, too.
        instead: an address and the one, with credentials perhaps, that is asked for it; only the environment holds it.
    """
    if shutil.which("git") is None:
        raise GitError("git is not installed, or not on PATH", "install it: https://git-scm.com/downloads")
    dropped = {name for name in os.environ if name.startswith("GIT_")} if alone else _NAMES_A_REPOSITORY
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    if alone:
        environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1"}
    public, real = instead
    if public != real:
        count = int(environment.get("GIT_CONFIG_COUNT") or 0)
        environment |= {
            "GIT_CONFIG_COUNT": str(count + 1),
            f"GIT_CONFIG_KEY_{count}": f"url.{real}.insteadOf",
            f"GIT_CONFIG_VALUE_{count}": public,
        }
    environment |= {
        "GIT_DIR": str(inside),
        "GIT_WORK_TREE": str(folder),
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",  # `ext::` would run a command
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": environment.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        "LC_ALL": "C",
        "LANGUAGE": "C",
    }

    def run(*arguments: str, given: str = "", allowed: int = 0) -> bytes:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, input=given.encode(), capture_output=True)
        if done.returncode not in {0, allowed}:
            raise _GitFailed(done.returncode, done.stderr or done.stdout)
        return done.stdout

    return run


def _unreachable(reason: str) -> bool:
    signs = (
        "Could not resolve",
        "unable to access",
        "Connection refused",
        "Connection timed out",
        "Could not read from",
    )
    return any(sign in reason for sign in signs)


def _explained(url: str, commit: str, reason: str) -> GitError:
    elsewhere = "name a repository that holds the commit with `--upstream-url URL_OR_FOLDER`"
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
