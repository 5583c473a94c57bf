"""Strips: one file a row, cells in order, nothing but pixels in it, and only rewritten when something changed."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.progress import Silent
from harness.report.thumbnails import CELL, difference, encode, read_picture, strip, strip_path, write_strips
from tests.report.samples import draw, sample_run

KINDS = ("input", "output", "target", "difference")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return sample_run(tmp_path / "run", names=("a", "b"))


def test_cells_stand_in_order(run: Path) -> None:
    sheet = strip(run / "images", "a", KINDS)
    assert (sheet.mode, sheet.size) == ("RGB", (4 * CELL, CELL))
    for place, kind in enumerate(KINDS[:3]):
        picture = read_picture(run / "images", kind, "a")
        assert picture is not None
        own = np.asarray(picture, float).mean(axis=(0, 1))
        cell = np.asarray(sheet.crop((place * CELL, 0, (place + 1) * CELL, CELL)), float).mean(axis=(0, 1))
        assert np.abs(own - cell).max() < 3


def test_other_shapes_are_kept_and_missing_pictures_leave_a_clear_cell(run: Path) -> None:
    for kind in KINDS[:3]:
        draw(kind, size=(90, 30)).save(run / "images" / kind / "a.png")
    (run / "images" / "target" / "a.png").write_bytes(b"no picture")
    alpha = np.asarray(strip(run / "images", "a", KINDS).getchannel("A"))
    assert alpha[CELL // 2, CELL // 2] == 255 and alpha[2, CELL // 2] == 0  # a wide picture, clear above
    assert not alpha[:, 2 * CELL :].any()  # neither target nor difference


def test_the_difference_has_one_scale_for_all() -> None:
    black = Image.new("RGB", (4, 4))
    shades = [
        np.asarray(difference(black, Image.new("RGB", (4, 4), (v, v, v))), int).sum() for v in (0, 32, 64, 128, 255)
    ]
    assert shades == sorted(shades) and shades[0] < 100 and shades[3] == shades[4]


def test_metadata_never_travels(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    draw("x").save(tmp_path / "input" / "x.png", exif=exif, icc_profile=b"secret profile")
    picture = read_picture(tmp_path, "input", "x")
    assert picture is not None
    for quality in (None, 75):
        encoded = encode(picture, quality)
        assert b"secret" not in encoded
        assert not Image.open(io.BytesIO(encoded)).getexif()


def test_a_strip_is_written_again_only_when_a_picture_changed(run: Path) -> None:
    write_strips(run, {0: "a", 1: "b"}, KINDS, Silent(), {})
    first, second = run / strip_path(0), run / strip_path(1)
    for path in (first, second):
        os.utime(path, ns=(10**18, 10**18))
    for picture in (run / "images").glob("*/*.png"):
        os.utime(picture, ns=(10**17, 10**17))
    os.utime(run / "images" / "output" / "b.png", ns=(2 * 10**18, 2 * 10**18))
    write_strips(run, {0: "a", 1: "b"}, KINDS, Silent(), {})
    assert first.stat().st_mtime_ns == 10**18
    assert second.stat().st_mtime_ns > 10**18
    write_strips(run, {0: "a"}, KINDS[:2], Silent(), {})
    with Image.open(first) as sheet:
        assert sheet.size == (2 * CELL, CELL)
    assert second.exists()


def test_no_folder_holds_more_than_a_thousand() -> None:
    assert [strip_path(r) for r in (0, 999, 1000, 12345)] == [
        "thumbs/000/00000.webp", "thumbs/000/00999.webp", "thumbs/001/01000.webp", "thumbs/012/12345.webp",
    ]  # fmt: skip
