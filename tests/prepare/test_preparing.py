"""A folder as people have it becomes a set the official scripts can read; nothing is lost, nothing half-written."""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from harness.catalog.lookup import find_model
from harness.errors import TestSetError, WorkspaceError
from harness.files import sha256_of
from harness.images.geometry import Geometry
from harness.images.pairing import split_ab
from harness.images.palettes import FACADES, FACADES_PALETTE
from harness.prepare.planning import plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import PreparedSet, prepare_images
from harness.progress import Silent
from harness.sets.test_set import load_test_set, missing_images
from harness.workspace import Workspace
from tests.images.pictures import as_orientation, content, noise, quadrants


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(3):
        noise(80, 60, n).save(folder / f"{n}.png")
    return folder


def prepare(workspace: Workspace, folder: Path, **options: object) -> PreparedSet:
    """At 64x64 unless another size or a model is named."""
    if "model" not in options:
        options.setdefault("size", (64, 64))
    return prepare_images(workspace, PrepareRequest(folder=folder, **options))


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
        return picture


def pixels(path: Path) -> np.ndarray:
    return np.asarray(opened(path))


def hostile(folder: Path) -> dict[str, str]:
    """Writes every kind of bad file; returns the reason expected for each."""
    bad = {
        "cut.jpg": (content(noise(300, 300), "JPEG")[:900], "is damaged"),
        "empty.png": (b"", "is empty"),
        "text.jpg": (b"hello", "holds text"),
        "page.png": (b"<!doctype html><html>404</html>", "HTML page"),
        "dot.png": (content(Image.new("RGB", (1, 1)), "PNG"), "1x1 pixels"),
        "huge.png": (content(Image.new("1", (20_000, 10_000)), "PNG"), "more than the limit"),
    }
    for name, (data, _) in bad.items():
        (folder / name).write_bytes(data)
    (folder / "dead.png").symlink_to(folder / "none")
    return {**{name: reason for name, (_, reason) in bad.items()}, "dead.png": "link to nothing"}


def test_every_good_file_is_prepared_and_every_bad_one_listed(workspace: Workspace, photos: Path) -> None:
    expected = hostile(photos)
    made = prepare(workspace, photos)
    assert [i.name for i in made.test_set.images] == ["0", "1", "2"]
    assert {r.source for r in made.test_set.refused} == set(expected)
    for refusal in made.test_set.refused:
        assert expected[refusal.source] in refusal.reason
    assert load_test_set(made.folder) == made.test_set
    assert missing_images(made.folder, made.test_set) == []
    there = sorted(p.name for p in made.folder.iterdir())
    assert there == ["dataset.json", "index.fa.html", "index.html", "sheet", "source", "testA"]
    assert pixels(made.folder / "testA" / "0.png").shape == (64, 64, 3)


def test_strict_makes_any_refusal_an_error_and_writes_nothing(workspace: Workspace, photos: Path) -> None:
    (photos / "text.jpg").write_text("hello")
    with pytest.raises(TestSetError, match=r"1 file cannot be used, nothing was written:\n  text.jpg") as caught:
        prepare(workspace, photos, strict=True)
    assert caught.value.hint
    assert list(workspace.datasets.iterdir()) == []


def test_nothing_usable_is_an_error(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    with pytest.raises(TestSetError, match=r"a.txt: is no picture"):
        prepare(workspace, folder)
    with pytest.raises(TestSetError, match="there is no folder"):
        prepare(workspace, tmp_path / "none")


def test_hard_names_and_nothing_collides(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "عکس‌ها"
    names = [
        "a.jpg",
        "a.png",
        "A.png",
        "-rf.png",
        "sub/a.png",
        "خانه.png",
        "猫 🐈.png",
        "<b>'\".png",
        "n" * 251 + ".png",
    ]
    for n, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        noise(64, 64, n).save(folder / name, quality=95)
    made = prepare(workspace, folder)
    assert made.folder.name == "عکس‌ها"
    assert sorted(i.source for i in made.test_set.images) == sorted(names)
    assert len({i.output.casefold() for i in made.test_set.images}) == len(names)
    for image in made.test_set.images:
        expected = noise(64, 64, names.index(image.source))
        assert np.abs(pixels(made.folder / image.output).astype(int) - np.asarray(expected)).mean() < 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_phone_photos_stand_upright_and_tell_no_place(workspace: Workspace, tmp_path: Path, orientation: int) -> None:
    folder = tmp_path / "phone"
    folder.mkdir()
    stored, exif = as_orientation(quadrants(160, 120), orientation)
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 41.0, 21.0)})
    stored.save(folder / "a.jpg", exif=exif)
    made = prepare(workspace, folder, fit="stretch")
    corner = pixels(made.folder / "testA" / "a.png")[8, 8]
    assert corner[0] > 200 and corner[1] < 60
    assert made.test_set.images[0].size_before == (160, 120)
    for path in made.folder.rglob("*"):
        if path.is_file():
            assert b"SecretMaker" not in path.read_bytes()
            if path.suffix in {".png", ".jpg"}:
                assert not opened(path).getexif()
                assert not set(opened(path).info) & {"exif", "icc_profile", "xmp", "comment"}


@pytest.mark.parametrize(("model", "input_left"), [("facades_label2photo", False), ("sat2map", True)])
def test_pairs_stand_as_the_models_direction_wants(
    workspace: Workspace, tmp_path: Path, model: str, input_left: bool
) -> None:
    entry = find_model(model)
    for side, colour in (("inputs", FACADES[4].rgb), ("targets", (120, 90, 60))):
        (tmp_path / side).mkdir()
        Image.new("RGB", (300, 280), colour).save(tmp_path / side / "x.png")
    made = prepare(workspace, tmp_path / "inputs", model=entry, targets=tmp_path / "targets")
    assert made.test_set.layout == "paired"
    assert made.test_set.direction == entry.direction
    assert made.test_set.model == entry.id
    a, b = split_ab(opened(made.folder / "test" / "x.png"))
    assert a.size == (256, 256)
    assert (a if input_left else b).getpixel((9, 9)) == FACADES[4].rgb
    assert (b if input_left else a).getpixel((9, 9)) == (120, 90, 60)


def test_targets_missing_doubled_or_of_another_shape(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    targets = tmp_path / "targets"
    targets.mkdir()
    noise(60, 60).save(targets / "0.jpg")
    for suffix in ("jpg", "webp"):
        noise(80, 60).save(targets / f"1.{suffix}")
    noise(80, 60).save(targets / "spare.png")
    made = prepare(workspace, photos, targets=targets)
    image = made.test_set.images[0]
    assert (image.name, image.target) == ("0", "0.jpg")
    assert any("differ in shape" in w for w in image.warnings)
    assert [(r.source, r.reason) for r in made.test_set.refused] == [
        ("1.png", "has 2 targets: `1.jpg` and `1.webp`"),
        ("2.png", "has no target of that name"),
        ("targets/spare.png", "has no input of that name"),
    ]


def test_targets_that_match_nothing_are_an_error(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    noise().save(tmp_path / "targets" / "other.png")
    with pytest.raises(TestSetError, match=r"`0.png` here and `other.png` there") as caught:
        prepare(workspace, photos, targets=tmp_path / "targets")
    assert caught.value.hint


def test_a_broken_target_refuses_its_input(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    targets = tmp_path / "targets"
    shutil.copytree(photos, targets)
    (targets / "1.png").write_bytes(b"")
    made = prepare(workspace, photos, targets=targets)
    assert [(r.source, r.reason) for r in made.test_set.refused] == [("1.png", "its target `1.png` is empty (0 bytes)")]


def test_a_second_run_makes_only_what_changed(workspace: Workspace, photos: Path) -> None:
    first = prepare(workspace, photos)
    before = {i.name: (first.folder / i.output).stat().st_ino for i in first.test_set.images}
    noise(80, 60, 9).save(photos / "1.png")
    noise(80, 60, 8).save(photos / "new.png")
    (photos / "2.png").unlink()
    second = prepare(workspace, photos)
    after = {i.name: (second.folder / i.output).stat().st_ino for i in second.test_set.images}
    assert second.folder == first.folder
    assert second.reused == 1
    assert sorted(after) == ["0", "1", "new"]
    assert after["0"] == before["0"]
    assert after["1"] != before["1"]
    assert second.test_set == prepare(workspace, photos).test_set


def test_other_settings_make_everything_anew(workspace: Workspace, photos: Path) -> None:
    prepare(workspace, photos)
    assert prepare(workspace, photos, fit="pad").reused == 0
    assert prepare(workspace, photos, fit="pad").reused == 3


def test_a_lost_picture_is_made_again(workspace: Workspace, photos: Path) -> None:
    made = prepare(workspace, photos)
    (made.folder / "testA" / "0.png").unlink()
    again = prepare(workspace, photos)
    assert again.reused == 2
    assert missing_images(again.folder, again.test_set) == []


def test_an_interrupted_run_leaves_the_set_as_it_was(
    workspace: Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = prepare(workspace, photos)
    before = (made.folder / "dataset.json").read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.prepare.preparing.write_sheet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(workspace, photos, fit="pad")
    assert (made.folder / "dataset.json").read_bytes() == before
    assert [p.name for p in workspace.datasets.iterdir() if p.suffix != ".cut"] == ["photos"]


def test_sets_of_other_folders_and_models_keep_their_names(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "photos"
    shutil.copytree(photos, other)
    model = find_model("horse2zebra")
    names = [prepare(workspace, f, model=m).folder.name for f in (photos, other) for m in (None, model)]
    assert names == ["photos", "photos-horse2zebra", "photos-2", "photos-horse2zebra-2"]
    assert prepare(workspace, other, model=model).folder.name == "photos-horse2zebra-2"
    with pytest.raises(TestSetError, match="made of other folders"):
        prepare(workspace, other, name="photos")


def test_names_that_are_no_names_or_taken_by_datasets(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError):
        prepare(workspace, photos, name="../out")
    with pytest.raises(TestSetError, match="made of other folders"):
        prepare(workspace, photos, name="pix2pix")
    family = tmp_path / "pix2pix"
    shutil.copytree(photos, family)
    assert prepare(workspace, family).folder.name == "pix2pix-2"


def test_no_path_of_the_users_machine_is_written(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    made = prepare(workspace, photos)
    assert str(tmp_path) not in (made.folder / "dataset.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in made.page.read_text(encoding="utf-8")


def test_a_zip_gives_the_same_pictures_as_its_folder(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        for path in photos.iterdir():
            archive.write(path, path.name)
    from_zip, from_folder = prepare(workspace, tmp_path / "archive.zip"), prepare(workspace, photos)
    assert from_zip.folder.name == "archive"
    assert from_zip.test_set.digest() == from_folder.test_set.digest()


def test_tiles_cover_large_pictures_at_their_own_scale(workspace: Workspace, photos: Path) -> None:
    large = noise(200, 140, 5)
    large.save(photos / "large.png")
    made = prepare(workspace, photos, tiles=True)
    tiles = [i for i in made.test_set.images if i.source == "large.png"]
    assert [t.name for t in tiles] == [f"large-tile{n}" for n in range(6)]
    assert np.array_equal(pixels(made.folder / tiles[4].output), np.asarray(large)[70:134, 68:132])
    assert "cut out at 68,70" in tiles[4].operations
    assert sum(i.source == "0.png" for i in made.test_set.images) == 1
    assert prepare(workspace, photos, tiles=True).reused == 4


def test_tiles_of_pairs_need_equal_sizes(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    targets = tmp_path / "targets"
    shutil.copytree(photos, targets)
    noise(160, 120).save(targets / "1.png")
    made = prepare(workspace, photos, targets=targets, tiles=True, size=(40, 40))
    assert {i.source for i in made.test_set.images} == {"0.png", "2.png"}
    assert "different sizes" in made.test_set.refused[0].reason


def test_a_training_set_keeps_near_duplicates_together(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(40):
        noise(64, 64, n).save(folder / f"{n:02}.png")
        noise(64, 64, n).save(folder / f"{n:02} again.jpg", quality=80)
    made = prepare(workspace, folder, targets=None, split="60/20/20")
    where = {i.source: i.output.split("/")[0] for i in made.test_set.images}
    assert set(where.values()) == {"trainA", "valA", "testA"}
    assert all(where[f"{n:02}.png"] == where[f"{n:02} again.jpg"] for n in range(40))
    assert missing_images(made.folder, made.test_set) == []
    noise(64, 64, 99).save(folder / "added.png")
    again = prepare(workspace, folder, split="60/20/20")
    assert {i.source: i.output.split("/")[0] for i in again.test_set.images if i.source != "added.png"} == where
    assert again.reused == 80


def test_a_paired_training_set_has_the_official_folders(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "targets")
    made = prepare(workspace, photos, targets=tmp_path / "targets", split="1/0/0")
    assert {i.output for i in made.test_set.images} == {"train/0.png", "train/1.png", "train/2.png"}
    assert opened(made.folder / "train" / "0.png").size == (128, 64)


def test_a_subject_crop_of_pairs_is_refused(workspace: Workspace, photos: Path) -> None:
    shutil.copytree(photos, targets := photos.with_name("targets"))
    with pytest.raises(TestSetError, match="different places"):
        prepare(workspace, photos, targets=targets, focus="subject")


def test_shoe_photos_become_pairs_of_their_own(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "shoes"
    folder.mkdir()
    shoe = Image.new("RGB", (200, 160), (240, 240, 240))
    shoe.paste((90, 40, 20), (50, 60, 150, 110))
    shoe.save(folder / "shoe.png")
    made = prepare(workspace, folder, model="edges2shoes")
    a, b = split_ab(opened(made.folder / "test" / "shoe.png"))
    assert set(np.unique(np.asarray(a))) == {0, 255}
    assert b.getpixel((128, 128)) == (90, 40, 20)
    assert made.test_set.images[0].target == "shoe.png"


def test_a_dry_run_explains_and_writes_nothing(workspace: Workspace, photos: Path) -> None:
    (photos / "dead.png").symlink_to(photos / "none")
    request = PrepareRequest(folder=photos, model="horse2zebra", split="8/1/1")
    said = "\n".join(plan_images(workspace, request).sentences())
    for part in ("3 files", "256x256", "photos: upright", "cropped at the centre", "80% / 10% / 10%", "`dead.png`"):
        assert part in said
    assert not workspace.root.exists()


def test_the_document_has_what_the_design_promises(workspace: Workspace, photos: Path) -> None:
    document = json.loads((prepare(workspace, photos).folder / "dataset.json").read_text(encoding="utf-8"))
    assert document["format"] == 2
    assert document["made_by"]["settings"]["fit"] == "crop"
    image = document["images"][0]
    assert image["source"] == "0.png"
    assert len(image["sha256"]) == 64
    assert image["size_before"] == [80, 60]
    assert image["operations"] == ["cropped to 60x60 at 10,0", "resized to 64x64 (Lanczos)"]


def test_what_is_wrong_with_most_pictures_is_said_aloud(workspace: Workspace, photos: Path) -> None:
    said: list[str] = []

    class Heard(Silent):
        def warn(self, message: str, hint: str | None = None) -> None:
            said.append(message)

    shutil.copytree(photos, targets := photos.with_name("targets"))
    request = PrepareRequest(folder=photos, model="facades_label2photo", targets=targets)
    prepare_images(workspace, request, Heard())
    assert any(line.startswith("3 of 3 pictures") and "swapped?" in line for line in said)


def lay(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        noise(40, 40, zlib.crc32(file.encode())).save(folder / file)
    return folder


def outputs(made: PreparedSet) -> dict[str, str]:
    return {image.source: image.output for image in made.test_set.images}


def test_the_users_own_parts_are_kept(workspace: Workspace, tmp_path: Path) -> None:
    files = ("train/0.png", "val/2.png", "test/1.png")
    for side in "AB":
        lay(tmp_path / "set" / side, *files)
    wanted = {"train/0.png": "train/0.png", "val/2.png": "val/2.png", "test/1.png": "test/1.png"}
    made = prepare(workspace, tmp_path / "set" / "A", targets=tmp_path / "set" / "B")
    assert outputs(made) == wanted
    assert outputs(prepare(workspace, tmp_path / "set", name="whole")) == wanted
    single = prepare(workspace, tmp_path / "set" / "A", name="single")
    assert outputs(single) == {"train/0.png": "trainA/0.png", "val/2.png": "valA/2.png", "test/1.png": "testA/1.png"}
    with pytest.raises(TestSetError, match="parted into train and test already") as caught:
        prepare(workspace, tmp_path / "set" / "A", split="80/10/10", name="again")
    assert caught.value.hint == "leave out `--split`"


def test_one_name_in_two_parts_stays_two_pictures(workspace: Workspace, tmp_path: Path) -> None:
    lay(tmp_path / "set", "train/0.png", "test/0.png")
    made = prepare(workspace, tmp_path / "set")
    assert outputs(made) == {"train/0.png": "trainA/train_0.png", "test/0.png": "testA/test_0.png"}


def test_pictures_beside_the_parts_are_asked_about(workspace: Workspace, tmp_path: Path) -> None:
    lay(tmp_path / "set", "train/0.png", "loose.png")
    with pytest.raises(TestSetError, match=r"others beside them, e\.g\. `loose\.png`") as caught:
        prepare(workspace, tmp_path / "set")
    assert caught.value.hint


@pytest.mark.parametrize("layout", ["A/{part}{file}", "{part}A/{file}"])
@pytest.mark.parametrize(("model", "first"), [("sat2map", "A"), ("map2sat", "B")])
def test_a_and_b_apart_become_pairs_in_the_models_direction(
    workspace: Workspace, tmp_path: Path, layout: str, model: str, first: str
) -> None:
    for side, colour in (("A", (200, 0, 0)), ("B", (0, 0, 200))):
        path = tmp_path / "set" / layout.replace("A", side).format(part="test/", file="x.png")
        path.parent.mkdir(parents=True)
        Image.new("RGB", (256, 256), colour).save(path)
    made = prepare(workspace, tmp_path / "set", model=model)
    a, b = split_ab(opened(made.folder / "test" / "x.png"))
    assert (a.getpixel((9, 9)), b.getpixel((9, 9))) == ((200, 0, 0), (0, 0, 200))
    assert made.test_set.domains == ("satellite", "map")
    assert made.test_set.direction == ("AtoB" if first == "A" else "BtoA")


@pytest.mark.parametrize("parts", [("trainA", "trainB"), ("testA",)])
def test_what_is_laid_out_already_is_not_taken_apart(
    workspace: Workspace, tmp_path: Path, parts: tuple[str, ...]
) -> None:
    lay(tmp_path / "set", *(f"{part}/x.png" for part in parts))
    with pytest.raises(TestSetError, match="laid out for the official scripts already"):
        prepare(workspace, tmp_path / "set")


def test_a_prepared_set_is_not_prepared_again(workspace: Workspace, photos: Path) -> None:
    made = prepare(workspace, photos)
    with pytest.raises(TestSetError, match="is a prepared set already") as caught:
        prepare(workspace, made.folder)
    assert caught.value.hint == "harness test --model MODEL --dataset photos"


def test_an_input_is_never_its_own_target(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "also").symlink_to(photos)
    for targets in (photos, tmp_path / "also", photos.parent / "." / "photos"):
        with pytest.raises(TestSetError, match="never its own target"):
            prepare(workspace, photos, targets=targets)


def test_pairs_given_without_targets_are_offered(workspace: Workspace, tmp_path: Path) -> None:
    lay(tmp_path / "in", "x-input.png", "x-target.png", "y-input.png", "y-target.png")
    plan = plan_images(workspace, PrepareRequest(folder=tmp_path / "in"))
    assert any(f"add `--targets {tmp_path / 'in'}`" in sentence for sentence in plan.sentences())


def test_own_sizes_are_kept_to_the_pixel(workspace: Workspace, tmp_path: Path) -> None:
    folder = lay(tmp_path / "in")
    folder.mkdir()
    noise(101, 67).save(folder / "a.png")
    noise(3, 40).save(folder / "thin.png")
    noise(10, 10).save(folder / "b.png")
    made = prepare(workspace, folder, model="horse2zebra", size="own")
    assert {i.name: opened(made.folder / i.output).size for i in made.test_set.images} == {
        "a": (101, 67),
        "b": (10, 10),
    }
    assert [r.source for r in made.test_set.refused] == ["thin.png"]
    with pytest.raises(TestSetError, match="tiles"):
        prepare(workspace, folder, size="own", tiles=True)


def test_a_longest_side_shrinks_and_never_enlarges(workspace: Workspace, tmp_path: Path) -> None:
    folder = lay(tmp_path / "in")
    folder.mkdir()
    noise(200, 80).save(folder / "a.png")
    noise(40, 30).save(folder / "b.png")
    made = prepare(workspace, folder, size=100)
    assert {i.name: opened(made.folder / i.output).size for i in made.test_set.images} == {
        "a": (100, 40),
        "b": (40, 30),
    }


def test_the_record_says_where_in_the_source_a_picture_lies(workspace: Workspace, tmp_path: Path) -> None:
    folder = lay(tmp_path / "in")
    folder.mkdir()
    turned, exif = as_orientation(noise(40, 80), 6)
    turned.save(folder / "turned.jpg", exif=exif)
    noise(200, 140).save(folder / "wide.png")
    padded = {i.name: i.geometry for i in prepare(workspace, folder, fit="pad").test_set.images}
    assert padded["turned"] == Geometry((40, 80), (0, 0, 40, 80), (64, 64), (16, 0, 48, 64), 6)
    assert padded["wide"] == Geometry((200, 140), (0, 0, 200, 140), (64, 64), (0, 9, 64, 54))
    cropped = prepare(workspace, folder, name="cropped")
    assert load_test_set(cropped.folder).images[1].geometry == Geometry(
        (200, 140), (30, 0, 170, 140), (64, 64), (0, 0, 64, 64)
    )
    tiles = prepare(workspace, folder, tiles=True, name="tiles").test_set.images
    assert next(i.geometry for i in tiles if i.name == "wide-tile4") == Geometry(
        (200, 140), (68, 70, 132, 134), (64, 64), (0, 0, 64, 64)
    )


def test_a_pair_of_which_one_half_is_padded_more_shows_what_both_show(workspace: Workspace, tmp_path: Path) -> None:
    for name, size in (("in", (64, 32)), ("out", (32, 64))):
        (tmp_path / name).mkdir()
        noise(*size).save(tmp_path / name / "x.png")
    made = prepare(workspace, tmp_path / "in", targets=tmp_path / "out", fit="pad")
    assert made.test_set.images[0].geometry == Geometry((64, 32), (16, 0, 48, 32), (64, 64), (16, 16, 48, 48))


def test_padded_photos_go_on_mirrored_and_label_maps_on_background(workspace: Workspace, tmp_path: Path) -> None:
    for name, size in (("photos", (64, 32)), ("maps", (64, 32)), ("odd", (500, 10))):
        (tmp_path / name).mkdir()
        noise(*size).save(tmp_path / name / "x.png")
    Image.new("RGB", (64, 32), (255, 255, 0)).save(tmp_path / "maps" / "x.png")
    photo = pixels(prepare(workspace, tmp_path / "photos", fit="pad").folder / "testA" / "x.png")
    assert np.array_equal(photo[15:0:-1], photo[17:32])
    # A pair is padded alike, by what its input is.
    to_map = prepare(
        workspace, tmp_path / "photos", targets=tmp_path / "maps", fit="pad", model="cyclegan/facades_photo2label"
    )
    pair = pixels(to_map.folder / "test" / "x.png")
    assert np.array_equal(pair[:64], pair[128:64:-1])
    labels = prepare(workspace, tmp_path / "maps", targets=tmp_path / "photos", fit="pad", model="facades_label2photo")
    pair = pixels(labels.folder / "test" / "x.png")
    ends = {tuple(half[0, 128].tolist()) for half in np.split(pair, 2, axis=1)}
    assert ends == {tuple(FACADES_PALETTE.colours[FACADES_PALETTE.unknown].tolist()), (255, 255, 255)}
    with pytest.raises(TestSetError, match="256x5 pixels in the middle of padding"):
        prepare(workspace, tmp_path / "odd", fit="pad", model="horse2zebra")


def test_the_hash_of_every_written_picture_is_recorded(workspace: Workspace, photos: Path) -> None:
    made = prepare(workspace, photos)
    assert all(i.output_sha256 == sha256_of(made.folder / i.output) for i in made.test_set.images)
    assert len({i.output_sha256 for i in made.test_set.images}) == 3


def test_a_picture_that_somebody_changed_is_made_again(workspace: Workspace, photos: Path) -> None:
    made = prepare(workspace, photos)
    path = made.folder / "testA" / "0.png"
    before = pixels(path)
    path.unlink()
    Image.fromarray(255 - before).save(path)
    again = prepare(workspace, photos)
    assert again.reused == 2
    assert np.array_equal(pixels(again.folder / "testA" / "0.png"), before)


def test_a_set_made_before_pictures_were_hashed_is_made_anew(workspace: Workspace, photos: Path) -> None:
    made = prepare(workspace, photos)
    document = json.loads((made.folder / "dataset.json").read_text(encoding="utf-8"))
    for image in document["images"]:
        del image["output_sha256"]
    del document["domains"]
    (made.folder / "dataset.json").write_text(json.dumps(document | {"format": 1}), encoding="utf-8")
    assert prepare(workspace, photos).reused == 0
    assert prepare(workspace, photos).reused == 3


def test_a_set_made_otherwise_is_only_replaced_where_that_is_asked(workspace: Workspace, photos: Path) -> None:
    assert prepare(workspace, photos, fit="pad").folder.name == "photos"
    assert prepare(workspace, photos, replace=False).folder.name == "photos-2"
    assert prepare(workspace, photos, replace=False).reused == 3
    assert load_test_set(workspace.dataset("photos")).made_by["settings"]["fit"] == "pad"


@pytest.mark.parametrize(
    ("request_", "domains"),
    [
        ({"model": "horse2zebra"}, ("horse", None)),
        ({"model": "edges2shoes"}, ("edges", "shoe_photo")),
        ({"to": "edges", "as_": "photo", "size": (256, 256)}, ("edges", "photo")),
        ({}, (None, None)),
    ],
)
def test_what_the_halves_are_is_recorded(
    workspace: Workspace, tmp_path: Path, request_: dict[str, object], domains: tuple[str | None, str | None]
) -> None:
    (tmp_path / "in").mkdir()
    shoe = Image.new("RGB", (60, 60), (250, 250, 250))
    shoe.paste((90, 40, 20), (15, 15, 45, 45))
    shoe.save(tmp_path / "in" / "a.png")
    made = prepare(workspace, tmp_path / "in", **request_)
    assert made.test_set.domains == load_test_set(made.folder).domains == domains


def test_white_strokes_on_a_clear_ground_are_told_the_way_and_drawn_on_black(
    workspace: Workspace, tmp_path: Path
) -> None:
    (folder := tmp_path / "drawings").mkdir()
    image = Image.new("RGBA", (128, 128), (255, 255, 255, 0))
    ImageDraw.Draw(image).line([(20, 20), (100, 40), (60, 110), (20, 20)], fill=(255, 255, 255, 255), width=3)
    image.save(folder / "a.png")
    with pytest.raises(TestSetError, match="try `--background black`"):
        prepare(workspace, folder, model="edges2shoes")
    made = prepare(workspace, folder, model="edges2shoes", background=(0, 0, 0))
    assert made.test_set.made_by["recipes"]["input"][0] == "drawings"
    drawn = pixels(made.folder / "testA" / "a.png")
    assert set(np.unique(drawn)) == {0, 255} and 0.005 < (drawn == 0).mean() < 0.05
