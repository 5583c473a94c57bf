"""Label maps of a whole folder: how they are numbered, what a codec did to them, and photos that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.demo.demo_weights import demo_profile
from harness.demo.scenes import draw_far_scene, draw_scene
from harness.images.pairing import split_ab
from harness.prepare.planning import plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import PreparedSet, prepare_images
from harness.progress import Silent
from harness.sets.test_set import load_test_set
from harness.workspace import Workspace
from tests.images.pictures import facades_colours, noise

MODEL = "facades_label2photo"


class Heard(Silent):
    """What was said aloud, messages and hints."""

    def __init__(self) -> None:
        self.warned: list[tuple[str, str | None]] = []

    def warn(self, message: str, hint: str | None = None) -> None:
        self.warned.append((message, hint))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def classes(index: int) -> np.ndarray:
    """A drawn facade's class numbers, 1 to 12."""
    label = draw_scene(1, index).label.astype(int)
    return np.abs(label[:, :, None] - facades_colours().astype(int)).sum(axis=3).argmin(axis=2).astype(np.uint8) + 1


def numbers(folder: Path, first: int) -> list[np.ndarray]:
    """Five maps numbered from `first` on, of which one alone has the class that tells how."""
    maps = [np.where(np.isin(m := classes(n), (1, 12)), 3, m) for n in range(5)]
    maps[3][:8, :8], maps[3][:8, 8:16] = 1, 12
    for n, found in enumerate(maps):
        Image.fromarray((found + first - 1).astype(np.uint8)).save(folder / f"{n}.png")
    return [facades_colours()[found - 1] for found in maps]


def made(prepared: PreparedSet) -> list[np.ndarray]:
    return [np.asarray(Image.open(prepared.folder / image.output)) for image in prepared.test_set.images]


@pytest.mark.parametrize("first", [0, 1])
def test_the_folder_tells_how_its_classes_are_numbered(workspace: Workspace, folder: Path, first: int) -> None:
    expected = numbers(folder, first)
    heard = Heard()
    request = PrepareRequest(folder=folder, model=MODEL)
    prepared = prepare_images(workspace, request, heard)
    for found, wanted in zip(made(prepared), expected, strict=True):
        assert np.array_equal(found, wanted)
    for image in load_test_set(prepared.folder).images:
        assert f"class numbers read as {first} to {first + 11}" in image.operations
    assert not heard.warned
    assert f"numbered {first} to {first + 11}" in "\n".join(plan_images(workspace, request).sentences())


@pytest.mark.parametrize("first", [0, 1])
def test_so_do_the_targets(workspace: Workspace, folder: Path, tmp_path: Path, first: int) -> None:
    expected = numbers(folder, first)
    (photos := tmp_path / "photos").mkdir()
    for n in range(5):
        Image.fromarray(draw_scene(1, n).photo).save(photos / f"{n}.png")
    request = PrepareRequest(folder=photos, targets=folder, model="cyclegan/facades_photo2label")
    prepared = prepare_images(workspace, request)
    for image, wanted in zip(prepared.test_set.images, expected, strict=True):
        with Image.open(prepared.folder / image.output) as pair:
            assert np.array_equal(np.asarray(split_ab(pair)[1]), wanted)
        assert f"target: class numbers read as {first} to {first + 11}" in image.operations


def test_numbers_that_nothing_tells_are_said_and_made_anew_when_something_does(
    workspace: Workspace, folder: Path
) -> None:
    numbers(folder, 1)
    request = PrepareRequest(folder=folder, model=MODEL)
    telling = (folder / "3.png").read_bytes()
    (folder / "3.png").unlink()
    heard = Heard()
    prepare_images(workspace, request, heard)
    assert ["nothing in the folder tells" in message for message, _ in heard.warned] == [True]
    (folder / "3.png").write_bytes(telling)
    again = prepare_images(workspace, request, heard := Heard())
    assert (again.reused, heard.warned) == (0, [])
    assert prepare_images(workspace, request).reused == 5
    numbers(folder, 0)
    assert prepare_images(workspace, request).reused == 0


@pytest.mark.parametrize("count", [1, 9])
def test_of_photos_for_a_label_model_one_thing_is_said(workspace: Workspace, folder: Path, count: int) -> None:
    for n in range(count):
        noise(200, 60, n).save(folder / f"{n}.png")
    heard = Heard()
    prepared = prepare_images(workspace, PrepareRequest(folder=folder, model=MODEL), heard, profile=demo_profile())
    [(message, hint)] = heard.warned
    assert message.startswith(f"{count} of {count} pictures")
    assert "looks like no label map" in message
    assert hint is not None
    assert f"harness test --model cyclegan/facades_photo2label --dataset {folder}, then:" in hint
    assert hint.endswith("harness prepare-images RUN --model facades_label2photo")
    assert prepared.foreign and prepared.notes == ()
    for image in load_test_set(prepared.folder).images:
        assert image.foreign
        assert len(image.warnings) == 1
        assert image.nearness is not None and image.nearness["verdict"] == "far"
        assert image.nearness["reasons"] == image.nearness["advice"] == []


def test_far_scenes_are_not_told_to_be_turned(workspace: Workspace, folder: Path) -> None:
    for n in range(4):
        Image.fromarray(draw_far_scene(20_000, n).label).save(folder / f"{n}.png")
    prepared = prepare_images(workspace, PrepareRequest(folder=folder, model=MODEL), profile=demo_profile())
    page = prepared.page.read_text(encoding="utf-8")
    assert "turn it by" not in page
    assert page.count("looks like no label map") == 4


def test_one_photo_among_label_maps_is_noted_by_name(workspace: Workspace, folder: Path) -> None:
    for n in range(3):
        Image.fromarray(draw_scene(1, n).label).save(folder / f"{n}.png")
    noise(256, 256).save(folder / "photo.png")
    heard = Heard()
    prepared = prepare_images(workspace, PrepareRequest(folder=folder, model=MODEL), heard, profile=demo_profile())
    assert not prepared.foreign
    assert not heard.warned
    assert dict(prepared.notes)["photo.png"] == ("looks like no label map: 100% of it is off the palette",)
    assert prepared.test_set.images[-1].nearness is not None
    assert not prepared.test_set.images[-1].nearness["advice"]


def test_maps_that_went_through_jpeg_are_told_once_and_each_keeps_its_share(workspace: Workspace, folder: Path) -> None:
    for n in range(4):
        Image.fromarray(draw_scene(1, n).label).save(folder / f"{n}.jpg", quality=80)
    heard = Heard()
    prepared = prepare_images(workspace, PrepareRequest(folder=folder, model=MODEL), heard)
    [(message, _)] = heard.warned
    assert message.startswith("4 of 4 pictures, as the first: ") and "may be of another class" in message
    assert prepared.notes == ()
    assert len({image.warnings for image in prepared.test_set.images}) == 4
    assert not prepared.foreign
