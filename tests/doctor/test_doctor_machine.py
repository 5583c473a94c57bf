"""Findings on memory and disk at sizes this machine has not."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path
from typing import NoReturn

import pytest

from harness.doctor import machine


def test_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5}, raising=False)
    assert machine.check_cores().what == "2 cores"


@pytest.mark.parametrize(("size", "state"), [(2e9, "warn"), (16e9, "ok")])
def test_memory(size: float, state: str) -> None:
    check = machine.check_memory(size)
    assert check.state == state
    assert f"{size / 1e9:.1f} GB" in check.what


def test_a_containers_limit_is_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", lambda name: 2**17)
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "1000000\n")
    assert machine.memory_bytes() == 1e6
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "max\n")
    assert machine.memory_bytes() == 2**34


@pytest.mark.parametrize(("free", "state"), [(10**8, "bad"), (10**9, "warn"), (10**11, "ok")])
def test_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, state: str) -> None:
    asked = []
    usage = namedtuple("usage", "total used free")

    def disk_usage(folder: Path) -> usage:  # type: ignore[valid-type]
        asked.append(folder)
        return usage(10**12, 0, free)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    assert machine.check_disk(tmp_path / "not" / "yet").state == state
    assert asked == [tmp_path]


def test_a_workspace_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert machine.check_writable(tmp_path).state == "ok"

    def refuse(dir: Path) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    check = machine.check_writable(tmp_path)
    assert check.state == "bad"
    assert "Permission denied" in check.what
