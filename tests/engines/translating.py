"""Both engines with their pictures on disk, as a run has them."""

from __future__ import annotations

from pathlib import Path

from harness.engines.job import Answer, Job, NativeSettings, Translating
from harness.engines.native.engine import translate as translate_natively
from harness.engines.official.engine import translate as translate_officially
from harness.progress import Progress
from harness.testing.one_pass import hand_on, written_to


def images_of(job: Job) -> Path:
    return job.log.parent / "images"


def native(job: Job, progress: Progress | None = None, settings: NativeSettings | None = None) -> Answer:
    return _written(job, translate_natively(job, progress, settings))


def official(job: Job, clone: Path, progress: Progress | None = None) -> Answer:
    return _written(job, translate_officially(job, clone, progress))


def _written(job: Job, translating: Translating) -> Answer:
    images_of(job).mkdir(parents=True, exist_ok=True)
    return hand_on(translating, [written_to(images_of(job))])
