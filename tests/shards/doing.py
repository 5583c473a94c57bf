"""What workers of the tests do; of a module, for it travels to other processes by its name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from harness.errors import RunError, UnknownNameError
from harness.shards import computing
from harness.shards.computing import Shard


def begin(folder: Path) -> Callable[[int], tuple[int, int]]:
    """Notes in `folder` that a worker began; its function returns a square and who computed it."""
    (folder / f"begun-{os.getpid()}").touch()

    def square(thing: int) -> tuple[int, int]:
        with (folder / "done").open("a") as done:
            done.write(f"{thing}\n")
        return thing * thing, os.getpid()

    return square


def refusing(folder: Path) -> Callable[[int], int]:
    """A function that refuses 1, has a fault at 2 and finds a full disk at 3."""

    def do(thing: int) -> int:
        if thing == 1:
            raise UnknownNameError("model", "facade", ["facades"])
        if thing == 2:
            raise ZeroDivisionError("a fault")
        if thing == 3:
            raise OSError(28, "No space left on device", str(folder / "full"))
        return thing

    return do


def without_room(root: Path, folder: Path) -> Callable[[int], Shard]:
    """A worker of a plan whose machine takes no file of more than 500 bytes, as a disk that is full takes none."""
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
    return computing.begin(root, folder)


def dying(folder: Path, always: int | None = None) -> Callable[[int], int]:
    """A function whose process is killed at the first try of every thing, of one thing always."""

    def do(thing: int) -> int:
        with (folder / f"tried-{thing}").open("a") as tried:
            tried.write("x")
        if thing == always or (folder / f"tried-{thing}").stat().st_size == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return thing

    return do


def unable() -> Callable[[int], int]:
    """No worker can begin."""
    raise RunError("there are no weights here", "harness setup")


def environment() -> Callable[[int], str]:
    """Tells how many threads torch would read."""
    return lambda thing: os.environ["OMP_NUM_THREADS"]


def share(folder: Path) -> Callable[[int], str]:
    """Tells which GPUs a worker sees, while all things are at work."""

    def do(thing: int) -> str:
        (folder / f"at-{thing}").touch()
        while len(list(folder.glob("at-*"))) < 2:
            time.sleep(0.05)
        return os.environ["CUDA_VISIBLE_DEVICES"]

    return do


def waiting(folder: Path) -> Callable[[int], int]:
    """A function that notes who tries a thing, and ends when the file `go` is there."""

    def do(thing: int) -> int:
        (folder / f"at-{thing}-{os.getpid()}").touch()
        while not (folder / "go").exists():
            time.sleep(0.05)
        return thing

    return do
