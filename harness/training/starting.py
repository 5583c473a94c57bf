"""`harness train`: lays the pictures out, runs the authors' `train.py`, shows how it goes, and goes on after a cut."""

from __future__ import annotations

import errno
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Direction, Family
from harness.engines.devices import resolve_device
from harness.errors import GitError, HarnessError, MemoryShortError, OfficialScriptError, TrainingError, quoted
from harness.fetch.proving import Clone
from harness.progress import Progress, Silent
from harness.provision.installed import clone_state
from harness.report.writing import write_index
from harness.runs.training_record import TrainingRecord, find_training, load_training, save_training
from harness.runs.versions import versions
from harness.sets.trainable import TrainingData, check_set, find_data
from harness.training import checks
from harness.training.presets import preset_options
from harness.training.session import Going
from harness.training.tasks import build_task_set
from harness.training.train_request import TrainRequest
from harness.version import __version__
from harness.web.language import spoken
from harness.workspace import Workspace

_AS_ASKED = (*("command", "preset", "processes", "seed", "keep"), *("without_skips", "discriminator", "tensorboard"))


@dataclass(frozen=True)
class Settled:
    """What a request comes to: the authors' code, the pictures, the method, the direction, options of `train.py`."""

    clone: Clone
    data: TrainingData
    family: Family
    direction: Direction
    options: tuple[str, ...]


def train(workspace: Workspace, request: TrainRequest, progress: Progress | None = None) -> TrainingRecord:
    """Trains on a dataset with the authors' `train.py` and tests what came of it; all in `results/<name>/`.

    Where nothing was trained yet when it stopped, nothing of it stays, but for the script's log where it failed.

    Raises:
        TrainingError: it cannot begin as asked, or stopped itself; what is said goes on where it was.
        HarnessError: any other of its kinds.
    """
    progress = progress or Silent()
    return begin(workspace, request, settle(workspace, request, progress), progress)


def settle(workspace: Workspace, request: TrainRequest, progress: Progress) -> Settled:
    """Finds what a request names, makes the set of its task, and says what was decided; raises as `train`."""
    if request.tensorboard:
        checks.check_installed("tensorboard", "--tensorboard")
    clone = _clone(workspace)
    dataset = request.dataset
    if request.task is not None:
        folder = Path(dataset).expanduser()
        dataset = build_task_set(workspace, request.task, folder, lang=request.lang, progress=progress).folder.name
    data = find_data(workspace, dataset, request.family, follow_links=request.follow_links)
    if data.found.note:
        progress.say(data.found.note)
    if data.found.stale:
        progress.warn(data.found.stale, "harness prepare-images FOLDER brings it up to date")
    check_set(data)
    family = request.family or ("pix2pix" if data.kind == "pairs" else "cyclegan")
    chosen = _direction(data, family, request.direction, progress)
    # Unaligned pictures: an epoch goes as often as the larger side has some.
    images = max(len(data.pictures(part)) for part in data.parts)
    return Settled(clone, data, family, chosen, (*preset_options(request.preset, family, images), *request.options))


def begin(workspace: Workspace, request: TrainRequest, settled: Settled, progress: Progress) -> TrainingRecord:
    """Trains as `train` does, of a request that is settled."""
    data, family = settled.data, settled.family
    device = resolve_device(request.device)
    checks.check_processes(request.processes, device)
    if request.name is not None:
        checks.check_name(workspace, request.name, family)
    record = _new_record(request, settled)
    # Two that begin at once must not choose one name; the lock ends once the folder stands.
    with workspace.locked("harness train", wait_s=-1, on_wait=progress.say):
        folder = workspace.run(request.name or checks.free_name(workspace, data, family))
        folder.mkdir(parents=True)
        record = replace(record, name=folder.name)
        save_training(folder, record)  # at once: without it a folder has a name and cannot be gone on with
    going = Going(workspace, folder, record, data, progress)
    try:
        return _go(going)
    except BaseException:
        # Ctrl-C too: an empty training would keep its name from the next attempt.
        if going.what_stays()[0] is None:
            shutil.rmtree(folder)
            with suppress(HarnessError, OSError):  # what stopped it matters more than what one page lists
                if (workspace.results / "index.html").is_file():
                    write_index(workspace.results, record.lang)
        raise


def rehearse(workspace: Workspace, request: TrainRequest, settled: Settled) -> None:
    """Raises TrainingError for options that `train.py` would refuse or fail over; no picture is read."""
    with TemporaryDirectory() as folder:
        record = _new_record(request, settled)
        Going(workspace, Path(folder), record, settled.data, Silent()).rehearse()


def _new_record(request: TrainRequest, settled: Settled) -> TrainingRecord:
    data = settled.data
    return TrainingRecord(
        name="",
        harness_version=__version__,
        started=datetime.now().astimezone().isoformat(timespec="seconds"),
        state="starting",
        family=settled.family,
        direction=settled.direction,
        options=settled.options,
        dataset={"name": data.name, "reference": data.reference, "follow_links": request.follow_links},
        device=resolve_device(request.device),
        upstream=settled.clone.to_json(),
        versions=versions(),
        lang=spoken(request.lang).code,
        **{name: getattr(request, name) for name in _AS_ASKED},
    )


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
        raise TrainingError(f"`{record.name}` is finished", f"harness test --model {quoted(record.name)}")
    now = _clone(workspace)
    follow_links = record.dataset.get("follow_links", False)
    data = find_data(workspace, record.dataset["reference"], record.family, follow_links=follow_links)
    record = replace(record, device=resolve_device(device or record.device), message=None, hint=None)
    going = Going(workspace, folder, record, data, progress)
    # The state may still fit their networks: a warning in the record, no refusal.
    if now.commit != record.upstream["commit"]:
        going.warn(f"the authors' code changed to {now.commit[:7]} between two goings on")
    if not going.job.state.is_file():
        progress.say(f"`{record.name}` has no checkpoint yet: it begins again")
    return _go(going)


def _direction(data: TrainingData, family: Family, asked: Direction | None, progress: Progress) -> Direction:
    if family != "pix2pix":
        if asked == "BtoA":
            learns = "CycleGAN learns both directions" if family == "cyclegan" else "colours are learnt from lightness"
            progress.warn(f"{learns}: `--direction` changes nothing")
        return "AtoB"
    chosen = asked or data.direction or "AtoB"
    if data.direction not in {None, chosen}:
        source, target = data.domains if chosen == "AtoB" else data.domains[::-1]
        progress.warn(
            f"`{data.name}` is made for {data.direction}: {chosen} makes {target} of {source}; "
            f"if that is not what you want, say `--direction {data.direction}`"
        )
    elif asked is None and data.direction is None:
        progress.say(
            "direction: AtoB, the left half of each pair is the input; `--direction BtoA` learns the other way"
        )
    return chosen


def _clone(workspace: Workspace) -> Clone:
    clone = clone_state(workspace)
    if clone is None:
        raise GitError(f"the authors' code is not in `{workspace.upstream(PYTORCH.id)}`", "harness setup")
    return clone


def _go(going: Going) -> TrainingRecord:
    """Trains until it ends, then tests; whatever stops it stands in the record and on the page."""
    with ExitStack() as stack:
        try:
            # The system lets go of it when this process dies, however that happens.
            stack.enter_context(FileLock(going.folder / ".lock", timeout=0))
        except Timeout:
            raise TrainingError(
                f"`{going.folder.name}` is being trained by another process", "wait until it ends"
            ) from None
        try:
            if going.record.state != "ending":
                going.train()
            going.end()
        except KeyboardInterrupt:
            hint, stays = going.what_stays()
            if hint is not None:
                going.stop("interrupted", "stopped by hand", hint)
            going.progress.warn(f"`{going.record.name}` stopped; {stays}", hint)
            raise
        except HarnessError as error:
            # Before `stop` changes the state, by which it says what stays.
            told = _with_log(going, error)
            with suppress(OSError):  # the same full disk, perhaps; the error itself matters more
                going.stop("failed", error.message.partition("\n")[0], error.hint)
            raise told from error
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            hint, stays = going.what_stays()
            raise TrainingError(
                f"the disk is full: nothing more could be written to `{going.folder}`; {stays}",
                f"make room, then {hint or 'the same command again'}",
            ) from error
        finally:
            going.clear()
        return going.record


def _with_log(going: Going, error: HarnessError) -> HarnessError:
    """The error with where the whole output of the script is; it is kept where the training's folder does not stay."""
    log = going.folder / "log.txt"
    if not isinstance(error, OfficialScriptError | MemoryShortError) or not log.is_file():
        return error
    hint, stays = going.what_stays()
    if hint is None:
        kept = going.folder.with_name(f"{going.folder.name}.failed.log")
        with suppress(OSError):
            log = Path(shutil.copyfile(log, kept))
    return error.restated(f"{error.message}\n{stays}\nthe whole log: `{log}`")
