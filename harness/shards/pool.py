"""Who does the work: one small protocol over this process, processes beside it, Ray actors and Slurm jobs.

A pool takes a list of things and a way to begin, and yields what came of each, in whatever order they end:

    pool = find_pool(PoolRequest(executor="local", workers=2))
    for outcome in pool.run(partial(begin, workspace.root), range(7)):
        ...

`begin` is called once a worker, so that a worker keeps what is dear, such as a network on its device; it returns the
function of one thing. Both travel to the workers: `begin` is a function of a module, or a `partial` of one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from harness.errors import HarnessError, WorkerError, refused_by_system

Executor = Literal["local", "ray", "slurm"]
_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")
Begin = Callable[[], Callable[[_Thing], _Made]]

ATTEMPTS = 3
"""How often a thing is begun whose workers die, as of too little memory; what only fails is not tried again."""


@dataclass(frozen=True, kw_only=True)
class PoolRequest:
    """Who is to work.

    Attributes:
        executor: None for this process, one thing after the other.
        workers: at once: processes, actors or jobs.
        threads: a worker computes with; see `harness.testing.running.computing_with`.
        gpus: a worker's share of a GPU, for Ray and Slurm, which choose the GPU.
        address: of a Ray cluster; without one, Ray begins here.
        slurm: limits of a job as submitit names them without `slurm_`, e.g. `partition`, `time` in minutes, `mem`.
        folder: where Slurm jobs write their logs: one that all nodes share.
    """

    executor: Executor | None = None
    workers: int = 1
    threads: int = 1
    gpus: float = 0
    address: str | None = None
    slurm: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True)
class Outcome(Generic[_Thing, _Made]):
    """What came of one thing: what was made, or why not."""

    thing: _Thing
    made: _Made | None = None
    error: WorkerError | None = None


class Pool(Protocol):
    """Does things; closing what `run` returned ends its workers."""

    def run(self, begin: Begin[_Thing, _Made], things: Sequence[_Thing]) -> Iterator[Outcome[_Thing, _Made]]:
        """Yields an outcome for every thing, in the order in which they end: a thing that fails ends no other.

        Raises:
            WorkerError: no worker at all can be had, e.g. for want of an extra.
        """


def find_pool(request: PoolRequest) -> Pool:
    """Returns who was asked for; raises WorkerError, before any work, where that extra is not installed."""
    if request.executor == "ray":
        from harness.shards.ray_pool import RayPool

        return RayPool(request)
    if request.executor == "slurm":
        from harness.shards.slurm_pool import SlurmPool

        return SlurmPool(request)
    return ProcessPool(request) if request.executor else InlinePool()


@dataclass(frozen=True)
class Answer:
    """What travels back of one thing: an error as its words, for its class may need more to be made again."""

    made: Any = None
    failed: tuple[str, str | None] | None = None

    def outcome(self, thing: _Thing) -> Outcome[_Thing, Any]:
        """Returns it as the outcome of a thing."""
        return Outcome(thing, self.made, WorkerError(*self.failed) if self.failed else None)


class Worker(Generic[_Thing, _Made]):
    """What stands on a worker's side: it begins with its first thing, and answers whatever happens."""

    def __init__(self, begin: Begin[_Thing, _Made]) -> None:
        self._begin: Begin[_Thing, _Made] | None = begin
        self._do: Callable[[_Thing], _Made] | None = None

    def answer(self, thing: _Thing) -> Answer:
        """Does one thing."""
        try:
            if self._do is None:
                assert self._begin is not None
                self._do = self._begin()
            return Answer(self._do(thing))
        except HarnessError as error:
            return Answer(failed=(error.message, error.hint))
        except (OSError, MemoryError) as error:
            told = refused_by_system(error, Path.cwd())
            if told is not None:  # a disk or memory of this one machine: others may have room
                return Answer(failed=(f"on `{socket.gethostname()}`: {told.message}", told.hint))
            return Answer(failed=_fault())
        except Exception:
            return Answer(failed=_fault())


def _fault() -> tuple[str, str]:
    return f"a fault of harness itself:\n{traceback.format_exc()}", "please report it with the lines above"


class InlinePool:
    """This process, one thing after the other."""

    def run(self, begin: Begin[_Thing, _Made], things: Sequence[_Thing]) -> Iterator[Outcome[_Thing, _Made]]:
        """See `Pool`."""
        worker = Worker(begin)
        for thing in things:
            yield worker.answer(thing).outcome(thing)


class WorkerDied(Exception):
    """A worker ended without an answer; says how."""


class Hired(Protocol):
    """A worker as its pool holds it."""

    def give(self, thing: Any) -> None:
        """Sends a thing; raises WorkerDied where nobody takes it."""

    def answer(self) -> Answer:
        """Returns what came of it, once it is ready; raises WorkerDied."""

    def end(self) -> None:
        """Ends the worker, whatever it is doing."""


_Hired = TypeVar("_Hired", bound=Hired)


def shared_out(
    things: Sequence[_Thing], most: int, hire: Callable[[], _Hired], ready: Callable[[Sequence[_Hired]], _Hired]
) -> Iterator[Outcome[_Thing, Any]]:
    """Shares things out, one a worker at a time; what a dead worker held is given to a new one.

    Args:
        most: workers at once.
        hire: returns a new worker.
        ready: waits for any of these workers, and returns it.
    """
    waiting = deque((thing, 1) for thing in things)
    idle: list[_Hired] = []
    busy: dict[_Hired, tuple[_Thing, int]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < most:
                worker = idle.pop() if idle else hire()
                busy[worker] = waiting.popleft()
                with suppress(WorkerDied):  # it is ready then, and has no answer
                    worker.give(busy[worker][0])
            worker = ready(list(busy))
            thing, attempt = busy[worker]
            try:
                answer = worker.answer()
            except WorkerDied as died:
                worker.end()
                if attempt < ATTEMPTS:
                    waiting.appendleft((thing, attempt + 1))
                    del busy[worker]
                    continue
                answer = Answer(
                    failed=(f"{ATTEMPTS} workers died of it: {died}", "give a worker more memory, or a smaller share")
                )
            else:
                # Another may be waiting for what this one holds, such as its share of a cluster.
                idle.append(worker) if waiting else worker.end()
            del busy[worker]
            yield answer.outcome(thing)
    finally:
        for worker in [*busy, *idle]:
            worker.end()


class ProcessPool:
    """Processes on this machine."""

    def __init__(self, request: PoolRequest) -> None:
        self._request = request

    def run(self, begin: Begin[_Thing, _Made], things: Sequence[_Thing]) -> Iterator[Outcome[_Thing, _Made]]:
        """See `Pool`."""
        workers = min(self._request.workers, len(things))
        return shared_out(things, workers, lambda: _Process(begin, self._request.threads), _ready)


class _Process:
    def __init__(self, begin: Begin[Any, Any], threads: int) -> None:
        # A fork would copy locks that threads of torch hold.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, threads), name="harness-worker")
        self._process.start()
        theirs.close()
        with suppress(WorkerDied):
            self.give(begin)

    def give(self, thing: Any) -> None:
        try:
            self.pipe.send(thing)
        except OSError as error:
            raise WorkerDied(str(error)) from None

    def answer(self) -> Answer:
        try:
            answer: Answer = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode or 0
            how = f"signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"exit code {code}"
            raise WorkerDied(f"{how}, as when the system runs out of memory" if code == -9 else how) from None
        return answer

    def end(self) -> None:
        self.pipe.close()
        self._process.terminate()
        self._process.join()


def _ready(workers: Sequence[_Process]) -> _Process:
    """Waits: the pipe of a worker that died is ready, too."""
    pipes = connection.wait([worker.pipe for worker in workers])
    return next(worker for worker in workers if worker.pipe in pipes)


def _serve(pipe: connection.Connection[Any, Any], threads: int) -> None:
    """A process's whole life: it ends when nobody listens any more, as after a kill of whoever began it."""
    # Ctrl-C reaches the whole group; whoever began this process ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is half-done is taken away
    # Before torch is imported, which reads it once.
    os.environ["OMP_NUM_THREADS"] = str(threads)
    with suppress(EOFError, OSError):
        worker: Worker[Any, Any] = Worker(pipe.recv())
        while True:
            pipe.send(worker.answer(pipe.recv()))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a signal while Python ends tells no traceback
    sys.exit(0)
