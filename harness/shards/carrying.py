"""A plan at an address carries its inputs, for workers that share nothing but that address.

Its store holds, under `inputs/`, the network's files by their SHA-256 and the pictures of a shard in an archive by
theirs: plans of the same pictures share them, and two who plan the same write the same.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import tarfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.errors import ArchiveError, HarnessError, ImageError, RunError, WeightsError, WorkerError
from harness.fetch.archives import unpack
from harness.files import scratch, sha256_of, sweep, written_aside
from harness.keeping import key_of
from harness.parallel import in_order
from harness.progress import Progress, Silent
from harness.runs.trained import mean_target_path
from harness.shards.cutting import FILE, Plan, load_plan, piece_path, shard_of
from harness.shards.storing import Objects, find_store
from harness.testing.recording import Assignment
from harness.workspace import Workspace, checked_name

_INPUTS = "inputs"
_AT_ONCE = 8
"""Small files brought at once: a link waits for answers more than for bytes."""


def carry(
    workspace: Workspace, plan: Plan, address: str, numbers: Sequence[int], progress: Progress | None = None
) -> None:
    """Puts a plan at an address, and what workers of these shards need into its store; what is there stays.

    Raises:
        RunError: another plan is there, or was put there meanwhile.
        WeightsError, ImageError: weights or pictures changed since they were planned.
        WorkerError: the address cannot be reached or written.
    """
    there, given = Objects(address), plan.store or address
    objects, store = Objects(given), find_store(workspace, given)
    _refuse_another(workspace, plan, there)
    for path, sha256 in _network(workspace, plan):
        if not objects.has(f"{_INPUTS}/{sha256}"):
            if not _is(path, sha256):
                raise WeightsError(f"`{path}` changed while it was planned", "the same command again")
            objects.put(f"{_INPUTS}/{sha256}", path)
    with (progress or Silent()).step(f"Putting inputs into `{objects.address}`", len(numbers), "shards") as step:
        for number in numbers:  # one by one: what sends an archive has many parts of it under way, in memory
            piece, work = piece_path(plan.folder, number), shard_of(workspace, plan, number)
            there.put(piece.name, piece)
            if not store.has(plan.keys[number]) and not objects.has(_pictures(work)):
                if wrong := _first_wrong(work):
                    raise wrong
                with scratch(workspace.shards) as place:
                    objects.put(_pictures(work), _packed(work, place / "pictures.tar"))
            step.advance()
    _refuse_another(workspace, plan, there)
    # Last: an address with this file is a plan.
    there.put(FILE, plan.folder / FILE)
    _refuse_another(workspace, plan, there)


def _refuse_another(workspace: Workspace, plan: Plan, there: Objects) -> None:
    with scratch(workspace.shards) as place:
        try:
            there.get(FILE, place / FILE)
        except FileNotFoundError:
            return
        if (place / FILE).read_bytes() != (plan.folder / FILE).read_bytes():
            raise RunError(f"another plan is at `{there.address}`", "name another address with `-o`")


@contextmanager
def found_plan(workspace: Workspace, place: str | Path) -> Iterator[Plan]:
    """Lends a plan of a folder, or of an address, which errors then name.

    Raises:
        RunError: there is none, or a damaged one.
        WorkerError: the address cannot be reached.
    """
    if isinstance(place, Path):
        yield load_plan(workspace, place.resolve())
        return
    there = Objects(place)
    sweep(workspace.shards)  # what killed workers left
    with scratch(workspace.shards) as folder:
        try:
            there.get(FILE, folder / FILE)
        except FileNotFoundError:
            missing = f"`{place}` is no plan, or is not here: it has no `{FILE}`"
            raise RunError(missing, f"harness shard plan … -o {place}") from None
        try:
            plan = load_plan(workspace, folder)
            yield replace(plan, store=plan.store or place, carried=there.address)
        except HarnessError as error:
            told = (text and text.replace(str(folder), there.address) for text in (error.message, error.hint))
            raise error.restated(*told) from error


@contextmanager
def with_inputs(workspace: Workspace, plan: Plan, number: int) -> Iterator[Assignment]:
    """Lends the test of one shard, whose weights and pictures are here and are those that were planned.

    What the workspace lacks comes from the store, and never takes the place of what is there.

    Raises:
        WeightsError, ImageError: they are not in the workspace, or other ones, and the plan carries none.
        WorkerError: they are not in the store either, or damaged there.
        RunError: the plan is damaged.
    """
    plan = with_network(workspace, plan, [number])
    work = shard_of(workspace, plan, number)
    wrong = _first_wrong(work)
    if wrong is None:
        yield work
        return
    if plan.carried is None:
        raise wrong
    objects, name = Objects(str(plan.store)), _pictures(work)
    with scratch(workspace.shards) as place:
        packed, folder = place / "pictures.tar", place / "pictures"
        _bring(plan, objects, name, packed)
        with _taken_out(plan, objects, name):
            unpack(packed, folder, verified=True)
            packed.unlink()
            items = (replace(item, path=folder / str(n)) for n, item in enumerate(work.selection.items))
            work = replace(work, selection=replace(work.selection, items=tuple(items)))
            if wrong := _first_wrong(work):
                raise ValueError(wrong.message)
        yield work


def with_network(workspace: Workspace, plan: Plan, numbers: Sequence[int]) -> Plan:
    """Returns a plan whose weights and lists of these shards' pictures are here; see `with_inputs`."""
    generator = plan.work.generator
    model = generator.model
    if plan.carried is None:
        if not generator.weights.is_file():
            raise WeightsError(
                f"the weights `{generator.weights}` are not on `{socket.gethostname()}`",
                f"harness setup --model {model.id}, there; or share the workspace, or an address at which to plan",
            )
        return plan
    there, objects = Objects(plan.carried), Objects(str(plan.store))
    pieces = [piece_path(plan.folder, number) for number in numbers]
    deque(in_order(lambda piece: _bring(plan, there, piece.name, piece), pieces, _AT_ONCE), maxlen=0)
    files = []
    for path, sha256 in _network(workspace, plan):
        kept = path if _is(path, sha256) else workspace.shards / _INPUTS / sha256 / path.name
        if not _is(kept, sha256):
            name = f"{_INPUTS}/{sha256}"
            with written_aside(kept) as draft, _taken_out(plan, objects, name):
                _bring(plan, objects, name, draft)
                if not _is(draft, sha256):
                    raise ValueError("it is not what was planned")
        files.append(kept)
    weights, *mean = files
    if mean:
        model = replace(model, source=str(mean[0].with_name("training.json")))  # beside which it is looked for
    return replace(plan, work=replace(plan.work, generator=replace(generator, weights=weights, model=model)))


def _network(workspace: Workspace, plan: Plan) -> list[tuple[Path, str]]:
    """The weights, and the mean target of a model of one's own: where the workspace has them, and their SHA-256."""
    generator, mean = plan.work.generator, plan.mean_target
    files = [(generator.weights, plan.facts["weights"])]
    if mean:
        checked_name(generator.model.name, "model")
        files.append((mean_target_path(workspace, generator.model), mean))
    for path, sha256 in files:
        checked_name(path.name, "file")
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise RunError(f"`{plan.folder / FILE}` is damaged: `{sha256}` is no SHA-256", _again(plan))
    return files


def _bring(plan: Plan, objects: Objects, name: str, file: Path) -> None:
    try:
        objects.get(name, file)
    except FileNotFoundError:
        raise WorkerError(
            f"an input of the plan is gone: there is no `{objects.address}/{name}`", _again(plan)
        ) from None


@contextmanager
def _taken_out(plan: Plan, objects: Objects, name: str) -> Iterator[None]:
    """An object that shows itself damaged is taken out of the store, or it would be taken for whole ever after."""
    try:
        yield
    except (ArchiveError, ValueError) as error:
        objects.remove(name)
        raise WorkerError(f"`{objects.address}/{name}` was damaged, and is taken out: {error}", _again(plan)) from error


def _again(plan: Plan) -> str:
    command = shlex.join(plan.work.request.command) or "harness shard plan … -o URL"
    return f"{command}, again where the pictures are: what is missing is put there"


def _first_wrong(work: Assignment) -> ImageError | None:
    """What is to be said of the first picture that is not here, or not the one that was planned."""
    for item, facts in zip(work.selection.items, work.selection.facts, strict=True):
        try:
            same = sha256_of(item.path) == facts["sha256"]
        except OSError as error:
            host = socket.gethostname()
            return ImageError(
                f"`{item.path}` cannot be read on `{host}`: {error.strerror}", "share the folder of the pictures"
            )
        if not same:
            return ImageError(f"`{item.path}` changed since it was planned", "harness shard plan … -o PLAN")
    return None


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _packed(work: Assignment, archive: Path) -> Path:
    """Packs a shard's pictures under their numbers, with nothing else of a file than its bytes."""
    with tarfile.open(archive, "w") as packed:
        for number, item in enumerate(work.selection.items):
            entry = tarfile.TarInfo(str(number))
            with item.path.open("rb") as stream:
                entry.size = os.fstat(stream.fileno()).st_size
                packed.addfile(entry, stream)
    return archive


def _pictures(work: Assignment) -> str:
    return f"{_INPUTS}/{key_of(pictures=[facts['sha256'] for facts in work.selection.facts])}.tar"
