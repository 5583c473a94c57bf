"""One of the authors' scripts as a child process: its output logged and followed, its end assured."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from harness.errors import OfficialScriptError

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
EVENT = "::harness"
_TAIL_LINES = 200
_GRACE_S = 5.0


@dataclass(frozen=True)
class Finished:
    """How a script ended: its return code, the last lines it printed, what the bootstrap reported."""

    command: tuple[str, ...]
    returncode: int
    tail: tuple[str, ...]
    report: dict[str, Any]

    @property
    def shims(self) -> tuple[str, ...]:
        return tuple(self.report.get("shims", ()))


def run_script(
    script: Path,
    options: list[str],
    *,
    scratch: Path,
    device: str,
    seed: int,
    log: Path,
    image_seeds: Mapping[str, int] | None = None,
    on_event: Callable[[str, str], None] = lambda kind, name: None,
    on_line: Callable[[str], None] = lambda line: None,
) -> Finished:
    """Runs a script of a clone through the bootstrap and waits for its end.

    Args:
        script: `test.py` or `train.py` of the clone; its folder becomes the working directory.
        scratch: an existing folder for the settings and the bootstrap's report.
        device: `cpu`, `cuda` or `cuda:N`; the script sees that one device only.
        seed: for random, numpy and torch at start.
        log: gets every line the script prints, appended.
        image_seeds: staged stem -> seed, set before that image is translated.
        on_event: called with `begin` or `done` and a staged stem.
        on_line: called with every line of output.

    An interrupt or SIGTERM ends the script with all processes it started before it is raised here.
    """
    if not script.is_file():
        raise OfficialScriptError(f"`{script.parent}` has no `{script.name}` of the authors", "harness setup")
    report = scratch / "report.json"
    settings = scratch / "settings.json"
    settings.write_text(
        json.dumps({"seed": seed, "image_seeds": dict(image_seeds or {}), "report": str(report), "event": EVENT}),
        encoding="utf-8",
    )
    command = [sys.executable, str(BOOTSTRAP), str(settings), str(script), *options]
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("a", encoding="utf-8", newline="\n") as stream,
        _child(command, script.parent, child_environment(device)) as child,
    ):
        assert child.stdout is not None
        for raw in child.stdout:
            line = raw.rstrip("\n")
            marker, _, told = line.partition(" ")
            if marker == EVENT:
                kind, _, name = told.partition(" ")
                on_event(kind, name)
                continue
            stream.write(raw)
            tail.append(line)
            on_line(line)
        returncode = child.wait()
    found = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    return Finished((script.name, *options), returncode, tuple(tail), found)


def child_environment(device: str) -> dict[str, str]:
    """Returns this process's environment with the device chosen, UTF-8 assured and no bytecode left in the clone."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONSAFEPATH", "PYTHONOPTIMIZE"}}
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if device == "cpu":
        chosen = ""
    else:
        number = int(device.partition(":")[2] or 0)
        # N counts among those the user left visible.
        chosen = visible.split(",")[number].strip() if visible else str(number)
    return environment | {
        "CUDA_VISIBLE_DEVICES": chosen,
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@contextmanager
def _child(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with _termination_interrupts():
        # A session of its own, so that the whole group can be ended, DataLoader workers too.
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        try:
            yield child
        finally:
            _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    if child.stdout is not None:
        child.stdout.close()
    if child.poll() is not None:
        return
    _signal_group(child, signal.SIGTERM)
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        _signal_group(child, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        child.wait()


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(child.pid, number)
        else:
            child.terminate()
    except ProcessLookupError:
        return


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Signals that would end this process and leave the script running become KeyboardInterrupt meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    deadly = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What the caller handles or ignores (nohup) stays as it is.
    replaced = [number for number in deadly if signal.getsignal(number) is signal.SIG_DFL]
    for number in replaced:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)
