"""Runs git, found and started by GitPython, bound to one repository; lends it directories that obey nothing but us."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import GitError

Run = Callable[..., bytes]
"""`git` with arguments; `given` is its standard input, `allowed` another exit status than 0 that is no failure."""
_OWN_DIRECTORY = "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n"
_SCRATCH = "harness-git-"
"""How our own directories begin, in the system's folder for temporary ones; the process's number follows."""
_NAMES_A_REPOSITORY = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_PREFIX",
}  # fmt: skip


class GitFailed(Exception):
    """A git command that failed, with the lines of its own words that matter in one."""

    def __init__(self, status: int, said: bytes) -> None:
        lines = [line.strip() for line in os.fsdecode(said).splitlines()]
        lines = [line for line in lines if line and not line.startswith(("hint:", "warning:"))]
        fatal = [line for line in lines if "fatal:" in line or "error:" in line]
        super().__init__("; ".join(dict.fromkeys(fatal or lines[-3:])) or f"exit status {status}")


def bound_git(inside: Path, folder: Path, *, alone: bool, instead: tuple[str, str] = ("", "")) -> Run:
    """Returns `git` bound to one git directory and its files, whatever repository the environment names.

    Args:
        alone: whether the user's and the system's settings are passed over, too.
        instead: an address and the one, with credentials perhaps, that is asked for it; only the environment holds it.
    """
    if shutil.which("git") is None:
        raise GitError("git is not installed, or not on PATH", "install it: https://git-scm.com/downloads")
    # Alone, not one variable of git's is let through: some name programs to run.
    dropped = {name for name in os.environ if name.startswith("GIT_")} if alone else _NAMES_A_REPOSITORY
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    if alone:
        environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1"}
    public, real = instead
    if public != real:
        # Settings by environment (git 2.31): arguments and files could be read by other users.
        told = environment.get("GIT_CONFIG_COUNT", "")
        count = int(told) if told.isdigit() else 0
        environment |= {
            "GIT_CONFIG_COUNT": str(count + 1),
            f"GIT_CONFIG_KEY_{count}": f"url.{real}.insteadOf",
            f"GIT_CONFIG_VALUE_{count}": public,
        }
    environment |= {
        "GIT_DIR": str(inside),
        "GIT_WORK_TREE": str(folder),
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",  # `ext::` would run a command
        # Replacement refs and prompts: the first show other objects than asked for, the second would hang a script.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": environment.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        # English, since reasons are told apart by their words.
        "LC_ALL": "C",
        "LANGUAGE": "C",
    }

    def run(*arguments: str, given: str = "", allowed: int = 0) -> bytes:
        # Not its `Git.execute`, which adds to the environment and can take nothing out of it.
        from git.cmd import Git, safer_popen

        command = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *arguments]
        pipe = subprocess.PIPE
        with safer_popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) as child:
            said, complaint = child.communicate(given.encode())
        if child.returncode not in {0, allowed}:
            raise GitFailed(child.returncode, complaint or said)
        return bytes(said)

    return run


def scratch_of_the_dead() -> Iterator[Path]:
    """Yields our own directories of processes that were killed before they could remove them."""
    if os.name != "posix":  # where a signal of 0 would end the process that is asked for
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*-*"):
        number = folder.name.removeprefix(_SCRATCH).partition("-")[0]
        try:
            if number.isdigit() and folder.stat().st_uid == os.getuid():
                os.kill(int(number), 0)
        except (ProcessLookupError, OverflowError):
            yield folder
        except OSError:  # somebody else's now, or gone
            continue


@contextmanager
def own_directory(inside: Path, commit: str | None = None) -> Iterator[Path]:
    """A git directory of our own that borrows the objects of another and nothing else; `commit` is its branch."""
    for left in scratch_of_the_dead():
        shutil.rmtree(left, ignore_errors=True)  # another command may be sweeping it too
    with tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{os.getpid()}-") as name:
        own = Path(name)
        for folder in ("objects/info", "refs/heads"):
            (own / folder).mkdir(parents=True)
        (own / "HEAD").write_text("ref: refs/heads/wanted\n", encoding="ascii")
        (own / "config").write_text(_OWN_DIRECTORY, encoding="ascii")
        (own / "objects" / "info" / "alternates").write_bytes(os.fsencode(inside.resolve() / "objects") + b"\n")
        # Without it git would look for parents that a shallow clone does not have.
        if (inside / "shallow").is_file():
            (own / "shallow").write_bytes((inside / "shallow").read_bytes())
        if commit:
            (own / "refs" / "heads" / "wanted").write_text(f"{commit}\n", encoding="ascii")
        yield own
