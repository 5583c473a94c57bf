"""Nothing half-written ever stands under a final name."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.files import folder_written_aside, sha256_of, write_json, write_text, written_aside


def test_a_file_appears_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.txt"
    with written_aside(target) as aside:
        aside.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="cut"), written_aside(target) as aside:
        aside.write_text("half")
        raise RuntimeError("cut")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_appears_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), folder_written_aside(target) as draft:
        (draft / "half").write_text("x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with folder_written_aside(target) as draft:
        (draft / "whole").write_text("x")
        assert not target.exists()
    assert [p.name for p in target.iterdir()] == ["whole"]


def test_an_existing_folder_gives_way_only_when_asked(tmp_path: Path) -> None:
    target = tmp_path / "set"
    target.mkdir()
    (target / "old").write_text("x")
    with pytest.raises(FileExistsError), folder_written_aside(target) as draft:
        (draft / "new").write_text("y")
    assert [p.name for p in target.iterdir()] == ["old"]
    with folder_written_aside(target, replace=True) as draft:
        (draft / "new").write_text("y")
    assert [p.name for p in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_json_is_strict_and_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"نام": "خانه"})
    assert "خانه" in path.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"psnr": float("inf")})
    assert json.loads(path.read_text(encoding="utf-8")) == {"نام": "خانه"}


def test_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert sha256_of(path) == hashlib.sha256(b"abc").hexdigest()


@pytest.fixture(params=[0o022, 0o002, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_files_and_folders_get_the_rights_that_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    write_text(tmp_path / "a", "text")
    with folder_written_aside(tmp_path / "b") as draft:
        (draft / "c").write_text("text")
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert rights == {"a": 0o666 & ~umask, "b": 0o777 & ~umask, "c": 0o666 & ~umask}


def test_an_error_of_the_disk_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as raised, folder_written_aside(tmp_path / "run"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.filename == str(tmp_path / "run")
    with pytest.raises(OSError, match="in words only"), written_aside(tmp_path / "a"):
        raise OSError("in words only")


def test_bytes_of_a_name_that_are_no_utf8_are_written_and_read_back(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    write_json(tmp_path / "a.json", {"source": name})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"source": name}
    write_text(tmp_path / "a.html", name)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "caf\\udce9.png"
