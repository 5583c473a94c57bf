"""What a training is to do, decided before anything is started."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.catalog.models import MODELS
from harness.catalog.types import Architecture, Direction, Family
from harness.engines.official.training import RESERVED, option_value
from harness.errors import DeviceError, TrainingError
from harness.runs.training_record import TrainingRecord, training_folders
from harness.sets.trainable import TrainingData
from harness.units import megabytes
from harness.workspace import Workspace, numbered

_BYTES_OF_STATE = 12  # fp32 weights and Adam's two moments
_BYTES_OF_WEIGHTS = 4
_DEPTH = re.compile(r"unet_\d+|resnet_\d+blocks")
_CROP_SIZE = 256  # of the authors' options
_GENERATOR: dict[Family, str] = {"pix2pix": "unet_256", "cyclegan": "resnet_9blocks", "colorization": "unet_256"}
_OWN_OPTION = {"--model": "--family", "--direction": "--direction", "--dataroot": "--dataset", "--name": "--name",
               "--continue_train": "--resume", "--gpu_ids": "--device"}  # fmt: skip


def check_options(options: Sequence[str]) -> None:
    """Raises TrainingError for options of `train.py` that are ours to set, or that need what is not installed."""
    for word in options:
        name = word.partition("=")[0]
        taken = next((r for r in sorted(RESERVED) if r == name), None)
        if taken:
            own = _OWN_OPTION.get(taken)
            hint = f"say it before the `--`: `{own}`" if own else "leave it out"
            raise TrainingError(f"`{taken}` of `train.py` is set by harness and cannot be given after `--`", hint)
        if word == "--use_wandb":
            check_installed("wandb", word)


def check_sizes(options: Sequence[str], family: Family) -> None:
    """Raises TrainingError for sizes and lengths that `train.py` would only stumble over."""
    generator = option_value(options, "netG") or _GENERATOR[family]
    preprocess = option_value(options, "preprocess") or "crop"
    crop, load = (_number(options, name, default) for name, default in (("crop_size", _CROP_SIZE), ("load_size", 286)))
    multiple = Architecture(generator, "batch", None).multiple_of if _DEPTH.fullmatch(generator) else 1
    if "crop" in preprocess and crop % multiple:
        near = max(multiple, round(crop / multiple) * multiple)
        raise TrainingError(
            f"`--crop_size {crop}` does not fit `{generator}`: sides must be multiples of {multiple} pixels",
            f"-- --crop_size {near} --load_size {round(near * 286 / 256)}",
        )
    if "crop" in preprocess and load < crop:
        raise TrainingError(
            f"`--load_size {load}` is less than `--crop_size {crop}`, which is cut out of pictures of that size",
            f"-- --load_size {round(crop * 286 / 256)} --crop_size {crop}",
        )
    if _number(options, "n_epochs", 100) + _number(options, "n_epochs_decay", 100) < 1:
        raise TrainingError("a training of no epochs teaches nothing", "-- --n_epochs 1 --n_epochs_decay 0")


def _number(options: Sequence[str], name: str, default: int) -> int:
    """The value of an option as a number; their parser answers what is none."""
    given = option_value(options, name)
    return int(given) if given and given.lstrip("-").isdigit() else default


def check_installed(package: str, option: str) -> None:
    """Raises TrainingError where an option needs a package that is not there."""
    if importlib.util.find_spec(package) is None:
        raise TrainingError(f"`{option}` needs `{package}`, which is not installed", f"pip install {package}")


def check_processes(processes: int, device: str) -> None:
    """Raises DeviceError where there are fewer GPUs than processes; on the CPU they share its cores."""
    if processes == 1 or device == "cpu":
        return
    import torch

    count = torch.cuda.device_count()
    if processes > count:
        raise DeviceError(
            f"`--devices {processes}` was asked for, but this machine shows {count} GPU{'s' if count > 1 else ''}",
            f"use `--devices {count}`",
        )


def free_name(workspace: Workspace, data: TrainingData, family: Family) -> str:
    """Returns a name for a training that nothing in the workspace has."""
    return next(name for name in numbered(f"{data.name}-{family}") if not workspace.run(name).exists())


def check_name(workspace: Workspace, name: str) -> None:
    """Raises TrainingError for a name that a training, a run or a model of the catalog has already."""
    if name.startswith("-"):
        raise TrainingError(f"`{name}` looks like an option", "choose a `--name` that begins with a letter or digit")
    if name in {model.name for model in MODELS.values()}:
        raise TrainingError(f"`{name}` is the name of an official model", "choose another `--name`")
    folder = workspace.run(name)
    if not folder.exists():
        return
    known = folder in training_folders(workspace)
    raise TrainingError(
        f"`{folder}` exists already",
        f"harness train --resume {name}, or another `--name`" if known else "choose another `--name`",
    )


def side_of(options: Sequence[str]) -> int:
    """Returns the side in pixels of what the network sees while it trains."""
    return _number(options, "crop_size", _CROP_SIZE)


def direction_warning(data: TrainingData, family: Family, direction: Direction) -> str | None:
    """Returns a sentence where pairs are to be learnt against the way they were made for."""
    if family != "pix2pix" or data.direction in {None, direction}:
        return None
    a, b = data.domains
    source, target = (a, b) if direction == "AtoB" else (b, a)
    return (
        f"`{data.name}` is made for {data.direction}: {direction} makes {target} of {source}; "
        f"if that is not what you want, say `--direction {data.direction}`"
    )


def digest(data: TrainingData) -> str:
    """Returns a SHA-256 over names and sizes of the training pictures: what tells that a dataset was changed."""
    facts = [
        [p.relative_to(data.folder).as_posix(), p.stat().st_size] for part in data.parts for p in data.pictures(part)
    ]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def disk_needed(plan: dict[str, Any], keep: int) -> int:
    """Returns the bytes of all checkpoints at once: two states (one is being written), the kept epochs, the latest.

    Args:
        plan: what `train.py` told: parameters of each network, epochs.
    """
    parameters = sum(plan["parameters"].values())
    kept = min(keep, plan["epochs"]) + 1
    return int(parameters * (2 * _BYTES_OF_STATE + (kept + 1) * _BYTES_OF_WEIGHTS))


def check_disk(folder: Path, needed: int, free: int) -> None:
    """Raises TrainingError where the checkpoints cannot fit."""
    if needed > free:
        raise TrainingError(
            f"the checkpoints need {megabytes(needed)}, and {megabytes(free)} are free where `{folder}` is",
            "make room, keep fewer epochs with `--keep 2`, or use a smaller `--ngf` after `--`",
        )


def sentences(record: TrainingRecord, needed: int) -> list[str]:
    """Returns what is about to be done, once `train.py` has said what it makes of its options."""
    plan, dataset = record.plan, record.dataset
    options = plan["options"]
    size = plan["batch_size"]
    per_step = size * record.processes
    where = f"{record.device}{f', {record.processes} processes' if record.processes > 1 else ''}"
    total = plan["epochs"] * plan["batches"]
    way = "both directions" if record.family == "cyclegan" else record.direction
    return [
        f"`{record.name}`: {record.family}, {way}, on `{dataset['name']}`: "
        + ", ".join(f"{count} in `{part}`" for part, count in dataset["counts"].items()),
        f"{options['n_epochs']} + {options['n_epochs_decay']} epochs of {plan['batches']} iterations = {total} "
        f"iterations of {per_step} image{'s' if per_step > 1 else ''} on {where}; "
        f"{options['netG']}, {options['ngf']} filters, {options['crop_size']} pixels",
        f"checkpoints take up to {megabytes(needed)} on the disk",
    ]
