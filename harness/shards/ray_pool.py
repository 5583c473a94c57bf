"""Actors of a Ray cluster, or of Ray begun here: each keeps its network and has a share of a GPU."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from harness.errors import WorkerError
from harness.shards.pool import Answer, Begin, Outcome, PoolRequest, Worker, WorkerDied, shared_out

_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")
_LOOK_S = 10.0
"""Seconds without an answer after which it is asked whether one can still come."""
_AGAIN = "the same command again: what is finished stays"


class RayPool:
    """See `harness.shards.pool.Pool`."""

    def __init__(self, request: PoolRequest) -> None:
        # A cluster of its own kind reports who uses it unless it is told not to.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Ray takes this variable away from workers without a share of a GPU, and says that it will do so no more.
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            import ray
        except ImportError:
            raise WorkerError("`--executor ray` needs Ray", "pip install 'pix2pix-harness[ray]'") from None
        self._ray: Any = ray
        self._request = request

    def run(self, begin: Begin[_Thing, _Made], things: Sequence[_Thing]) -> Iterator[Outcome[_Thing, _Made]]:
        """See `Pool`."""
        ray, request, ours = self._ray, self._request, not self._ray.is_initialized()
        if ours:
            self._join()
        # One thread a worker for the answers of numpy and torch alike, whatever the node has set.
        threads = {name: str(request.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        # Ray would copy nothing of the code to the nodes: they have the same harness, which the plan checks.
        actor = ray.remote(
            num_cpus=request.threads, num_gpus=request.gpus, max_restarts=0, runtime_env={"env_vars": threads}
        )(Worker)

        def ready(workers: Sequence[_Actor]) -> _Actor:
            while True:
                done, _ = ray.wait([worker.answering for worker in workers], num_returns=1, timeout=_LOOK_S)
                if done:
                    return next(worker for worker in workers if worker.answering == done[0])
                self._check_room()

        try:
            self._check_room()
            yield from shared_out(things, min(request.workers, len(things)), lambda: _Actor(ray, actor, begin), ready)
        finally:
            if ours:
                ray.shutdown()

    def _join(self) -> None:
        """Joins the cluster, or begins one here; raises WorkerError for one that cannot be joined."""
        address = self._request.address or os.environ.get("RAY_ADDRESS")
        # What Ray has to say goes to its own logs: the terminal is harness's.
        options = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
        if address is None:
            # Here the user's word counts: two workers on one core are slow, and no error.
            options["num_cpus"] = self._request.workers * self._request.threads
        else:
            options = {key: options[key] for key in ("log_to_driver", "logging_level")}
            _knock(address)
        try:
            self._ray.init(address=address, **options)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            here = f"Ray {self._ray.__version__}, Python {'.'.join(map(str, sys.version_info[:3]))}"
            raise WorkerError(
                f"the Ray cluster `{address or 'here'}` cannot be joined by {here}: {error}",
                "give `--address HOST:6379` of a cluster of the same versions, or leave it out",
            ) from error

    def _check_room(self) -> None:
        """Raises WorkerError where no answer can ever come: Ray would wait for one without a word."""
        alive = {node["NodeID"]: node["Resources"] for node in self._ray.nodes() if node["Alive"]}
        if self._ray.get_runtime_context().get_node_id() not in alive:
            raise WorkerError("the node of the Ray cluster that this command had joined it by is gone", _AGAIN)
        wanted = {"CPU": self._request.threads, "GPU": self._request.gpus}
        if not any(all(node.get(kind, 0) >= number for kind, number in wanted.items()) for node in alive.values()):
            raise WorkerError(
                f"none of the {len(alive)} nodes of the Ray cluster has room for a worker of {wanted['CPU']} CPUs and "
                f"{wanted['GPU']} GPUs",
                f"ask for less: `--threads`, `--gpus`; or once nodes are back, {_AGAIN}",
            )


def _knock(address: str) -> None:
    """Raises WorkerError where nothing listens: Ray would try for many minutes. `auto` and `local` it knows itself."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_LOOK_S).close()
    except (OSError, OverflowError) as error:
        raise WorkerError(
            f"no Ray cluster answers at `{address}`: {error}",
            "`ray status` on its head node says whether it runs; give `--address HOST:PORT` of one, or leave it out",
        ) from error


class _Actor:
    def __init__(self, ray: Any, actor: Any, begin: Begin[Any, Any]) -> None:
        self._ray, self._actor = ray, actor.remote(begin)
        self.answering: Any = None

    def give(self, thing: Any) -> None:
        self.answering = self._actor.answer.remote(thing)

    def answer(self) -> Answer:
        try:
            answer: Answer = self._ray.get(self.answering)
        # Of the actor or its node; `Worker` lets no other error out.
        except self._ray.exceptions.RayError as error:
            told = str(error).strip().splitlines()
            if getattr(error, "actor_init_failed", False):  # as would every other's
                raise WorkerError(
                    f"a worker of the Ray cluster cannot begin: {told[-1].strip()}",
                    "install the same harness, of the same Python, on every node",
                ) from None
            # Sent to a node that was gone, as Ray finds out by and by; it says so in words alone.
            lost = "has died" in str(error) and "never ran" in str(error)
            raise WorkerDied(told[0], began=not lost) from None
        return answer

    def end(self) -> None:
        # Its node may be gone with it.
        with suppress(Exception):
            self._ray.kill(self._actor)
