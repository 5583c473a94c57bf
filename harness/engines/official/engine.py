"""The official engine: stage, run the authors' own `test.py`, verify, collect."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from harness.engines.inputs import Framing
from harness.engines.job import Answer, Job
from harness.engines.official.collecting import collect, cut_back, pictures_of, verify
from harness.engines.official.command_line import for_the_record, takes_gpu_ids, translation_options
from harness.engines.official.failures import failure
from harness.engines.official.process import Finished, started
from harness.engines.official.staging import Stage, plan_stage, stage_images, stage_weights
from harness.engines.seeds import image_seed
from harness.errors import MemoryShortError
from harness.progress import Progress, Silent, Step

_MOST_RESTARTS = 10
"""A device that has no memory for one picture after the other has none for any."""


def translate(job: Job, clone: Path, progress: Progress | None = None) -> Answer:
    """Translates a job's pictures with the authors' `test.py` of a clone, whose files are not touched.

    The clone decides the command line: that of the pinned commit, or the older one with `--gpu_ids`.

    Raises:
        ImageError, WeightsError: a picture or the weights cannot be used.
        MemoryShortError: the device has no memory left, not even for some of the pictures; of several pictures those
            at which it ran out are left out.
        OfficialScriptError: the script failed, or a picture is missing or of the wrong size.
        EngineError: the job itself cannot be done, e.g. no pictures.
    """
    progress = progress or Silent()
    gpu_ids = takes_gpu_ids(clone)
    job.output.mkdir(parents=True, exist_ok=True)
    # Inside the output folder: results move by renaming, and who throws the folder away leaves nothing behind.
    with tempfile.TemporaryDirectory(prefix=".official-", dir=job.output.resolve()) as name:
        stage = plan_stage(job, Path(name))
        options = translation_options(job, stage, gpu_ids=gpu_ids)
        finished, mended, durations, left_out = _run(job, clone.resolve(), stage, options, progress)
        return Answer(
            engine="official",
            options=for_the_record(options, stage.root),
            shims=(*mended, *finished.shims),
            durations=durations,
            extra={
                "command_line": "older, with --gpu_ids" if gpu_ids else "current",
                **{key: value for key, value in finished.report.items() if key != "shims"},
            },
            left_out=left_out,
        )


def _run(
    job: Job, clone: Path, stage: Stage, options: list[str], progress: Progress
) -> tuple[Finished, list[str], dict[str, float], dict[str, str]]:
    """Stages while the script's process starts, lets it work and takes over what it drew.

    Where memory runs out at a picture, the script is started again for those after it.

    Returns how the script ended, what was mended of the weights, seconds by step, and why pictures were left out.
    """
    # In the order of the steps: durations below are differences of neighbours.
    clock = {"begin": time.perf_counter()}
    staged = {image.stem: image for image in stage.images}
    seeds = {image.stem: image_seed(job.seed, image.item.name) for image in stage.images}
    mended: list[str] = []
    framed: dict[str, Framing] = {}
    left_out: dict[str, str] = {}
    begun: list[str] = []
    done: list[str] = []
    all_of_them = stage

    def heard(step: Step, kind: str, stem: str) -> None:
        if kind == "begin":
            # The first image tells that torch and the weights are loaded.
            clock.setdefault("start_up", time.perf_counter())
            begun.append(stem)
        else:
            if not cut_back(all_of_them, staged[stem], framed[stem]):
                job.on_whole(staged[stem].item.name, pictures_of(all_of_them, staged[stem]))
            done.append(stem)
            step.advance()

    while True:
        with started(
            clone / "test.py",
            options,
            scratch=stage.root,
            device=job.device,
            seed=job.seed,
            log=job.log,
            image_seeds=seeds,
        ) as script:
            if not framed:
                mended.extend(stage_weights(job.weights, stage))
                framed.update(stage_images(job, stage, progress))
                clock["stage"] = time.perf_counter()
            left = len(stage.images) - len(done)
            with progress.step("translating with the authors' test.py", total=left) as step:
                finished = script.follow(partial(heard, step))
        if finished.returncode == 0:
            break
        error, at = failure(finished), next((stem for stem in begun if stem not in done), None)
        if at is None or not isinstance(error, MemoryShortError) or len(left_out) == _MOST_RESTARTS:
            raise error
        left_out[staged[at].item.name] = f"at {'x'.join(map(str, framed[at].frame))} pixels {error.message}"
        stage = replace(stage, images=tuple(image for image in stage.images if image.stem != at))
        if not stage.images:
            raise error
        for stem in (at, *done):
            (stage.staged / f"{stem}.png").unlink(missing_ok=True)
        begun.clear()
        if not any(stage.staged.glob("*.png")):
            break
    clock.setdefault("start_up", time.perf_counter())
    clock["translate"] = time.perf_counter()
    # Before anything is moved: a run has all of its pictures or none, but for those that were too large.
    verify(stage, framed, finished)
    collect(stage, job.output, progress)
    clock["collect"] = time.perf_counter()
    durations = {step: round(end - before, 3) for (_, before), (step, end) in pairwise(clock.items())}
    return finished, mended, durations, left_out
