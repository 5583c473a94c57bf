"""`harness train`: lays the pictures out, runs the authors' `train.py`, shows how it goes, and goes on after a cut."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Direction, Family
from harness.engines.devices import resolve_device
from harness.engines.official.training import STATE
from harness.errors import GitError, HarnessError, TrainingError
from harness.progress import Progress, Silent
from harness.provision.installed import clone_state
from harness.redacting import public_address
from harness.runs.training_record import TrainingRecord, find_training, load_training, save_training
from harness.runs.versions import versions
from harness.sets.trainable import TrainingData, check_set, find_data
from harness.training import checks as planning
from harness.training.presets import Preset, preset_options
from harness.training.session import Going, warned
from harness.version import __version__
from harness.workspace import Workspace


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
    without_skips: bool = False,
    tensorboard: bool = False,
    lang: str = "en",
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> TrainingRecord:
    """Trains on a dataset with the authors' `train.py` and tests what came of it; all in `results/<name>/`.

    Args:
        dataset: a prepared set, an official dataset, or a folder laid out like one; see `find_data`.
        family: by default pix2pix for pairs and cyclegan for pictures without partners; `colorization` takes photos.
        direction: by default the one the dataset is made for. CycleGAN learns both.
        preset: size and length; `paper` is the authors' own.
        options: further options of `train.py`, which win over the preset's.
        processes: how many train together, on GPUs one each.
        keep: how many epochs' networks stay on the disk, the last one always; the best is chosen among them.
        without_skips: whether the U-Net's skip connections are to carry nothing, to see what they are good for.
        tensorboard: whether to write event files for TensorBoard too.
        command: the command line as typed, for the record.

    Raises:
        TrainingError: it cannot begin as asked, or stopped itself; what is said goes on where it was.
        HarnessError: any other of its kinds.
    """
    progress = progress or Silent()
    planning.check_options(options)
    if tensorboard:
        planning.check_installed("tensorboard", "--tensorboard")
    _clone(workspace)
    data = find_data(workspace, dataset, family)
    check_set(data)
    family = family or ("pix2pix" if data.kind == "pairs" else "cyclegan")
    chosen = _direction(data, family, direction, progress)
    resolved = resolve_device(device)
    planning.check_processes(processes, resolved)
    if name is not None:
        planning.check_name(workspace, name)
    images = max(len(data.pictures(part)) for part in data.parts)
    given = (*preset_options(preset, family, images), *options)
    planning.check_sizes(given, family)
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
        options=given,
        dataset={"name": data.name, "reference": data.reference, "digest": planning.digest(data)},
        device=resolved,
        processes=processes,
        seed=seed,
        keep=keep,
        upstream={**asdict(clone), "url": public_address(clone.url)},
        versions=versions(),
        lang=lang,
        without_skips=without_skips,
        tensorboard=tensorboard,
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
    _clone(workspace)
    data = find_data(workspace, record.dataset["reference"], record.family)
    if planning.digest(data) != record.dataset["digest"]:
        record = warned(record, "the training pictures were changed between two goings on", progress)
    now = clone_state(workspace)
    if now and now.commit != record.upstream["commit"]:
        record = warned(record, f"the authors' code changed to {now.commit[:7]} between two goings on", progress)
    record = replace(record, device=resolve_device(device or record.device))
    if not (folder / "checkpoints" / STATE).is_file():
        progress.say(f"`{record.name}` has no checkpoint yet: it begins again")
    return _go(workspace, folder, replace(record, message=None, hint=None), data, progress)


def _direction(data: TrainingData, family: Family, asked: Direction | None, progress: Progress) -> Direction:
    if family != "pix2pix":
        if asked == "BtoA":
            learns = "CycleGAN learns both directions" if family == "cyclegan" else "colours are learnt from lightness"
            progress.warn(f"{learns}: `--direction` changes nothing")
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
        going = Going(workspace, folder, record, data, progress)
        try:
            if record.state != "ending":
                going.train()
            going.end()
        except KeyboardInterrupt:
            going.stop("interrupted", "stopped by hand", f"harness train --resume {record.name}")
            progress.warn(
                f"`{record.name}` stopped; it can go on where it was", f"harness train --resume {record.name}"
            )
            raise
        except HarnessError as error:
            with suppress(OSError):  # the same full disk, perhaps; the error itself matters more
                going.stop("failed", error.message.partition("\n")[0], error.hint)
            raise
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise TrainingError(
                f"the disk is full: nothing more could be written to `{folder}`; the last state is kept",
                f"make room, then harness train --resume {record.name}",
            ) from error
        finally:
            going.clear()
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
