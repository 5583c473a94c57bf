"""`training.json`: everything needed to make a training again, to go on with it, and to run what it made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from harness.errors import RunError, UnknownNameError
from harness.files import write_json
from harness.workspace import Workspace

FORMAT = 1
State = Literal["starting", "running", "ending", "finished", "interrupted", "failed"]


@dataclass(frozen=True)
class TrainedModel:
    """A generator that a training made.

    Attributes:
        weights: file below the run's folder.
        dataset, split: what it is tested on by default.
        load_size, crop_size: pixels, as it was trained.
    """

    name: str
    network: str
    weights: str
    sha256: str
    epoch: int
    direction: Literal["AtoB", "BtoA"]
    architecture: dict[str, Any]
    dataset: str
    split: str
    input_domain: str
    output_domain: str
    crop_size: int


@dataclass(frozen=True)
class TrainingRecord:
    """What `training.json` says.

    Attributes:
        command: the command line as typed, as a list of words.
        started: local time with offset, ISO 8601.
        dataset: `name`, `reference`, `digest` and the number of pictures of each part, those refused with reasons.
        options: of `train.py` in order: the preset's, then the user's, which win.
        without_skips: whether the U-Net was trained with skip connections that carry nothing.
        tensorboard: whether event files are written too, in `tensorboard/`.
        plan: what `train.py` made of them: images, batches, epochs, all its options, parameters of each network.
        resumes: `epoch`, `iteration` and time of each going on.
        seconds: spent training, over all goings on.
        results: one entry a generator, as the page shows it.
        message, hint: why it stopped, where it did.
    """

    name: str
    harness_version: str
    command: tuple[str, ...]
    started: str
    state: State
    family: Literal["pix2pix", "cyclegan", "colorization"]
    direction: Literal["AtoB", "BtoA"]
    preset: str
    options: tuple[str, ...]
    dataset: dict[str, Any]
    device: str
    processes: int
    seed: int
    keep: int
    upstream: dict[str, Any]
    versions: dict[str, str]
    lang: str = "en"
    without_skips: bool = False
    tensorboard: bool = False
    plan: dict[str, Any] = field(default_factory=dict)
    shims: tuple[str, ...] = ()
    resumes: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    models: tuple[TrainedModel, ...] = ()
    results: tuple[dict[str, Any], ...] = ()
    message: str | None = None
    hint: str | None = None


def save_training(folder: Path, record: TrainingRecord) -> None:
    """Writes `training.json` into a training's folder."""
    write_json(folder / "training.json", {"format": FORMAT, **asdict(record)})


def load_training(folder: Path) -> TrainingRecord:
    """Reads `training.json`; raises RunError if it is missing, damaged or of a newer format."""
    path = folder / "training.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document.pop("format")
        if found != FORMAT:
            raise RunError(f"`{path}` has format {found}, this harness reads {FORMAT}", "update harness")
        tuples = ("command", "options", "shims", "resumes", "warnings", "results")
        record = TrainingRecord(**{**document, **{key: tuple(document[key]) for key in tuples}})
        return replace(record, models=tuple(TrainedModel(**model) for model in document["models"]))
    except FileNotFoundError:
        raise RunError(
            f"`{folder}` is no training: it has no `training.json`", "harness train --dataset NAME"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"`{path}` is damaged: {error}", "harness train --dataset NAME") from error


def training_folders(workspace: Workspace) -> list[Path]:
    """Returns the trainings of a workspace, whatever their state, the newest last."""
    found = [p.parent for p in workspace.results.glob("*/training.json") if not p.parent.name.startswith(".")]
    return sorted(found, key=lambda folder: ((folder / "training.json").stat().st_mtime_ns, folder.name))


def find_training(workspace: Workspace, name: str) -> Path:
    """Returns a training's folder by name or path; raises UnknownNameError where there is none."""
    by_name = {folder.name: folder for folder in training_folders(workspace)}
    if name in by_name:
        return by_name[name]
    if (Path(name) / "training.json").is_file():
        return Path(name).resolve()
    raise UnknownNameError("training", name, by_name, None if by_name else "harness train --dataset NAME")
