"""`harness doctor` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main


def test_it_says_what_is_missing_and_what_mends_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--offline"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (weights,) = [number for number, line in enumerate(lines) if line.split()[:2] == ["warn", "weights"]]
    assert lines[weights + 1].strip() == "mend: harness setup --model facades_label2photo"
    assert lines[-1].startswith("usable: 0 bad, ")


def test_json_has_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--offline", "--json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert document["usable"] is True
    names = {check["name"] for check in document["checks"]}
    assert {"Python", "PyTorch", "GPU", "memory", "disk", "git", "authors' code", "weights", "browser"} <= names
    assert "network" not in names


def test_what_stops_everything_gives_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["doctor", "--offline"]) == 1
    out = capsys.readouterr().out
    assert "bad   git" in out
    assert "not usable" in out.splitlines()[-1]


def test_it_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", str(tmp_path / "new"), "doctor", "--offline"]) == 0
    assert list(tmp_path.iterdir()) == []
