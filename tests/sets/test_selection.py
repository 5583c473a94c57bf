"""`--dataset` finds what the user means: a prepared set, an official dataset, a folder laid out like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalog.lookup import find_model
from harness.catalog.types import Model
from harness.errors import TestSetError, UnknownNameError
from harness.sets.finding import default_set, find_set
from harness.sets.selection import Selection
from harness.sets.selection import select as selected
from harness.sets.test_set import Refusal, SetImage, TestSet, save_test_set
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture


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
        images.append(SetImage(f"{index}", f"test/{index}.png", f"{index}.jpg", f"{index}" * 64, (8, 8)))
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
