"""Shards put together: rows in the plan's order, sums of whole numbers, and the files of a plain test."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from harness.documents import typed
from harness.engines.job import Answer
from harness.errors import ArchiveError, WorkerError
from harness.files import folder_written_aside, sha256_of, stamp_of
from harness.keeping import same_file
from harness.metrics.mean_target import TargetSums
from harness.metrics.measure import MeasuredPart, Measurement, Measuring, measure_images, merged
from harness.metrics.registry import find_metrics
from harness.metrics.rows import Rows, Table
from harness.progress import Progress, Silent
from harness.report.thumbnails import FOLDER as STRIPS
from harness.report.thumbnails import strip_path
from harness.runs.record import IMAGES, MANY, StoredImages, images_written, load_record
from harness.shards.carrying import with_network
from harness.shards.computing import TARGETS
from harness.shards.cutting import Plan, metrics_of_shards, shard_of
from harness.shards.storing import DOCUMENT, find_store
from harness.testing.recording import Assignment, images_of
from harness.testing.running import TestedRun, computing_with, named_run, write_run
from harness.testing.translating import Part, begin_measuring, boxes_of, tell_left_out, timed, without
from harness.workspace import Workspace


def merge_plan(
    workspace: Workspace, plan: Plan, name: str | None = None, progress: Progress | None = None
) -> TestedRun:
    """Writes the run of a plan whose shards are all in the store, under another name than the plan's if one is given.

    Raises:
        WorkerError: shards are missing or damaged; they are named.
        RunError: the run's name is taken, or the plan is damaged.
    """
    work = replace(plan.work, request=replace(plan.work.request, name=name or plan.work.request.name))
    with named_run(workspace, work) as folder:
        whole = with_network(workspace, plan, range(len(plan.keys)))
        return merge_into(workspace, whole, folder, progress or Silent())


def merge_into(workspace: Workspace, plan: Plan, run: Path, progress: Progress) -> TestedRun:
    """The same under a name that is held."""
    started = datetime.now().astimezone()
    _check_there(workspace, plan)
    with computing_with(plan.work.request.threads), folder_written_aside(run) as draft:
        begun = time.perf_counter()
        images = draft / "images"
        images.mkdir()
        measuring = begin_measuring(workspace, _as_shards(plan.work), images)
        told = _gathered(workspace, plan, draft, measuring, progress)
        part = told.part(plan.work, measuring, StoredImages(draft / IMAGES, len(told.names)))
        tell_left_out(part.answer.left_out, progress)
        measurement = _measured(workspace, part, told.names, images, progress)
        done = timed(part, "merge", begun)
        tested = write_run(workspace, draft, done, measurement, run=run, at=started, progress=progress)
    return replace(tested, record=load_record(run))  # whose images lay in the draft


def _check_there(workspace: Workspace, plan: Plan) -> None:
    store = find_store(workspace, plan.store)
    missing = [number for number, key in enumerate(plan.keys) if not store.has(key)]
    if missing:
        raise WorkerError(
            f"{len(missing)} of {len(plan.keys)} shards are not in `{store.name}`: {listed(missing)}",
            f"harness shard run {plan.folder} {missing[0]}, where that store is shared",
        )


def listed(numbers: Sequence[int]) -> str:
    """Returns numbers of shards as a message has them, the first ten of many."""
    return ", ".join(map(str, numbers[:10])) + (" …" if len(numbers) > 10 else "")


@dataclass
class _Told:
    """What shards tell beside their pictures' numbers, in the plan's order; of each picture its name is kept."""

    names: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    machines: Counter[str] = field(default_factory=Counter)
    seeds: dict[int, Table] = field(default_factory=dict)
    logs: dict[str, None] = field(default_factory=dict)

    def add(self, document: dict[str, Any]) -> None:
        """Adds a shard's document."""
        self.names += document["names"]
        self.answers.append(typed(Answer, document["answer"]))
        self.left_out |= document["left_out"]
        self.machines[json.dumps(document["machine"], sort_keys=True)] += 1
        for seed, table in document["seeds"].items():
            rows = _rows(table, document["names"])
            self.seeds.setdefault(int(seed), Table(tuple(rows.columns))).extend(rows)

    def part(self, work: Assignment, measuring: Measuring, images: StoredImages) -> Part:
        """All of it as one part; seconds are those of all workers together."""
        first, durations = self.answers[0], Counter[str]()  # no shard is larger than the first
        for answer in self.answers:
            durations.update(answer.durations)
        machines = [json.loads(machine) | {"shards": count} for machine, count in self.machines.items()]
        extra = {**first.extra, "shards": len(self.answers), **({"machines": machines} if len(machines) > 1 else {})}
        device = machines[0]["device"] if len(machines) == 1 else "mixed"
        return Part(
            work=without(replace(work, device=device), self.left_out),
            answer=replace(first, durations=dict(durations), extra=extra, left_out=self.left_out),
            measuring=measuring,
            seeds={seed: table.rows(self.names) for seed, table in self.seeds.items()},
            images=images,
        )


def _gathered(workspace: Workspace, plan: Plan, draft: Path, measuring: Measuring, progress: Progress) -> _Told:
    """Links the pictures of all shards into the run, writes what its record holds of them, and adds their numbers.

    One shard after the other is in memory; of those before it there are names, numbers and the boxes of padded ones.
    """
    store, found, row = find_store(workspace, plan.store), _Told(), 0
    many = sum(plan.counts) > MANY  # of whose strips only some are shown, under other numbers
    with progress.step("Merging", sum(plan.counts)) as step, images_written(draft) as write:
        for number, key in enumerate(plan.keys):
            work = shard_of(workspace, plan, number)
            try:
                with store.opened(key) as shard:
                    document = _checked(shard, work)
                    _link(shard, draft, document, None if many else row)
                    targets = _targets(shard, document)
                    if (shard / "log.txt").is_file():
                        found.logs[(shard / "log.txt").read_text(encoding="utf-8", errors="replace")] = None
            except (ValueError, ArchiveError) as error:
                store.drop(key)
                raise WorkerError(
                    f"shard {number} was damaged in `{store.name}`, and is taken out: {error}",
                    f"harness shard run {plan.folder} {number}",
                ) from error
            work = without(work, document["left_out"])
            write(images_of(work))
            tables = {who: _rows(table, document["names"]) for who, table in document["tables"].items()}
            measuring.add_part(
                MeasuredPart(tables=tables, missing=document["missing"], targets=targets, boxes=boxes_of(work))
            )
            found.add(document)
            row += len(document["names"])
            step.advance(plan.counts[number])
    (draft / "log.txt").write_text("".join(found.logs), encoding="utf-8")
    return found


def _checked(shard: Path, work: Assignment) -> dict[str, Any]:
    """A shard's document; ValueError where its files are not those it tells of, or its pictures not the plan's.

    A file is read only where its stamp is not what its worker saw, as of one that was copied or came from an address.
    """
    try:
        document: dict[str, Any] = json.loads((shard / DOCUMENT).read_text(encoding="utf-8"))
        planned = [item.name for item in work.selection.items]
        if [name for name in planned if name not in document["left_out"]] != document["names"]:
            raise ValueError("its pictures are not those that were planned")
        stamps = document.get("stamps", {})  # which older ones lack
        for name, sha256 in document["files"].items():
            path, outside = shard / name, ".." in name.replace("\\", "/").split("/")
            if outside or (stamp_of(path) != stamps.get(name) and sha256_of(path) != sha256):
                raise ValueError(f"`{name}` is not what was written")
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return document


def _link(shard: Path, draft: Path, document: dict[str, Any], row: int | None) -> None:
    for name in document["files"]:
        if name.startswith("images/"):
            same_file(shard / name, draft / name)
    # A shard with pictures left out has none; the page draws those that are missing.
    if row is not None and (shard / STRIPS).is_dir():
        for number in range(len(document["names"])):
            same_file(shard / strip_path(number), draft / strip_path(row + number))


def _rows(table: dict[str, Any], names: Sequence[str]) -> Rows:
    """A shard's table in the order of its pictures `names`, of which it may lack some."""
    columns = {column: np.array(values, float) for column, values in table["columns"].items()}
    there = set(table["names"])
    return Rows(tuple(table["names"]), columns).in_order_of([name for name in names if name in there])


def _targets(shard: Path, document: dict[str, Any]) -> TargetSums:
    number, shapes = document["targets"]
    sums = TargetSums(number=number, shapes={tuple(shape) for shape in shapes})
    if (shard / TARGETS).is_file():
        with np.load(shard / TARGETS) as arrays:
            sums.sum, sums.count = arrays["sum"], arrays["count"]
    return sums


def _as_shards(work: Assignment) -> Assignment:
    """A test that measures what shards do."""
    metrics = tuple(metric.name for metric in metrics_of_shards(work))
    return replace(work, request=replace(work.request, metrics=metrics))


def _measured(workspace: Workspace, part: Part, names: Sequence[str], images: Path, progress: Progress) -> Measurement:
    """What shards measured, the mean target beside it, and what only all pictures together can be measured by."""
    found = part.measuring.finished(names, progress)
    asked, early = find_metrics(part.work.request.metrics), metrics_of_shards(part.work)
    late = [metric for metric in asked if metric not in early]
    if late:
        request = begin_measuring(workspace, part.work, images).request
        whole = measure_images(
            images,
            names,
            paired=part.work.selection.paired,
            request=replace(request, metrics=tuple(late), rows=False, boxes=part.measuring.boxes),
            progress=progress,
        )
        # Where nothing that shards measure was asked for, they measured the usual: wanted where all else gives no rows.
        found = merged(found, whole) if early or not whole.columns else whole
    return replace(found, seeds=dict(part.seeds))
