"""`--dataset` finds what the user means: a prepared set, an official dataset, a folder laid out like one."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageOps

from harness.catalog.lookup import find_model
from harness.catalog.types import Model
from harness.errors import TestSetError, UnknownNameError
from harness.files import sha256_of
from harness.images.geometry import Geometry
from harness.sets.finding import default_set, find_set
from harness.sets.selection import Selection
from harness.sets.selection import select as selected
from harness.sets.test_set import Refusal, SetImage, TestSet, save_test_set
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture

WHOLE = Geometry.whole((8, 8))


def select(workspace: Workspace, model: Model, dataset: str | None, split: str | None = None) -> Selection:
    found = default_set(workspace, model) if dataset is None else find_set(workspace, dataset, family=model.family)
    return selected(found, model, split)


FACADES = find_model("facades_label2photo")
HORSES = find_model("horse2zebra")


def _prepared(workspace: Workspace, name: str, model: str = FACADES.id, count: int = 2) -> Path:
    folder = workspace.dataset(name)
    images = []
    for index in range(count):
        save_pair(folder / "test" / f"{index}.png", 8)
        images.append(
            SetImage(
                f"{index}",
                f"test/{index}.png",
                f"{index}.jpg",
                f"{index}" * 64,
                (8, 8),
                geometry=WHOLE,
            )
        )
    refused = (Refusal("notes.txt", "no picture"),)
    save_test_set(folder, TestSet(name, "paired", "BtoA", tuple(images), model, refused=refused))
    return folder


def test_a_prepared_set_by_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _prepared(workspace, "mine")
    chosen = select(workspace, FACADES, "mine")
    assert [item.name for item in chosen.items] == ["0", "1"]
    assert (chosen.paired, chosen.direction, chosen.reference, len(chosen.refused)) == (True, "BtoA", "mine", 1)
    assert [fact["source"] for fact in chosen.facts] == ["0.jpg", "1.jpg"]


def test_a_limit_changes_the_digest_unless_it_cuts_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _prepared(workspace, "mine")
    chosen = select(workspace, FACADES, "mine")
    assert chosen.limited(2) == chosen
    assert len(chosen.limited(1).items) == len(chosen.limited(1).facts) == 1
    assert chosen.limited(1).digest != chosen.digest


def test_a_set_that_lost_a_picture_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (_prepared(workspace, "mine") / "test" / "1.png").unlink()
    with pytest.raises(TestSetError, match=r"lacks 1 .*`test/1\.png`"):
        select(workspace, FACADES, "mine")


def test_without_a_name_the_official_dataset_comes_first_then_the_newest_prepared(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(TestSetError, match="nothing to test") as caught:
        select(workspace, FACADES, None)
    assert "harness prepare-images" in (caught.value.hint or "")
    _prepared(workspace, "mine")
    _prepared(workspace, "other", model=HORSES.id)
    assert select(workspace, FACADES, None).name == "mine"
    save_pair(workspace.official_dataset("pix2pix", "facades") / "test" / "1.jpg", 8)
    chosen = select(workspace, FACADES, None)
    assert (chosen.reference, chosen.split, chosen.direction) == ("pix2pix/facades", "test", "BtoA")


def test_one_name_in_two_families_means_the_models_own(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    save_pair(workspace.official_dataset("pix2pix", "facades") / "test" / "p.jpg", 8)
    save_picture(workspace.official_dataset("cyclegan", "facades") / "testB" / "c.jpg", 8, 8)
    assert select(workspace, FACADES, "facades").items[0].name == "p"
    cyclegan = select(workspace, find_model("cyclegan/facades_label2photo"), "facades")
    assert [(item.name, item.paired) for item in cyclegan.items] == [("c", False)]


def test_a_folder_in_the_official_layout(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    save_picture(tmp_path / "elsewhere" / "testA" / "n.jpg", 8, 8)
    chosen = select(workspace, HORSES, str(tmp_path / "elsewhere"))
    assert (chosen.reference, chosen.paired, [i.name for i in chosen.items]) == (None, False, ["n"])
    with pytest.raises(TestSetError, match="`testB`; it has: testA"):
        select(workspace, HORSES, str(tmp_path / "elsewhere"), split="testB")


def test_pix2pix_sets_without_test_fall_back_to_val(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    save_pair(workspace.official_dataset("pix2pix", "maps") / "val" / "1.jpg", 8)
    assert select(workspace, find_model("map2sat"), "maps").split == "val"


def test_equal_stems_get_names_of_their_own(tmp_path: Path) -> None:
    for file in ("a.jpg", "a.png", "A.png", "sub/a.jpg", "b.jpg"):
        save_picture(tmp_path / "set" / "testA" / file, 8, 8)
    names = [item.name for item in select(Workspace(tmp_path), HORSES, str(tmp_path / "set")).items]
    assert len({name.casefold() for name in names}) == 5
    assert "b" in names


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _prepared(workspace, "my_photos")
    with pytest.raises(UnknownNameError, match="Did you mean `my_photos`"):
        select(workspace, FACADES, "my_fotos")


def _set_of(workspace: Workspace, domains: tuple[str | None, str | None], direction: str = "BtoA") -> None:
    """A prepared set of one pair, whose left half is red and whose right half is blue."""
    folder = workspace.dataset("mine")
    (folder / "test").mkdir(parents=True)
    pair = Image.new("RGB", (16, 8), (255, 0, 0))
    pair.paste((0, 0, 255), (8, 0, 16, 8))
    pair.save(folder / "test" / "x.png")
    image = SetImage(
        "x",
        "test/x.png",
        "x.jpg",
        "0" * 64,
        (8, 8),
        output_sha256=sha256_of(folder / "test" / "x.png"),
        geometry=WHOLE,
    )
    save_test_set(folder, TestSet("mine", "paired", direction, (image,), domains=domains))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "direction"),
    [
        ("facades_label2photo", "BtoA"),
        ("cyclegan/facades_photo2label", "AtoB"),
        ("cyclegan/facades_label2photo", "BtoA"),
    ],
)
def test_the_models_input_domain_picks_the_half(tmp_path: Path, model: str, direction: str) -> None:
    workspace = Workspace(tmp_path)
    _set_of(workspace, ("facade_photo", "facade_label"), direction="BtoA")
    chosen = select(workspace, find_model(model), "mine")
    assert (chosen.direction, chosen.remarks) == (direction, ())


def test_a_set_of_neither_domain_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _set_of(workspace, ("facade_photo", "facade_label"))
    with pytest.raises(
        TestSetError, match=r"`facade_photo` and `facade_label`, and `pix2pix/map2sat` eats `map`"
    ) as error:
        select(workspace, find_model("map2sat"), "mine")
    assert error.value.hint and "harness prepare-images FOLDER --model pix2pix/map2sat" in error.value.hint


@pytest.mark.parametrize("domains", [(None, None), ("facade_photo", None)])
def test_unknown_halves_go_by_direction_and_are_said(tmp_path: Path, domains: tuple[str | None, str | None]) -> None:
    workspace = Workspace(tmp_path)
    _set_of(workspace, domains, direction="BtoA")
    chosen = select(workspace, find_model("map2sat"), "mine")
    assert chosen.direction == "BtoA"
    assert chosen.remarks == ("what the halves of `mine` are is not recorded: the right one is the input (BtoA)",)


def test_one_known_half_is_enough_where_it_is_the_input(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _set_of(workspace, ("facade_label", None), direction="BtoA")
    chosen = select(workspace, FACADES, "mine")
    assert (chosen.direction, chosen.remarks) == ("AtoB", ())


def test_single_pictures_of_another_kind_are_refused_and_of_another_thing_said(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    folder = workspace.dataset("mine")
    save_picture(folder / "testA" / "x.png", 8, 8)
    image = SetImage("x", "testA/x.png", "x.jpg", "0" * 64, (8, 8), geometry=WHOLE)
    save_test_set(folder, TestSet("mine", "single", "AtoB", (image,), domains=("horse", None)))
    with pytest.raises(TestSetError, match="`mine` holds `horse`, and `pix2pix/facades_label2photo` eats"):
        select(workspace, FACADES, "mine")
    assert select(workspace, HORSES, "mine").remarks == ()
    assert "prepared as `horse`" in select(workspace, find_model("sat2map"), "mine").remarks[0]


def test_a_changed_picture_is_said_and_changes_the_digest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _set_of(workspace, ("facade_photo", "facade_label"))
    before = select(workspace, FACADES, "mine")
    path = workspace.dataset("mine") / "test" / "x.png"
    with Image.open(path) as opened:
        ImageOps.invert(opened).save(path)
    after = select(workspace, FACADES, "mine")
    assert after.digest != before.digest
    assert after.remarks == ("changed since they were prepared: `test/x.png`; they are taken as they are now",)
    assert after.facts[0]["sha256"] == sha256_of(path) != before.facts[0]["sha256"]


def test_every_fact_has_the_hashes_that_identify_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = save_pair(workspace.official_dataset("pix2pix", "facades") / "test" / "p.jpg", 8)
    (fact,) = select(workspace, FACADES, "facades").facts
    assert [fact[key] for key in ("sha256", "source_sha256", "target_sha256")] == [sha256_of(path)] * 3
    _prepared(workspace, "mine")
    fact = select(workspace, FACADES, "mine").facts[0]
    assert (fact["source_sha256"], fact["target_sha256"]) == ("0" * 64, None)
    assert fact["sha256"] == sha256_of(workspace.dataset("mine") / "test" / "0.png")


def test_single_pictures_in_the_place_of_pairs_are_refused(tmp_path: Path) -> None:
    for n in range(3):
        save_picture(tmp_path / "set" / "test" / f"{n}.png", 64, 64)
    with pytest.raises(TestSetError, match="look like single ones") as caught:
        select(Workspace(tmp_path / "w"), FACADES, str(tmp_path / "set"))
    assert (
        caught.value.hint == f"harness prepare-images {tmp_path / 'set' / 'test'} --model pix2pix/facades_label2photo"
    )
    for n in range(3, 6):
        save_pair(tmp_path / "set" / "test" / f"{n}.png", 64)
    assert len(select(Workspace(tmp_path / "w"), FACADES, str(tmp_path / "set")).items) == 6


def test_a_folder_of_the_wrong_side_of_a_known_dataset_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    save_picture(workspace.official_dataset("cyclegan", "horse2zebra") / "testB" / "z.jpg", 8, 8)
    with pytest.raises(TestSetError, match="`zebra` in `testB`"):
        select(workspace, HORSES, "horse2zebra", split="testB")


def test_what_is_no_picture_is_left_out_with_the_reason(tmp_path: Path) -> None:
    save_picture(tmp_path / "set" / "testA" / "a.jpg", 8, 8)
    save_picture(tmp_path / "set" / "testA" / ".ipynb_checkpoints" / "a.jpg", 8, 8)
    (tmp_path / "set" / "testA" / "notes.txt").write_text("hello")
    chosen = select(Workspace(tmp_path), HORSES, str(tmp_path / "set"))
    assert [item.name for item in chosen.items] == ["a"]
    assert [(r.source, r.reason) for r in chosen.refused] == [("notes.txt", "is no picture by its suffix `.txt`")]
    assert any(".ipynb_checkpoints/" in remark for remark in chosen.remarks)
