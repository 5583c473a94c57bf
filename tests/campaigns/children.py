"""Commands in processes of their own, forked from one that has imported everything: they start in milliseconds."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

_FORKS = multiprocessing.get_context("forkserver")
_ROOT = str(Path(__file__).parents[2])
"""Where `tests` lies: the process that forks must not take what torch-fidelity installs as `tests`."""
_FORKS.set_forkserver_preload(["tests.campaigns.__main__", "harness.engines.native.engine", "skimage.metrics"])


def begin(function: Callable[..., Any], *given: Any, log: Path) -> multiprocessing.process.BaseProcess:
    """Starts a function, whose output goes to `log`; its temporary files lie in `tmp/` beside it."""
    child = _FORKS.Process(target=_run, args=(function, given, str(log)))
    with patch.dict(os.environ, PYTHONPATH=_ROOT):
        child.start()
    return child


def harness(*arguments: str) -> None:
    """The command line, as its entry point runs it; never returns."""
    from harness.__main__ import entry_point

    sys.argv = ["harness", *arguments]
    entry_point()


def finished(function: Callable[..., Any], *given: Any, log: Path) -> int:
    """Runs a function to its end and returns the exit code."""
    child = begin(function, *given, log=log)
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def _run(function: Callable[..., Any], given: tuple[Any, ...], log: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    # Both names: what has no name is closed, and its number with it.
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # noqa: SIM115
    place = Path(log).with_name("tmp")
    place.mkdir(exist_ok=True)
    tempfile.tempdir = str(place)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    function(*given)
