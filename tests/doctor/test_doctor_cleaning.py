"""What cut jobs left is told and goes when asked; what runs is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from harness.cli.main import main
from harness.doctor.cleaning import check_leftovers, clean
from harness.files import folder_written_aside, scratch
from harness.keeping import kept_pieces
from harness.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return Workspace(tmp_path / "ws")


def cut(workspace: Workspace) -> list[Path]:
    """Leaves one of everything, and returns the paths."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    training = workspace.run("facades-training")
    folders = [
        workspace.results / ".run.0123456789ab.draft",
        workspace.root / ".bundle.abc",
        training / ".official-x",
        training / ".sweep-x",
        training / ".data",
        Path(tempfile.gettempdir()) / f"harness-git-{int(ended.stdout)}-x",
    ]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(bytes(1_000_000))
    (training / "training.json").write_text("{}")
    part = workspace.weights("pix2pix", "sat2map").with_name(".latest_net_G.pth.01234567.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x")
    with pytest.raises(KeyboardInterrupt), kept_pieces(workspace.datasets, "photos") as pieces:
        pieces.keep("one", {}, {})
        raise KeyboardInterrupt
    return [*folders, part, *workspace.datasets.glob(".*.cut")]


def test_leftovers_are_told_and_removed(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    left = cut(workspace)
    check = check_leftovers(workspace)
    assert (check.state, check.mend) == ("warn", "harness doctor --clean")
    assert f"and {len(left) - 3} more of cut jobs, 6 MB; the same command again takes over 2 of them" in check.what
    assert all(path.exists() for path in left)
    main(["--workspace", str(workspace.root), "doctor", "--offline", "--clean", "--json"])
    out, err = capsys.readouterr()
    assert [path for path in left if path.exists() or f"removed `{path}`" not in err] == []
    (told,) = [check for check in json.loads(out)["checks"] if check["name"] == "leftovers"]
    assert (told["state"], told["what"]) == ("ok", "none")
    assert (workspace.run("facades-training") / "training.json").exists()


def test_what_runs_is_left_alone(workspace: Workspace) -> None:
    cut(workspace)
    clean(workspace)
    training = workspace.run("facades-training")
    (training / ".official-y").mkdir()
    (workspace.root / ".bundle.y").mkdir()
    mine = Path(tempfile.mkdtemp(prefix=f"harness-git-{os.getpid()}-"))
    with (
        FileLock(training / ".lock"),
        FileLock(workspace.root / ".harness.lock"),
        folder_written_aside(workspace.run("new")) as draft,
        kept_pieces(workspace.results, "set") as pieces,
    ):
        pieces.keep("one", {}, {})
        assert check_leftovers(workspace).what == "none"
        assert clean(workspace) == []
        assert draft.is_dir()
    assert mine.is_dir()
    assert {path.name for path in clean(workspace)} == {".official-y", ".bundle.y"}


def test_finished_shards_are_told_and_go_when_nothing_uses_them(workspace: Workspace) -> None:
    store = workspace.shards
    (store / "key").mkdir(parents=True)
    (store / "key" / "shard.json").write_bytes(bytes(3_000_000))
    assert (check_leftovers(workspace).state, check_leftovers(workspace).what) == (
        "ok",
        "none; finished shards: 3 MB",
    )
    with scratch(store):  # the plan of a test under way
        assert clean(workspace) == []
    part = store / ".key.0123.part"
    (part / "images" / "output").mkdir(parents=True)
    os.utime(part, (0, 0))  # a worker's: its pictures tell that it is at work
    assert clean(workspace) == []
    for place in (part / "images" / "output", part / "images", part):
        os.utime(place, (0, 0))
    assert clean(workspace) == [store]
    assert not store.exists()
