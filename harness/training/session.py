"""One going of a training: from its start, or from where it was cut off, to its tested end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.catalog.repositories import PYTORCH
from harness.engines.official.training import TrainingJob, train
from harness.errors import DeviceError
from harness.progress import Progress
from harness.report.writing import write_index
from harness.runs.training_record import State, TrainingRecord, save_training
from harness.sets.trainable import TrainingData
from harness.training import checks as planning
from harness.training.evaluation import end_training
from harness.training.laying_out import Sample, stage, stage_samples
from harness.training.monitor import Monitor
from harness.training.publishing import last_known, publish
from harness.training.tensorboard import Scalars
from harness.workspace import Workspace

_SECONDS_BETWEEN_PAGES = 3.0
_SECONDS_BETWEEN_RECORDS = 30.0
_STAGED = ".data"


def warned(record: TrainingRecord, warning: str, progress: Progress) -> TrainingRecord:
    """Says a warning and returns the record with it."""
    progress.warn(warning)
    return replace(record, warnings=tuple(dict.fromkeys((*record.warnings, warning))))


class Going:
    """One going of a training, from its start or from where it was cut off."""

    def __init__(
        self, workspace: Workspace, folder: Path, record: TrainingRecord, data: TrainingData, progress: Progress
    ) -> None:
        self.workspace, self.folder, self.record, self.data, self.progress = workspace, folder, record, data, progress
        self.monitor: Monitor | None = None
        self._scalars = Scalars(folder) if record.tensorboard else None
        self._known = last_known(folder)
        self._published = self._recorded = time.monotonic()

    def train(self) -> None:
        """Runs `train.py` to its end; a batch too large for the memory is halved."""
        staged = stage(self.data, self.record.family, self.folder / _STAGED, self.progress)
        facts = {
            "counts": staged.counts, "refused": staged.refused,
            "chosen_on": self.data.chosen_on, "tested_on": self.data.tested_on,
        }  # fmt: skip
        self.record = replace(self.record, dataset=self.record.dataset | facts)
        if self.data.has_targets and self.data.chosen_on and self.data.chosen_on == self.data.tested_on:
            self.progress.say(f"the best epoch will be chosen on `{self.data.tested_on}`, where it is measured too")
        for warning in self._warnings_of(staged.warnings, len(staged.refused)):
            self.record = warned(self.record, warning, self.progress)
        while True:
            try:
                self._train_once()
                return
            except DeviceError as error:
                batch = self.monitor.plan.get("batch_size", 1) if self.monitor else 1
                if "memory" not in error.message or batch == 1:
                    raise
                self._halve(batch)

    def _warnings_of(self, warnings: Sequence[str], refused: int) -> list[str]:
        found = list(warnings)
        if refused:
            found.append(f"{refused} pictures cannot be used and are left out; `training.json` says why")
        if self.data.chosen_on is None:
            found.append("nothing is held out (no `test` or `val`): the result will not be measured")
        return found

    def _halve(self, batch: int) -> None:
        given = [*self.record.options, "--batch_size", str(batch // 2)]
        self.record = replace(self.record, options=tuple(given))
        self.record = warned(
            self.record, f"{batch} images at once do not fit the memory: {batch // 2} now", self.progress
        )

    def _train_once(self) -> None:
        record = self.record
        samples = self._samples()
        by_network: dict[str, tuple[Path, ...]] = {}
        for sample in samples:
            by_network[sample.network] = (*by_network.get(sample.network, ()), sample.input)
        job = TrainingJob(
            family=record.family, direction=record.direction, data=self.folder / _STAGED, folder=self.folder,
            options=record.options, samples=by_network, device=record.device, processes=record.processes,
            seed=record.seed, keep=record.keep, without_skips=record.without_skips,
            log_every=1 if record.device == "cpu" else 10,
        )  # fmt: skip
        with ExitStack() as stack:
            step = stack.enter_context(self.progress.step("training", unit="iterations"))
            self.monitor = Monitor(self.folder, samples, self.progress, step, record.seconds)
            finished = train(job, self.workspace.upstream(PYTORCH.id), self._told)
        self._look()
        self.record = replace(self.record, shims=finished.shims, state="ending")
        self._save()

    def _told(self, kind: str, told: dict[str, Any]) -> None:
        assert self.monitor
        self.monitor.told(kind, told)
        if self._scalars:
            self._scalars.told(kind, told)
        if kind == "plan":
            self._begin(told)
        now = time.monotonic()
        if now - self._published > _SECONDS_BETWEEN_PAGES:
            self._published = now
            self._look()
            publish(self.folder, self.record, self._known)
        if now - self._recorded > _SECONDS_BETWEEN_RECORDS:
            self._recorded = now
            save_training(self.folder, self.record)

    def _begin(self, told: dict[str, Any]) -> None:
        """Says what is about to be done, before the first iteration, and that there is room for it."""
        assert self.monitor
        public = {k: v for k, v in told["options"].items() if k not in {"dataroot", "checkpoints_dir"}}
        resumes = (*self.record.resumes, *([self.monitor.resumed] if self.monitor.resumed else []))
        self.record = replace(self.record, plan=told | {"options": public}, resumes=resumes, state="running")
        needed = planning.disk_needed(told, self.record.keep)
        planning.check_disk(self.folder, needed, shutil.disk_usage(self.folder).free)
        for sentence in planning.sentences(self.record, needed):
            self.progress.say(sentence)
        if self.monitor.resumed:
            self.progress.say(f"going on in epoch {told['epoch']}, after iteration {told['iteration']}")
        self._look()
        self._save()
        write_index(self.workspace.results, self.record.lang)
        self.progress.say(f"watch it: {(self.folder / 'index.html').as_uri()}")

    def end(self) -> None:
        """Tests what came of it, and writes the last pages."""
        self.record = end_training(self.workspace, self.folder, self.record, self.data, self.progress)
        self.record = replace(self.record, state="finished", message=None, hint=None)
        self._save()
        write_index(self.workspace.results, self.record.lang)

    def _samples(self) -> list[Sample]:
        side = planning.side_of(self.record.options)
        return stage_samples(self.data, self.record.direction, self.record.family, side, self.folder / "samples")

    def clear(self) -> None:
        """Takes away what was laid out for `train.py`; it is laid out again when the training goes on."""
        if self._scalars:
            self._scalars.close()
        shutil.rmtree(self.folder / _STAGED, ignore_errors=True)

    def stop(self, state: State, message: str, hint: str | None) -> None:
        """Writes down why it stopped; a stop within the tests leaves the training as done."""
        if self.record.state == "ending":
            state = "ending"
        elif self.monitor and self.monitor.plan:
            self._look()
        self.record = replace(self.record, state=state, message=message, hint=hint)
        self._save()

    def _look(self) -> None:
        assert self.monitor
        self._known = self.monitor.document()
        self.record = replace(self.record, seconds=round(self.monitor.seconds, 1))

    def _save(self) -> None:
        save_training(self.folder, self.record)
        publish(self.folder, self.record, self._known, page=True)
