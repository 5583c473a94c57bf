"""A user's own pictures on the command line, typed in the folder where they lie, each hint taken at its word."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from harness.cli.main import main
from harness.demo.demo_weights import demo_weights
from harness.demo.scenes import draw_scene
from harness.workspace import Workspace
from tests.images.pictures import noise
from tests.report.samples import read_document

NATIVE = ["--engine", "native"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the user works in, which is the workspace, with the demo's generator installed."""
    monkeypatch.chdir(tmp_path)
    installed = Workspace(tmp_path).weights("pix2pix", "facades_label2photo")
    installed.parent.mkdir(parents=True)
    shutil.copyfile(demo_weights(), installed)
    return tmp_path


@pytest.fixture
def facades(here: Path) -> Path:
    """`labels/` and `photos/` of two drawn facades."""
    for index in range(2):
        scene = draw_scene(20_000, index)
        for folder, pixels in (("labels", scene.label), ("photos", scene.photo)):
            (here / folder).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(here / folder / f"{index}.png")
    return here


def hint_of(text: str) -> list[str]:
    """The words of the command a hint says to type."""
    found = re.search(r"^hint: harness (.*)$", text, re.MULTILINE)
    assert found, text
    return shlex.split(found[1])


def newest_record(here: Path) -> dict:
    runs = sorted(here.glob("results/*/run.json"), key=lambda p: p.stat().st_mtime_ns)
    return read_document(runs[-1].parent)


def test_the_hint_after_preparing_measures_against_the_targets(
    facades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["prepare-images", "labels", "--targets", "photos", "--model", "facades_label2photo", "--fit", "pad"]
    assert main(words) == 0
    assert main([*hint_of(capsys.readouterr().err), *NATIVE]) == 0
    record = newest_record(facades)
    assert (record["test_set"]["layout"], record["test_set"]["name"]) == ("paired", "labels")
    assert "SSIM" in capsys.readouterr().out
    document = json.loads((facades / "datasets" / "labels" / "dataset.json").read_text(encoding="utf-8"))
    assert document["made_by"]["settings"]["fit"] == "pad"


def test_the_folder_is_named_by_its_path_and_its_preparation_overwrites_nothing(
    facades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare-images", "labels", "--targets", "photos", "--model", "facades_label2photo"]) == 0
    before = (facades / "datasets" / "labels" / "dataset.json").read_bytes()
    assert main(["test", "-m", "facades_label2photo", "-d", "labels/", *NATIVE]) == 0
    assert "`--dataset labels` is the prepared set" in capsys.readouterr().err
    assert newest_record(facades)["test_set"]["layout"] == "single"
    assert (facades / "datasets" / "labels" / "dataset.json").read_bytes() == before


def test_a_folder_of_photos_at_their_own_sizes(here: Path) -> None:
    (here / "wide").mkdir()
    noise(600, 300).save(here / "wide" / "a.jpg")
    assert main(["test", "-m", "facades_label2photo", "-d", "wide", "--size", "own", *NATIVE]) == 0
    (output,) = here.glob("results/*/images/output/*.png")
    with Image.open(output) as picture:
        assert picture.size == (600, 300)


def test_home_within_quotes(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HOME", str(here / "home"))
    (here / "home" / "Pictures" / "اسب‌ها").mkdir(parents=True)
    noise(64, 64).save(here / "home" / "Pictures" / "اسب‌ها" / "a.png")
    assert main(["prepare-images", "~/Pictures/اسب‌ها", "--name", "horses"]) == 0
    assert "horses: 1 picture, 0 files left out" in capsys.readouterr().out


@pytest.mark.parametrize("extra", [[], ["--targets", "photos"]])
def test_after_a_split_the_hint_says_train(facades: Path, capsys: pytest.CaptureFixture[str], extra: list[str]) -> None:
    assert main(["prepare-images", "labels", *extra, "--split", "1/0/0", "--name", "mine"]) == 0
    assert hint_of(capsys.readouterr().err)[:3] == ["train", "--dataset", "mine"]


def test_a_folder_of_a_and_b_as_the_authors_describe_it(facades: Path) -> None:
    for side, folder in (("A", "photos"), ("B", "labels")):
        for part, index in (("train", 0), ("test", 1)):
            (facades / "set" / side / part).mkdir(parents=True)
            shutil.copyfile(facades / folder / f"{index}.png", facades / "set" / side / part / f"{index}.png")
    assert main(["test", "-m", "facades_label2photo", "-d", "set", *NATIVE]) == 0
    record = newest_record(facades)
    assert [image["source"] for image in record["images"]] == ["test/1.png"]
    assert record["test_set"]["layout"] == "paired"
    with (
        Image.open(next(facades.glob("results/*/images/input/*.png"))) as taken,
        Image.open(facades / "labels" / "1.png") as given,
    ):
        # Upstream's way of saving may take a level off.
        assert np.abs(np.asarray(taken, dtype=int) - np.asarray(given.convert("RGB"), dtype=int)).max() <= 1


def test_copies_of_a_notebook_are_no_pictures_to_any_command(facades: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("test/3.png", "test/.ipynb_checkpoints/3-checkpoint.png"):
        (facades / "set" / path).parent.mkdir(parents=True, exist_ok=True)
        noise(512, 256).save(facades / "set" / path)
    assert main(["test", "-m", "facades_label2photo", "-d", "set", *NATIVE]) == 0
    assert newest_record(facades)["test_set"]["count"] == 1
    assert "`.ipynb_checkpoints/`" in capsys.readouterr().err
    assert main(["prepare-images", "set", "--dry-run"]) == 0
    assert "1 file to prepare" in capsys.readouterr().out


def test_every_format_that_is_read_is_tested(here: Path) -> None:
    pillow_heif.register_heif_opener()
    (here / "set" / "test").mkdir(parents=True)
    for suffix in ("png", "jfif", "gif", "avif", "heic", "jp2", "webp", "tif"):
        noise(512, 256).save(here / "set" / "test" / f"{suffix}.{suffix}")
    assert main(["test", "-m", "facades_label2photo", "-d", "set", *NATIVE]) == 0
    record = newest_record(here)
    assert (record["test_set"]["count"], record["test_set"]["refused"]) == (8, 0)


def test_an_official_dataset_comes_before_a_folder_of_its_name(
    facades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (facades / "datasets" / "pix2pix" / "facades" / "test").mkdir(parents=True)
    noise(512, 256).save(facades / "datasets" / "pix2pix" / "facades" / "test" / "1.jpg")
    shutil.copytree(facades / "labels", facades / "facades")
    assert main(["test", "-m", "facades_label2photo", "-d", "facades", *NATIVE]) == 0
    assert newest_record(facades)["test_set"]["reference"] == "pix2pix/facades"
    assert "`--dataset ./facades` is the folder" in capsys.readouterr().err
