"""A preparation that was cut goes on with what was whole, and ends as if it had never been cut."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.cutting import content, cut, expected_code, names
from tests.pictures import save_picture

COUNT, WHOLE = 12, 8


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(COUNT):
        save_picture(tmp_path / "photos" / f"{number}.png", 90, 70)
    (tmp_path / "photos" / "bad.png").write_bytes(b"no picture")
    return tmp_path / "photos"


def asked(workspace: Path, photos: Path) -> list[str]:
    options = ["--size", "64x64", "--workers", "1", "--split", "60/20/20"]
    return ["--workspace", str(workspace), "prepare-images", str(photos), *options]


def prepared(workspace: Path, photos: Path) -> dict[str, str]:
    assert main(asked(workspace, photos)) == 0
    assert names(workspace / "datasets") == ["photos"]
    return content(workspace / "datasets" / "photos")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_goes_on_and_equals_an_uncut_one(
    tmp_path: Path, photos: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = cut(*asked(tmp_path / "cut", photos), after=WHOLE, by=number)
    assert code == expected_code(number), said
    assert not (tmp_path / "cut" / "datasets" / "photos").exists()
    assert prepared(tmp_path / "uncut", photos) == prepared(tmp_path / "cut", photos)
    (taken,) = re.findall(rf"(\d+) of {COUNT + 1} files had been prepared before this was cut", capsys.readouterr().err)
    assert WHOLE <= int(taken) < COUNT


def test_a_file_that_changed_meanwhile_is_prepared_anew(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(*asked(tmp_path / "cut", photos), after=COUNT)
    assert list((tmp_path / "cut" / "datasets").glob(".*.cut"))
    for number in range(COUNT):
        save_picture(tmp_path / "new" / f"{number}.jpg", 90, 70).rename(photos / f"{number}.png")
    assert prepared(tmp_path / "uncut", photos) == prepared(tmp_path / "cut", photos)
    assert "taken over" not in capsys.readouterr().err
