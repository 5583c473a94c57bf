"""The work: one shard of a plan, from its pictures to what lies whole in the store."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.engines.devices import resolve_device
from harness.errors import GitError, ImageError
from harness.files import sha256_of, stamp_of
from harness.images.opening import open_rgb
from harness.metrics.rows import Rows
from harness.progress import Progress, Silent
from harness.shards.carrying import found_plan, with_inputs
from harness.shards.cutting import Plan, check_machine, metrics_of_shards
from harness.shards.storing import DOCUMENT, find_store
from harness.testing.recording import Assignment
from harness.testing.running import computing_with
from harness.testing.taking_over import machine_of, nothing_of
from harness.testing.translating import Part, authors_code, translate_part
from harness.workspace import Workspace

TARGETS = "targets.npz"


@dataclass(frozen=True)
class Shard:
    """A finished shard: its number in the plan, and whether it was computed now or was there."""

    number: int
    computed: bool


def begin(root: Path, place: str | Path) -> Callable[[int], Shard]:
    """Returns the function of a worker of a plan in a folder or at an address; see `harness.shards.pool`."""
    # A node that shares nothing has a workspace of its own.
    return partial(_computed, Workspace(root) if root.is_dir() else Workspace.locate(), place)


def _computed(workspace: Workspace, place: str | Path, number: int) -> Shard:
    with found_plan(workspace, place) as plan:
        return compute_shard(workspace, plan, number)


def compute_shard(workspace: Workspace, plan: Plan, number: int, progress: Progress | None = None) -> Shard:
    """Translates and measures a shard's pictures into the store, unless it is there.

    Raises:
        WorkerError: this machine would draw otherwise than was planned.
        WeightsError, ImageError: weights or pictures are not here, or not those that were planned.
        GitError: the authors' code is not here, and theirs is the engine.
        HarnessError: any of its kinds, of the engine.
    """
    key, store = plan.keys[number], find_store(workspace, plan.store)
    if store.has(key):
        return Shard(number, computed=False)
    with computing_with(plan.work.request.threads), with_inputs(workspace, plan, number) as work:
        if plan.mixed:
            work = replace(work, device=resolve_device(work.request.device))
        if work.request.engine == "official":
            _check_code(workspace)
        check_machine(workspace, plan, work)
        metrics = tuple(metric.name for metric in metrics_of_shards(work))
        work = replace(work, request=replace(work.request, metrics=metrics))
        try:
            _compute(workspace, work, store.written(key), progress or Silent())
        except ImageError:
            # A picture that cannot be read is left out, with the reason, and stops no other.
            unread = {item.name: reason for item in work.selection.items if (reason := _unread(item.path))}
            if not unread or len(unread) == len(work.selection.items):
                raise
            kept = work.selection.only({item.name for item in work.selection.items} - unread.keys())
            fewer = replace(work, selection=kept, left_out=unread)
            _compute(workspace, fewer, store.written(key), progress or Silent())
    return Shard(number, computed=True)


def _check_code(workspace: Workspace) -> None:
    try:
        authors_code(workspace)
    except GitError as error:  # which no plan carries: it is a program
        raise error.restated(hint=f"harness setup, on `{socket.gethostname()}`") from error


def _unread(path: Path) -> str | None:
    try:
        open_rgb(path)
    except ImageError as error:
        return error.message
    return None


def _compute(workspace: Workspace, work: Assignment, written: AbstractContextManager[Path], progress: Progress) -> None:
    with written as folder:
        # Named as a run of the workspace, whose page has strips: they are drawn while pictures are in memory.
        run = workspace.run(f"shard-{work.selection.items[0].name[:40]}")
        part = translate_part(workspace, work, folder, nothing_of(work), progress, run=run)
        short = {fact: True for fact in ("memory_short",) if fact in part.answer.extra}
        _write(folder, part, machine_of(work.device) | short)


def _write(folder: Path, part: Part, machine: dict[str, Any]) -> None:
    measured = part.measuring.part()
    sums = measured.targets
    if len(sums.shapes) == 1:
        np.savez_compressed(folder / TARGETS, sum=sums.sum, count=sums.count)
    files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}
    document = {
        "machine": machine,
        "names": [item.name for item in part.work.selection.items],
        "answer": asdict(part.answer),
        "left_out": dict(part.work.left_out),
        "tables": {who: _table(rows) for who, rows in measured.tables.items()},
        "missing": measured.missing,
        "targets": [sums.number, sorted(sums.shapes)],
        "seeds": {seed: _table(rows) for seed, rows in part.seeds.items()},
        "files": {name: sha256_of(path) for name, path in files.items()},
        "stamps": {name: stamp_of(path) for name, path in files.items()},
    }
    # Infinity is the PSNR of equal pictures, which Python's JSON has.
    (folder / DOCUMENT).write_text(json.dumps(document), encoding="utf-8")


def _table(rows: Rows) -> dict[str, Any]:
    return {"names": rows.names, "columns": {column: values.tolist() for column, values in rows.columns.items()}}
