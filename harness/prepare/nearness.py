"""How near a prepared set is to what its model was trained on, where that is known: from the model's own dataset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from harness.catalog.datasets import DATASETS
from harness.catalog.types import Model
from harness.errors import TestSetError
from harness.images.palettes import PALETTES
from harness.nearness.assessment import Nearness, assess, assess_set
from harness.nearness.features import SMALLEST_SIDE
from harness.nearness.profile import Half, Profile, build_profile, load_profile, save_profile
from harness.parallel import default_workers, in_order
from harness.progress import Progress
from harness.sets.test_set import SetImage, TestSet
from harness.sets.walking import walk
from harness.workspace import Workspace


def profile_for(workspace: Workspace, model: Model, progress: Progress) -> Profile | None:
    """Returns the profile of a model's training inputs, None where its dataset is not installed or is not known.

    It is made from the dataset's training pictures once and kept beside them as `profile-<domain>.json`.
    """
    # One's own trainings and weights of unknown training data have nothing to be near to.
    if model.dataset_id not in DATASETS:
        return None
    dataset = DATASETS[model.dataset_id]
    folder = workspace.official_dataset(dataset.family, dataset.name)
    kept = folder / f"profile-{model.input_domain}.json"
    if kept.is_file():
        return load_profile(kept)
    # The official training part only: a profile of test pictures would find them all near.
    part, half = _training_part(model)
    walked = walk(folder / part, within=folder).pictures if (folder / part).is_dir() else ()
    pictures = [file.path for file in walked]
    if not pictures:
        return None
    provenance = {"dataset": model.dataset_id, "part": part}
    size = (model.crop_size, model.crop_size)
    try:
        palette = PALETTES.get(model.input_domain)
        colours = palette.colours if palette else None
        profile = build_profile(
            pictures, model.input_domain, provenance, half=half, size=size, colours=colours, progress=progress
        )
    except TestSetError as error:  # a dataset cut down to a few pictures still prepares, without nearness
        progress.warn(f"no nearness: {error.message}", error.hint)
        return None
    save_profile(kept, profile)
    return profile


def _training_part(model: Model) -> tuple[str, Half | None]:
    """The folder of the model's training inputs, and the half of each picture where A and B stand side by side."""
    if DATASETS[model.dataset_id].layout == "paired":
        return "train", "left" if model.direction == "AtoB" else "right"
    # Unpaired models name the side they eat by the last letter of their split, `testA` or `testB`.
    return f"train{model.split[-1]}", None


def with_nearness(folder: Path, test_set: TestSet, profile: Profile, progress: Progress) -> TestSet:
    """Returns the set with the nearness of each picture and of them all."""
    with progress.step("comparing with the training pictures", len(test_set.images)) as step:

        def one(image: SetImage) -> Nearness | None:
            found = _assess_input(folder / image.output, image, test_set, profile)
            step.advance()
            return found

        found = list(in_order(one, test_set.images, default_workers()))
    # A photo made a label map lies far from every one, and no turning or cropping would bring it nearer.
    found = [
        replace(near, reasons=(), advice=()) if near is not None and image.foreign else near
        for image, near in zip(test_set.images, found, strict=True)
    ]
    images = tuple(
        image if near is None else replace(image, nearness=near.to_json())
        for image, near in zip(test_set.images, found, strict=True)
    )
    known = [near for near in found if near is not None]
    together = assess_set(known, profile).to_json() | {"domain": profile.domain} if known else None
    return replace(test_set, images=images, nearness=together)


def _assess_input(path: Path, image: SetImage, test_set: TestSet, profile: Profile) -> Nearness | None:
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    if test_set.layout == "paired":
        half = pixels.shape[1] // 2
        pixels = pixels[:, :half] if test_set.direction == "AtoB" else pixels[:, half:]
    if image.geometry is not None:  # padding is none of the picture
        left, top, right, bottom = image.geometry.box
        pixels = pixels[top:bottom, left:right]
    return assess(pixels, profile) if min(pixels.shape[:2]) >= SMALLEST_SIDE else None
