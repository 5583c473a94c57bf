"""`harness test`: selects pictures, runs an engine, measures, records and reports, all into one new run folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Model
from harness.engines.devices import resolve_device
from harness.engines.job import Answer, Job
from harness.errors import EngineError, GitError, RunError
from harness.files import folder_written_aside
from harness.metrics.measure import Measurement, measure_images
from harness.metrics.storage import save_measurement
from harness.prepare.preparing import prepare_images
from harness.progress import Progress, Silent
from harness.report.writing import write_index, write_run_report
from harness.runs.record import RunRecord, save_record
from harness.runs.trained import find_model
from harness.sets.selection import Selection, is_plain_folder, select
from harness.testing.assignment import Assignment
from harness.testing.loading import load_generator
from harness.testing.recording import make_record
from harness.testing.request import Plan
from harness.workspace import Workspace


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
    model: str | Model,
    dataset: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    weights: Path | None = None,
    name: str | None = None,
    plan: Plan | None = None,
    lang: str = "en",
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> TestedRun:
    """Translates the pictures of a test set, measures them and writes `results/<run>/`.

    Args:
        model: a catalog model, `family/name` or a bare name, or one that was trained here.
        dataset: see `harness.sets.selection.select`; a folder of loose pictures is prepared first.
        split: the folder of an official dataset, e.g. `val` or `testB`; by default the catalog's for this model.
        weights: a generator to run in place of the installed one, e.g. of a training of one's own.
        name: the run's name; by default made of model, set and a number.
        command: the command line as typed, for the record.

    Raises:
        HarnessError: any of its kinds; nothing is left under the run's final name.
    """
    plan, progress = plan or Plan(), progress or Silent()
    entry = find_model(workspace, model) if isinstance(model, str) else model
    device = resolve_device(plan.device)
    if name is not None:
        _refuse_existing(workspace.run(name))
    generator = load_generator(workspace, entry, weights)
    difference = generator.difference_from_catalog()
    if difference:
        progress.warn(difference)
    dataset = _prepared_if_loose(workspace, entry, dataset, progress)
    with workspace.locked("harness test", wait_s=-1, on_wait=progress.say):
        selection = select(workspace, entry, dataset, split).limited(limit)
        what = f"{len(selection.items)} images of `{selection.name}`"
        progress.say(f"`{entry.id}` translates {what} ({plan.engine} engine, {device})")
        folder = workspace.run(name or _free_name(workspace, entry, selection))
        work = Assignment(generator, selection, plan, device)
        return _run(workspace, work, folder, lang, command, progress)


def _prepared_if_loose(workspace: Workspace, model: Model, dataset: str | None, progress: Progress) -> str | None:
    """A folder of loose pictures becomes a prepared set first; anything else stays as it is."""
    if dataset is None or not is_plain_folder(dataset):
        return dataset
    progress.say(f"`{dataset}` is a folder of pictures: preparing it for `{model.id}` first")
    return prepare_images(workspace, Path(dataset).expanduser(), model, progress=progress).folder.name


def _refuse_existing(folder: Path) -> None:
    if folder.exists():
        raise RunError(f"`{folder}` exists already", "choose another `--name`, or leave it out")


def _free_name(workspace: Workspace, model: Model, selection: Selection) -> str:
    stem = f"{model.name if model.paired else f'cyclegan-{model.name}'}-{selection.name}"[:80]
    taken = {p.name for p in workspace.results.glob("*")}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{stem}-{n:03d}") not in taken)


def _run(
    workspace: Workspace,
    work: Assignment,
    folder: Path,
    lang: str,
    command: Sequence[str],
    progress: Progress,
) -> TestedRun:
    started = datetime.now().astimezone()
    _refuse_existing(folder)
    with folder_written_aside(folder) as draft:
        answer = _translate(workspace, work, draft, folder.name, progress)
        before = time.perf_counter()
        names = [item.name for item in work.selection.items]
        measurement = measure_images(draft / "images", names, work.selection.paired, progress=progress)
        save_measurement(draft, measurement)
        durations = {**answer.durations, "measure": time.perf_counter() - before}
        record = make_record(workspace, folder.name, work, started, command, answer, durations)
        save_record(draft, record)
        write_run_report(draft, lang)
    write_index(workspace.results, lang)
    return TestedRun(folder, record, measurement, folder / "index.html")


def _translate(workspace: Workspace, work: Assignment, draft: Path, run_name: str, progress: Progress) -> Answer:
    """Runs the chosen engine; when it fails, its log is kept beside the runs."""
    (draft / "images").mkdir()
    job = Job(
        weights=work.generator.weights,
        architecture=work.generator.architecture,
        items=work.selection.items,
        direction=work.selection.direction,
        mode=work.plan.mode,
        seed=work.plan.seed,
        device=work.device,
        size=work.size,
        output=draft / "images",
        log=draft / "log.txt",
    )
    try:
        return _engine(workspace, job, work.plan, progress)
    except EngineError as error:
        kept = workspace.results / f"{run_name}.failed.log"
        with suppress(FileNotFoundError):
            shutil.copyfile(job.log, kept)
            error.message += f"\nthe whole log: `{kept}`"
        raise


def _engine(workspace: Workspace, job: Job, plan: Plan, progress: Progress) -> Answer:
    if plan.engine == "native":
        from harness.engines.native.engine import translate as native

        return native(job, progress, **asdict(plan.native))
    from harness.engines.official.engine import translate as official

    clone = workspace.upstream(PYTORCH.id)
    if not clone.is_dir():
        raise GitError(f"the authors' code is not in `{clone}`", "harness setup")
    return official(job, clone, progress)
