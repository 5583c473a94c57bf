"""Findings on programs and libraries, each made to fail."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
import types
import webbrowser
from pathlib import Path
from typing import NoReturn

import pytest
import torch

from harness.doctor import software


def refuse(error: Exception) -> NoReturn:
    raise error


def test_python() -> None:
    assert software.check_python().state == "ok"
    old = software.check_python((3, 10))
    assert (old.state, old.mend) == ("bad", "install Python 3.11 or newer")


def test_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert torch.__version__ in software.check_torch().what
    monkeypatch.setitem(sys.modules, "torch", None)
    assert software.check_torch().state == "bad"
    assert software.check_gpu().state == "warn"


def test_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    assert software.check_torchvision().what == importlib.metadata.version("torchvision")
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: refuse(importlib.metadata.PackageNotFoundError(name))
    )
    assert software.check_torchvision().state == "warn"


def test_a_gpu_that_pytorch_sees_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    card = types.SimpleNamespace(name="H200", total_memory=141e9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: card)
    check = software.check_gpu()
    assert check.state == "ok"
    assert check.what.startswith("H200 (141 GB), CUDA")


@pytest.mark.parametrize(
    ("driver", "built", "state", "told"),
    [
        (None, None, "ok", "none"),
        ("/usr/bin/nvidia-smi", None, "warn", "built without CUDA"),
        ("/usr/bin/nvidia-smi", "12.8", "warn", "built for CUDA 12.8"),
    ],
)
def test_a_gpu_that_pytorch_does_not_see(
    monkeypatch: pytest.MonkeyPatch, driver: str | None, built: str | None, state: str, told: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", built)
    monkeypatch.setattr(shutil, "which", lambda name: driver)
    check = software.check_gpu()
    assert check.state == state
    assert told in check.what
    assert (check.mend is None) == (state == "ok")


def test_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert software.check_git().what[0].isdigit()
    broken = tmp_path / "git"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "does not run" in software.check_git().what
    broken.unlink()
    assert software.check_git().state == "bad"


def test_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/chromium" if name == "chromium" else None)
    assert software.check_browser().what == "/usr/bin/chromium"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(webbrowser, "get", lambda: types.SimpleNamespace(name="firefox"))
    assert software.check_browser().what == "firefox"
    monkeypatch.setattr(webbrowser, "get", lambda: refuse(webbrowser.Error("none")))
    assert software.check_browser().state == "warn"


@pytest.mark.parametrize(("encoding", "state"), [("UTF-8", "ok"), ("utf8", "ok"), ("ANSI_X3.4-1968", "warn")])
def test_text_encoding(encoding: str, state: str) -> None:
    assert software.check_locale(encoding).state == state


def test_heif(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    check = software.check_heif()
    assert (check.state, check.mend) == ("warn", "pip install 'pix2pix-harness[heif]'")
