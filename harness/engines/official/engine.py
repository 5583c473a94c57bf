"""The official engine: stage, run the authors' own `test.py`, verify, collect."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from harness.engines.inputs import Framing
from harness.engines.job import Answer, Job, Translating, Translation
from harness.engines.official.collecting import refuse, taken
from harness.engines.official.command_line import for_the_record, takes_gpu_ids, translation_options
from harness.engines.official.failures import failure
from harness.engines.official.process import Finished, started
from harness.engines.official.staging import Stage, plan_stage, stage_images, stage_weights
from harness.engines.seeds import image_seed
from harness.errors import EngineError, MemoryShortError
from harness.progress import Progress, Silent

_MOST_RESTARTS = 10
"""A device that has no memory for one picture after the other has none for any."""


def translate(job: Job, clone: Path, progress: Progress | None = None) -> Translating:
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
    # Beside the log: whoever throws that folder away leaves nothing behind.
    with tempfile.TemporaryDirectory(prefix=".official-", dir=job.log.resolve().parent) as name:
        stage = plan_stage(job, Path(name))
        options = translation_options(job, stage, gpu_ids=gpu_ids)
        run = _Run(job, clone.resolve(), stage, options)
        yield from run.all(progress)
        return Answer(
            engine="official",
            options=for_the_record(options, stage.root),
            shims=(*run.mended, *run.finished.shims),
            durations={step: round(end - before, 3) for (_, before), (step, end) in pairwise(run.clock.items())},
            extra={
                "command_line": "older, with --gpu_ids" if gpu_ids else "current",
                **{key: value for key, value in run.finished.report.items() if key != "shims"},
            },
            left_out=run.left_out,
        )


class _Run:
    """Stages while the script's process starts, lets it work and takes over what it draws.

    Attributes:
        finished: how the script ended.
        mended: what was mended of the weights.
        clock: in the order of the steps, whose durations are differences of neighbours.
        left_out: pictures at which memory ran out, where the script was started again for those after it.
    """

    finished: Finished

    def __init__(self, job: Job, clone: Path, stage: Stage, options: list[str]) -> None:
        self.job, self.clone, self.stage, self.options = job, clone, stage, options
        self.clock = {"begin": time.perf_counter()}
        self.mended: list[str] = []
        self.left_out: dict[str, str] = {}
        self._staged = {image.stem: image for image in stage.images}
        self._framed: dict[str, Framing] = {}
        self._waiting = dict(self._staged)  # what is to be drawn yet

    def all(self, progress: Progress) -> Iterator[Translation]:
        """Yields each picture as soon as the script has drawn it."""
        while self._waiting:
            yield from self._started(progress)
            if self.finished.returncode == 0:
                break
            self._leave_out(failure(self.finished))
        self.clock.setdefault("start_up", time.perf_counter())
        self.clock["translate"] = time.perf_counter()
        # A run has all of its pictures or none, but for those that were too large.
        faults = []
        for stem, image in self._waiting.items():
            found = taken(self.stage, image, self._framed[stem])
            if isinstance(found, Translation):
                yield found
            else:
                faults.append(f"`{image.item.name}`: {found}")
        refuse(faults, self.stage, self.finished)

    def _started(self, progress: Progress) -> Iterator[Translation]:
        seeds = {stem: image_seed(self.job.seed, image.item.name) for stem, image in self._staged.items()}
        with started(
            self.clone / "test.py",
            self.options,
            scratch=self.stage.root,
            device=self.job.device,
            seed=self.job.seed,
            log=self.job.log,
            image_seeds=seeds,
        ) as script:
            if not self._framed:
                self.mended.extend(stage_weights(self.job.weights, self.stage))
                self._framed.update(stage_images(self.job, self.stage, progress))
                self.clock["stage"] = time.perf_counter()
            self._at: str | None = None
            with progress.step("translating with the authors' test.py", total=len(self._waiting)) as step:
                for kind, stem in script.events():
                    if kind == "begin":
                        # The first image tells that torch and the weights are loaded.
                        self.clock.setdefault("start_up", time.perf_counter())
                        self._at = stem
                        continue
                    self._at = None
                    found = taken(self.stage, self._staged[stem], self._framed[stem])
                    if isinstance(found, Translation):  # what is wrong with the others is told at the end
                        del self._waiting[stem]
                        yield found
                    step.advance()
            self.finished = script.ended()

    def _leave_out(self, error: EngineError) -> None:
        """Takes away the picture at which memory ran out, and what is done; raises where that would not help."""
        at = self._at
        if at is None or not isinstance(error, MemoryShortError) or len(self.left_out) == _MOST_RESTARTS:
            raise error
        image = self._waiting.pop(at)
        self.left_out[image.item.name] = f"at {'x'.join(map(str, self._framed[at].frame))} pixels {error.message}"
        if len(self.left_out) == len(self.stage.images):
            raise error
        for stem in self._staged:
            if stem not in self._waiting:
                (self.stage.staged / f"{stem}.png").unlink(missing_ok=True)
