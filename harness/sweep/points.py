"""What is known of a point before its work, by keys of contents, and the work itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from harness.catalog.repositories import PYTORCH
from harness.errors import GitError, HarnessError, TestSetError
from harness.files import sha256_of
from harness.keeping import code_and_libraries, key_of
from harness.parallel import default_workers, in_order
from harness.progress import Progress, Silent
from harness.provision.installed import clone_state
from harness.runs.record import FILE as RUN
from harness.runs.record import load_record
from harness.runs.training_record import FILE as TRAINING
from harness.runs.training_record import TrainingRecord, load_training
from harness.runs.versions import versions
from harness.sets.finding import find_set
from harness.sets.walking import WalkedFile
from harness.sweep.sweep_file import Point
from harness.testing.recording import Assignment
from harness.testing.running import assigned, run_test
from harness.testing.taking_over import contents
from harness.training.starting import Settled, begin, resume, settle
from harness.version import __version__
from harness.workspace import Workspace

_KEY = 12
"""Letters of a key in a name: 48 bits, by which a million points share none."""


State = Literal["finished", "trained", "begun", "to do"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a point.

    Attributes:
        key: of its training where that is not finished, else of its test: contents, options and code, and no name.
        identity: by which two points are one, before any training as after it.
        settled: what its training comes to, None for a point without one.
        training: its record where it was begun.
        work: its test, None before there is a model to test.
        run: the finished run.
    """

    point: Point
    key: str
    identity: str
    settled: Settled | None = None
    training: TrainingRecord | None = None
    work: Assignment | None = None
    run: Path | None = None

    @property
    def state(self) -> State:
        if self.run:
            return "finished"
        return "to do" if not (self.settled and self.training) else "trained" if self.work else "begun"

    @property
    def seconds(self) -> float:
        """What the finished run took, without its training."""
        return sum(load_record(self.run).durations.values()) if self.run else 0.0

    @property
    def task(self) -> str:
        """What is one worker's: a training with all its tests, or a single test."""
        return self.training.name if self.training else self.key


def known(workspace: Workspace, point: Point, split: str | None) -> Known:
    """Returns what is known of a point; writes nothing.

    Args:
        split: the part of the dataset that is tested, None for the usual one.

    Raises:
        HarnessError: any of its kinds, for what cannot be trained or tested as asked.
    """
    settled = training = identity = None
    request = replace(point.test, split=split or point.test.split)
    if point.train is not None:
        settled = settle(workspace, point.train, Silent())
        key = _key_of_training(workspace, point, settled)
        identity = f"{key} {replace(point.test, model='', dataset=None)}"
        folder = _found(workspace, key, TRAINING)
        training = load_training(folder) if folder else None
        if training is None or training.state != "finished":
            return Known(point=point, key=key, identity=identity, settled=settled, training=training)
        # Of CycleGAN's two the one that goes the way that is asked for.
        ways = {model.direction: model.name for model in reversed(training.models)}
        request = replace(request, model=ways.get(point.train.direction or settled.direction, training.models[0].name))
    elif request.dataset is not None and find_set(workspace, request.dataset).must_be_prepared:
        raise TestSetError(
            f"`{request.dataset}` holds pictures that no model reads as they are",
            f"harness prepare-images {request.dataset} --model {point.test.model} --name NAME",
        )
    work = assigned(workspace, request, Silent())
    key = key_of_test(workspace, work)
    # A model that is tested on its own dataset says so, too.
    point = replace(point, words={"dataset": work.selection.reference or work.selection.name, **point.words})
    run = _found(workspace, key, RUN)
    return Known(point=point, key=key, identity=identity or key, settled=settled, training=training, work=work, run=run)


def key_of_test(workspace: Workspace, work: Assignment) -> str:
    """Returns the key of a test; the seed is no part of it where nothing is drawn at random."""
    facts, request = contents(work), work.request
    drawn = request.mode == "paper" and work.generator.architecture.use_dropout is not False
    # Neither changes a result.
    native = facts["native"] and {k: v for k, v in facts["native"].items() if k not in {"batch_size", "devices"}}
    facts |= {
        "native": native,
        "seed": request.seed if drawn else None,
        "pictures": work.selection.digest,
        "metrics": sorted(request.metrics),
        "full": request.full,
        # As it was asked for: whoever plans may have no GPU where workers have one.
        "device": request.device.partition(":")[0],
        "upstream": _commit(workspace) if request.engine == "official" else None,
        "code": code_and_libraries(),
    }
    return key_of(**facts)[:_KEY]


def _key_of_training(workspace: Workspace, point: Point, settled: Settled) -> str:
    # Of its own code only the release: a training takes days, and no mended page is a reason to train again.
    request, data = point.train, settled.data
    assert request
    return key_of(
        job="train",
        family=settled.family,
        direction=settled.direction,
        preset=request.preset,
        options=settled.options,
        seed=request.seed,
        keep=request.keep,
        without_skips=request.without_skips,
        discriminator=request.discriminator,
        device=request.device.partition(":")[0],
        # What is learned from, and what the epoch is chosen on.
        pictures={p: hashes(tuple(data.walked[p].pictures)) for p in (*data.parts, data.chosen_on) if p},
        upstream=_commit(workspace),
        harness=__version__,
        torch=versions()["torch"],
    )[:_KEY]


@cache
def hashes(files: tuple[WalkedFile, ...]) -> dict[str, str]:
    """Returns the SHA-256 of pictures by their names; a process reads each once."""
    found = in_order(sha256_of, [file.path for file in files], default_workers())
    return {file.name: sha256 for file, sha256 in zip(files, found, strict=True)}


def _commit(workspace: Workspace) -> str | None:
    clone = clone_state(workspace)
    if clone and clone.dirty:
        raise GitError(
            f"`{workspace.upstream(PYTORCH.id)}` has local changes, by which no point could be told from another",
            "commit or undo them",
        )
    return clone.commit if clone else None


def _found(workspace: Workspace, key: str, file: str) -> Path | None:
    """The folder whose name ends with a key: what has it is whole, or says how far it is."""
    return next((path.parent for path in workspace.results.glob(f"*-{key}/{file}")), None)


@dataclass(frozen=True)
class Task:
    """What one worker does at once: points of one training, or a single one, on a part of the dataset."""

    points: tuple[Point, ...]
    split: str | None


@dataclass(frozen=True)
class Done:
    """A point's run, or why it has none; `made` tells whether it was made now."""

    run: str | None = None
    made: bool = False
    why: str = ""
    hint: str | None = None


def worker(root: Path, progress: Progress) -> Callable[[Task], tuple[Done, ...]]:
    """Returns the function that does a task; see `harness.shards.pool`."""
    return lambda task: tuple(_done(Workspace(root), point, task.split, progress) for point in task.points)


def _done(workspace: Workspace, point: Point, split: str | None, progress: Progress) -> Done:
    """Trains what is not trained and tests what is not tested."""
    run, training = point.labels
    try:
        found = known(workspace, point, split)
        if found.work is None:
            assert found.settled and point.train
            if found.training is None:
                begin(workspace, replace(point.train, name=f"{training}-{found.key}"), found.settled, progress)
            else:
                resume(workspace, found.training.name, point.test.device, progress)
            found = known(workspace, point, split)
            assert found.work
        if found.run is not None:
            return Done(found.run.name)
        name = f"{run}-{split}-{found.key}" if split else f"{run}-{found.key}"
        return Done(run_test(workspace, replace(found.work.request, name=name), progress).folder.name, made=True)
    except HarnessError as error:
        return Done(why=error.message.partition("\n")[0], hint=error.hint)
