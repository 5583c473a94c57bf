"""Prepared pictures are compared with what the model was trained on, where its dataset is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.catalog.lookup import find_model
from harness.demo.demo_weights import demo_profile
from harness.demo.scenes import draw_far_scene, draw_scene
from harness.errors import TestSetError
from harness.nearness.profile import load_profile, save_profile
from harness.prepare.nearness import profile_for, profile_of
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import PreparedSet, prepare_images
from harness.progress import Silent
from harness.sets.finding import find_set
from harness.sets.selection import select
from harness.sets.test_set import load_test_set
from harness.workspace import Workspace
from tests.pictures import save_picture

FACADES, HORSES = find_model("facades_label2photo"), find_model("horse2zebra")
PHOTOS = find_model("cyclegan/facades_photo2label")


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


class Heard(Silent):
    """Keeps warnings and hints."""

    def __init__(self) -> None:
        self.warned: list[tuple[str, str | None]] = []

    def warn(self, message: str, hint: str | None = None) -> None:
        self.warned.append((message, hint))


def test_without_the_dataset_it_is_said_that_nothing_was_judged_and_what_would(tmp_path: Path) -> None:
    workspace, heard = Workspace(tmp_path / "ws"), Heard()
    save_picture(tmp_path / "mine" / "a.png", 64, 64)
    made = prepare_images(workspace, PrepareRequest(folder=tmp_path / "mine", model=HORSES), heard)
    assert (made.test_set.nearness, made.test_set.images[0].nearness) == (None, None)
    bring = "harness setup --dataset cyclegan/horse2zebra"
    assert heard.warned[0][0].startswith("nearness is not judged: the training pictures of `cyclegan/horse2zebra`")
    assert heard.warned[0][1] == bring
    kept = load_test_set(made.folder).unjudged
    assert kept is not None and bring in kept
    page = made.page.read_text(encoding="utf-8")
    assert "not judged" in page and bring in page
    selected = select(find_set(workspace, made.folder.name), HORSES, None)
    assert any("nearness was not judged" in remark for remark in selected.remarks), "a run's record and report say it"


def test_a_set_for_no_model_says_so_on_its_sheet_alone(tmp_path: Path) -> None:
    heard = Heard()
    save_picture(tmp_path / "mine" / "a.png", 64, 64)
    made = prepare_images(Workspace(tmp_path / "ws"), PrepareRequest(folder=tmp_path / "mine"), heard)
    assert heard.warned == []
    assert "no model in particular" in (made.test_set.unjudged or "")


def test_the_exercises_own_model_is_always_judged_by_the_profiles_that_come_along(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    labels, photos = profile_for(workspace, FACADES, Silent()), profile_for(workspace, PHOTOS, Silent())
    assert (labels.domain, photos.domain) == ("facade_label", "facade_photo")
    for profile in (labels, photos):
        assert profile.provenance["used"] == 101
        assert "CMP Facade Database" in profile.provenance["part"]


def test_a_profile_of_any_set_can_be_passed_on(tmp_path: Path) -> None:
    workspace, heard = Workspace(tmp_path / "ws"), Heard()
    for index in range(20):
        save_picture(tmp_path / "mine" / f"{index}.png", 64, 64)
    made = prepare_images(workspace, PrepareRequest(folder=tmp_path / "mine", name="mine"))
    file = tmp_path / "mine.profile.json"
    save_profile(file, profile_of(find_set(workspace, "mine"), None, Silent()))
    assert str(tmp_path) not in file.read_text(encoding="utf-8"), "no path of this machine is passed on"
    asked = PrepareRequest(folder=tmp_path / "mine", model=HORSES, name="again", profile=file)
    judged = prepare_images(workspace, asked, heard).test_set
    assert not any("judged" in message for message, _ in heard.warned)
    assert judged.nearness is not None and judged.nearness["n"] == len(made.test_set.images)
    assert load_profile(file).provenance["dataset"] == "mine"


def test_too_small_a_dataset_is_said(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _install_facades(workspace, 3)
    with pytest.raises(TestSetError, match="3 pictures are too few"):
        profile_for(workspace, FACADES, Silent())


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
