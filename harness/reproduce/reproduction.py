"""What a recipe is asked to make, and what came of it: `reproduction.json`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.catalog.types import Direction
from harness.documents import Document, typed
from harness.errors import RunError
from harness.reproduce.findings import Section
from harness.runs.listing import REPRODUCTION
from harness.training.presets import Preset

_DOCUMENT = Document(
    newest=1,
    error=RunError,
    missing="`{folder}` has no `{name}`",
    bring="harness reproduce",
    mend="remove the folder, then `harness reproduce` again",
)


@dataclass(frozen=True, kw_only=True)
class ReproduceRequest:
    """Which recipe to follow, and on what.

    Attributes:
        target: a name of `harness.catalog.reproductions.RECIPES`.
        dataset: the pairs to train on; recipes of official models have their own.
        direction: by default the one whose inputs are what the recipe takes, as far as the set says what it shows.
        seeds: how many trainings a row has, or how often a model with live dropout draws.
        preset, options: of the trainings, the recipe's preset by default; see `TrainRequest`.
        palette: how the set's label maps are read, where the set does not say it: a name of `class_colours`.
        evaluator: the model that draws label maps of drawn photos; by default one trained on the same photos.
        name: the folder in `results/`; what is trained is called by it, too.
    """

    target: str
    dataset: str | None = None
    direction: Direction | None = None
    seeds: int = 3
    seed: int = 0
    preset: Preset | None = None
    options: tuple[str, ...] = ()
    palette: str | None = None
    evaluator: str | None = None
    name: str | None = None
    device: str = "auto"
    lang: str = "en"
    command: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came of a recipe.

    Attributes:
        asked: what decides the numbers: dataset, direction, preset, options, palette, seed.
        images: held-out pictures of each row, 0 before the first row is measured.
        departures: in what it departs from what was published, a sentence each; with any, no number is held against it.
        judged: the evaluator, the SHA-256 of its weights, and what it said of each run (share of pixels).
        missing: rows that have no numbers, each with the reason and the next command.
        pictures: names of a few held-out pictures to look at.
    """

    name: str
    harness_version: str
    command: tuple[str, ...]
    started: str
    target: str
    asked: dict[str, Any]
    seeds: int
    images: int
    departures: tuple[str, ...]
    judged: dict[str, Any]
    missing: dict[str, tuple[str, str | None]]
    pictures: tuple[str, ...]
    sections: tuple[Section, ...]


def load_reproduction(folder: Path) -> Reproduction:
    """Reads `reproduction.json`; raises RunError if it is missing, damaged or of a newer format."""
    made: Reproduction = _DOCUMENT.load(folder / REPRODUCTION, lambda content: typed(Reproduction, content))
    return made


def save_reproduction(folder: Path, made: Reproduction) -> None:
    """Writes `reproduction.json`."""
    _DOCUMENT.save(folder / REPRODUCTION, asdict(made))
