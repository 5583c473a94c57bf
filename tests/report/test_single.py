"""One file to send: never above its cap, honest about what it holds, nothing but pixels in its pictures."""

from __future__ import annotations

import base64
import io
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from harness.errors import RunError
from harness.report.single import evenly, write_single_file
from tests.report.samples import sample_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = sample_run(tmp_path_factory.mktemp("single") / "run", names=[f"{i:02d}" for i in range(24)])
    path = folder / "images" / "input" / "00.png"
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    with Image.open(path) as picture:
        picture.load()
        picture.save(path, exif=exif)
    return folder


def _data(path: Path) -> dict:
    html = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])


@pytest.mark.parametrize("cap", [9_000_000, 600_000, 250_000])
def test_it_fits_and_says_how(run: Path, cap: int) -> None:
    file = write_single_file(run, max_bytes=cap)
    html = file.path.read_text(encoding="utf-8")
    assert file.size == file.path.stat().st_size <= cap
    inside = [bool(strip) for strip in _data(file.path)["embedded"]["strips"]]
    assert sum(inside) == file.shown
    assert f"{file.size / 1e6:.1f} MB" in html
    if cap == 9_000_000:
        assert (file.shown, file.quality) == (24, None)
        assert "as they are" in html
    elif file.shown < 24:
        assert f"{file.shown} of 24 images have their pictures inside" in html
        assert f"WebP of quality {file.quality}" in html
    else:
        assert file.quality is not None and "re-encoded as WebP" in html


def test_below_the_cap_of_all_a_choice_even_by_rank_stays(run: Path) -> None:
    file = write_single_file(run, max_bytes=250_000)
    assert 3 <= file.shown < 24
    data = _data(file.path)
    values = data["columns"][0]["values"]
    ranks = sorted(
        sorted(values, reverse=True).index(v) for v, s in zip(values, data["embedded"]["strips"], strict=True) if s
    )
    assert (ranks[0], ranks[-1]) == (0, 23)
    assert max(b - a for a, b in pairwise(ranks)) <= 2 * 24 // file.shown + 1


def test_pictures_inside_are_whole_and_bare(run: Path) -> None:
    data = _data(write_single_file(run, max_bytes=9_000_000).path)
    encoded = base64.b64decode(data["embedded"]["pictures"]["input"][0].partition(",")[2])
    assert b"secret" not in encoded
    with Image.open(io.BytesIO(encoded)) as inside, Image.open(run / "images/input/00.png") as original:
        assert inside.tobytes() == original.tobytes()


def test_nothing_needs_the_folder_beside_it(run: Path) -> None:
    html = write_single_file(run, max_bytes=9_000_000).path.read_text(encoding="utf-8")
    assert {src[:5] for src in re.findall(r' src="([^"]+)"', html)} == {"data:"}
    assert "../index.html" not in html


def test_too_small_a_cap_is_answered_and_writes_nothing(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "tiny", names=("a", "b"))
    with pytest.raises(RunError, match="no pictures of `tiny` fit") as caught:
        write_single_file(run, max_bytes=20_000)
    assert "--max-size" in (caught.value.hint or "")
    assert not (run / "tiny.html").exists()


def test_even_choices() -> None:
    assert evenly(list(range(10)), 4) == [0, 3, 6, 9]
    assert evenly([5, 6], 7) == [5, 6]
    assert evenly([5, 6], 1) == [5]
