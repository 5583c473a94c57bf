"""Nothing half-written ever stands under a final name."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from harness import files
from harness.files import (
    claimed,
    folder_written_aside,
    leftovers,
    sha256_of,
    sweep,
    write_json,
    write_text,
    written_aside,
)


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


def cut_off(folder: Path, program: str) -> None:
    """Runs a program that writes to a folder and is killed in the middle."""
    begun = (
        f"import os, signal\nfrom pathlib import Path\nfrom harness.files import *\nfolder = Path({str(folder)!r})\n"
    )
    ended = subprocess.run([sys.executable, "-c", begun + program], check=False)
    assert ended.returncode == -signal.SIGKILL


def test_what_a_killed_process_leaves_is_swept_and_what_runs_is_not(tmp_path: Path) -> None:
    cut_off(tmp_path, "with folder_written_aside(folder / 'run') as draft:\n os.kill(os.getpid(), signal.SIGKILL)")
    assert len(leftovers(tmp_path)) == 2  # the draft and its lock
    with folder_written_aside(tmp_path / "mine") as draft:
        (draft / "a").write_text("x")
        sweep(tmp_path)
        assert (draft / "a").exists()
        assert leftovers(tmp_path) == []
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_single_file_is_swept_when_it_is_forgotten(tmp_path: Path) -> None:
    cut_off(tmp_path, "with written_aside(folder / 'a') as aside:\n os.kill(os.getpid(), signal.SIGKILL)")
    assert leftovers(tmp_path) == []  # somebody may be writing it
    (left,) = tmp_path.iterdir()
    os.utime(left, (0, 0))
    assert sweep(tmp_path) == [left]
    assert list(tmp_path.iterdir()) == []


def test_there_is_no_moment_without_the_folder_that_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "set"
    target.mkdir()
    seen = []
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: seen.append(target.exists()) or real(*names))
    with folder_written_aside(target, replace=True) as draft:
        (draft / "new").write_text("y")
    assert False not in seen
    assert (target / "new").exists()


@pytest.mark.parametrize("at", [1, 2])
def test_a_folder_cut_off_between_its_names_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Where a system has no exchange, a kill at either rename loses nothing."""
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "old").write_text("x")
    program = f"""
import harness.files as module
module._exchanged = lambda *_: False
real, count = os.replace, [0]
def replace(*names):
    real(*names)
    count[0] += 1
    if count[0] == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace
with folder_written_aside(folder / 'set', replace=True) as draft:
    (draft / 'new').write_text('y')
"""
    cut_off(tmp_path, program)
    sweep(tmp_path)
    assert [p.name for p in (tmp_path / "set").iterdir()] == [["old"], ["new"]][at - 1]
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_two_jobs_get_two_names(tmp_path: Path) -> None:
    names = [f"run-{n}" for n in range(5)]
    (tmp_path / "run-0").mkdir()
    with claimed(tmp_path, names) as first, claimed(tmp_path, names) as second:
        assert (first, second) == ("run-1", "run-2")
        with claimed(tmp_path, ["run-1"]) as none:
            assert none is None
    with claimed(tmp_path, names) as again:
        assert again == "run-1"
    assert [p.name for p in tmp_path.iterdir()] == ["run-0"]


def test_a_name_that_another_job_takes_between_the_look_and_the_claim_is_not_given_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(FileLock):
        def acquire(self, *given: Any, **more: Any) -> Any:
            (tmp_path / "a").mkdir(exist_ok=True)  # it ended meanwhile, and its claim is free again
            return super().acquire(*given, **more)

    monkeypatch.setattr(files, "FileLock", Late)
    with claimed(tmp_path, ["a", "b"]) as name:
        assert name == "b"
