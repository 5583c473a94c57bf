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
from contextlib import contextmanager, suppress
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


class Script:
    """A script of a clone that has been started and does nothing before `follow` is called."""

    def __init__(self, child: subprocess.Popen[str], command: tuple[str, ...], report: Path, log: Path) -> None:
        self._child = child
        self._command = command
        self._report = report
        self._log = log

    def follow(
        self,
        on_event: Callable[[str, str], None] = lambda kind, name: None,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> Finished:
        """Lets the script begin and returns when it has ended.

        Args:
            on_event: called with the kind of an event and what it tells: `begin` and `done` with a staged stem; those
                of hooks as `harness.engines.official.training` reads them.
            on_line: called with every line of output, which the log gets too.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with suppress(BrokenPipeError):  # it ended already, and its output says why
            self._child.stdin.write("go\n")
            self._child.stdin.close()
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8", newline="\n") as log:
            for raw in self._child.stdout:
                line = raw.rstrip("\n")
                marker, _, told = line.partition(" ")
                if marker == EVENT:
                    kind, _, name = told.partition(" ")
                    on_event(kind, name)
                    continue
                log.write(raw)
                tail.append(line)
                on_line(line)
        returncode = self._child.wait()
        report = json.loads(self._report.read_text(encoding="utf-8")) if self._report.is_file() else {}
        return Finished(self._command, returncode, tuple(tail), report)


@contextmanager
def started(
    script: Path,
    options: list[str],
    *,
    scratch: Path,
    device: str,
    seed: int,
    log: Path,
    image_seeds: Mapping[str, int] | None = None,
    hooks: Mapping[Path, Mapping[str, Any]] | None = None,
    processes: int = 1,
) -> Iterator[Script]:
    """Starts a script of a clone through the bootstrap; on leaving, it has ended, if need be by force.

    Args:
        script: `test.py` or `train.py` of the clone; its folder becomes the working directory.
        scratch: an existing folder for the settings and the bootstrap's report.
        device: `cpu`, `cuda` or `cuda:N`; the script sees that one device only.
        seed: for random, numpy and torch at start.
        log: gets every line the script prints, appended.
        image_seeds: staged stem -> seed, set before that image is translated.
        hooks: files with a function `install`, called with these settings inside the script's process before it begins.
        processes: how many run the script together, under torchrun; on GPUs each has its own, the first ones visible.

    An interrupt, SIGTERM or error inside ends the script with all processes it started, then is raised.
    """
    if not script.is_file():
        raise OfficialScriptError(f"`{script.parent}` has no `{script.name}` of the authors", "harness setup")
    report, settings = scratch / "report.json", scratch / "settings.json"
    told = {
        "seed": seed,
        "image_seeds": dict(image_seeds or {}),
        "hooks": {str(path): dict(own) for path, own in (hooks or {}).items()},
        "processes": processes,
        "report": str(report),
        "event": EVENT,
    }
    settings.write_text(json.dumps(told), encoding="utf-8")
    launcher = (
        [] if processes == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    )
    command = [sys.executable, *launcher, str(BOOTSTRAP), str(settings), str(script), *options]
    with _child(command, script.parent, child_environment(device, processes)) as child:
        yield Script(child, (script.name, *options), report, log)


def child_environment(device: str, processes: int = 1) -> dict[str, str]:
    """Returns this process's environment with the device chosen, UTF-8 assured and no bytecode left in the clone.

    Several processes on GPUs see as many devices, from the chosen one on; on the CPU they share its cores.
    """
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONSAFEPATH", "PYTHONOPTIMIZE"}}
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if device == "cpu":
        chosen = ""
    else:
        first = int(device.partition(":")[2] or 0)
        numbers = range(first, first + processes)
        # N counts among those the user left visible.
        chosen = ",".join(visible.split(",")[n].strip() if visible else str(n) for n in numbers)
    if processes > 1:
        environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
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
            stdin=subprocess.PIPE,
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
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    if child.poll() is not None:
        return
    _signal_group(child, signal.SIGTERM)
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        _signal_group(child, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        child.wait()


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, number)
        else:
            child.terminate()


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
