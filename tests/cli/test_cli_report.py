"""`harness report`, `compare` and `open`: what they write, print and refuse."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.report.samples import change_facts, change_record, sample_run


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    sample_run(tmp_path / "results" / "first", names=("a", "b", "c"))
    sample_run(tmp_path / "results" / "second", names=("a", "b", "c"), noise=60)
    return tmp_path


def run(workspace: Path, *arguments: str) -> int:
    return main(["--workspace", str(workspace), *arguments])


def test_report_makes_every_page_and_the_index(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "report", "-q") == 0
    pages = [workspace / "results" / name / "index.html" for name in ("first", "second")]
    index = workspace / "results" / "index.html"
    assert capsys.readouterr().out.splitlines() == [
        *(f"report: {page.as_uri()}" for page in pages),
        f"all runs: {index.as_uri()}",
    ]
    assert all(page.is_file() for page in (*pages, index))


def test_report_of_all_names_a_damaged_run_and_makes_the_others(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_record(workspace / "results" / "first", lambda document: document.update(started=None))
    assert run(workspace, "report", "-q") == 1
    said = capsys.readouterr()
    assert "`started` is null, where text was expected" in said.err
    assert [line.split(":")[0] for line in said.out.splitlines()] == ["report", "all runs"]
    assert "is damaged" in (workspace / "results" / "index.html").read_text(encoding="utf-8")
    assert run(workspace, "report", "first", "-q") == 1
    assert run(workspace, "report", "second", "-q") == 0


def test_report_of_one_run_in_persian_as_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "report", "first", "--lang", "fa", "--json") == 0
    page = workspace / "results" / "first" / "index.html"
    assert json.loads(capsys.readouterr().out)["reports"] == [page.as_uri()]
    assert '<html lang="fa" dir="rtl">' in page.read_text(encoding="utf-8")
    assert not (workspace / "results" / "second" / "index.html").exists()


def test_one_file_to_send(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "report", "first", "--single-file", "--max-size", "0.5MB", "-q") == 0
    said = capsys.readouterr().out
    page = workspace / "results" / "first" / "first.html"
    assert page.as_uri() in said and "pictures of 3 images" in said
    assert run(workspace, "report", "first", "--single-file", "--max-size", "500kB", "--json", "-q") == 0
    (document,) = json.loads(capsys.readouterr().out)["files"]
    assert document["bytes"] == page.stat().st_size <= 500_000
    assert (document["shown"], document["images"]) == (3, 3)


@pytest.mark.parametrize("size", ["big", "0MB", "-3MB", "3TB"])
def test_a_size_that_is_none_is_a_usage_error(workspace: Path, size: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "report", "--single-file", f"--max-size={size}") == 2
    assert f"`{size}` is no size; write 20MB or 800kB" in capsys.readouterr().err


def test_compare_prints_differences_and_writes_a_page(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "compare", "first", "second", "-q") == 0
    out = capsys.readouterr().out.splitlines()
    page = workspace / "results" / "compare-first-second.html"
    assert out[0] == "`second` minus `first`, 3 images"
    change_facts(workspace / "results" / "second", lambda facts: facts.update(sha256="0" * 64))
    assert run(workspace, "compare", "first", "second", "-q") == 0
    noted = capsys.readouterr().out.splitlines()
    assert noted[1].startswith("note: The same pictures, prepared in different ways") and noted[2:] == out[1:]
    assert out[2].startswith("SSIM  -0.")
    assert out[-1] == f"comparison: {page.as_uri()}"
    assert page.is_file()
    assert run(workspace, "compare", "first", "second", "--json", "-q", "--output", str(workspace / "x.html")) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["first"], document["against"][0]["run"]) == ("first", "second")
    assert document["against"][0]["columns"]["ssim"]["losses"] == 3
    assert '"first/' not in (workspace / "x.html").read_text(encoding="utf-8").replace("results/first/", "")


def test_compare_refuses_what_cannot_be_compared(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample_run(workspace / "results" / "other", names=("x", "y"))
    assert run(workspace, "compare", "first", "other") == 1
    said = capsys.readouterr()
    assert "not of the same images" in said.err and "hint: " in said.err
    assert said.out == ""
    assert not list((workspace / "results").glob("compare-*"))
    assert run(workspace, "compare", "first") == 2
    assert run(workspace, "compare", "first", "frist") == 1
    assert "Did you mean `first`" in capsys.readouterr().err


def test_open_prints_the_link_and_asks_the_browser(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: asked.append(url) or False)
    page = workspace / "results" / "first" / "index.html"
    assert run(workspace, "open", "first", "--print") == 0
    assert (capsys.readouterr().out, asked) == (f"{page.as_uri()}\n", [])
    assert page.is_file()  # made when it was not there
    assert run(workspace, "open", "first") == 0
    assert asked == [page.as_uri()]
    assert "open the link above yourself" in capsys.readouterr().err


def test_without_runs_the_next_command_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("report", "open"):
        assert run(tmp_path, command) == 1
        assert "hint: harness test" in capsys.readouterr().err
