"""How near a prepared set is to what its model was trained on: by the model's own dataset, or a profile passed on."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.catalog.datasets import DATASETS
from harness.catalog.types import Dataset, Model
from harness.errors import TestSetError
from harness.images.palettes import PALETTES
from harness.nearness.assessment import Nearness, assess, assess_set
from harness.nearness.features import SMALLEST_SIDE
from harness.nearness.profile import Half, Profile, build_profile, load_profile, save_profile
from harness.parallel import default_workers, in_order
from harness.progress import Progress
from harness.sets.finding import FoundSet
from harness.sets.roles import PARTS
from harness.sets.test_set import SetImage, TestSet
from harness.sets.walking import walk
from harness.workspace import Workspace

_ANY_SET = "`--profile FILE`, which `harness datasets SET --profile FILE` writes of any set"
_USUAL_SIZE = (256, 256)  # pixels that all models of the catalog were trained at


def profile_for(workspace: Workspace, model: Model, progress: Progress) -> Profile:
    """Returns the profile of a model's training inputs.

    It is made from its dataset's training pictures once and kept beside them as `profile-<domain>.json`; where the
    dataset is not installed, it is the one that comes with the package.

    Raises:
        TestSetError: there is neither; the message says why, the hint what brings one.
    """
    if model.dataset_id not in DATASETS:
        raise TestSetError(f"what `{model.id}` learned from is not in the catalog", _ANY_SET)
    dataset = DATASETS[model.dataset_id]
    folder = workspace.official_dataset(dataset.family, dataset.name)
    kept = folder / f"profile-{model.input_domain}.json"
    if kept.is_file():
        return load_profile(kept)
    # The official training part only: a profile of test pictures would find them all near.
    part, half = _training_part(model)
    pictures = _pictures(folder / part)
    if not pictures:
        return _shipped(dataset, model)
    provenance, size = {"dataset": model.dataset_id, "part": part}, (model.crop_size, model.crop_size)
    colours = _colours(model.input_domain)
    profile = build_profile(
        pictures, model.input_domain, provenance, half=half, size=size, colours=colours, progress=progress
    )
    save_profile(kept, profile)
    return profile


def _shipped(dataset: Dataset, model: Model) -> Profile:
    """Numbers alone, of real pictures of the dataset; what is in the file under `provenance` says of which."""
    found = files("harness.nearness") / "profiles" / f"{dataset.name}-{model.input_domain}.json"
    if not found.is_file():
        raise TestSetError(
            f"the training pictures of `{model.id}` are not here", f"harness setup --dataset {dataset.id}"
        )
    with as_file(found) as path:
        return load_profile(path)


def profile_of(found: FoundSet, side: Literal["A", "B"] | None, progress: Progress) -> Profile:
    """Returns the profile of one side of any set: of its training pictures, of all where no part is for training.

    Args:
        side: by default the input's, as far as that is known, else A.

    Raises:
        TestSetError: fewer than 20 pictures.
    """
    side = side or ("B" if found.direction == "BtoA" else "A")
    single = found.test_set is not None and found.test_set.layout == "single"  # inputs alone, in `testA`
    letter = "A" if single else side
    parts = found.layout.sides["AB".index(side)]
    folders = [
        *(parts.get(part) for part in ("train", "")),
        *(found.folder / part for part in (f"train{letter}", "train", f"test{letter}", "test", "val", ".")),
    ]
    folder = next((f for f in folders if f and _pictures(f)), found.folder)
    half: Half | None = None
    if folder.name in PARTS and not parts:
        half = "left" if side == "A" else "right"
    domain = found.domains["AB".index(side)] or found.name
    return build_profile(
        _pictures(folder),
        domain,
        # No path of this machine: the file is there to be passed on.
        {"dataset": found.reference if found.inside else found.name, "part": folder.name, "side": side},
        half=half,
        size=None if found.test_set else _USUAL_SIZE,
        colours=_colours(domain),
        progress=progress,
    )


def _colours(domain: str) -> NDArray[np.uint8] | None:
    """What label maps are snapped to, as prepared ones are; None for other pictures."""
    return PALETTES[domain].colours if domain in PALETTES else None


def _pictures(folder: Path) -> list[Path]:
    return [file.path for file in walk(folder, within=folder).pictures] if folder.is_dir() else []


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
            near = _assess_input(folder / image.output, image, test_set, profile)
            step.advance()
            # A photo made a label map lies far from every one, and no turning or cropping would bring it nearer.
            return replace(near, reasons=(), advice=()) if near is not None and image.foreign else near

        found = list(in_order(one, test_set.images, default_workers()))
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
