"""`harness train`: lays the pictures out, runs the authors' `train.py`, shows how it goes, and goes on after a cut."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from filelock import FileLock, Timeout

from harness import __version__
from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Direction, Family
from harness.devices import resolve_device
from harness.errors import DeviceError, GitError, HarnessError, TrainingError
from harness.official.training import TrainingJob
from harness.official.training import train as train_officially
from harness.progress import Progress, Silent
from harness.report.service import write_index
from harness.runs.training import State, TrainingRecord, find_training, load_training, save_training
from harness.setup.installed import clone_state
from harness.testing.machine import versions
from harness.testing.recording import public_url
from harness.training import plan as planning
from harness.training.data import TrainingData, check_set, find_data
from harness.training.ending import end_training
from harness.training.monitor import Monitor
from harness.training.presets import Preset, preset_options
from harness.training.publishing import publish
from harness.training.staging import Sample, stage, stage_samples
from harness.workspace import Workspace

_SECONDS_BETWEEN_PAGES = 3.0
_SECONDS_BETWEEN_RECORDS = 30.0
_STAGED = ".data"


def train(
    workspace: Workspace,
    dataset: str,
    family: Family | None = None,
    direction: Direction | None = None,
    preset: Preset = "paper",
    options: Sequence[str] = (),
    name: str | None = None,
    device: str = "auto",
    processes: int = 1,
    seed: int = 0,
    keep: int = 10,
    lang: str = "en",
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> TrainingRecord:
    """Trains on a dataset with the authors' `train.py` and tests what came of it; all in `results/<name>/`.

    Args:
        dataset: a prepared set, an official dataset, or a folder laid out like one; see `find_data`.
        family: by default pix2pix for pairs and cyclegan for pictures without partners.
        direction: by default the one the dataset is made for. CycleGAN learns both.
        preset: size and length; `paper` is the authors' own.
        options: further options of `train.py`, which win over the preset's.
        processes: how many train together, on GPUs one each.
        keep: how many epochs' networks stay on the disk, the last one always; the best is chosen among them.
        command: the command line as typed, for the record.

    Raises:
        TrainingError: it cannot begin as asked, or stopped itself; what is said goes on where it was.
        HarnessError: any other of its kinds.
    """
    progress = progress or Silent()
    planning.check_options(options)
    _clone(workspace)
    data = find_data(workspace, dataset, family)
    check_set(data)
    family = family or ("pix2pix" if data.paired else "cyclegan")
    chosen = _direction(data, family, direction, progress)
    resolved = resolve_device(device)
    planning.check_processes(processes, resolved)
    if name is not None:
        planning.check_name(workspace, name)
    images = len(data.pictures("train")) if data.paired else max(len(data.pictures(f"train{side}")) for side in "AB")
    with workspace.locked("harness train", wait_s=-1, on_wait=progress.say):
        folder = workspace.run(name or planning.free_name(workspace, data, family))
        folder.mkdir(parents=True)
    clone = clone_state(workspace)
    assert clone
    record = TrainingRecord(
        name=folder.name,
        harness_version=__version__,
        command=tuple(command),
        started=_now(),
        state="starting",
        family=family,
        direction=chosen,
        preset=preset,
        options=(*preset_options(preset, family, images), *options),
        dataset={"name": data.name, "reference": data.reference, "digest": planning.digest(data)},
        device=resolved,
        processes=processes,
        seed=seed,
        keep=keep,
        upstream={**asdict(clone), "url": public_url(clone.url)},
        versions=versions(),
        lang=lang,
    )
    save_training(folder, record)
    try:
        return _go(workspace, folder, record, data, progress)
    except BaseException:
        if not (folder / "losses.csv").exists():  # nothing was trained: nothing to go on from
            shutil.rmtree(folder)
        raise


def resume(
    workspace: Workspace, name: str, device: str | None = None, progress: Progress | None = None
) -> TrainingRecord:
    """Goes on with a training that was cut off, from its last state.

    Args:
        device: another one than it ran on; the same by default.

    Raises:
        UnknownNameError: no training has that name.
        TrainingError: it is finished, or it runs.
    """
    progress = progress or Silent()
    folder = find_training(workspace, name)
    record = load_training(folder)
    if record.state == "finished":
        raise TrainingError(f"`{record.name}` is finished", f"harness test --model {record.name}")
    clone = _clone(workspace)
    data = find_data(workspace, record.dataset["reference"], record.family)
    if planning.digest(data) != record.dataset["digest"]:
        record = _warned(record, "the training pictures were changed between two goings on", progress)
    now = clone_state(workspace)
    if now and now.commit != record.upstream["commit"]:
        record = _warned(record, f"the authors' code changed to {now.commit[:7]} between two goings on", progress)
    record = replace(record, device=resolve_device(device or record.device))
    if not list(folder.glob("checkpoints/state.pt")) and clone:
        progress.say(f"`{record.name}` has no checkpoint yet: it begins again")
    return _go(workspace, folder, replace(record, message=None, hint=None), data, progress)


def _direction(data: TrainingData, family: Family, asked: Direction | None, progress: Progress) -> Direction:
    if family == "cyclegan":
        if asked == "BtoA":
            progress.warn("CycleGAN learns both directions: `--direction` changes nothing")
        return "AtoB"
    chosen = asked or data.direction or "AtoB"
    warning = planning.direction_warning(data, family, chosen)
    if warning:
        progress.warn(warning)
    elif asked is None and data.direction is None:
        progress.say(
            "direction: AtoB, the left half of each pair is the input; `--direction BtoA` learns the other way"
        )
    return chosen


def _warned(record: TrainingRecord, warning: str, progress: Progress) -> TrainingRecord:
    progress.warn(warning)
    return replace(record, warnings=tuple(dict.fromkeys((*record.warnings, warning))))


def _clone(workspace: Workspace) -> Path:
    clone = workspace.upstream(PYTORCH.id)
    if not clone.is_dir():
        raise GitError(f"the authors' code is not in `{clone}`", "harness setup")
    return clone


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _go(
    workspace: Workspace, folder: Path, record: TrainingRecord, data: TrainingData, progress: Progress
) -> TrainingRecord:
    """Trains until it ends, then tests; whatever stops it stands in the record and on the page."""
    with _alone(folder):
        going = _Going(workspace, folder, record, data, progress)
        try:
            if record.state != "ending":
                going.train()
            going.end()
        except KeyboardInterrupt:
            going.stop("interrupted", "stopped by hand", f"harness train --resume {record.name}")
            progress.say(f"`{record.name}` stopped; `harness train --resume {record.name}` goes on where it was")
            raise
        except HarnessError as error:
            going.stop("failed", error.message.partition("\n")[0], error.hint)
            raise
        finally:
            shutil.rmtree(folder / _STAGED, ignore_errors=True)
        return going.record


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TrainingError(f"`{folder.name}` is being trained by another process", "wait until it ends") from None
    try:
        yield
    finally:
        lock.release()


class _Going:
    """One going of a training, from its start or from where it was cut off."""

    def __init__(
        self, workspace: Workspace, folder: Path, record: TrainingRecord, data: TrainingData, progress: Progress
    ) -> None:
        self.workspace, self.folder, self.record, self.data, self.progress = workspace, folder, record, data, progress
        self.monitor: Monitor | None = None
        self._document: dict[str, Any] = {}
        self._published = self._recorded = time.monotonic()

    def train(self) -> None:
        """Runs `train.py` to its end; a batch too large for the memory is halved."""
        staged = stage(self.data, self.record.family, self.folder / _STAGED, self.progress)
        facts = {
            "counts": staged.counts, "refused": staged.refused,
            "chosen_on": self.data.chosen_on, "tested_on": self.data.tested_on,
        }  # fmt: skip
        self.record = replace(self.record, dataset=self.record.dataset | facts)
        for warning in self._warnings_of(staged.warnings, len(staged.refused)):
            self.record = _warned(self.record, warning, self.progress)
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
        elif self.data.chosen_on == self.data.tested_on and self.data.paired:
            found.append(
                f"the best epoch is chosen on `{self.data.tested_on}`, where it is measured too: a little optimistic"
            )
        return found

    def _halve(self, batch: int) -> None:
        given = [*self.record.options, "--batch_size", str(batch // 2)]
        self.record = replace(self.record, options=tuple(given))
        self.record = _warned(
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
            seed=record.seed, keep=record.keep, log_every=1 if record.device == "cpu" else 10,
        )  # fmt: skip
        with ExitStack() as stack:
            step = stack.enter_context(self.progress.step("training", unit="iterations"))
            self.monitor = Monitor(self.folder, samples, self.progress, step, record.seconds)
            finished = train_officially(job, _clone(self.workspace), self._told)
        self.record = replace(self.record, shims=finished.shims, seconds=round(self.monitor.seconds, 1), state="ending")
        self._save()

    def _told(self, kind: str, told: dict[str, Any]) -> None:
        assert self.monitor
        self.monitor.told(kind, told)
        if kind == "plan":
            self._begin(told)
        now = time.monotonic()
        if kind == "plan" or now - self._published > _SECONDS_BETWEEN_PAGES:
            self._published = now
            self._publish_progress()
        if now - self._recorded > _SECONDS_BETWEEN_RECORDS:
            self._recorded = now
            self.record = replace(self.record, seconds=round(self.monitor.seconds, 1))
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
        self._save()
        self.progress.say(f"watch it: {(self.folder / 'index.html').as_uri()}")

    def end(self) -> None:
        """Tests what came of it, and writes the last pages."""
        if self.monitor is None:
            self._recall()
        self.record = end_training(self.workspace, self.folder, self.record, self.data, self.progress)
        self.record = replace(self.record, state="finished", message=None, hint=None)
        self._save()
        write_index(self.workspace.results, self.record.lang)

    def _recall(self) -> None:
        """Brings back the curves of a training that was cut off while it was tested."""
        plan = self.record.plan | {"epoch": self.record.plan["epochs"]}
        plan["iteration"] = plan["epochs"] * plan["batches"]
        with self.progress.step("reading the losses", unit="iterations") as step:
            self.monitor = Monitor(self.folder, self._samples(), self.progress, step, self.record.seconds)
            self.monitor.told("plan", plan)

    def _samples(self) -> list[Sample]:
        side = planning.side_of(self.record.options)
        return stage_samples(self.data, self.record.direction, self.record.family, side, self.folder / "samples")

    def stop(self, state: State, message: str, hint: str | None) -> None:
        """Writes down why it stopped; a stop within the tests leaves the training as done."""
        assert state in get_args(State)
        kept: State = "ending" if self.record.state == "ending" else state
        seconds = round(self.monitor.seconds, 1) if self.monitor else self.record.seconds
        self.record = replace(self.record, state=kept, message=message, hint=hint, seconds=seconds)
        self._save()

    def _save(self) -> None:
        save_training(self.folder, self.record)
        if self.monitor and self.monitor.plan:
            self._document = self.monitor.document()
        publish(self.folder, self.record, self._document, page=True)

    def _publish_progress(self) -> None:
        assert self.monitor
        self._document = self.monitor.document()
        publish(self.folder, self.record, self._document)
