"""`harness test`: selects pictures, runs an engine, measures, records and reports, all into one new run folder."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Model
from harness.engines.devices import resolve_device
from harness.engines.job import Job, Translating
from harness.errors import EngineError, GitError, RunError
from harness.files import claimed, folder_written_aside, scratch, sweep
from harness.metrics.measure import Measurement, Measuring, Row
from harness.metrics.registry import find_metrics
from harness.metrics.storage import save_measurement
from harness.progress import Progress, Silent
from harness.report.thumbnails import FOLDER as STRIPS
from harness.report.writing import write_index, write_run_report
from harness.runs.record import RunRecord, save_record
from harness.runs.trained import find_model
from harness.sets.finding import FoundSet, default_set, find_set
from harness.sets.item import Item
from harness.sets.selection import Selection, select
from harness.testing.full_size import full_size
from harness.testing.loading import Generator, load_generator
from harness.testing.measurable import placed
from harness.testing.measuring import Subject, measure_request
from harness.testing.one_pass import hand_on, measured_by, shown_in, written_to
from harness.testing.recording import Assignment, make_record, scale_notes
from harness.testing.request import Engine, TestRequest
from harness.testing.taking_over import Translated, nothing_of, translated
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
    workspace: Workspace, request: TestRequest, progress: Progress | None = None, *, into: Path | None = None
) -> TestedRun:
    """Translates the pictures of a test set, measures them and writes `results/<run>/`.

    Args:
        into: a folder to write to in its place; nothing of the run then stands in `results/`, and it has no page.

    Raises:
        HarnessError: any of its kinds; nothing is left under the run's final name.
    """
    progress = progress or Silent()
    if request.name is not None:
        _refuse_existing(workspace.run(request.name))
    work = assigned(workspace, request, progress)
    # Before the first picture is translated: sizes are known, and SSIM would only fail at the end.
    work = placed(work)
    for line in (*scale_notes(work), *([work.memory] if work.memory else [])):
        progress.say(f"note: {line}")
    _tell_left_out(work.left_out, progress)
    if into is not None:  # a check makes everything itself
        return _run(workspace, work, into, nothing_of(work), progress)
    sweep(workspace.results)
    # The name is held while the run is made, so that two tests begun together do not collide.
    names = [request.name] if request.name else _names(work.generator.model, work.selection)
    with claimed(workspace.results, names) as name:
        if name is None:
            raise RunError(f"`{request.name}` exists or is being made", "choose another `--name`, or leave it out")
        with translated(workspace, work) as before:
            run = _run(workspace, work, workspace.run(name), before, progress)
    with FileLock(workspace.results / ".index-lock"):  # whoever ends later lists both
        write_index(workspace.results, request.lang)
    return run


def assigned(workspace: Workspace, request: TestRequest, progress: Progress) -> Assignment:
    """Returns what a test is to do: weights, engine, device and pictures, found and hashed, none opened yet.

    Raises:
        HarnessError: any of its kinds, for what cannot be done as asked.
    """
    entry = find_model(workspace, request.model) if isinstance(request.model, str) else request.model
    # First what is quick and often wrong: model, device, metrics, name.
    device = resolve_device(request.device)
    find_metrics(request.metrics)  # a name that is wrong is told before hours of translating
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
    for refusal in selection.refused if found.test_set is None else ():
        progress.warn(f"left out `{refusal.source}`: {refusal.reason}")
    for remark in selection.remarks:
        progress.say(f"note: {remark}")
    what = f"{len(selection.items)} images of `{selection.name}`"
    progress.say(f"`{entry.id}` translates {what} ({request.engine} engine, {device})")
    return Assignment(generator, selection, request, device)


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


def _without(work: Assignment, left_out: Mapping[str, str]) -> Assignment:
    """What was done of an assignment."""
    kept = {name: geometry for name, geometry in work.geometries.items() if name not in left_out}
    return replace(work, selection=work.selection.only(kept), geometries=kept, left_out={**work.left_out, **left_out})


def _tell_left_out(left_out: Mapping[str, str], progress: Progress) -> None:
    for name, reason in list(left_out.items())[:_TOLD]:
        progress.warn(f"left out `{name}`: {reason}")
    if len(left_out) > _TOLD:
        progress.warn(f"and {len(left_out) - _TOLD} more are left out; `run.json` names them all")


def _names(model: Model, selection: Selection) -> Iterator[str]:
    family = {"pix2pix": "", "lua": "lua-"}.get(model.family, "cyclegan-")
    return numbered(f"{family}{model.name}-{selection.name}")


def _run(workspace: Workspace, work: Assignment, folder: Path, before: Translated, progress: Progress) -> TestedRun:
    started = datetime.now().astimezone()
    # All or nothing: a run that fails leaves no folder that looks like a run.
    with folder_written_aside(folder) as draft:
        images = draft / "images"
        images.mkdir()
        measuring = _measuring(workspace, work, images)
        names = [item.name for item in work.selection.items]
        sinks = [measured_by(measuring), *full_size(work, images)]
        # A run made for a comparison alone has no index to lead back to.
        has_page = folder.parent == workspace.results
        if has_page:
            sinks.append(shown_in(draft, names, measuring.request.boxes, paired=work.selection.paired))
        left = before.missing(work.selection.items, images)
        taken = len(names) - len(left)
        if taken:
            progress.say(f"{taken} of {len(names)} images were whole when this test was cut: taken over")
            hand_on(before.pictures(left, images), sinks)
        translating = _translated(workspace, work, left, draft, progress, name=folder.name)
        answer = hand_on(translating, [written_to(images, before.keep), *sinks])
        answer = replace(answer, extra=answer.extra | {"taken_over": taken}) if taken else answer
        work = _without(work, answer.left_out)
        _tell_left_out(answer.left_out, progress)
        if answer.left_out:
            shutil.rmtree(draft / STRIPS, ignore_errors=True)  # their rows have moved up
        begun = time.perf_counter()
        measurement = measuring.finished([item.name for item in work.selection.items], progress)
        seeds = _further_seeds(workspace, work, folder, progress)
        measurement = replace(measurement, seeds=seeds)
        save_measurement(draft, measurement)
        answer = replace(answer, durations={**answer.durations, "measure": time.perf_counter() - begun})
        # After measuring: the record tells how long that took, and stands only in complete runs.
        record = make_record(workspace, folder.name, work, started, answer)
        save_record(draft, record)
        if has_page:
            write_run_report(draft, work.request.lang)
    return TestedRun(folder, record, measurement, folder / "index.html")


def _measuring(workspace: Workspace, work: Assignment, images: Path, *, further: bool = False) -> Measuring:
    """What measures a run; of a further seed only the images' own numbers."""
    subject = Subject(
        images=images,
        names=[item.name for item in work.selection.items],
        paired=work.selection.paired,
        model=work.generator.model,
        reference=work.selection.reference,
        split=work.selection.split,
        boxes={name: geometry.box for name, geometry in work.geometries.items() if geometry.padded},
    )
    metrics = [metric for metric in find_metrics(work.request.metrics) if metric.columns or not further]
    first = next(iter(work.geometries.values()))
    request = measure_request(workspace, subject, metrics, first.frame)
    return Measuring(replace(request, baselines=not further), images, paired=subject.paired)


def _further_seeds(
    workspace: Workspace, work: Assignment, folder: Path, progress: Progress
) -> dict[int, tuple[Row, ...]]:
    """Draws and measures all pictures by each further seed; of the drawings only the numbers stay."""
    request, items, found = work.request, work.selection.items, {}
    for seed in range(request.seed + 1, request.seed + request.seeds):
        progress.say(f"seed {seed}")
        other = replace(work, request=replace(request, seed=seed, native=replace(request.native, samples=1)))
        with scratch(folder.parent) as place:
            measuring = _measuring(workspace, other, place, further=True)
            translating = _translated(workspace, other, items, place, progress, name=folder.name)
            hand_on(translating, [measured_by(measuring)])
            found[seed] = measuring.finished([item.name for item in items]).rows
    return found


def _translated(
    workspace: Workspace, work: Assignment, items: tuple[Item, ...], place: Path, progress: Progress, *, name: str
) -> Translating:
    """Reads and translates with the chosen engine; when it fails, its log in `place` is kept beside the runs."""
    job = Job(
        weights=work.generator.weights,
        architecture=work.generator.architecture,
        items=items,
        direction=work.selection.direction,
        mode=work.request.mode,
        seed=work.request.seed,
        device=work.device,
        size=work.size,
        log=place / "log.txt",
        preprocessing=work.preprocessing,
    )
    try:
        return (yield from _engine(workspace, job, work, progress))
    except EngineError as error:
        # Beside the runs, since the draft is about to be removed; of a run not kept, with the system's temporary files.
        beside = place.parent if place.parent == workspace.results else Path(tempfile.gettempdir())
        kept = beside / f"{name}.failed.log"
        # An engine may fail before it wrote a line.
        with suppress(FileNotFoundError):
            shutil.copyfile(job.log, kept)
            raise error.restated(f"{error.message}\nthe whole log: `{kept}`") from error
        raise


def _engine(workspace: Workspace, job: Job, work: Assignment, progress: Progress) -> Translating:
    # Each engine is imported where it runs: torch takes seconds.
    if work.request.engine == "native":
        from harness.engines.native.engine import translate as native

        return native(job, progress, work.native)
    from harness.engines.official.engine import translate as official

    clone = workspace.upstream(PYTORCH.id)
    # Said here, with the command that brings it, rather than as git's own words.
    if not clone.is_dir():
        raise GitError(f"the authors' code is not in `{clone}`", "harness setup")
    return official(job, clone, progress)
