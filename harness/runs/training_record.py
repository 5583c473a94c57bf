"""`training.json`: everything needed to make a training again, to go on with it, and to run what it made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from harness.catalog.types import Discriminator
from harness.documents import Document, typed
from harness.errors import RunError, UnknownNameError
from harness.runs.ordering import oldest_first
from harness.units import moment
from harness.workspace import Workspace, checked_name, checked_path

FILE = "training.json"
_DOCUMENT = Document(
    newest=1,
    error=RunError,
    missing="`{folder}` is no training: it has no `{name}`",
    bring="harness train --dataset NAME",
    mend="harness train --dataset NAME",
)
State = Literal["starting", "running", "ending", "finished", "interrupted", "failed"]


@dataclass(frozen=True)
class TrainedModel:
    """A generator that a training made.

    Attributes:
        weights: file below the run's folder.
        dataset, split: what it is tested on by default.
        crop_size, preprocess, load_size: as it was trained; pixels. Without a load size it is that of the crop.
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
    preprocess: str = "resize_and_crop"
    load_size: int | None = None


@dataclass(frozen=True)
class TrainingRecord:
    """What `training.json` says.

    Attributes:
        command: the command line as typed, as a list of words.
        started: local time with offset, ISO 8601.
        dataset: `name`, `reference`, `digest` and the number of pictures of each part, those refused with reasons.
        options: of `train.py` in order: the preset's, then the user's, which win.
        without_skips: whether the U-Net was trained with skip connections that carry nothing.
        discriminator: what it judged: the picture beside its input, the picture alone, or nothing.
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
    discriminator: Discriminator = "conditional"
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

    @property
    def moment(self) -> datetime:
        """When it started, comparable over time zones."""
        return moment(self.started)

    @property
    def tests(self) -> set[str]:
        """Names of the runs that tested what it made."""
        parts = (result.get(kind) or {} for result in self.results for kind in ("best", "last", "official"))
        return {part["run"] for part in parts if "run" in part}


class _Dataset(TypedDict):
    name: str


class _Tested(TypedDict, total=False):
    run: str


class _Result(TypedDict, total=False):
    best: _Tested
    last: _Tested
    official: _Tested | None


def save_training(folder: Path, record: TrainingRecord) -> None:
    """Writes `training.json` into a training's folder."""
    _DOCUMENT.save(folder / FILE, asdict(record))


def load_training(folder: Path) -> TrainingRecord:
    """Reads `training.json`; raises RunError if it is missing, damaged, of a newer format, or names a path outside."""
    return _DOCUMENT.load(folder / FILE, _record)


def _record(content: dict[str, Any]) -> TrainingRecord:
    record: TrainingRecord = typed(TrainingRecord, content)
    checked_name(record.name, "training")
    _ = record.moment
    typed(_Dataset, record.dataset, "dataset")
    typed(tuple[_Result, ...], list(record.results), "results")
    for model in record.models:
        checked_name(model.name, "model")
        # Weights are opened by this path, which may only lead below the training's folder.
        checked_path(model.weights, "file of weights")
    return record


def training_folders(workspace: Workspace) -> list[Path]:
    """Returns the trainings of a workspace, whatever their state, the newest last."""
    return oldest_first(workspace.results.glob(f"*/{FILE}"))


def find_training(workspace: Workspace, name: str) -> Path:
    """Returns a training's folder by name or path; raises UnknownNameError where there is none."""
    by_name = {folder.name: folder for folder in training_folders(workspace)}
    if name in by_name:
        return by_name[name]
    if (Path(name) / FILE).is_file():
        return Path(name).resolve()
    raise UnknownNameError("training", name, by_name, None if by_name else "harness train --dataset NAME")
