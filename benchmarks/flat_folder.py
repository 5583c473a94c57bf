"""Empty files in one folder and in folders of a thousand: made, opened, listed and removed.

    python benchmarks/flat_folder.py [--count 1000000] [--folder /tmp]

Seconds by the clock and of the processor, those of `ls` and `rm` among them: what the layout of a run's `images/`
costs.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

OPENED = 100_000


def took(what: str, act: Callable[[], object]) -> None:
    begun, before = time.perf_counter(), os.times()
    act()
    seconds, busy = time.perf_counter() - begun, sum(os.times()[:4]) - sum(before[:4])
    print(f"  {what:28s} {seconds:8.2f} s  {busy:8.2f} s of the processor", flush=True)


def touch(path: str, flags: int) -> None:
    os.close(os.open(path, flags))


def measure(root: str, count: int, each: int) -> None:
    """Of `count` files, at most `each` in a folder."""

    def path(place: int) -> str:
        return f"{root}/{place // each:05d}/{place:07d}.png"

    def make() -> None:
        for place in range(count):
            if place % each == 0:
                Path(path(place)).parent.mkdir()
            touch(path(place), os.O_CREAT | os.O_WRONLY)

    def at_random() -> None:
        drawn = random.Random(0)
        for _ in range(OPENED):
            touch(path(drawn.randrange(count)), os.O_RDONLY)

    print(f"{count:,} files, {each:,} a folder")
    took("made", make)
    took(f"{OPENED:,} opened at random", at_random)
    took("listed, without order", lambda: sum(len(files) for _, _, files in os.walk(root)))
    for command in (["ls", "-R", root], ["ls", "-lR", root], ["rm", "-r", root]):
        took(" ".join(command[:-1]), lambda command=command: subprocess.run(command, capture_output=True, check=True))  # type: ignore[misc]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--count", type=int, default=1_000_000)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    for each in (given.count, 1000):
        with tempfile.TemporaryDirectory(dir=given.folder, ignore_cleanup_errors=True) as folder:
            root = f"{folder}/images"
            Path(root).mkdir()
            measure(root, given.count, each)


if __name__ == "__main__":
    main()
