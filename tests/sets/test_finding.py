"""What a name after `--dataset` means is decided once: prepared set, official dataset, folder; a path is a path."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from harness.errors import UnknownNameError
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.sets.finding import FoundSet, find_set
from harness.sets.test_set import SetImage, TestSet, save_test_set
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The folder in which the user works is the workspace, as it is by default."""
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


def prepared(workspace: Workspace, name: str) -> Path:
    folder = workspace.dataset(name)
    save_picture(folder / "testA" / "x.png", 8, 8)
    save_test_set(folder, TestSet(name, "single", "AtoB", (SetImage("x", "testA/x.png", "x.jpg", "0" * 64, (8, 8)),)))
    return folder


def official(workspace: Workspace, family: str, name: str) -> Path:
    folder = workspace.official_dataset(family, name)
    save_pair(folder / ("test" if family == "pix2pix" else "testA") / "1.jpg", 8)
    return folder


def kind(found: FoundSet) -> tuple[str, str]:
    return found.kind, found.reference


def test_a_prepared_set_hides_a_folder_of_its_name_and_says_so(workspace: Workspace) -> None:
    save_picture(workspace.root / "labels" / "a.png", 8, 8)
    prepared(workspace, "labels")
    found = find_set(workspace, "labels")
    assert kind(found) == ("prepared", "labels")
    assert found.note == "`labels`: the prepared set is taken; `--dataset ./labels` is the folder"


@pytest.mark.parametrize("typed", ["./labels", "labels/", "{root}/labels", "../{here}/labels"])
def test_a_path_is_a_path(workspace: Workspace, typed: str) -> None:
    save_picture(workspace.root / "labels" / "a.png", 8, 8)
    prepared(workspace, "labels")
    found = find_set(workspace, typed.format(root=workspace.root, here=workspace.root.name))
    assert kind(found) == ("loose", "./labels")
    # The reference leads back to the folder and not to the set.
    assert find_set(workspace, found.reference).folder.resolve() == workspace.root / "labels"


def test_a_prepared_set_may_be_named_by_its_path(workspace: Workspace) -> None:
    prepared(workspace, "labels")
    assert kind(find_set(workspace, "datasets/labels")) == ("prepared", "labels")
    assert find_set(workspace, "datasets/labels").note is None


def test_a_folder_never_hides_an_official_dataset(workspace: Workspace) -> None:
    save_picture(workspace.root / "facades" / "a.png", 8, 8)
    assert kind(find_set(workspace, "facades")) == ("loose", "./facades")
    official(workspace, "pix2pix", "facades")
    found = find_set(workspace, "facades")
    assert kind(found) == ("official", "pix2pix/facades")
    assert found.note and "`--dataset ./facades` is the folder" in found.note
    assert kind(find_set(workspace, "./facades")) == ("loose", "./facades")


def test_a_prepared_set_comes_before_an_official_dataset_which_its_id_still_names(workspace: Workspace) -> None:
    official(workspace, "cyclegan", "maps")
    prepared(workspace, "maps")
    assert kind(find_set(workspace, "maps")) == ("prepared", "maps")
    assert kind(find_set(workspace, "cyclegan/maps")) == ("official", "cyclegan/maps")
    assert kind(find_set(workspace, "datasets/cyclegan/maps")) == ("official", "cyclegan/maps")


def test_a_bare_name_means_the_family_asked_for(workspace: Workspace) -> None:
    official(workspace, "pix2pix", "facades")
    official(workspace, "cyclegan", "facades")
    assert find_set(workspace, "facades", family="cyclegan").reference == "cyclegan/facades"
    assert find_set(workspace, "facades").reference == "pix2pix/facades"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.png"], "loose"),
        (["test/a.png"], "laid_out"),
        (["train/a.png"], "laid_out"),
        (["trainA/a.png", "trainB/a.png"], "laid_out"),
        (["A/train/a.png", "B/train/a.png"], "two_folders"),
        (["A/a.png", "B/a.png"], "two_folders"),
        (["test/A/a.png", "test/B/a.png"], "two_folders"),
        (["A/a.png", "B/a.png", "C/a.png"], "loose"),
        (["train_A/a.png", "train_B/a.png"], "two_folders"),
        (["labels/a.png", "photos/a.png", "a.png"], "two_folders"),
        (["photos/a.png", "images/a.png"], "loose"),  # two words for one role
        (["photos/a.png"], "loose"),
        (["test/a.png", "test/photos/a.png"], "laid_out"),
        (["A/a.png"], "loose"),
    ],
)
def test_what_a_folder_is_by_what_lies_in_it(workspace: Workspace, files: list[str], expected: str) -> None:
    for file in files:
        save_picture(workspace.root / "mine" / file, 8, 8)
    assert find_set(workspace, "mine").kind == expected


def test_one_picture_an_archive_and_a_run_must_be_prepared(workspace: Workspace) -> None:
    save_picture(workspace.root / "one.png", 8, 8)
    (workspace.root / "results" / "r").mkdir(parents=True)
    (workspace.root / "results" / "r" / "run.json").write_text("{}")
    assert find_set(workspace, "one.png").must_be_prepared
    assert find_set(workspace, "results/r").kind == "run"


def test_outside_the_workspace_the_reference_is_the_whole_path(workspace: Workspace, tmp_path: Path) -> None:
    inner = Workspace(tmp_path / "inner")
    save_picture(tmp_path / "elsewhere" / "testA" / "a.png", 8, 8)
    found = find_set(inner, "elsewhere")
    assert (found.reference, found.inside) == (str(tmp_path / "elsewhere"), False)


def test_home_is_understood_within_quotes(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(workspace.root / "home"))
    save_picture(workspace.root / "home" / "Pictures" / "اسب‌ها" / "a.png", 8, 8)
    assert find_set(workspace, "~/Pictures/اسب‌ها").kind == "loose"


def test_nothing_of_that_name_is_answered_with_the_next_command(workspace: Workspace) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_set(workspace, "facades")
    assert caught.value.hint == "harness setup --dataset pix2pix/facades"
    with pytest.raises(UnknownNameError, match="Did you mean") as caught:
        find_set(workspace, "facadez", family="pix2pix")
    assert caught.value.hint == "harness prepare-images FOLDER --name NAME"


def test_a_folder_with_newer_pictures_than_its_prepared_set_is_told(workspace: Workspace) -> None:
    save_picture(workspace.root / "mine" / "a.png", 8, 8)
    made = prepare_images(workspace, PrepareRequest(folder=workspace.root / "mine"))
    assert find_set(workspace, "mine").stale is None
    save_picture(workspace.root / "mine" / "b.png", 8, 8)
    os.utime(workspace.root / "mine" / "b.png", (0, 0))  # as an archive unpacks it: old, but put there just now
    os.utime(made.folder / "dataset.json", (time.time() - 60, time.time() - 60))
    stale = find_set(workspace, "mine").stale
    assert stale is not None and "newer than the prepared set `mine`" in stale
