"""`run.json` comes back as it was written; runs are found by name, path or age."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import RunError, UnknownNameError
from harness.runs.listing import find_run, run_folders
from harness.runs.record import RunRecord, load_record, save_record
from harness.workspace import Workspace

RECORD = RunRecord(
    name="r",
    harness_version="0.1.0",
    command=("harness", "test"),
    started="2026-01-01T00:00:00+03:30",
    model={"id": "pix2pix/day2night"},
    engine="official",
    mode="paper",
    seed=0,
    device="cpu",
    upstream=None,
    test_set={"name": "s", "count": 1},
    images=({"name": "a"},),
    versions={"python": "3.11"},
    shims=("wandb",),
)


def _save(workspace: Workspace, name: str, age: int) -> Path:
    folder = workspace.run(name)
    folder.mkdir(parents=True)
    save_record(folder, replace(RECORD, name=name))
    os.utime(folder / "run.json", (age, age))
    return folder


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    save_record(tmp_path, RECORD)
    assert load_record(tmp_path) == RECORD


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}', "[1]", "null"])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json"):
        load_record(tmp_path)


def test_runs_are_found(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(RunError, match="no runs"):
        find_run(workspace, None)
    new, old = _save(workspace, "new", 200), _save(workspace, "old", 100)
    (workspace.results / ".draft").mkdir()
    (workspace.results / ".draft" / "run.json").write_text("{}")
    assert run_folders(workspace) == [old, new]
    assert find_run(workspace, None) == new
    assert find_run(workspace, "old") == old
    assert find_run(workspace, str(old)) == old
    with pytest.raises(UnknownNameError, match="Did you mean `new`"):
        find_run(workspace, "nwe")
