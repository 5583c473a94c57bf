"""The generators of a training: the models they become, what each is judged by, and whether that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from harness.catalog.preprocessing import Preprocessing
from harness.catalog.types import Direction, Family, Model
from harness.engines.inputs import checked_items, gathered, read_halves
from harness.errors import ImageError, TrainingError
from harness.images.opening import stored_size
from harness.parallel import default_workers, in_order
from harness.progress import Progress
from harness.runs.trained import model_of
from harness.runs.training_record import TrainedModel, TrainingRecord
from harness.sets.item import Item
from harness.sets.selection import Selection, select
from harness.sets.trainable import TrainingData
from harness.training.foreseeing import architecture_of_options

TESTED = ("best", "last", "official")
"""Runs at the end of a training: of its best epoch, its last one, and the official model of its dataset."""


@dataclass(frozen=True)
class TrainedGenerator:
    """One generator of a training, the model it becomes, and the pictures it is judged by."""

    network: str
    direction: Direction
    name: str
    chosen_on: str | None
    tested_on: str | None
    usual_split: str


def names_of(name: str, family: Family) -> list[str]:
    """Returns every name that a training takes: its own, those of its models, and those of their tests."""
    models = [name, f"{name}-BtoA"] if family == "cyclegan" else [name]
    return [*models, *(f"{model}-{kind}" for model in models for kind in TESTED)]


def generators_of(record: TrainingRecord, data: TrainingData) -> list[TrainedGenerator]:
    """Returns the one generator of a training, or both of a CycleGAN."""
    if record.family != "cyclegan":
        # The part that `harness test --model NAME` takes by default, be it added only later.
        usual = data.tested_on or ("test" if data.parts[0] == "train" else "testA")
        return [TrainedGenerator("G", record.direction, record.name, data.chosen_on, data.tested_on, usual)]
    made = []
    # Upstream's G_A turns A into B and is judged by D_A on B (models/cycle_gan_model.py:78).
    ways: tuple[tuple[str, Direction, str, str], ...] = (("G_A", "AtoB", "", "A"), ("G_B", "BtoA", "-BtoA", "B"))
    for network, way, suffix, side in ways:
        chosen, tested = (data.chosen_on, data.tested_on) if data.has_targets else (None, f"test{side}")
        usual = tested or "test"
        there = tested if tested and data.pictures(tested) else None
        made.append(TrainedGenerator(network, way, f"{record.name}{suffix}", chosen, there, usual))
    return made


def planned(
    record: TrainingRecord, options: Mapping[str, Any], data: TrainingData, generator: TrainedGenerator
) -> TrainedModel:
    """Returns the model that a generator is to become; it has no weights yet.

    Args:
        options: as the parser of `train.py` has them: what the model is trained with, and tested at.
    """
    # In the authors' words A is the left half, or trainA.
    a, b = data.domains
    source, target = (a, b) if generator.direction == "AtoB" else (b, a)
    return TrainedModel(
        name=generator.name,
        network=generator.network,
        weights="",
        sha256="",
        epoch=0,
        direction=generator.direction,
        architecture=asdict(architecture_of_options(options)),
        dataset=data.reference,
        split=generator.usual_split,
        input_domain=source,
        output_domain=target,
        crop_size=options["crop_size"],
        preprocess=options["preprocess"],
        load_size=options["load_size"],
    )


def selected(record: TrainingRecord, data: TrainingData, model: Model, part: str) -> Selection:
    """Returns the held-out pictures of a part as a test of the model takes them."""
    return select(data.found, model, part, follow_links=record.dataset.get("follow_links", False))


def refuse_held_out(record: TrainingRecord, options: Mapping[str, Any], data: TrainingData, progress: Progress) -> None:
    """Says how held-out pictures will be tested; raises TrainingError for those that could not be, all named."""
    for generator in generators_of(record, data):
        model = model_of(record, planned(record, options, data, generator))
        # Small sets choose the epoch on the part they are tested on.
        for part in dict.fromkeys(filter(None, (generator.chosen_on, generator.tested_on))):
            # Every picture is opened now rather than after the last epoch.
            items = selected(record, data, model, part).items
            checked_items(items, model.architecture)
            with progress.step(f"looking at the held-out pictures of `{part}`", len(items)) as step:
                problems = []
                for problem in in_order(partial(_problem, model=model), items, default_workers()):
                    step.advance()
                    problems += [problem] if problem else []
            if model.preprocessing and not problems:
                progress.say(_geometry(items[0], model, model.preprocessing))
            if problems:
                found = gathered(problems)
                raise TrainingError(
                    f"what is held out in `{part}` could not be tested once the training has ended: {found.message}",
                    f"mend them, or move them out of `{data.folder / part}`, then the same command again",
                )


def _geometry(item: Item, model: Model, made: Preprocessing) -> str:
    """How a picture is tested, where that is not simply at the crop size."""
    # Of a pair each half has half of the width.
    width, height = stored_size(item.path)
    own = (width // 2, height) if item.paired else (width, height)
    scaled, size = made.tested(own, model.architecture.multiple_of)
    shown = " of ".join(f"{w}x{h}" for w, h in dict.fromkeys((size, scaled)))
    return f"tested as it is trained, `--preprocess {made.how}`: `{item.path.name}` at {shown} pixels"


def _problem(item: Item, model: Model) -> ImageError | None:
    try:
        read_halves(item, model.size, model.architecture, model.preprocessing)
    except ImageError as error:
        return error
    return None
