"""The command says what it did, what it left out and where to look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.images.pictures import noise


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "my photos"
    folder.mkdir()
    for n in range(2):
        noise(60, 60, n).save(folder / f"{n}.png")
    (folder / "notes.txt").write_text("hello")
    return folder


def test_a_folder_becomes_a_set(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", str(tmp_path), "prepare-images", str(photos), "--model", "horse2zebra"]) == 0
    out, err = capsys.readouterr()
    page = tmp_path / "datasets" / "my photos" / "index.html"
    assert out.splitlines() == ["my photos: 2 pictures, 1 file left out", f"contact sheet: {page.as_uri()}"]
    assert "left out `notes.txt`: is no picture" in err
    assert "harness test --model cyclegan/horse2zebra --dataset 'my photos'" in err
    assert page.is_file()


def test_json_is_one_document(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--workspace", str(tmp_path), "prepare-images", str(photos), "--size", "64x32", "--json", "-q"]
    assert main(arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 2
    assert document["made_by"]["settings"]["size"] == [64, 32]
    assert len(document["images"]) == 2
    assert document["refused"] == [{"source": "notes.txt", "reason": "is no picture: it holds text"}]


def test_a_dry_run_writes_nothing(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for extra in ([], ["--json"]):
        assert main(["--workspace", str(tmp_path), "prepare-images", str(photos), "--dry-run", *extra]) == 0
    out = capsys.readouterr().out
    assert "3 files to prepare at 256x256" in out
    assert not (tmp_path / "datasets").exists()


def test_strict_fails_with_the_reason(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", str(tmp_path), "prepare-images", str(photos), "--strict"]) == 1
    err = capsys.readouterr().err
    assert "notes.txt: is no picture" in err
    assert "hint: " in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none"], 1, "there is no folder `none`"),
        (["--model", "horse2zebr"], 1, "Did you mean"),
        (["--as", "foto"], 1, "Did you mean `photo`"),
        (["--split", "80/20"], 1, "is no split"),
        (["--size", "big"], 2, "is no size"),
        (["--background", "greenish"], 2, "is no colour"),
        (["--fit", "squash"], 2, "squash"),
        (["--model", "sat2map", "--to", "edges"], 2, "leave out --to"),
    ],
)
def test_wrong_words_are_answered(
    photos: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    folder = [] if arguments == ["none"] else [str(photos)]
    assert main(["prepare-images", *folder, *arguments]) == code
    assert said in capsys.readouterr().err


def test_background_and_edges(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--workspace", str(tmp_path), "prepare-images", str(photos), "--to", "edges", "--as", "photo"]
    assert main([*arguments, "--background", "#102030", "--split", "1/0/0", "--name", "mine", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["layout"] == "paired"
    assert document["made_by"]["settings"]["background"] == [16, 32, 48]
    assert (tmp_path / "datasets" / "mine" / "train" / "0.png").is_file()
