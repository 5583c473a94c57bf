"""The official engine: stage, run the authors' own `test.py`, verify, collect."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from harness.official.collecting import collect, verify
from harness.official.failures import failure
from harness.official.options import for_the_record, takes_gpu_ids, translation_options
from harness.official.process import Finished, run_script
from harness.official.staging import Stage, stage_images, stage_weights
from harness.progress import Progress, Silent
from harness.randomness import image_seed
from harness.translation import Answer, Job


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
    durations: dict[str, float] = {}
    started = time.perf_counter()
    # Inside the output folder: results move by renaming, and who throws the folder away leaves nothing behind.
    job.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".official-", dir=job.output.resolve()) as name:
        root = Path(name)
        stage = stage_images(job, root, progress)
        shims = stage_weights(job.weights, stage)
        options = translation_options(job, stage, gpu_ids)
        durations["stage"] = time.perf_counter() - started
        finished = _run(job, clone.resolve(), stage, options, progress, durations)
        collecting = time.perf_counter()
        verify(stage, finished)
        collect(stage, job.output, progress)
        durations["collect"] = time.perf_counter() - collecting
        return Answer(
            engine="official",
            options=for_the_record(options, root),
            shims=(*shims, *finished.shims),
            durations={step: round(seconds, 3) for step, seconds in durations.items()},
            extra={
                "command_line": "older, with --gpu_ids" if gpu_ids else "current",
                **{key: value for key, value in finished.report.items() if key != "shims"},
            },
        )


def _run(
    job: Job, clone: Path, stage: Stage, options: list[str], progress: Progress, durations: dict[str, float]
) -> Finished:
    started = time.perf_counter()
    first: list[float] = []
    with progress.step("translating with the authors' test.py", total=len(stage.images)) as step:

        def on_event(kind: str, stem: str) -> None:
            if kind == "begin" and not first:
                first.append(time.perf_counter())
            if kind == "done":
                step.advance()

        finished = run_script(
            clone / "test.py",
            options,
            scratch=stage.root,
            device=job.device,
            seed=job.seed,
            log=job.log,
            image_seeds={image.stem: image_seed(job.seed, image.item.name) for image in stage.images},
            on_event=on_event,
        )
    ended = time.perf_counter()
    begun = first[0] if first else ended
    durations |= {"start_up": begun - started, "translate": ended - begun}
    if finished.returncode != 0:
        raise failure(finished)
    return finished
