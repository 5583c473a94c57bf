"""Models one trained oneself, beside those of the catalog: found by name, their weights in the training's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.catalog.lookup import find_model as find_in_catalog
from harness.catalog.models import MODELS
from harness.catalog.preprocessing import Preprocessing
from harness.catalog.types import Architecture, Model
from harness.errors import RunError, UnknownNameError
from harness.runs.training_record import TrainedModel, TrainingRecord, load_training, training_folders
from harness.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LICENCE = "yours, as far as the licence of the pictures it learned from allows"


def trained_models(workspace: Workspace) -> dict[str, tuple[Model, Path]]:
    """Returns the model and the weights of every finished training by the model's name; damaged ones are left out."""
    found = {}
    for folder, record in _readable(workspace):
        for trained in record.models:
            # A training that was cut off, or whose checkpoints were deleted, is no model.
            if (folder / trained.weights).is_file():
                found[trained.name] = (model_of(record, trained), folder / trained.weights)
    return found


def _readable(workspace: Workspace) -> Iterator[tuple[Path, TrainingRecord]]:
    for folder in training_folders(workspace):
        with suppress(RunError):  # `harness train --resume` and the index say what is wrong with it
            yield folder, load_training(folder)


def find_model(workspace: Workspace, name: str) -> Model:
    """Returns a catalog model, or one that was trained in this workspace.

    Raises:
        UnknownNameError: there is neither; the message suggests the nearest names.
    """
    own = trained_models(workspace)
    # Family prefixes as typed for catalog models are let pass for one's own, too.
    bare = name.strip().removeprefix("pix2pix/").removeprefix("cyclegan/")
    # One's own model goes before a catalog's of the same bare name; the full id means the catalog's.
    if bare in own and name not in MODELS:
        return own[bare][0]
    try:
        return find_in_catalog(name)
    except UnknownNameError as error:
        raise UnknownNameError("model", name, {*error.known, *own}, error.hint) from None


def trained_weights(workspace: Workspace, model: Model) -> Path | None:
    """Returns the weights of a model that was trained in this workspace, None for any other."""
    found = trained_models(workspace).get(model.name)
    # Equal in every field: a catalog model of the same name is not this one.
    return found[1] if found and found[0] == model else None


def training_of(workspace: Workspace, model: Model) -> tuple[Path, TrainingRecord, TrainedModel] | None:
    """Returns folder and record of the training that made a model, and its entry there; None for any other model."""
    for folder, record in _readable(workspace) if model.own else ():
        for trained in record.models:
            if trained.name == model.name:
                return folder, record, trained
    return None


def checkpoints_of(workspace: Workspace, model: Model) -> list[Path]:
    """Returns every kept epoch of the generator that a trained model is one of, its own first; none for any other."""
    weights = trained_weights(workspace, model)
    if weights is None:
        return []
    # `60_net_G_A.pth` and `latest_net_G_A.pth` are two epochs of `net_G_A.pth`.
    network = weights.name.partition("_")[2]
    return [weights, *(p for p in sorted(weights.parent.glob(f"*_{network}")) if p != weights)]


def mean_target_path(workspace: Workspace, model: Model) -> Path:
    """Where the mean of the targets of a trained model lies, beside its training's record."""
    return (workspace.root / model.source).with_name(f"mean-target-{model.name}.png")


def mean_target_of(workspace: Workspace, model: Model) -> tuple[NDArray[np.uint8], str] | None:
    """Returns the mean of the targets a model was trained on, H×W×3, and what it is in words; None for any other."""
    import numpy as np
    from PIL import Image

    path = mean_target_path(workspace, model)
    if not model.own or not path.is_file():
        return None

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")), f"{picture.info.get('Description')}, in place of every output"


def model_of(record: TrainingRecord, trained: TrainedModel) -> Model:
    """Returns the model as the commands know it, tested at the geometry it was trained at."""
    architecture = Architecture(**trained.architecture)
    # Records that lack a load size trained at the crop's.
    made = Preprocessing(trained.preprocess, trained.load_size or trained.crop_size, trained.crop_size)
    side = made.square()
    # A square that the U-Net's halvings divide; anything else needs the training's own steps.
    plain = side is not None and side % architecture.multiple_of == 0
    return Model(
        family=record.family,
        name=trained.name,
        url="",
        architecture=architecture,
        direction=trained.direction,
        dataset=trained.dataset,
        split=trained.split,
        input_domain=trained.input_domain,
        output_domain=trained.output_domain,
        crop_size=side or made.crop_size,
        licence=_LICENCE,
        source=f"results/{record.name}/training.json",
        sha256=trained.sha256,
        note=f"trained here, epoch {trained.epoch} of {record.plan.get('epochs', '?')}",
        own=True,
        preprocessing=None if plain else made,
    )
