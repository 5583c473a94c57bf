"""The official engine: stage, run the authors' own `test.py`, verify, collect."""

from __future__ import annotations

import tempfile
import time
from itertools import pairwise
from pathlib import Path

from harness.engines.job import Answer, Job
from harness.engines.official.collecting import collect, pictures_of, problem_of, verify
from harness.engines.official.command_line import for_the_record, takes_gpu_ids, translation_options
from harness.engines.official.failures import failure
from harness.engines.official.process import Finished, started
from harness.engines.official.staging import Stage, plan_stage, stage_images, stage_weights
from harness.engines.seeds import image_seed
from harness.progress import Progress, Silent


def translate(job: Job, clone: Path, progress: Progress | None = None) -> Answer:
    """Translates a job's pictures with the authors' `test.py` of a clone, whose files are not touched.

    The clone decides the command line: that of the pinned commit, or the older one with `--gpu_ids`.

    Raises:
        ImageError, WeightsError: a picture or the weights cannot be used.
        DeviceError: the device ran out of memory.
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
        finished, mended, durations = _run(job, clone.resolve(), stage, options, progress)
        return Answer(
            engine="official",
            options=for_the_record(options, stage.root),
            shims=(*mended, *finished.shims),
            durations=durations,
            extra={
                "command_line": "older, with --gpu_ids" if gpu_ids else "current",
                **{key: value for key, value in finished.report.items() if key != "shims"},
            },
        )


def _run(
    job: Job, clone: Path, stage: Stage, options: list[str], progress: Progress
) -> tuple[Finished, list[str], dict[str, float]]:
    """Stages while the script's process starts, lets it work and takes over what it drew.

    Returns how the script ended, what was mended of the weights, and seconds by step.
    """
    # In the order of the steps: durations below are differences of neighbours.
    clock = {"begin": time.perf_counter()}
    staged = {image.stem: image for image in stage.images}
    seeds = {image.stem: image_seed(job.seed, image.item.name) for image in stage.images}
    with started(
        clone / "test.py",
        options,
        scratch=stage.root,
        device=job.device,
        seed=job.seed,
        log=job.log,
        image_seeds=seeds,
    ) as script:
        mended = stage_weights(job.weights, stage)
        sizes = stage_images(job, stage, progress)
        clock["stage"] = time.perf_counter()
        with progress.step("translating with the authors' test.py", total=len(stage.images)) as step:

            def heard(kind: str, stem: str) -> None:
                if kind == "begin":
                    # The first image tells that torch and the weights are loaded.
                    clock.setdefault("start_up", time.perf_counter())
                else:
                    if not problem_of(stage, staged[stem], sizes[stem]):
                        job.on_whole(staged[stem].item.name, pictures_of(stage, staged[stem]))
                    step.advance()

            finished = script.follow(heard)
    clock.setdefault("start_up", time.perf_counter())
    clock["translate"] = time.perf_counter()
    if finished.returncode != 0:
        raise failure(finished)
    # Before anything is moved: a run has all of its pictures or none.
    verify(stage, sizes, finished)
    collect(stage, job.output, progress)
    clock["collect"] = time.perf_counter()
    durations = {step: round(end - before, 3) for (_, before), (step, end) in pairwise(clock.items())}
    return finished, mended, durations
