"""`harness setup` as a user types it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalog.repositories import LUA, PYTORCH, REPOSITORIES
from harness.cli.main import main
from harness.provision.installed import clone_state
from harness.workspace import Workspace
from tests.fetch.repository import Upstream, make_upstream


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    return make_upstream(tmp_path_factory.mktemp("upstream"))


def setup(upstream: Upstream, *arguments: str) -> int:
    return main(["setup", "--upstream-url", str(upstream.path), "--upstream-ref", upstream.first, *arguments])


def test_it_prints_what_is_there(upstream: Upstream, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert setup(upstream) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1].split()[:3] == ["code", PYTORCH.id, "brought"]
    assert f"third_party/{PYTORCH.id}" in out
    assert upstream.first[:12] in out
    assert "clone" in err
    assert (tmp_path / "third_party" / PYTORCH.id / "test.py").is_file()


def test_quiet_leaves_only_the_result(upstream: Upstream, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup(upstream, "--quiet") == 0
    out, err = capsys.readouterr()
    assert PYTORCH.id in out
    assert err == ""


def test_json_is_one_document(upstream: Upstream, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert setup(upstream, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 1
    assert document["failures"] == []
    row, original = document["rows"]
    assert (row["kind"], row["id"], row["state"]) == ("code", PYTORCH.id, "brought")
    assert (original["kind"], original["id"], original["state"]) == ("code", LUA.id, "brought")
    assert Path(row["path"]).is_dir()
    assert row["bytes"] > 0


def test_what_could_not_be_brought_is_told_after_what_is_there_and_the_code_is_1(
    upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(upstream, "--model", "sat2map", "--from-file", "none.pth") == 1
    out, err = capsys.readouterr()
    assert PYTORCH.id in out
    assert "error: there is no file `none.pth`" in err
    assert "hint: " in err


def test_without_a_network_the_other_ways_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = ["--upstream-url", "http://127.0.0.1:9/code.git"]
    assert main(["setup", *nobody, "--quiet"]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("hint: `harness demo` needs none")
    assert all(option in told for option in ("--mirror", "--upstream-url", "--bundle", "--from-file"))


def test_other_ways_are_not_named_where_the_network_is_not_at_fault(
    upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(upstream, "--model", "sat2map", "--from-file", "none.pth") == 1
    assert "harness demo" not in capsys.readouterr().err


def test_failures_are_in_the_json_too(upstream: Upstream, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup(upstream, "--json", "--model", "sat2map", "--from-file", "none.pth") == 1
    (failure,) = json.loads(capsys.readouterr().out)["failures"]
    assert (failure["kind"], failure["id"]) == ("weights", "pix2pix/sat2map")
    assert failure["message"]
    assert failure["hint"]


def test_a_misspelt_model_is_answered_with_the_nearest(
    upstream: Upstream, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert setup(upstream, "--model", "facades_label2phoot") == 1
    assert "Did you mean `facades_label2photo`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_that_is_a_file_is_a_clear_error(
    upstream: Upstream, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    code = main(["--workspace", str(tmp_path / "file" / "below"), "setup", "--upstream-url", str(upstream.path)])
    assert code == 1
    assert "cannot write to the workspace" in capsys.readouterr().err


def test_the_lua_original_comes_from_an_address_of_its_own(
    upstream: Upstream, lua_upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "two words" / "mirror.git"
    shutil.copytree(lua_upstream.path, elsewhere)
    monkeypatch.setitem(REPOSITORIES, LUA.id, replace(REPOSITORIES[LUA.id], url="/gone"))
    assert setup(upstream, "--upstream-url", f"pix2pix={elsewhere}") == 0
    assert clone_state(Workspace(tmp_path), LUA.id).url == str(elsewhere)
    monkeypatch.setenv("HARNESS_UPSTREAM_URL", str(tmp_path / "not there"))
    monkeypatch.chdir(tmp_path / "two words")
    assert setup(upstream, "--upstream-url", f"pix2pix={elsewhere}") == 0
    assert main(["setup"]) == 1


def test_without_the_lua_original_it_warns_and_the_code_is_0(
    upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(upstream, "--upstream-url", "pix2pix=/gone", "--json") == 0
    out, err = capsys.readouterr()
    assert [row["id"] for row in json.loads(out)["rows"]] == [PYTORCH.id]
    assert "warning: the Lua original was not cloned" in err
    assert "hint: harness setup --upstream-url pix2pix=URL_OR_FOLDER" in err


@pytest.mark.upstream
def test_the_real_repository(upstream_git: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup", "--upstream-url", upstream_git, "--json"]) == 0
    row, _ = json.loads(capsys.readouterr().out)["rows"]
    assert row["note"] == f"commit {PYTORCH.commit[:12]}"
