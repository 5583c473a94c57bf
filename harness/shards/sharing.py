"""`harness test --executor`: cuts a test, lets a pool compute what the store lacks, and merges it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from harness.errors import WorkerError
from harness.files import scratch, sha256_of, sweep
from harness.progress import Progress, Silent
from harness.shards.carrying import carry
from harness.shards.computing import begin
from harness.shards.cutting import FILE, SHARD_SIZE, Plan, write_plan
from harness.shards.merging import listed, merge_into
from harness.shards.pool import PoolRequest, find_pool
from harness.shards.storing import Objects, find_store, is_address
from harness.testing.request import TestRequest
from harness.testing.running import TestedRun, assigned, computing_with, named_run
from harness.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class ShardRequest:
    """How a test is shared out.

    Attributes:
        size: pictures of a shard at most; the same pictures and size give the same shards, whoever computes them.
        store: a folder, or an address that fsspec knows; by default the workspace's own.
        mixed: whether workers may be of other machines than this one.
    """

    pool: PoolRequest = field(default_factory=PoolRequest)
    size: int = SHARD_SIZE
    store: str | None = None
    mixed: bool = False


def test_in_shards(
    workspace: Workspace, request: TestRequest, shards: ShardRequest, progress: Progress | None = None
) -> TestedRun:
    """Does what `harness.testing.running.run_test` does, by many workers; finished shards are never computed again.

    Raises:
        WorkerError: shards failed; they are named, and the same again computes these alone.
        HarnessError: any of its kinds.
    """
    progress = progress or Silent()
    pool = find_pool(replace(shards.pool, folder=shards.pool.folder or workspace.shards / "slurm-logs"))
    if shards.pool.executor == "slurm" and shutil.which("srun") is None:  # as submitit looks for it
        progress.warn("no Slurm is here: its jobs run on this machine")
    if shards.store and is_address(shards.store):
        Objects(shards.store).try_out()
    request = replace(request, threads=request.threads or 1)
    with computing_with(request.threads):
        work = assigned(workspace, request, progress)
    sweep(workspace.shards)  # plans of tests that were killed
    # The plan goes when the run is written; the shards stay.
    with named_run(workspace, work) as run, scratch(workspace.shards) as folder:
        with computing_with(request.threads):
            plan = write_plan(workspace, work, folder, size=shards.size, store=shards.store, mixed=shards.mixed)
        del work  # from here on its pictures stand in the plan's files alone
        store = find_store(workspace, plan.store)
        missing = [number for number, key in enumerate(plan.keys) if not store.has(key)]
        if len(missing) < len(plan.keys):
            progress.say(
                f"{len(plan.keys) - len(missing)} of {len(plan.keys)} shards are in `{store.name}`: taken over"
            )
        place: str | Path = folder
        if shards.pool.executor == "ray" and shards.store and is_address(shards.store) and missing:
            # Nodes of a cluster may share nothing else. By its content: the same test again finds it there.
            place = f"{shards.store.rstrip('/')}/plans/{sha256_of(folder / FILE)}"
            carry(workspace, plan, place, missing, progress)
        failed: dict[int, WorkerError] = {}
        with progress.step("Translating in shards", sum(plan.counts)) as step:
            step.advance(sum(plan.counts) - sum(plan.counts[number] for number in missing))
            for outcome in pool.run(partial(begin, workspace.root, place), missing):
                step.advance(plan.counts[outcome.thing])
                if outcome.error:
                    failed[outcome.thing] = outcome.error
                elif not store.has(plan.keys[outcome.thing]):
                    failed[outcome.thing] = WorkerError(
                        f"its worker finished it, and it is not in `{store.name}` as seen from here",
                        "share the workspace with all workers, or give `--store` what they share",
                    )
        _refuse_failed(plan, failed)
        return merge_into(workspace, plan, run, progress)


test_in_shards.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it where it is imported


def _refuse_failed(plan: Plan, failed: dict[int, WorkerError]) -> None:
    if not failed:
        return
    number, first = next(iter(sorted(failed.items())))
    told = f"{len(failed)} of {len(plan.keys)} shards failed: {listed(sorted(failed))}"
    again = "the same command again computes these alone"
    raise WorkerError(f"{told}; shard {number}: {first.message}", f"{first.hint}; {again}" if first.hint else again)
