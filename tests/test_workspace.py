"""One module joins paths to the workspace, and one command at a time writes there."""

from __future__ import annotations

import multiprocessing
from itertools import islice
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from harness.errors import WorkspaceError
from harness.workspace import NAME_BYTES, Workspace, checked_name, checked_path, numbered, shortened


def test_the_folder_comes_from_the_option_then_the_environment_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Workspace.locate().root == tmp_path
    monkeypatch.setenv("HARNESS_WORKSPACE", str(tmp_path / "env"))
    assert Workspace.locate().root == tmp_path / "env"
    assert Workspace.locate(tmp_path / "given").root == tmp_path / "given"


def test_locating_creates_nothing(tmp_path: Path) -> None:
    Workspace.locate(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_families_share_no_folder(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.weights("pix2pix", "sat2map") != workspace.weights("cyclegan", "sat2map")
    assert workspace.official_dataset("pix2pix", "maps") != workspace.official_dataset("cyclegan", "maps")


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", ".hidden", "", "a\0b", "x" * 300])
def test_no_name_leaves_the_workspace(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkspaceError, match="plain folder name"):
        Workspace(tmp_path).run(name)


def _hold(root: Path, held: Event, release: Event) -> None:
    with Workspace(root).locked("harness verify"):
        held.set()
        release.wait(30)


def test_a_second_command_is_told_who_holds_the_workspace(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path, held, release))
    process.start()
    try:
        assert held.wait(30)
        with pytest.raises(WorkspaceError, match=f"`harness verify` runs as process {process.pid}"):
            Workspace(tmp_path).locked("harness test").__enter__()

        def on_wait(line: str) -> None:
            assert "harness verify" in line
            release.set()

        with Workspace(tmp_path).locked("harness test", wait_s=30, on_wait=on_wait):
            assert release.is_set()
    finally:
        release.set()
        process.join(30)


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(RuntimeError, match="mine"), workspace.locked("a"):
        raise RuntimeError("mine")
    with workspace.locked("b"):
        pass


def test_names_are_cut_by_bytes_and_never_inside_a_letter() -> None:
    assert shortened("abc", 2) == "ab"
    assert shortened("街" * 60, 100) == "街" * 33
    assert shortened("é", 1) == "" and shortened("", 5) == ""
    assert len(shortened("街" * 100).encode()) <= NAME_BYTES


def test_numbered_names_are_free_and_leave_room_for_what_trainings_add() -> None:
    assert list(islice(numbered("set"), 3)) == ["set-001", "set-002", "set-003"]
    assert next(islice(numbered("set"), 999, None)) == "set-1000"
    for long in islice(numbered("街" * 70), 2):
        for name in (long, f"{long}-BtoA-official"):
            assert checked_name(name, "run") == name


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/../b", "a\\b", "a/.hidden", "", "C:x", "a/\ud800", "a\n"])
def test_a_path_of_a_record_leads_below_its_folder(path: str) -> None:
    with pytest.raises(WorkspaceError):
        checked_path(path, "file")
    assert checked_path("a/b c/د.png", "file") == "a/b c/د.png"
