"""Folders as people lay them out: which pictures are inputs, which are targets, and what is left out with a word."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from harness.catalog.lookup import find_model
from harness.errors import TestSetError
from harness.prepare.planning import Plan, plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.sets.finding import find_set
from harness.workspace import Workspace
from tests.images.pictures import content, noise, raw_colours
from tests.prepare.test_matching import label_map

MODEL = find_model("facades_label2photo")  # eats label maps, its direction is BtoA


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def lay(folder: Path, label: str, photo: str, *, parts: tuple[str, ...] = ("",), suffix: str = "jpg") -> Path:
    """Three pairs in each part: the places have `{part}` and `{n}` in them; as JPEGs, which blur a map's colours."""
    for part in parts:
        for n in range(3):
            for place, picture in ((label, label_map(n).convert("RGB")), (photo, noise(128, 128, n))):
                path = folder / f"{place.format(part=part, n=f'{part[:2]}{n}')}.{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path)
    return folder


def plan(workspace: Workspace, folder: Path, **options: object) -> Plan:
    return plan_images(workspace, PrepareRequest(folder=folder, **{"model": MODEL, **options}))  # type: ignore[arg-type]


def is_map(path: Path) -> bool:
    with Image.open(path) as picture:
        known = {tuple(colour) for colour in raw_colours().tolist()}
        found = picture.convert("RGB").resize((8, 8), Image.Resampling.BOX).get_flattened_data()
        return all(min(sum(abs(a - b) for a, b in zip(p, k, strict=True)) for k in known) < 40 for p in found)


@pytest.mark.parametrize("label_is", ["A", "B"])
@pytest.mark.parametrize(
    "layout",
    [
        "{part}_{side}/{n}",
        "{part}-{side}/{n}",
        "{part}/{side}/{n}",
        "{side}/{part}/{n}",
        "{side}_{part}/{n}",
        "{part}{side}/{n}",
    ],
)
def test_two_sides_with_parts_keep_them_and_the_pictures_say_which_is_which(
    workspace: Workspace, tmp_path: Path, layout: str, label_is: str
) -> None:
    label, photo = (layout.replace("{side}", side) for side in (label_is, "B" if label_is == "A" else "A"))
    planned = plan(workspace, lay(tmp_path / "set", label, photo, parts=("train", "test")))
    assert planned.layout == "paired"
    assert sorted(str(source.part) for source, _ in planned.files) == ["test"] * 3 + ["train"] * 3
    assert all(is_map(source.path) and target and not is_map(target.path) for source, target in planned.files)


@pytest.mark.parametrize(
    ("label", "photo"),
    [
        ("labels/{n}", "photos/{n}"),
        ("Labels/{n}", "Images/{n}"),
        ("masks/{n}", "img/{n}"),
        ("input/{n}", "target/{n}"),
        ("target/{n}", "input/{n}"),
        ("a/{n}", "b/{n}"),
        ("before/{n}", "after/{n}"),
    ],
)
def test_two_sides_by_the_words_people_use(workspace: Workspace, tmp_path: Path, label: str, photo: str) -> None:
    planned = plan(workspace, lay(tmp_path / "set", label, photo))
    assert len(planned.files) == 3
    assert all(is_map(source.path) and target and not is_map(target.path) for source, target in planned.files)


def test_sides_that_only_a_model_tells_apart_are_refused_without_one(workspace: Workspace, tmp_path: Path) -> None:
    folder = lay(tmp_path / "set", "labels/{n}", "photos/{n}")
    with pytest.raises(TestSetError, match="nothing says which of them are the inputs") as caught:
        plan(workspace, folder, model=None)
    assert f"harness prepare-images {folder / 'labels'} --targets {folder / 'photos'}" in str(caught.value.hint)


def test_what_lies_beside_the_two_sides_is_named(workspace: Workspace, tmp_path: Path) -> None:
    folder = lay(tmp_path / "set", "labels/{n}", "photos/{n}")
    noise(16, 16).save(folder / "extra.png")
    (folder / "more").mkdir()
    assert "passed over beside the two sides: extra.png, more" in plan(workspace, folder).remarks


def test_unpaired_sides_of_cyclegan_are_its_inputs_alone(workspace: Workspace, tmp_path: Path) -> None:
    for side, name in (("A", "x"), ("B", "y")):
        (tmp_path / "set" / side).mkdir(parents=True)
        noise(64, 64).save(tmp_path / "set" / side / f"{name}.png")
    planned = plan(workspace, tmp_path / "set", model=find_model("cyclegan/horse2zebra"))
    assert (planned.layout, [source.path.name for source, _ in planned.files]) == ("single", ["x.png"])
    assert any("`A` alone is translated" in remark for remark in planned.remarks)


@pytest.mark.parametrize(("label", "photo"), [("{n}_label", "{n}_photo"), ("{n}", "{n}-img"), ("{n}_A", "{n}_B")])
def test_a_folder_of_pairs_all_through_is_taken_as_pairs(
    workspace: Workspace, tmp_path: Path, label: str, photo: str
) -> None:
    folder = lay(tmp_path / "set", label, photo)
    planned = plan(workspace, folder)
    assert planned.layout == "paired" and len(planned.files) == 3
    assert all(is_map(source.path) and target and not is_map(target.path) for source, target in planned.files)
    assert any("taken as pairs" in remark for remark in planned.remarks)
    # One picture more, and nobody knows: all are inputs, and the user is told.
    noise(128, 128).save(folder / "alone.png")
    again = plan(workspace, folder)
    assert (again.layout, len(again.files)) == ("single", 7)
    assert any("if they are pairs, add `--targets" in remark for remark in again.remarks)


def test_outputs_of_the_authors_script_are_no_inputs(workspace: Workspace, tmp_path: Path) -> None:
    folder = lay(tmp_path / "images", "{n}_real_A", "{n}_real_B", suffix="png")
    for kind in ("fake_B", "rec_A"):
        noise(128, 128).save(folder / f"0_{kind}.png")
    noise(128, 128).save(folder / "a_fake_B.png")  # beside no input: somebody's own name
    planned = plan(workspace, folder)
    reason = "is an output of the authors' script, beside the input it was made of"
    assert {refusal.source: refusal.reason for refusal in planned.refused} == {
        "0_fake_B.png": reason, "0_rec_A.png": reason,
    }  # fmt: skip


def side_by_side(path: Path, left: Image.Image, right: Image.Image) -> None:
    pair = Image.new("RGB", (256, 128))
    pair.paste(left, (0, 0))
    pair.paste(right, (128, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    pair.save(path)


@pytest.mark.parametrize("folder", ["", "Train/", "testing/"])
def test_pairs_side_by_side_are_no_single_pictures(workspace: Workspace, tmp_path: Path, folder: str) -> None:
    for n in range(3):
        side_by_side(tmp_path / "set" / f"{folder}{n}.jpg", noise(128, 128, n), label_map(n).convert("RGB"))
    with pytest.raises(TestSetError, match="holds pairs side by side") as caught:
        plan(workspace, tmp_path / "set")
    assert "a folder called `test/`" in str(caught.value.hint)
    # Without a model nothing tells a pair from a panorama: both go on, with a word.
    assert any("twice as wide as high" in remark for remark in plan(workspace, tmp_path / "set", model=None).remarks)


def test_panoramas_are_pictures(workspace: Workspace, tmp_path: Path) -> None:
    model = find_model("cyclegan/facades_photo2label")
    for n in range(3):
        side_by_side(tmp_path / "set" / f"{n}.jpg", noise(128, 128, n), noise(128, 128, n + 3))
    assert len(plan(workspace, tmp_path / "set", model=model).files) == 3
    noise(255, 100).save(tmp_path / "set" / "other.jpg")
    assert not any("twice as wide" in remark for remark in plan(workspace, tmp_path / "set", model=model).remarks)


@pytest.mark.parametrize("inner", ["set/labels/", "labels/", "a/b/testA/"])
def test_an_archive_with_two_sides_is_to_be_unpacked(workspace: Workspace, tmp_path: Path, inner: str) -> None:
    other = inner.replace("labels", "photos").replace("testA", "testB")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for folder in (inner, other):
            archive.writestr(f"{folder}x.png", content(noise(16, 16), "PNG"))
    with pytest.raises(TestSetError, match="folders of their own for A and B") as caught:
        plan(workspace, tmp_path / "set.zip")
    assert caught.value.hint == "unpack it, and name the folder"


def test_a_folder_in_a_folder_is_what_was_unpacked(workspace: Workspace, tmp_path: Path) -> None:
    lay(tmp_path / "download" / "set", "labels/{n}", "photos/{n}")
    assert plan(workspace, tmp_path / "download").layout == "paired"
    found = find_set(workspace, str(tmp_path / "download"))
    assert (found.kind, found.folder) == ("two_folders", tmp_path / "download" / "set")
    # Loose pictures keep the names of their folders.
    noise(16, 16).save(lay(tmp_path / "loose" / "in", "{n}_a", "{n}_z").parent / "in" / "x.png")
    assert find_set(workspace, str(tmp_path / "loose")).folder == tmp_path / "loose"
