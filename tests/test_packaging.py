"""What stands in several places of the packaging is the same in all of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from harness.version import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_licence_is_one() -> None:
    assert PROJECT["license"] == "BSD-2-Clause"
    assert PROJECT["license-files"] == ["LICENSE"]
    text = read("LICENSE")
    assert text.startswith("BSD 2-Clause License")
    assert f", {PROJECT['authors'][0]['name']}\n" in text


def test_the_citation_is_of_this_version() -> None:
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load(read("CITATION.cff"))

    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]
    assert [reference["year"] for reference in citation["references"]] == [2017, 2017]


def test_every_python_that_is_promised_is_tested_on_every_system() -> None:
    yaml = pytest.importorskip("yaml")
    job = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]["test"]

    assert PYTHONS[0] == PROJECT["requires-python"].removeprefix(">=")
    assert job["strategy"]["matrix"]["python"] == PYTHONS
    assert {name.partition("-")[0] for name in job["strategy"]["matrix"]["os"]} == {"ubuntu", "macos", "windows"}
    assert any(step.get("run", "").startswith("make test") for step in job["steps"])


def test_the_types_are_told() -> None:
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert (ROOT / "harness" / "py.typed").is_file()


def test_an_image_is_given_all_that_is_installed_from() -> None:
    given = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}

    assert {"harness", "install.py", "constraints.txt", "pyproject.toml"} <= given
    assert {PROJECT["readme"], *PROJECT["license-files"]} <= given
    assert all((ROOT / name).exists() for name in given)
    stages = re.findall(r"^FROM base AS (\w+)\nRUN .*install\.py --torch (\w+)", read("Dockerfile"), re.MULTILINE)
    assert stages == [("cuda", "cuda"), ("cpu", "cpu")]  # the last one is built where none is named
