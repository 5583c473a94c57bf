"""One of the authors' scripts as a child process: its output logged, its events heard, its end assured."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from types import FrameType
from typing import Any

from harness.errors import OfficialScriptError
from harness.units import duration

Listener = Callable[[str, Any], None]
"""Called with the kind of an event and what it tells."""

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_TAIL_LINES = 200
_GRACE_S = 5.0
_STOPPING_S = 120.0
"""A script that is asked to end by itself may finish an iteration first, which takes many seconds on a CPU."""
# Often enough for a bar, seldom enough to cost nothing beside a training.
_BETWEEN_LOOKS_S = 0.05

# What a script of the authors, Python, torch and a GPU may need to run. Everything else stays here: tokens, proxies
# with passwords, addresses of services. `HARNESS_PASS` names more, separated by commas.
# LOCAL_RANK and its like stay here as well: any of them makes test.py ask for a process group that is not there.
_PASSED = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
    "PROGRAMDATA", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED",
    "VIRTUAL_ENV", "CONDA_PREFIX",
}  # fmt: skip
_PASSED_BEGINNINGS = (
    *("LC_", "LD_", "DYLD_", "CUDA_", "CUDNN_", "CUBLAS_", "NVIDIA_", "NCCL_", "GLOO_", "HIP_", "HSA_", "ROCR_"),
    *("TORCH_", "TORCHINDUCTOR_", "PYTORCH_", "TRITON_", "OMP_", "MKL_", "KMP_", "GOMP_", "OPENBLAS_", "VECLIB_"),
)
_OFFLINE = {"WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "DO_NOT_TRACK": "1"}


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


class _Events:
    """The file a script tells its events in; a line counts once it is whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, 0

    def new(self) -> Iterator[tuple[str, Any]]:
        """Yields what was told since the last look."""
        if not self._path.exists():
            return
        with self._path.open("rb") as stream:
            stream.seek(self._read)
            for line in stream:
                if not line.endswith(b"\n"):  # the rest of it is still being written
                    return
                # A line counts as read before it is told: whoever listens may raise, and none is told twice.
                self._read += len(line)
                try:
                    kind, told = json.loads(line)
                except ValueError:  # a disk that was full has cut it
                    continue
                yield kind, told


class Script:
    """A script of a clone that has been started and does nothing before its `events` are asked for."""

    def __init__(
        self, child: subprocess.Popen[str], command: tuple[str, ...], scratch: Path, log: Path, limit_s: float = inf
    ) -> None:
        self._child = child
        self._command = command
        self._report = scratch / "report.json"
        self._events = _Events(scratch / "events.jsonl")
        self._log = log
        self._log_error: OSError | None = None
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._limit_s, self._ends_at = limit_s, time.monotonic() + limit_s
        # Not the thread itself is waited for: an interrupt within Thread.join() marks it as ended though it runs.
        self._output_ended = threading.Event()
        threading.Thread(target=self._keep_output, daemon=True).start()

    def wait_for(self, kind: str) -> Any:
        """Returns what the script tells of a kind of event before it begins; None where it ends without a word."""
        return next((told for heard, told in self._heard() if heard == kind), None)

    def events(self) -> Iterator[tuple[str, Any]]:
        """Lets the script begin, and yields what it tells until it has ended.

        That is `begin` and `done` with a staged stem; of hooks what `harness.engines.official.training` reads.
        """
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):  # it ended already, and its output says why
            self._child.stdin.write("go\n")
            self._child.stdin.flush()
        yield from self._heard()

    def follow(self, listener: Listener = lambda kind, told: None) -> Finished:
        """Lets the script begin, tells a listener its `events`, and returns when it has ended."""
        for kind, told in self.events():
            listener(kind, told)
        return self.ended()

    def ended(self) -> Finished:
        """Returns how it ended, once all its events were heard."""
        returncode = self._child.wait()
        report = json.loads(self._report.read_text(encoding="utf-8")) if self._report.is_file() else {}
        return Finished(self._command, returncode, tuple(self._tail), report)

    def stop(self, listener: Listener) -> None:
        """Asks the script to end by itself, and hears what it tells until it has, for two minutes at most."""
        assert self._child.stdin is not None
        if os.name == "nt":  # where a script cannot see without waiting whether the pipe has ended
            return
        with suppress(BrokenPipeError):
            self._child.stdin.close()
        until = time.monotonic() + _STOPPING_S
        self._ends_at = inf
        # The limit is lifted, since it may be what the script is stopped for.
        for kind, told in self._heard(lambda: time.monotonic() > until):
            listener(kind, told)

    def end(self) -> None:
        """Ends the script and every process it started, if need be by force."""
        with suppress(BrokenPipeError):
            self._child.stdin.close()  # type: ignore[union-attr]
        if self._child.poll() is None:
            _signal_group(self._child, signal.SIGTERM)
            try:
                self._child.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                _signal_group(self._child, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
                self._child.wait()
        if self._output_ended.wait(_GRACE_S):  # to close what another thread reads from would wait for it
            self._child.stdout.close()  # type: ignore[union-attr]

    def _heard(self, is_enough: Callable[[], bool] = lambda: False) -> Iterator[tuple[str, Any]]:
        """Yields events until the output ends, which the script and its children hold open."""
        ended = False
        while not ended and not is_enough():
            # Events after the wait: what was told just before the end is heard in the last round.
            ended = self._output_ended.wait(_BETWEEN_LOOKS_S)
            yield from self._events.new()
            if self._log_error is not None:
                raise self._log_error
            if time.monotonic() > self._ends_at:
                raise OfficialScriptError(
                    f"`{self._command[0]}` took longer than HARNESS_TIME_LIMIT allows: {duration(self._limit_s)}",
                    "set it higher, or leave it out",
                )

    def _keep_output(self) -> None:
        try:
            for line in self._child.stdout or ():
                self._tail.append(line.rstrip("\n"))
                try:
                    with self._log.open("a", encoding="utf-8", newline="\n") as log:
                        log.write(line)
                except OSError as error:  # the disk is full; a script nobody reads from would wait for ever
                    self._log_error = error
        finally:
            self._output_ended.set()


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

    The environment variable HARNESS_TIME_LIMIT limits how long a script may take, in seconds. An interrupt, SIGTERM or
    error inside ends the script with all processes it started, then is raised.
    """
    if not script.is_file():
        raise OfficialScriptError(f"`{script.parent}` has no `{script.name}` of the authors", "harness setup")
    limit_s = _time_limit()
    log.parent.mkdir(parents=True, exist_ok=True)
    settings = scratch / "settings.json"
    told = {
        "seed": seed,
        "image_seeds": dict(image_seeds or {}),
        "hooks": {str(path): dict(own) for path, own in (hooks or {}).items()},
        "processes": processes,
        "report": str(scratch / "report.json"),
        "events": str(scratch / "events.jsonl"),
    }
    settings.write_text(json.dumps(told), encoding="utf-8")
    for of_an_earlier_start in (told["report"], told["events"]):
        Path(str(of_an_earlier_start)).unlink(missing_ok=True)
    launcher = (
        [] if processes == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    )
    # A list, no shell: folders may have spaces, quotes and other scripts' letters.
    command = [sys.executable, *launcher, str(BOOTSTRAP), str(settings), str(script), *options]
    with _termination_interrupts():
        # A session of its own, so that the whole group can be ended, DataLoader workers too.
        child = subprocess.Popen(
            command,
            # Their modules are found from there, and some paths are relative.
            cwd=script.parent,
            env=child_environment(device, processes),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        running = Script(child, (script.name, *options), scratch, log, limit_s)
        try:
            yield running
        finally:
            running.end()


def _time_limit() -> float:
    """Seconds a script may take."""
    given = os.environ.get("HARNESS_TIME_LIMIT", "").strip()
    try:
        return float(given) if given else inf
    except ValueError:
        raise OfficialScriptError(
            f"the environment variable HARNESS_TIME_LIMIT is `{given}`, which is no number of seconds",
            "export HARNESS_TIME_LIMIT=3600",
        ) from None


def child_environment(device: str, processes: int = 1) -> dict[str, str]:
    """Returns what the script needs of this process's environment, with the device chosen and UTF-8 assured.

    No bytecode is left in the clone, and what would speak to a service on the net is told not to.
    Several processes on GPUs see as many devices, from the chosen one on; on the CPU they share its cores.
    """
    passed = _PASSED | {name.strip() for name in os.environ.get("HARNESS_PASS", "").split(",")}
    environment = {
        k: v for k, v in os.environ.items() if k.upper() in passed or k.upper().startswith(_PASSED_BEGINNINGS)
    }
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if device == "cpu":
        # test.py takes the first GPU it sees: for the CPU it must see none.
        chosen = ""
    else:
        first = int(device.partition(":")[2] or 0)
        numbers = range(first, first + processes)
        # N counts among those the user left visible.
        chosen = ",".join(visible.split(",")[n].strip() if visible else str(n) for n in numbers)
    if processes > 1:
        environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    return (
        environment
        | _OFFLINE
        | {
            "CUDA_VISIBLE_DEVICES": chosen,
            # They open files without an encoding: in a C locale, or on Windows, a name beyond ASCII ends the run after
            # all is drawn.
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, number)
        else:
            # Windows has no such groups: this ends the one process, and DataLoader workers see that their parent is
            # gone.
            child.terminate()


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Signals that would end this process and leave the script running become KeyboardInterrupt meanwhile."""
    # Only the main thread may set handlers; a notebook's or server's thread goes without.
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
