"""One going of a training: from its start, or from where it was cut off, to its tested end."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.catalog.repositories import PYTORCH
from harness.engines.official.training import TrainingJob, train
from harness.errors import MemoryShortError, quoted
from harness.progress import Progress
from harness.report.writing import write_index
from harness.runs.training_record import State, TrainingRecord, save_training
from harness.sets.trainable import TrainingData
from harness.training.checks import digest_of_names, sentences
from harness.training.evaluation import end_training
from harness.training.foreseeing import refuse_discriminator, refuse_sizes, refuse_skips, refuse_values, schedule
from harness.training.generators import refuse_held_out
from harness.training.laying_out import Sample, Staged, stage, stage_samples
from harness.training.loss_log import FILE, read_losses
from harness.training.monitor import Monitor
from harness.training.publishing import last_known, publish, sample_strips
from harness.training.tensorboard import Scalars
from harness.workspace import Workspace

# An open page asks every two seconds. The record is larger and read by nobody meanwhile.
_SECONDS_BETWEEN_PAGES = 3.0
_SECONDS_BETWEEN_RECORDS = 30.0
# Hidden: nothing in it is a result, and all of it is laid out anew.
_STAGED = ".data"
_OF_THE_JOB = (
    *("family", "direction", "options", "device", "processes", "seed", "keep"),
    *("without_skips", "discriminator"),
)


class _Heard(Exception):
    """What was to be heard is heard: the script may end."""


class Going:
    """One going of a training, from its start or from where it was cut off.

    Attributes:
        job: what the authors' script is asked for.
        monitor: what it tells; None before it has begun.
    """

    def __init__(
        self, workspace: Workspace, folder: Path, record: TrainingRecord, data: TrainingData, progress: Progress
    ) -> None:
        self.workspace, self.folder, self.record, self.data, self.progress = workspace, folder, record, data, progress
        self.monitor: Monitor | None = None
        self._begun_at, self._seconds_before = time.monotonic(), record.seconds
        self._published = self._recorded = self._begun_at
        self._scalars = Scalars(folder) if record.tensorboard else None
        self._known = last_known(folder)
        self._options: dict[str, Any] = {}
        self._staged: Staged | None = None
        self._samples: list[Sample] = []

    @property
    def job(self) -> TrainingJob:
        # Reading a loss makes a GPU wait for its queue, hence every tenth; a CPU has none.
        return TrainingJob(
            data=self.folder / _STAGED,
            folder=self.folder,
            log_every=1 if self.record.device == "cpu" else 10,
            fused=self.record.preset != "paper",  # which does everything as the authors do
            **{name: getattr(self.record, name) for name in _OF_THE_JOB},
        )

    def warn(self, *warnings: str) -> None:
        """Says what is to be warned of and keeps it in the record."""
        for warning in warnings:
            self.progress.warn(warning)
        self.record = replace(self.record, warnings=tuple(dict.fromkeys((*self.record.warnings, *warnings))))

    def train(self) -> None:
        """Runs `train.py` to its end; a batch too large for the memory is halved."""
        while True:
            try:
                self._train_once()
                return
            except MemoryShortError:
                # What its parser made of them: the size may have come from the preset, or by an abbreviation.
                # The next round goes on from the last state, at the beginning of its epoch: other batches are other
                # iterations.
                batch = self._options.get("batch_size", 1)
                if batch < 2:
                    raise
                # argparse takes the last of an option given twice.
                self.record = replace(self.record, options=(*self.record.options, "--batch_size", str(batch // 2)))
                self.warn(f"{batch} images at once do not fit the memory: {batch // 2} now")
                save_training(self.folder, self.record)  # a cut before the plan is told must not forget it

    def rehearse(self) -> None:
        """Raises TrainingError for options that cannot be trained with, and trains nothing."""

        def hear(_: str, told: Any) -> None:
            self._refuse(told)
            raise _Heard

        with suppress(_Heard):
            train(self.job, self.workspace.upstream(PYTORCH.id), hear)

    def end(self) -> None:
        """Tests what came of it, and writes the last pages."""
        ended, warnings = end_training(self.workspace, self.folder, self.record, self.data, self.progress)
        self.record = replace(ended, state="finished", message=None, hint=None)
        self.warn(*warnings)
        self._save()
        write_index(self.workspace.results, self.record.lang)

    def what_stays(self) -> tuple[str | None, str]:
        """Returns the command that goes on with it, None where nothing was begun, and what there is to go on from."""
        resume, state = f"harness train --resume {quoted(self.record.name)}", self.job.state
        if self.record.state == "ending":
            return resume, "it is trained; its tests go on where they were"
        if state.is_file():
            saved = self.monitor.saved if self.monitor else None
            after = f" after iteration {saved['iteration']}" if saved else ""
            return resume, f"its state{after} is saved in `{state}`"
        if read_losses(self.folder / FILE):
            return resume, "no state was saved yet: it would begin again"
        return None, "nothing was trained yet"

    def stop(self, state: State, message: str, hint: str | None) -> None:
        """Writes down why it stopped; a stop within the tests leaves the training as done."""
        # All was trained: a failed test must not send anybody back to training.
        if self.record.state == "ending":
            state = "ending"
        elif self.monitor and self.monitor.plan:
            self._look()
        self.record = replace(self.record, state=state, message=message, hint=hint)
        self._save()

    def clear(self) -> None:
        """Takes away what was laid out for `train.py`; it is laid out again when the training goes on."""
        if self._scalars:
            self._scalars.close()
        # The others are temporary folders that only a kill leaves behind.
        for left in (self.folder / _STAGED, *self.folder.glob(".official-*"), *self.folder.glob(".sweep-*")):
            shutil.rmtree(left, ignore_errors=True)

    def _train_once(self) -> None:
        with ExitStack() as stack:
            clone = self.workspace.upstream(PYTORCH.id)
            # The bar opens within the first event and closes with the stack, after the last.
            finished = train(self.job, clone, lambda kind, told: self._told(kind, told, stack))
        self._look()
        self.record = replace(self.record, shims=finished.shims, state="ending")
        self._save()

    def _told(self, kind: str, told: Any, stack: ExitStack) -> None:
        # Told before `train.py` reads a picture: it waits for this to return.
        if kind == "options":
            self._lay_out(told)
            step = stack.enter_context(self.progress.step("training", unit="iterations"))
            self.monitor = Monitor(self.folder, self.progress, step)
            return
        assert self.monitor
        if kind == "stopping":
            self.progress.say("stopping: the state is saved first; a second Ctrl-C stops at once")
            return
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

    def _lay_out(self, told: dict[str, Any]) -> None:
        """Refuses what would fail hours later, and lays out what `train.py` reads; `told` is what its parser made."""
        self._options = options = told["options"]
        # What costs nothing first, then the pictures, which may be many.
        self._refuse(told)
        # Another start with a smaller batch reads what is laid out already.
        if self._staged is None:
            self._staged = stage(self.data, self.record.family, self.folder / _STAGED, self.progress)
            refuse_sizes(options, self._staged.pictures)
            refuse_held_out(self.record, options, self.data, self.progress)
            self._note(self._staged)
        unexpected, drawing = schedule(options, told["rates"])
        if unexpected:
            self.warn(unexpected)
        if drawing:
            self.progress.say(drawing)
        self._samples = stage_samples(self.data, self.record, options, self.folder / "samples")

    def _refuse(self, told: dict[str, Any]) -> None:
        options = told["options"]
        refuse_values(options, told["choices"])
        if self.record.without_skips:
            refuse_skips(options, self.record.family)
        if self.record.discriminator != "conditional":
            refuse_discriminator(self.record.discriminator, options, self.record.family)

    def _note(self, staged: Staged) -> None:
        """Puts what was laid out into the record, and says what is otherwise than one may think."""
        self.warn(*self.data.remarks(), *staged.warnings)
        if staged.refused:
            name, why = next(iter(staged.refused.items()))
            self.warn(
                f"{len(staged.refused)} pictures cannot be used and are left out, as `{name}`: {why}; `training.json` "
                "names them all"
            )
        if self.data.chosen_on is None:
            self.warn("nothing is held out (no `test` or `val`): the result will not be measured")
        dataset = self.record.dataset
        if dataset.get("digest") not in {None, staged.digest}:
            # An old record: its digest is over names and sizes, and equal ones are no sign of a change.
            if dataset["digest"] != digest_of_names(self.data):
                self.warn("the training pictures were changed between two goings on")
            else:
                self.progress.say("the training pictures are as large as they were; their pixels were not hashed then")
        facts = {
            "digest": dataset.get("digest", staged.digest),
            "counts": staged.counts,
            "refused": staged.refused,
            "chosen_on": self.data.chosen_on,
            "tested_on": self.data.tested_on,
        }
        self.record = replace(self.record, dataset=dataset | facts)
        if self.data.has_targets and self.data.chosen_on and self.data.chosen_on == self.data.tested_on:
            self.progress.say(f"the best epoch will be chosen on `{self.data.tested_on}`, where it is measured too")

    def _begin(self, told: dict[str, Any]) -> None:
        """Says what is about to be done, before the first iteration, and that there is room for it."""
        assert self.monitor
        # Paths of this machine have no place in a record that is handed on.
        public = {k: v for k, v in told["options"].items() if k not in {"dataroot", "checkpoints_dir"}}
        resumes = (*self.record.resumes, *([self.monitor.resumed] if self.monitor.resumed else []))
        self.record = replace(self.record, plan=told | {"options": public}, resumes=resumes, state="running")
        # An error raised here ends `train.py` before its first iteration.
        for sentence in sentences(self.record, self.folder):
            self.progress.say(sentence)
        if self.monitor.resumed:
            self.progress.say(f"going on in epoch {told['epoch']}, after iteration {told['iteration']}")
        self._look()
        self._save()
        write_index(self.workspace.results, self.record.lang)
        self.progress.say(f"watch it: {(self.folder / 'index.html').as_uri()}")

    def _look(self) -> None:
        assert self.monitor
        seconds = self._seconds_before + time.monotonic() - self._begun_at
        samples = sample_strips(self.folder, self._samples)
        self._known = {**self.monitor.document(), "seconds_spent": seconds, "samples": samples}
        self.record = replace(self.record, seconds=round(seconds, 1))

    def _save(self) -> None:
        save_training(self.folder, self.record)
        publish(self.folder, self.record, self._known, page=True)
