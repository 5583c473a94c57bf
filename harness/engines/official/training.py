"""The authors' own `train.py`, followed while it trains and resumable: their command line, our hooks, what is told."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.catalog.types import Direction, Family
from harness.engines.official.command_line import takes_gpu_ids
from harness.engines.official.failures import failure
from harness.engines.official.process import Finished, started
from harness.errors import DeviceError, EngineError, OfficialScriptError, TrainingError

STATE = "state.pt"
_MODELS = {"pix2pix": "pix2pix", "cyclegan": "cycle_gan", "colorization": "colorization"}
_NEVER = 10**9
_HOOKS = Path(__file__).with_name("train_hooks.py")
_SKIP_HOOKS = Path(__file__).with_name("skip_hooks.py")
_SAMPLE_HOOKS = Path(__file__).with_name("sample_hooks.py")
_PROCESS_HOOKS = Path(__file__).with_name("process_hooks.py")
_NOT_FINITE, _DISK_FULL = 81, 82

RESERVED = frozenset(
    {
        "--dataroot",
        "--name",
        "--checkpoints_dir",
        "--model",
        "--dataset_mode",
        "--direction",
        "--phase",
        "--suffix",
        "--continue_train",
        "--epoch_count",
        "--epoch",
        "--load_iter",
        "--save_by_iter",
        "--no_html",
        "--input_nc",
        "--output_nc",
        "--gpu_ids",
    }
)
"""Options of `train.py` that are set here, or would break what is built upon its files."""


@dataclass(frozen=True)
class TrainingJob:
    """A training of one model by the authors' script.

    Attributes:
        data: a folder with `train/` of pairs, or with `trainA/` and `trainB/`; anything their loaders can read.
        folder: gets `checkpoints/` (weights and the state), `samples/` and `log.txt`; the state there is resumed.
        options: further options of `train.py`.
        samples: generator (`G`, `G_A`, `G_B`) -> RGB PNGs it draws after each epoch, at the size it is trained on.
        processes: how many train together; on GPUs each has its own.
        keep: how many epochs' networks stay, spread evenly; the last one always does.
        log_every: iterations between two told losses.
        save_seconds: at least so long between the states of two epochs; a state within an epoch takes five times that.
        warm_up: iterations timed before the first, and undone.
        without_skips: whether the U-Net's skip connections carry nothing.
    """

    family: Family
    direction: Direction
    data: Path
    folder: Path
    options: tuple[str, ...] = ()
    samples: dict[str, tuple[Path, ...]] | None = None
    device: str = "cpu"
    processes: int = 1
    seed: int = 0
    keep: int = 10
    log_every: int = 1
    save_seconds: float = 60.0
    warm_up: int = 3
    without_skips: bool = False

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def state(self) -> Path:
        return self.checkpoints / STATE


def train(job: TrainingJob, clone: Path, on_event: Callable[[str, dict[str, Any]], None]) -> Finished:
    """Trains from the job's state, or from the beginning where there is none.

    Args:
        on_event: called with `resumed`, `plan`, `speed` (seconds an iteration, of the warm-up), `loss`, `step`, `epoch`
            and `stopped`, and what `train_hooks.py` beside this file tells of them. After a resume the last losses
            before it come once more: whoever listened then may have been cut off first.

    Raises:
        TrainingError: losses that are no numbers, a full disk, or an option the script does not take.
        DeviceError: the device has no memory left.
        OfficialScriptError: the script failed in another way.
    """
    if takes_gpu_ids(clone):
        raise EngineError(
            "training needs the pinned commit of the authors' code, and an older one is there", "harness setup"
        )
    job.checkpoints.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".official-", dir=job.folder) as scratch,
        started(
            clone.resolve() / "train.py",
            training_options(job),
            scratch=Path(scratch),
            device=job.device,
            seed=job.seed,
            log=job.folder / "log.txt",
            hooks=_hooks(job),
            processes=job.processes,
        ) as script,
    ):
        finished = script.follow(lambda kind, told: on_event(kind, json.loads(told)))
    if finished.returncode != 0:
        raise _failure(finished, job)
    return finished


def training_options(job: TrainingJob) -> list[str]:
    """Returns the arguments of `train.py` for a job."""
    return [
        *(
            "--dataroot",
            str(job.data.resolve()),
            "--checkpoints_dir",
            str(job.folder.resolve()),
            "--name",
            "checkpoints",
        ),
        *("--model", _MODELS[job.family], "--direction", job.direction),
        *("--no_html", "--save_epoch_freq", str(_NEVER)),  # our hooks save, the last epoch too
        *job.options,
    ]


def option_value(options: Sequence[str], name: str) -> str | None:
    """Returns the value that `--name` has among options, the last one as argparse takes it; None where it is not."""
    found = None
    for word, following in zip(options, [*options[1:], ""], strict=True):
        if word == f"--{name}":
            found = following
        elif word.startswith(f"--{name}="):
            found = word.partition("=")[2]
    return found


def _hooks(job: TrainingJob) -> dict[Path, dict[str, Any]]:
    settings = {
        "state": str(job.state.resolve()),
        "keep": job.keep,
        "log_every": job.log_every,
        "save_seconds": job.save_seconds,
        "warm_up": job.warm_up,
        "event": "::harness",
        "processes": job.processes,
    }
    hooks: dict[Path, dict[str, Any]] = {}
    if job.processes > 1:
        hooks[_PROCESS_HOOKS] = {}
    if job.without_skips:
        hooks[_SKIP_HOOKS] = {}
    hooks[_HOOKS] = settings
    if job.samples:
        drawn = {network: [str(p.resolve()) for p in paths] for network, paths in job.samples.items()}
        hooks[_SAMPLE_HOOKS] = {"samples": drawn, "folder": str((job.folder / "samples").resolve())}
    return hooks


def _failure(finished: Finished, job: TrainingJob) -> EngineError:
    tail = "\n".join(finished.tail)
    code = finished.returncode
    if code == _NOT_FINITE or f"exitcode  : {_NOT_FINITE}" in tail:
        return TrainingError(
            "a loss is no finite number any more: the training diverged; the last state before it is kept",
            "train again with a smaller `--lr` after `--`, e.g. `-- --lr 0.0001`",
        )
    if code == _DISK_FULL or f"exitcode  : {_DISK_FULL}" in tail:
        return TrainingError(
            f"the disk is full: no checkpoint could be written to `{job.checkpoints}`; the last state is kept",
            f"make room, then `harness train --resume {job.folder.name}`",
        )
    if code == 2 and (theirs := next((line for line in finished.tail if ": error: " in line), None)):
        return TrainingError(
            f"the authors' `train.py` refuses its options: {theirs.partition(': error: ')[2]}",
            "see what it takes in `options/base_options.py` and `options/train_options.py` of the clone",
        )
    found = failure(finished)
    if isinstance(found, DeviceError):
        found.hint = "use a smaller `--crop_size` or `--ngf` after `--`, or `--device cpu`"
    elif isinstance(found, OfficialScriptError) and found.hint is None:
        found.hint = f"the whole output is in `{job.folder / 'log.txt'}`"
    return found
