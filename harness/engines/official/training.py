"""The authors' own `train.py`, followed while it trains and resumable: their command line, our hooks, what is told."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.catalog.types import Direction, Discriminator, Family
from harness.engines.official.command_line import takes_gpu_ids
from harness.engines.official.failures import Kind, failure
from harness.engines.official.process import Finished, Listener, Script, started
from harness.errors import EngineError, OfficialScriptError, TrainingError

STATE = "state.pt"
# Epochs; their own saving is off, which is neither whole nor in time for the last epoch.
_NEVER = 10**9
_HERE = Path(__file__).parent
_HINTS: dict[Kind, str] = {
    "memory": "use a smaller `--crop_size` or `--ngf` after `--`, or `--device cpu`",
    "disk": "make room, then the same command again",
    "weights": "the saved state cannot be read: train anew under another `--name`",
}
_OWN_WORD = {
    "model": "--family",
    "direction": "--direction",
    "dataroot": "--dataset",
    "name": "--name",
    "continue_train": "--resume",
    "use_wandb": "--tensorboard",
}


@dataclass(frozen=True)
class TrainingJob:
    """A training of one model by the authors' script.

    Attributes:
        data: a folder with `train/` of pairs, or with `trainA/` and `trainB/`; anything their loaders can read.
        folder: gets `checkpoints/` (weights and the state), `samples/` and `log.txt`; the state there is resumed, and
            after each epoch a generator draws from every RGB PNG `samples/input/NETWORK-NUMBER.png`.
        options: further options of `train.py`, which its own parser reads: any unique beginning of a name will do.
        processes: how many train together; on GPUs each has its own.
        keep: how many epochs' networks stay, spread evenly; the last one always does.
        log_every: iterations between two told losses.
        save_seconds: at least so long between the states of two epochs; a state within an epoch takes five times that.
        warm_up: iterations timed before the first, and undone.
        without_skips: whether the U-Net's skip connections carry nothing.
        fused: whether Adam takes its fused kernel: faster, equal but for rounding.
        discriminator: what that of pix2pix judges: the picture beside its input, the picture alone, or nothing.
    """

    family: Family
    direction: Direction
    data: Path
    folder: Path
    options: tuple[str, ...] = ()
    device: str = "cpu"
    processes: int = 1
    seed: int = 0
    keep: int = 10
    log_every: int = 1
    save_seconds: float = 60.0
    warm_up: int = 3
    without_skips: bool = False
    fused: bool = False
    discriminator: Discriminator = "conditional"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def state(self) -> Path:
        return self.checkpoints / STATE


def train(job: TrainingJob, clone: Path, listener: Listener) -> Finished:
    """Trains from the job's state, or from the beginning where there is none.

    An interrupt, or the end of this process, lets the script finish the iteration under way and save its state first.

    Args:
        listener: hears `options`, which `train.py` was given and has parsed, before anything is read: an error raised
            then refuses them, and what `data` and `samples` name may be laid out. Then `resumed`, `plan`, `speed`
            (seconds an iteration, of the warm-up), `loss`, `step`, `saved`, `epoch`, `stopping` after an interrupt, and
            `stopped`; the hooks beside this file say what each tells. After a resume the last losses before it come
            once more: whoever listened then may have been cut off first.

    Raises:
        TrainingError: losses that are no numbers, or an option the script does not take or that is set here.
        MemoryShortError: the device has no memory left.
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
        parsed = script.wait_for("options")
        if parsed is not None:
            refuse_contradictions(job, parsed["options"])
            listener("options", parsed)
        finished, heard = _followed(script, listener)
    if finished.returncode != 0:
        raise _failure(finished, parsed, heard.get("stopped"), job)
    return finished


def _followed(script: Script, listener: Listener) -> tuple[Finished, dict[str, Any]]:
    """Lets the script train; returns how it ended and the last event of each kind."""
    heard: dict[str, Any] = {}

    def hear(kind: str, told: Any) -> None:
        heard[kind] = told
        listener(kind, told)

    try:
        return script.follow(hear), heard
    except (KeyboardInterrupt, OfficialScriptError):  # by hand, by SIGTERM, or its time is up
        # Before the first iteration there is nothing to save, and importing torch is not worth waiting for.
        if "step" in heard:
            listener("stopping", None)
            script.stop(hear)
        raise


def training_options(job: TrainingJob) -> list[str]:
    """Returns the arguments of `train.py` for a job; what the user gave comes last and wins."""
    own = {name: value for name, value in _set_here(job).items() if name in _GIVEN}
    words = [word for name, value in own.items() for word in (f"--{name}", str(value))]
    # Their page asks for itself again every second for ever, and shows epochs that were never saved.
    return [*words, "--no_html", "--save_epoch_freq", str(_NEVER), *job.options]  # our hooks save, the last epoch too


_GIVEN = ("dataroot", "checkpoints_dir", "name", "model", "direction")


def _set_here(job: TrainingJob) -> dict[str, Any]:
    """Options that are the job's own, or would break what is built upon the script's files; name -> value."""
    model, mode, channels = {
        # --model, --dataset_mode, channels in and out
        "pix2pix": ("pix2pix", "aligned", (3, 3)),
        "cyclegan": ("cycle_gan", "unaligned", (3, 3)),
        "colorization": ("colorization", "colorization", (1, 2)),
    }[job.family]
    return {
        "dataroot": str(job.data.resolve()), "checkpoints_dir": str(job.folder.resolve()), "name": "checkpoints",
        "model": model, "direction": job.direction, "dataset_mode": mode, "input_nc": channels[0],
        "output_nc": channels[1], "phase": "train", "suffix": "", "continue_train": False, "epoch_count": 1,
        "epoch": "latest", "load_iter": 0, "save_by_iter": False, "no_html": True, "use_wandb": False,
    }  # fmt: skip


def refuse_contradictions(job: TrainingJob, options: dict[str, Any]) -> None:
    """Raises TrainingError where `train.py` has read from its options what is set by harness otherwise."""
    for name, value in _set_here(job).items():
        if name in options and options[name] != value:
            own = _OWN_WORD.get(name)
            raise TrainingError(
                f"`--{name}` of `train.py` is set by harness and cannot be given after `--`, where it reads "
                f"`{options[name]}` for it",
                f"say it before the `--`: `{own}`" if own else "leave it out",
            )


def _hooks(job: TrainingJob) -> dict[Path, dict[str, Any]]:
    """Files of hooks in the order they hang on to the script, each with its settings."""
    state = str(job.state.resolve())
    chosen: dict[str, dict[str, Any]] = {
        **({"process": {}} if job.processes > 1 else {}),
        **({"skip": {}} if job.without_skips else {}),
        **({"adam": {}} if job.fused else {}),
        **({"discriminator": {"kind": job.discriminator}} if job.discriminator != "conditional" else {}),
        "state": {"file": state},
        "plan": {"warm_up": job.warm_up},
        "loss": {"log_every": job.log_every},
        "saving": {"state": state, "keep": job.keep, "save_seconds": job.save_seconds},
        "sample": {"folder": str((job.folder / "samples").resolve())},
    }
    return {_HERE / f"{name}_hooks.py": settings for name, settings in chosen.items()}


def _failure(finished: Finished, parsed: Any, stopped: dict[str, Any] | None, job: TrainingJob) -> EngineError:
    if stopped is not None and stopped["why"] == "not_finite":
        kept = f"the last state before it is kept in `{job.state}`" if job.state.is_file() else "nothing was saved yet"
        return TrainingError(
            f"in iteration {stopped['iteration']} a loss or a weight is no finite number any more: the training "
            f"diverged; {kept}",
            "train again with a smaller `--lr` after `--`, e.g. `-- --lr 0.0001`",
        )
    theirs = next((line for line in finished.tail if ": error: " in line), None) if parsed is None else None
    if theirs:
        return TrainingError(
            f"the authors' `train.py` refuses its options: {theirs.partition(': error: ')[2]}",
            "see what it takes in `options/base_options.py` and `options/train_options.py` of the clone",
        )
    return failure(finished, _HINTS)
