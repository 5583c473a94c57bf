"""Nothing half-written ever stands under a final name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.files import folder_written_aside, sha256_of, write_json, written_aside


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
