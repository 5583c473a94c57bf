"""Prepared pictures are compared with what the model was trained on, where its dataset is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from harness.catalog.lookup import find_model
from harness.demo.demo_weights import demo_profile
from harness.demo.scenes import draw_far_scene, draw_scene
from harness.prepare.nearness import profile_for
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import PreparedSet, prepare_images
from harness.progress import Silent
from harness.sets.test_set import load_test_set
from harness.workspace import Workspace
from tests.pictures import save_picture

FACADES, HORSES = find_model("facades_label2photo"), find_model("horse2zebra")


def _install_facades(workspace: Workspace, count: int) -> Path:
    folder = workspace.official_dataset("pix2pix", "facades") / "train"
    folder.mkdir(parents=True)
    for index in range(count):
        scene = draw_scene(1, index)
        Image.fromarray(np.hstack((scene.photo, scene.label))).save(folder / f"{index}.jpg", quality=95)
    return folder.parent


def _prepare(workspace: Workspace, folder: Path, labels: list[np.ndarray]) -> PreparedSet:
    folder.mkdir()
    for index, label in enumerate(labels):
        Image.fromarray(label).save(folder / f"{index}.png")
    return prepare_images(workspace, PrepareRequest(folder=folder, model=FACADES), profile=demo_profile())


def test_the_profile_is_made_once_from_the_inputs_of_the_training_part(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    folder = _install_facades(workspace, 20)
    profile = profile_for(workspace, FACADES, Silent())
    assert profile is not None
    assert (profile.domain, profile.provenance["dataset"]) == ("facade_label", "pix2pix/facades")
    for picture in (folder / "train").iterdir():
        picture.unlink()
    again = profile_for(workspace, FACADES, Silent())
    assert again is not None
    assert np.array_equal(again.usual, profile.usual), "read from the file beside the dataset"


def test_without_the_dataset_there_is_no_nearness(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    assert profile_for(workspace, HORSES, Silent()) is None
    save_picture(tmp_path / "mine" / "a.png", 64, 64)
    made = prepare_images(workspace, PrepareRequest(folder=tmp_path / "mine", model=HORSES)).test_set
    assert made.nearness is None
    assert made.images[0].nearness is None


def test_too_small_a_dataset_is_said(tmp_path: Path) -> None:
    workspace, said = Workspace(tmp_path), []

    class Heard(Silent):
        def warn(self, message: str, hint: str | None = None) -> None:
            said.append(message)

    _install_facades(workspace, 3)
    assert profile_for(workspace, FACADES, Heard()) is None
    assert "3 pictures are too few" in said[0]


def test_near_and_far_pictures_are_told_apart(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    near = _prepare(workspace, tmp_path / "near", [draw_scene(20_000, i).label for i in range(6)])
    far = _prepare(workspace, tmp_path / "far", [draw_far_scene(20_000, i).label for i in range(6)])
    kept = load_test_set(near.folder)
    assert kept.nearness is not None
    assert kept.nearness["domain"] == "facade_label"
    assert {image.nearness["verdict"] for image in far.test_set.images if image.nearness} == {"far"}
    verdicts = [image.nearness["verdict"] for image in kept.images if image.nearness]
    assert len(verdicts) == 6
    assert verdicts.count("far") <= 1
    assert far.test_set.nearness is not None
    assert kept.nearness["distance"] < far.test_set.nearness["distance"]
