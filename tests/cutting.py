"""Commands that are cut at a known moment, and folders compared byte for byte."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, signal, sys, threading
from harness.keeping import Pieces
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # or by nohup
real, count, one_at_once = Pieces.keep, [0], threading.Lock()
def keep(*given):
    with one_at_once:
        real(*given)
        count[0] += 1
        if count[0] == {after}:
            os.kill(os.getpid(), {number})
Pieces.keep = keep
from harness.__main__ import entry_point
entry_point()
"""


def cut(*arguments: str, after: int, by: signal.Signals = signal.SIGKILL) -> tuple[int, str]:
    """Runs `harness`, which gets a signal when so many pieces are whole; returns its exit code and what it said."""
    program = [sys.executable, "-c", _PROGRAM.format(after=after, number=int(by))]
    ended = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


def expected_code(number: signal.Signals) -> int:
    """Returns how a command ends by a signal: all that can be handled end it as Ctrl-C does."""
    return -number if number == signal.SIGKILL else 130


def content(folder: Path, *without: str) -> dict[str, str]:
    """Returns the SHA-256 of every file below a folder by its path there; files of the names `without` are left out."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in without)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def names(folder: Path) -> list[str]:
    """Returns the names in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
