"""Jobs of a Slurm array, through submitit; where there is no Slurm, processes of this machine in its manner."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from harness.errors import WorkerError
from harness.shards.pool import ATTEMPTS, Answer, Begin, Outcome, PoolRequest, Worker

_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")
_MINUTES = 60
_POLL_S = 0.2, 10.0
"""Seconds between two looks at the jobs, at first and at most: every look asks the controller or a shared disk."""


class SlurmPool:
    """See `harness.shards.pool.Pool`."""

    def __init__(self, request: PoolRequest) -> None:
        try:
            import submitit
        except ImportError:
            raise WorkerError("`--executor slurm` needs submitit", "pip install 'pix2pix-harness[slurm]'") from None
        self._submitit: Any = submitit
        self._request = request

    def run(self, begin: Begin[_Thing, _Made], things: Sequence[_Thing]) -> Iterator[Outcome[_Thing, _Made]]:
        """See `Pool`."""
        executor = self._executor()
        tried = dict.fromkeys(range(len(things)), 0)
        jobs: dict[int, Any] = {}
        wait = _POLL_S[0]
        try:
            while tried:
                waiting = [number for number in tried if number not in jobs]
                if executor.cluster != "slurm":  # whose array has a limit of its own
                    waiting = waiting[: self._request.workers - len(jobs)]
                if waiting:
                    jobs |= self._sent(executor, _Job(begin), {number: things[number] for number in waiting})
                    tried |= {number: tried[number] + 1 for number in waiting}
                ended = [number for number, job in jobs.items() if job.done()]
                for number in ended:
                    answer = self._answer(jobs.pop(number), last=tried[number] == ATTEMPTS)
                    if answer is not None:
                        del tried[number]
                        yield answer.outcome(things[number])
                wait = _POLL_S[0] if ended else min(wait * 1.5, _POLL_S[1])
                if not ended:
                    time.sleep(wait)
        finally:
            for job in jobs.values():
                job.cancel()

    def _sent(self, executor: Any, job: _Job[Any, Any], things: Mapping[int, Any]) -> dict[int, Any]:
        try:
            return dict(zip(things, executor.map_array(job, list(things.values())), strict=True))
        except self._submitit.core.utils.FailedJobError as error:
            told = str(error).strip().splitlines()[-1]
            raise WorkerError(f"Slurm takes no such jobs: {told}", "harness test --help: `--slurm`") from error

    def _executor(self) -> Any:
        request = self._request
        executor = self._submitit.AutoExecutor(folder=request.folder or Path("slurm-logs"))
        own = dict(request.slurm)
        minutes = own.pop("time", str(_MINUTES))
        if not minutes.isdecimal():
            raise WorkerError(f"Slurm takes no such limit: time={minutes}", "say `--slurm time=60`, in minutes")
        limits: dict[str, Any] = {
            "name": "harness",
            "timeout_min": int(minutes),
            "cpus_per_task": request.threads,
            **({"gpus_per_node": math.ceil(request.gpus)} if request.gpus else {}),
            **{f"slurm_{name}": value for name, value in own.items()},
        }
        if executor.cluster == "slurm":
            # What is preempted or runs out of its time is queued again; see `_Job.checkpoint`.
            limits |= {"slurm_array_parallelism": request.workers, "slurm_additional_parameters": {"requeue": True}}
        try:
            executor.update_parameters(**limits)
        except (NameError, ValueError, TypeError) as error:
            raise WorkerError(f"Slurm takes no such limit: {error}", "harness test --help: `--slurm`") from error
        return executor

    def _answer(self, job: Any, *, last: bool) -> Answer | None:
        """What a job that ended came to; None where it died and is to be sent again."""
        try:
            answer: Answer = job.result()
        # It is killed, or its node is gone; `Worker` lets no other error out.
        except (self._submitit.core.utils.FailedJobError, self._submitit.core.utils.UncompletedJobError) as error:
            told = f"{ATTEMPTS} jobs died of it, the last one {job.job_id}: {str(error).strip().splitlines()[0]}"
            return Answer(failed=(told, f"look into `{job.paths.stderr}`")) if last else None
        return answer


class _Job(Generic[_Thing, _Made]):
    """What a job runs: a worker of one thing."""

    def __init__(self, begin: Begin[_Thing, _Made]) -> None:
        self._begin = begin

    def __call__(self, thing: _Thing) -> Answer:
        return Worker(self._begin).answer(thing)

    def checkpoint(self, thing: _Thing) -> Any:
        """What submitit queues again where Slurm ends the job before it is done."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, thing)
