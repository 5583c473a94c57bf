"""`harness note`: what is said of a run stands in the index, and its record stays as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.files import sha256_of
from tests.report.samples import sample_run
from tests.runs.records import sample_training


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("first", "second"):
        sample_run(tmp_path / "results" / name, names=("a", "b"))
    return tmp_path


def index(workspace: Path) -> str:
    return (workspace / "results" / "index.html").read_text(encoding="utf-8")


def test_name_tags_and_text_stand_in_the_index_beside_an_untouched_record(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = workspace / "results" / "first"
    before = {path: sha256_of(path) for path in run.rglob("*") if path.is_file()}
    assert main(["note", "first", "too <dark>", "--name", "Facades & 200", "--tag", "thesis", "--tag", "نهایی"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "first",
        "  name  Facades & 200",
        "  tags  thesis, نهایی",
        "  text  too <dark>",
    ]
    page = index(workspace)
    assert "too &lt;dark&gt;" in page and "<bdi>Facades &amp; 200</bdi>" in page and "<bdi>نهایی</bdi>" in page
    assert {path: sha256_of(path) for path in before} == before
    assert [path.name for path in run.iterdir() if path not in before and path.is_file()] == ["note.json"]


def test_what_is_said_is_added_to_and_taken_back(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def note(*arguments: str) -> dict:
        assert main(["note", "first", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    nothing = note()
    assert nothing == {"format": 1, "run": "first", "name": "", "tags": [], "text": "", "hidden": False}
    note("good", "--tag", "a", "--tag", "b")
    said = note("--tag", "b", "--tag", "c", "--untag", "a", "--name", "N", "--hide")
    assert (said["tags"], said["text"], said["name"], said["hidden"]) == (["b", "c"], "good", "N", True)
    assert note() == said
    assert note("", "--name", "", "--untag", "b", "--untag", "c", "--show") == nothing
    assert not (workspace / "results" / "first" / "note.json").exists()


def test_a_training_has_notes_too_and_an_unknown_run_is_answered(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample_training(workspace / "results" / "mine")
    assert main(["note", "mine", "stopped too early", "--lang", "fa"]) == 0
    assert "stopped too early" in index(workspace) and '<html lang="fa"' in index(workspace)
    assert main(["note", "frist", "x"]) == 1
    assert "Did you mean `first`" in capsys.readouterr().err


def test_a_damaged_note_is_told_and_the_run_is_shown_all_the_same(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "results" / "first" / "note.json").write_text("{")
    assert main(["report", "-q"]) == 0
    assert "note.json` is damaged" in capsys.readouterr().err or "note.json</code> is damaged" in index(workspace)
    assert 'href="first/index.html"' in index(workspace)
    assert main(["note", "first", "x"]) == 1
    assert "is damaged" in capsys.readouterr().err
