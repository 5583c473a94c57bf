"""What is locked, and what is said of licences and vulnerabilities."""

from __future__ import annotations

import importlib.metadata
import re
from email.message import Message
from pathlib import Path

import pytest

from tests import supplies

ROOT = Path(__file__).resolve().parents[1]


def pins(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {pin.lower().replace("_", "-") for pin in re.findall(r"^[\w.-]+==[^\s\\]+", text, re.MULTILINE)}


def test_everything_but_torch_is_locked_by_hash_and_no_address_stands_there() -> None:
    assert pins("constraints.txt") - pins("requirements-dev.txt") == {"torch==2.13.0", "torchvision==0.28.0"}
    assert pins("requirements-dev.txt") <= pins("constraints.txt")
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    assert "://" not in text
    packages = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert [package for package in packages if "--hash=sha256:" not in package] == []


@pytest.mark.parametrize(
    ("told", "licence"),
    [
        ({"License-Expression": "MIT", "License": "other"}, "MIT"),
        ({"Classifier": "License :: OSI Approved :: BSD License", "License": "long\ntext"}, "BSD License"),
        ({"License": "Zlib\nand its text"}, "Zlib"),
        ({}, "not stated"),
    ],
)
def test_a_licence_is_what_the_package_says(told: dict[str, str], licence: str) -> None:
    metadata = Message()
    for name, value in told.items():
        metadata[name] = value
    assert supplies.licence_of(metadata) == licence  # type: ignore[arg-type]


def test_everything_installed_has_its_line() -> None:
    found = supplies.by_licence(importlib.metadata.distributions())
    assert any(name.startswith("pillow ") for name in found["MIT-CMU"])


def test_no_advisories_are_said_to_be_skipped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplies.importlib.util, "find_spec", lambda name: None)
    assert supplies.vulnerabilities() == 0
    assert "SKIPPED" in capsys.readouterr().out
