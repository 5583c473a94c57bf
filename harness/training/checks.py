"""What a training is to do, decided before anything is started."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

from harness.catalog.models import MODELS
from harness.catalog.types import Family
from harness.errors import DeviceError, TrainingError, quoted
from harness.runs.trained import trained_models
from harness.runs.training_record import TrainingRecord, training_folders
from harness.sets.trainable import TrainingData
from harness.training.foreseeing import preprocessing_of
from harness.training.generators import names_of
from harness.units import megabytes
from harness.workspace import Workspace, numbered

_BYTES_OF_STATE = 12  # fp32 weights and Adam's two moments
_BYTES_OF_WEIGHTS = 4


def check_installed(package: str, option: str) -> None:
    """Raises TrainingError where an option needs a package that is not there."""
    # Looked for, not imported: this is asked before anything else, and the import takes seconds.
    if importlib.util.find_spec(package) is None:
        raise TrainingError(f"`{option}` needs `{package}`, which is not installed", f"pip install {package}")


def check_processes(processes: int, device: str) -> None:
    """Raises DeviceError where there are fewer GPUs than processes; on the CPU they share its cores."""
    if processes == 1 or device == "cpu":
        return
    import torch

    # On GPUs NCCL wants one for each process; Gloo on the CPU takes any number.
    count = torch.cuda.device_count()
    if processes > count:
        raise DeviceError(
            f"`--devices {processes}` was asked for, but this machine shows {count} GPU{'s' if count > 1 else ''}",
            f"use `--devices {count}`",
        )


def free_name(workspace: Workspace, data: TrainingData, family: Family) -> str:
    """Returns a name for a training; nothing in the workspace has it, nor any of those it makes."""
    # The names of its tests too: a clash would show when the training has ended.
    taken = {path.name for path in workspace.results.glob("*")}
    free = (name for name in numbered(f"{data.name}-{family}") if not taken.intersection(names_of(name, family)))
    return next(free)


def check_name(workspace: Workspace, name: str, family: Family) -> None:
    """Raises TrainingError for a name that a training, a run or a model has already, or one of those it will make."""
    if name.startswith("-"):
        raise TrainingError(f"`{name}` looks like an option", "choose a `--name` that begins with a letter or digit")
    if name in {model.name for model in MODELS.values()}:
        raise TrainingError(f"`{name}` is the name of an official model", "choose another `--name`")
    models = trained_models(workspace)
    for made in names_of(name, family):
        folder = workspace.run(made)
        if folder.exists() and made == name:
            known = folder in training_folders(workspace)
            hint = f"harness train --resume {quoted(name)}, or another `--name`" if known else "choose another `--name`"
            raise TrainingError(f"`{folder}` exists already", hint)
        if folder.exists() or made in models:
            raise TrainingError(
                f"the training `{name}` would make `{made}`, which exists already",
                "choose another `--name`, or remove it from `results/`",
            )


def digest_of_names(data: TrainingData) -> str:
    """Returns a SHA-256 over names and sizes of the training pictures, which once was all that was recorded of them."""
    facts = [
        [p.relative_to(data.folder).as_posix(), p.stat().st_size] for part in data.parts for p in data.pictures(part)
    ]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def sentences(record: TrainingRecord, folder: Path) -> list[str]:
    """Returns what is about to be done in a folder, once `train.py` has said what it makes of its options.

    Raises:
        TrainingError: the checkpoints do not fit the disk.
    """
    plan, dataset = record.plan, record.dataset
    # All at once: two states (one is being written), the kept epochs, the latest, and one more that is being written.
    kept = min(record.keep, plan["epochs"]) + 2
    needed = sum(plan["parameters"].values()) * (2 * _BYTES_OF_STATE + kept * _BYTES_OF_WEIGHTS)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TrainingError(
            f"the checkpoints need {megabytes(needed)}, and {megabytes(free)} are free where `{folder}` is",
            "make room, keep fewer epochs with `--keep 2`, or use a smaller `--ngf` after `--`",
        )
    options = plan["options"]
    made = preprocessing_of(options)
    seen = f"{made.crop_size} pixels" if made.crops else f"`--preprocess {made.how}`"
    size = plan["batch_size"]
    # `--batch_size` counts the pictures of one process.
    per_step = size * record.processes
    where = f"{record.device}{f', {record.processes} processes' if record.processes > 1 else ''}"
    total = plan["epochs"] * plan["batches"]
    way = "both directions" if record.family == "cyclegan" else record.direction
    return [
        f"`{record.name}`: {record.family}, {way}, on `{dataset['name']}`: "
        + ", ".join(f"{count} in `{part}`" for part, count in dataset["counts"].items()),
        f"{options['n_epochs']} + {options['n_epochs_decay']} epochs of {plan['batches']} iterations = {total} "
        f"iterations of {per_step} image{'s' if per_step > 1 else ''} on {where}; "
        f"{options['netG']}, {options['ngf']} filters, {seen}",
        f"checkpoints take up to {megabytes(needed)} on the disk",
    ]
