"""A test that was cut goes on with the images that were whole, and ends as if it had never been cut."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from harness.catalog.repositories import PYTORCH
from harness.cli.main import main
from harness.runs.record import load_record
from harness.workspace import Workspace
from tests.cutting import content, cut, expected_code, names
from tests.testing.conftest import MODEL, SET
from tests.upstream_standin import make_standin

NOT_EQUAL = ("run.json", "index.html", "log.txt")  # times stand in them


def asked(workspace: Workspace, engine: str, *options: str) -> list[str]:
    told = ["test", "--model", MODEL, "--dataset", SET, "--device", "cpu", "--engine", engine, "--name", "again"]
    return ["--workspace", str(workspace.root), *told, *options]


@pytest.fixture
def with_clone(workspace: Workspace, tmp_path: Path) -> Workspace:
    url, _ = make_standin(tmp_path / "standin")
    shutil.copytree(url, workspace.upstream(PYTORCH.id))
    return workspace


@pytest.mark.parametrize(
    ("engine", "options", "number"),
    [("native", ("--batch-size", "1", "--samples", "2"), signal.SIGKILL), ("official", (), signal.SIGTERM)],
)
def test_it_goes_on_and_equals_an_uncut_one(
    with_clone: Workspace,
    engine: str,
    options: tuple[str, ...],
    number: signal.Signals,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = with_clone.run("again")
    code, said = cut(*asked(with_clone, engine, *options), after=2, by=number)
    assert code == expected_code(number), said
    assert not run.exists()
    assert main(asked(with_clone, engine, *options)) == 0
    assert "2 of 3 images were whole when this test was cut: taken over" in capsys.readouterr().err
    assert load_record(run).extra["taken_over"] == 2
    assert not [name for name in names(with_clone.results) if name.startswith(".") and name != ".index-lock"]
    gone_on = content(run, *NOT_EQUAL)
    shutil.rmtree(run)
    assert main(asked(with_clone, engine, *options)) == 0
    assert "taken_over" not in load_record(run).extra
    assert content(run, *NOT_EQUAL) == gone_on


def test_what_was_drawn_otherwise_is_not_taken_over_and_checks_take_nothing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(*asked(workspace, "native"), after=2)
    (kept,) = workspace.results.glob(".*.cut")
    before = content(kept)
    assert len(before) == 2 * 4  # input, output, target and what was told of them
    assert main(["verify", "mine", "--device", "cpu"]) == 0
    assert main(asked(workspace, "native", "--seed", "4")) == 0
    assert "taken over" not in capsys.readouterr().err
    assert content(kept) == before
