"""Some pictures of a run, or all: translated, written and measured while they are in memory."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.catalog.repositories import PYTORCH
from harness.engines.job import Answer, Job, Translating
from harness.errors import EngineError, GitError
from harness.files import scratch
from harness.images.geometry import PixelBox
from harness.metrics.measure import Measuring
from harness.metrics.registry import find_metrics
from harness.metrics.rows import Rows
from harness.progress import Progress
from harness.report.thumbnails import FOLDER as STRIPS
from harness.runs.record import MANY, StoredImages
from harness.sets.item import Item
from harness.testing.full_size import full_size
from harness.testing.measuring import Subject, measure_request
from harness.testing.one_pass import hand_on, measured_by, shown_in, written_to
from harness.testing.recording import Assignment, precision_told
from harness.testing.taking_over import Translated
from harness.workspace import Workspace

_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class Part:
    """What came of pictures of a run, which lie in a folder: `images/`, and the page's strips where it is to have one.

    Attributes:
        work: without the pictures that were not drawn.
        seeds: the rows of further seeds, by seed.
        images: what the record holds of each picture, where it is written already.
    """

    work: Assignment
    answer: Answer
    measuring: Measuring
    seeds: Mapping[int, Rows] = field(default_factory=dict)
    images: StoredImages | None = None


def translate_part(
    workspace: Workspace, work: Assignment, folder: Path, before: Translated, progress: Progress, *, run: Path
) -> Part:
    """Translates the pictures of an assignment into a folder, by all its seeds, and measures them.

    Args:
        before: what is whole of them already.
        run: what the folder is to become: a run of the workspace has a page, to which strips belong.

    Raises:
        HarnessError: any of its kinds.
    """
    images = folder / "images"
    images.mkdir()
    measuring = begin_measuring(workspace, work, images)
    names = [item.name for item in work.selection.items]
    sinks = [measured_by(measuring), *full_size(work, images)]
    # A run made for a comparison alone has no index to lead back to.
    # Of more than many only some are shown, and which ones their numbers tell.
    if has_page(workspace, run) and len(names) <= MANY:
        sinks.append(shown_in(folder, names, measuring.request.boxes, paired=work.selection.paired))
    left = before.missing(work.selection.items, images)
    taken = len(names) - len(left)
    if taken:
        progress.say(f"{taken} of {len(names)} images were whole when this test was cut: taken over")
        hand_on(before.pictures(left, images), sinks)
    translating = _translated(workspace, work, left, folder, progress, run=run)
    answer = hand_on(translating, [written_to(images, before.keep), *sinks])
    answer = replace(answer, extra=answer.extra | {"taken_over": taken}) if taken else answer
    tell_left_out(answer.left_out, progress)
    if told := precision_told(answer):
        progress.say(f"note: {told}")
    if answer.left_out:
        shutil.rmtree(folder / STRIPS, ignore_errors=True)  # their rows have moved up
    work = without(work, answer.left_out)
    begun = time.perf_counter()
    part = Part(work=work, answer=answer, measuring=measuring, seeds=_further_seeds(workspace, work, run, progress))
    return timed(part, "seeds", begun) if part.seeds else part


def timed(part: Part, step: str, begun: float) -> Part:
    """Returns a part whose record says how long a step took that began at a time of `time.perf_counter`."""
    durations = {**part.answer.durations, step: time.perf_counter() - begun}
    return replace(part, answer=replace(part.answer, durations=durations))


def has_page(workspace: Workspace, run: Path) -> bool:
    """Whether a folder is a run of the workspace, with a page and a place in the index."""
    return run.parent == workspace.results


def tell_left_out(left_out: Mapping[str, str], progress: Progress) -> None:
    """Warns of pictures that are not drawn, of a few by name."""
    for name, reason in list(left_out.items())[:_TOLD]:
        progress.warn(f"left out `{name}`: {reason}")
    if len(left_out) > _TOLD:
        progress.warn(f"and {len(left_out) - _TOLD} more are left out; `run.json` names them all")


def without(work: Assignment, left_out: Mapping[str, str]) -> Assignment:
    """Returns what was done of an assignment, whose pictures `left_out` were not, with the reasons."""
    kept = {name: geometry for name, geometry in work.geometries.items() if name not in left_out}
    return replace(work, selection=work.selection.only(kept), geometries=kept, left_out={**work.left_out, **left_out})


def boxes_of(work: Assignment) -> dict[str, PixelBox]:
    """Returns where in what is saved the picture lies, by name, of the padded ones."""
    return {name: geometry.box for name, geometry in work.geometries.items() if geometry.padded}


def begin_measuring(workspace: Workspace, work: Assignment, images: Path, *, further: bool = False) -> Measuring:
    """Returns what measures a run's pictures; of a `further` seed only the images' own numbers."""
    subject = Subject(
        images=images,
        names=[item.name for item in work.selection.items],
        paired=work.selection.paired,
        model=work.generator.model,
        reference=work.selection.reference,
        split=work.selection.split,
        boxes=boxes_of(work),
    )
    metrics = [metric for metric in find_metrics(work.request.metrics) if metric.columns or not further]
    request = measure_request(workspace, subject, metrics, work.first_frame)
    return Measuring(replace(request, baselines=not further, rows=not further), images, paired=subject.paired)


def _further_seeds(workspace: Workspace, work: Assignment, run: Path, progress: Progress) -> dict[int, Rows]:
    """Draws and measures all pictures by each further seed; of the drawings only the numbers stay."""
    request, items, found = work.request, work.selection.items, {}
    for seed in range(request.seed + 1, request.seed + request.seeds):
        progress.say(f"seed {seed}")
        other = replace(work, request=replace(request, seed=seed, native=replace(request.native, samples=1)))
        with scratch(run.parent) as place:
            measuring = begin_measuring(workspace, other, place, further=True)
            translating = _translated(workspace, other, items, place, progress, run=run)
            hand_on(translating, [measured_by(measuring)])
            found[seed] = measuring.finished([item.name for item in items]).rows
    return found


def _translated(
    workspace: Workspace, work: Assignment, items: tuple[Item, ...], place: Path, progress: Progress, *, run: Path
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
        beside = run.parent if has_page(workspace, run) else Path(tempfile.gettempdir())
        kept = beside / f"{run.name}.failed.log"
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

    return official(job, authors_code(workspace), progress)


def authors_code(workspace: Workspace) -> Path:
    """Returns the clone of the authors' code; raises GitError, with the command that brings it, where there is none."""
    clone = workspace.upstream(PYTORCH.id)
    if not clone.is_dir():
        raise GitError(f"the authors' code is not in `{clone}`", "harness setup")
    return clone
