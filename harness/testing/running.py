"""`harness test`: selects pictures, runs an engine, measures, records and reports, all into one new run folder."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from harness.catalog.types import Model
from harness.engines.devices import resolve_device
from harness.errors import EngineError, RunError, TestSetError
from harness.files import claimed, folder_written_aside, sweep
from harness.metrics.measure import Measurement
from harness.metrics.registry import find_metrics
from harness.metrics.storage import save_measurement
from harness.progress import Progress, Silent
from harness.report.writing import write_index, write_run_report
from harness.runs.record import MANY, RunRecord, save_record
from harness.runs.trained import find_model
from harness.sets.finding import FoundSet, default_set, find_set
from harness.sets.selection import Selection, select
from harness.testing.loading import Generator, load_generator
from harness.testing.measurable import placed
from harness.testing.recording import Assignment, make_record, scale_notes
from harness.testing.request import Engine, TestRequest
from harness.testing.taking_over import Translated, nothing_of, translated
from harness.testing.translating import Part, has_page, tell_left_out, timed, translate_part
from harness.units import counted
from harness.workspace import Workspace, numbered


@dataclass(frozen=True)
class TestedRun:
    """A finished run: its folder, what was recorded, what was measured, and the page."""

    __test__ = False

    folder: Path
    record: RunRecord
    measurement: Measurement
    page: Path


def run_test(
    workspace: Workspace,
    request: TestRequest,
    progress: Progress | None = None,
    *,
    into: Path | None = None,
    only: Collection[str] | None = None,
) -> TestedRun:
    """Translates the pictures of a test set, measures them and writes `results/<run>/`.

    Args:
        into: a folder to write to in its place; nothing of the run then stands in `results/`, and it has no page.
        only: names of those pictures that are translated, by default all.

    Raises:
        HarnessError: any of its kinds; nothing is left under the run's final name.
    """
    progress = progress or Silent()
    with computing_with(request.threads):
        work = assigned(workspace, request, progress, only)
        if into is not None:  # a check makes everything itself
            return _run(workspace, work, into, nothing_of(work), progress)
        with named_run(workspace, work) as folder, translated(workspace, work) as before:
            return _run(workspace, work, folder, before, progress)


@contextmanager
def computing_with(threads: int | None) -> Iterator[None]:
    """Lets torch compute with so many threads, here and in the processes begun here; None leaves it as it is."""
    if threads is None:
        yield
        return
    import torch

    before, variable = torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")
    torch.set_num_threads(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        if variable is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = variable


def assigned(
    workspace: Workspace, request: TestRequest, progress: Progress, only: Collection[str] | None = None
) -> Assignment:
    """Returns what a test is to do, of `only` the pictures of these names, everything checked that can be known before.

    Raises:
        HarnessError: any of its kinds.
    """
    entry = find_model(workspace, request.model) if isinstance(request.model, str) else request.model
    # First what is quick and often wrong: model, device, metrics, name.
    device = resolve_device(request.device)
    find_metrics(request.metrics)  # a name that is wrong is told before hours of translating
    if request.name is not None:
        _refuse_existing(workspace.run(request.name))
    generator = load_generator(workspace, entry, request.weights)
    request = replace(request, engine=_engine_for(generator, request))
    request = _with_seeds(generator, request, progress)
    difference = generator.difference_from_catalog()
    if difference:
        progress.warn(difference)
    entry = replace(entry, architecture=generator.architecture)  # which may colour photos where the catalog's does not
    found = _found(workspace, entry, request, progress)
    # The digest of a limited selection says how many pictures it is of.
    selection = select(found, entry, request.split, follow_links=request.follow_links).limited(request.limit)
    if only is not None:
        selection = selection.only(only)
        if not selection.items:
            raise TestSetError(f"`{selection.name}` holds none of the run's pictures", "name the set with `--dataset`")
    for refusal in selection.refused if found.test_set is None else ():
        progress.warn(f"left out `{refusal.source}`: {refusal.reason}")
    for remark in selection.remarks:
        progress.say(f"note: {remark}")
    images = counted(len(selection.items), "image")
    progress.say(f"`{entry.id}` translates {images} of `{selection.name}` ({request.engine} engine, {device})")
    work = Assignment(generator, selection, request, device)
    # Before the first picture is translated: sizes are known, and SSIM would only fail at the end.
    work = placed(work)
    work = replace(work, notes=tuple(scale_notes(work)))
    for line in (*work.notes, *([work.memory] if work.memory else [])):
        progress.say(f"note: {line}")
    tell_left_out(work.left_out, progress)
    return work


@contextmanager
def named_run(workspace: Workspace, work: Assignment) -> Iterator[Path]:
    """Yields the folder a run is to have, its name held meanwhile; afterwards the index lists it.

    Raises:
        RunError: the name that was asked for is taken.
    """
    sweep(workspace.results)
    request, names = work.request, _names(work.generator.model, work.selection)
    del work  # of which whoever entered may let go meanwhile: it may be of a million pictures
    # The name is held while the run is made, so that two tests begun together do not collide.
    with claimed(workspace.results, [request.name] if request.name else names) as name:
        if name is None:
            raise RunError(f"`{request.name}` exists or is being made", "choose another `--name`, or leave it out")
        yield workspace.run(name)
    write_index(workspace.results, request.lang)


def _engine_for(generator: Generator, request: TestRequest) -> Engine:
    """The engine that was asked for, or the usual one; raises EngineError where it cannot do what is asked."""
    tiled = request.native.tiled is not None
    if tiled and (request.engine == "official" or max(request.seeds, request.native.samples) > 1):
        raise EngineError("`--tiled` is the native engine's, and draws by one seed", "--engine native --tiled auto")
    lua = generator.architecture.code == "lua"
    if lua and request.engine == "official":
        raise EngineError(
            f"`--engine official` cannot run `{generator.weights}`: it is of the Lua original, whose Torch7 can no "
            "longer be installed; the native engine computes the same",
            "leave `--engine` out, or convert it for the PyTorch code: harness weights convert",
        )
    return request.engine or ("native" if lua or tiled else "official")


def _with_seeds(generator: Generator, request: TestRequest, progress: Progress) -> TestRequest:
    """One seed where nothing is drawn at random; the native engine maps where its draws differ."""
    if request.seeds > 1 and (request.mode != "paper" or generator.architecture.use_dropout is False):
        progress.say("no dropout is live: another seed would draw the same, so one is drawn")
        request = replace(request, seeds=1)
    return replace(request, native=replace(request.native, samples=max(request.native.samples, request.seeds)))


def _found(workspace: Workspace, model: Model, request: TestRequest, progress: Progress) -> FoundSet:
    """The set that is meant; what no model can read as it is, is prepared first."""
    if request.dataset is None:
        return default_set(workspace, model)
    found = find_set(workspace, request.dataset, family=model.family)
    if found.note:
        progress.say(found.note)
    if found.stale:
        progress.warn(found.stale, f"harness prepare-images FOLDER --model {model.id} brings it up to date")
    if not found.must_be_prepared:
        return found
    # Here: a test of a set that is ready needs none of it.
    from harness.prepare.prepare_request import PrepareRequest
    from harness.prepare.preparing import prepare_images

    progress.say(f"`{request.dataset}` {_LOOSE[found.kind]}: preparing it for `{model.id}` first")
    # A set of that name made in another way stays: a test must not change what the user prepared.
    wanted = PrepareRequest(
        folder=found.folder,
        model=model,
        size=request.size,
        follow_links=request.follow_links,
        replace=False,
        lang=request.lang,
    )
    made = prepare_images(workspace, wanted, progress)
    for refusal in made.test_set.refused:
        progress.warn(f"left out `{refusal.source}`: {refusal.reason}")
    # Of most pictures preparing has said it; a few are translated all the same, and count in the numbers.
    strange = [image for image in made.test_set.images if image.foreign and not made.foreign]
    for image in strange[:_TOLD]:
        progress.warn(f"`{image.source}` {image.warnings[0]}")
    if len(strange) > _TOLD:
        progress.warn(f"and {len(strange) - _TOLD} more that look like nothing `{model.id}` takes")
    return find_set(workspace, made.folder.name)


_TOLD = 5
_LOOSE = {
    "loose": "holds pictures as they are",
    "two_folders": "holds A and B in folders of their own",
    "run": "is a run, whose outputs become inputs",
}


def _refuse_existing(folder: Path) -> None:
    if folder.exists():
        raise RunError(f"`{folder}` exists already", "choose another `--name`, or leave it out")


def _names(model: Model, selection: Selection) -> Iterator[str]:
    family = {"pix2pix": "", "lua": "lua-"}.get(model.family, "cyclegan-")
    return numbered(f"{family}{model.name}-{selection.name}")


def _run(workspace: Workspace, work: Assignment, folder: Path, before: Translated, progress: Progress) -> TestedRun:
    started = datetime.now().astimezone()
    # All or nothing: a run that fails leaves no folder that looks like a run.
    with folder_written_aside(folder) as draft:
        part = translate_part(workspace, work, draft, before, progress, run=folder)
        begun = time.perf_counter()
        measurement = part.measuring.finished([item.name for item in part.work.selection.items], progress)
        done = timed(part, "measure", begun)
        measurement = replace(measurement, seeds=dict(part.seeds))
        return write_run(workspace, draft, done, measurement, run=folder, at=started, progress=progress)


def write_run(
    workspace: Workspace,
    draft: Path,
    part: Part,
    measurement: Measurement,
    *,
    run: Path,
    at: datetime,
    progress: Progress,
) -> TestedRun:
    """Writes what was measured, the record and the page beside the pictures in `draft`, all of which will be `run`.

    Args:
        part: all pictures of the run.
        at: when it began.
    """
    save_measurement(draft, measurement)
    # After measuring: the record tells how long that took, and stands only in complete runs.
    record = make_record(workspace, run.name, part.work, at, part.answer, images=part.images)
    save_record(draft, record)
    if has_page(workspace, run):
        # Only of very many images are there thumbnails to draw yet.
        write_run_report(draft, part.work.request.lang, progress if len(record.images) > MANY else None)
    return TestedRun(run, record, measurement, run / "index.html")
