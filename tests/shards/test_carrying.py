"""Workers that share nothing with who planned but an address: here of `file://`, which other processes see too."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from harness.cli.main import main
from harness.errors import GitError, RunError, WorkerError
from harness.files import sha256_of
from harness.runs.record import load_record
from harness.shards import cutting, sharing
from harness.shards.carrying import carry, found_plan
from harness.shards.computing import begin, compute_shard
from harness.shards.cutting import load_plan, write_plan
from harness.shards.merging import merge_plan
from harness.shards.pool import PoolRequest
from harness.shards.sharing import ShardRequest, test_in_shards
from harness.shards.storing import Objects
from harness.testing.running import assigned, computing_with, run_test
from harness.workspace import Workspace
from tests.cutting import names
from tests.shards.test_sharing import REQUEST, Said, equal
from tests.testing.conftest import MODEL, SET

ASKED = ["-m", MODEL, "-d", SET, "--engine", "native", "--device", "cpu", "--seed", "3", "--name", "cut"]
SHA256 = 64

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # what Ray leaves to the collector


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    return tmp_path / "bucket"


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    """The workspace of a machine that has nothing."""
    (tmp_path / "empty").mkdir()
    return Workspace(tmp_path / "empty")


@pytest.fixture
def address(workspace: Workspace, bucket: Path) -> str:
    """Of a plan of three shards."""
    planned(workspace, bucket.as_uri())
    return bucket.as_uri()


def planned(workspace: Workspace, address: str, folder: Path | None = None, **further: Any) -> None:
    folder = folder or workspace.root.parent / "PLAN"
    folder.mkdir()
    with computing_with(1):
        plan = write_plan(workspace, assigned(workspace, replace(REQUEST, **further), Said()), folder, size=1)
    carry(workspace, plan, address, range(3))
    shutil.rmtree(folder)


def computed(workspace: Workspace, address: str, number: int) -> bool:
    with found_plan(workspace, address) as plan:
        return compute_shard(workspace, plan, number).computed


def inputs(bucket: Path) -> dict[str, Path]:
    """What a plan carries: its weights, and the pictures of its first shard."""
    weights = [path for path in (bucket / "inputs").iterdir() if len(path.name) == SHA256]
    pictures = sorted((bucket / "inputs").glob("*.tar"), key=lambda path: path.stat().st_mtime_ns)
    return {"weights": weights[0], "pictures": pictures[0]}


def test_a_machine_with_nothing_but_the_address_draws_the_same(
    workspace: Workspace, bucket: Path, empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = run_test(workspace, replace(REQUEST, name="plain")).folder
    plan = bucket.as_uri()
    assert main(["shard", "plan", *ASKED, "--shard-size", "2", "-o", plan]) == 0
    assert f"harness shard run {plan} I" in capsys.readouterr().out
    workspace.root.rename(tmp_path / "another-machine")
    (tmp_path / "cwd").mkdir()
    words = [sys.executable, "-m", "harness", "--workspace", str(empty.root), "shard", "run", plan, "1"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(words, cwd=tmp_path / "cwd", env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "shard 1: 1 images computed" in ended.stdout

    assert main(["--workspace", str(empty.root), "shard", "run", plan, "0"]) == 0
    assert main(["--workspace", str(empty.root), "shard", "run", plan, "1"]) == 0
    assert "shard 1: 1 images were there" in capsys.readouterr().out
    assert main(["--workspace", str(empty.root), "shard", "merge", plan]) == 0
    (tmp_path / "another-machine").rename(workspace.root)

    assert equal(empty.run("cut"), plain)
    assert load_record(empty.run("cut")).images == load_record(plain).images
    assert names(tmp_path / "cwd") == []
    assert names(empty.shards) == ["inputs"]  # weights, for the next shard
    assert [path.name[SHA256:] for path in sorted(bucket.glob("*.tar"))] == [".tar", ".tar"]


def test_what_a_worker_has_is_taken_and_left_as_it_is(workspace: Workspace, address: str, bucket: Path) -> None:
    shutil.rmtree(bucket / "inputs")

    assert computed(workspace, address, 0)

    picture = workspace.dataset(SET) / "test" / "b.png"
    before = picture.write_bytes(b"another")
    with pytest.raises(WorkerError, match=r"an input of the plan is gone: there is no `file://.*/inputs/.*\.tar`"):
        computed(workspace, address, 1)
    assert picture.stat().st_size == before


def test_what_changed_here_after_planning_is_drawn_as_it_was_planned(workspace: Workspace, address: str) -> None:
    picture, weights = workspace.dataset(SET) / "test" / "a.png", workspace.weights(*MODEL.split("/"))
    other = (workspace.dataset(SET) / "test" / "b.png").read_bytes()
    picture.write_bytes(other)
    weights.unlink()

    assert computed(workspace, address, 0)

    assert picture.read_bytes() == other
    assert not weights.exists()


def test_weights_come_once_and_go_when_they_are_cleaned(
    workspace: Workspace, address: str, empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought, real = [], Objects.get
    monkeypatch.setattr(Objects, "get", lambda self, name, file: (brought.append(name), real(self, name, file))[1])
    for number in range(3):
        assert computed(empty, address, number)

    assert len([name for name in brought if len(name) == len("inputs/") + SHA256]) == 1
    assert main(["--workspace", str(empty.root), "doctor", "--clean"]) == 0
    assert not empty.shards.exists()


def test_a_mean_target_of_ones_own_model_is_carried(
    workspace: Workspace, bucket: Path, empty: Workspace, tmp_path: Path
) -> None:
    from PIL import Image

    with computing_with(1):
        work = assigned(workspace, REQUEST, Said())
    model = replace(work.generator.model, name="mine", own=True, source="results/mine/training.json")
    work = replace(work, generator=replace(work.generator, model=model))
    Image.new("RGB", (256, 256), "red").save(workspace.results / "mine" / "mean-target-mine.png")
    (tmp_path / "PLAN").mkdir()
    with computing_with(1):
        plan = write_plan(workspace, work, tmp_path / "PLAN", size=3)
    assert plan.mean_target == sha256_of(workspace.results / "mine" / "mean-target-mine.png")
    carry(workspace, plan, bucket.as_uri(), [0])

    assert computed(empty, bucket.as_uri(), 0)
    with found_plan(empty, bucket.as_uri()) as found:
        there = merge_plan(empty, found).measurement
    here = merge_plan(workspace, replace(load_plan(workspace, tmp_path / "PLAN"), store=bucket.as_uri())).measurement
    assert there.baselines == here.baselines


def test_seeds_of_the_same_pictures_share_what_is_carried(workspace: Workspace, bucket: Path) -> None:
    store = bucket.as_uri()
    for seed in (3, 4):
        work = ["shard", "plan", *ASKED, "--seed", str(seed), "--store", store, "-o", f"{store}/plans/{seed}"]
        assert main(work) == 0

    assert sorted(path.suffix for path in (bucket / "inputs").iterdir()) == ["", ".tar"]
    assert names(bucket / "plans") == ["3", "4"]


@pytest.mark.parametrize("what", ["weights", "pictures"])
@pytest.mark.parametrize("how", ["gone", "truncated", "other"])
def test_an_input_that_is_not_whole_is_named_and_planning_again_mends_it(
    workspace: Workspace, address: str, bucket: Path, empty: Workspace, *, what: str, how: str
) -> None:
    file = inputs(bucket)[what]
    whole = file.read_bytes()
    if how == "gone":
        file.unlink()
    elif how == "truncated":
        file.write_bytes(whole[: len(whole) // 2])
    else:
        other = [path for path in (bucket / "inputs").glob("*.tar") if path != file]
        shutil.copyfile(other[0], file)

    with pytest.raises(WorkerError) as caught:
        for number in range(3):
            computed(empty, address, number)

    assert f"`{file.as_uri()}`" in caught.value.message
    assert ("is gone" if how == "gone" else "was damaged, and is taken out") in caught.value.message
    assert "again where the pictures are" in (caught.value.hint or "")
    assert not file.exists()
    assert not list(empty.shards.glob(".*"))
    planned(workspace, address)
    assert file.read_bytes() == whole
    for number in range(3):
        computed(empty, address, number)


def test_an_archive_that_leads_out_of_its_folder_is_refused(
    workspace: Workspace, address: str, bucket: Path, empty: Workspace
) -> None:
    import tarfile

    for archive in (bucket / "inputs").glob("*.tar"):
        with tarfile.open(archive, "w") as packed:
            packed.addfile(tarfile.TarInfo("../../../escaped"))

    with pytest.raises(WorkerError, match="names a place outside of it"):
        computed(empty, address, 0)
    assert not list(empty.root.rglob("escaped"))


@pytest.mark.parametrize("sha256", ["../../../../escaped", 64 * "g"])
def test_a_plan_that_names_other_places_is_refused(address: str, bucket: Path, empty: Workspace, sha256: str) -> None:
    file = bucket / "plan.json"
    content = json.loads(file.read_text())
    content["mean_target"] = sha256
    file.write_text(json.dumps(content))

    with pytest.raises(RunError, match=f"`{address}/plan.json` is damaged: .* is no SHA-256"):
        computed(empty, address, 0)
    assert names(empty.root) == ["results"]


def test_a_plan_that_is_not_there_or_damaged_is_named_by_its_address(
    address: str, bucket: Path, empty: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["--workspace", str(empty.root), "shard", "run"]
    assert main([*run, f"{address}/NONE", "0"]) == 1
    assert f"`{address}/NONE` is no plan, or is not here" in capsys.readouterr().err
    assert main([*run, address, "3"]) == 1
    assert f"`{address}` has the shards 0 to 2" in capsys.readouterr().err
    (bucket / "00001.json").write_text("{")
    assert main([*run, address, "1"]) == 1
    assert f"`{address}/00001.json` is damaged" in capsys.readouterr().err
    assert main(["--workspace", str(empty.root), "shard", "merge", address]) == 1
    assert f"harness shard run {address} 0" in capsys.readouterr().err
    (bucket / "plan.json").write_text("{")
    assert main([*run, address, "0"]) == 1
    assert f"`{address}/plan.json` is damaged" in capsys.readouterr().err


def test_two_who_plan_the_same_agree_and_another_plan_is_refused(
    workspace: Workspace, address: str, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in bucket.rglob("*") if path.is_file()}
    planned(workspace, address)
    with pytest.raises(RunError, match=f"another plan is at `{address}`") as caught:
        planned(workspace, address, workspace.root / "OTHER", seed=4)
    assert caught.value.hint == "name another address with `-o`"
    assert {path: path.read_bytes() for path in bucket.rglob("*") if path.is_file()} == before

    real, plan = Objects.put, bucket / "plan.json"
    plan.unlink()

    def overtaken(self: Objects, name: str, file: Path) -> None:
        real(self, name, file)
        if name == "plan.json":
            plan.write_text("{}")

    monkeypatch.setattr(Objects, "put", overtaken)
    with pytest.raises(RunError, match="another plan is at"):
        planned(workspace, address)


def test_a_picture_that_changes_while_it_is_planned_is_told(
    workspace: Workspace, bucket: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = workspace.dataset(SET) / "test" / "b.png"

    def changing(*given: Any, **named: Any) -> Any:
        made = write_plan(*given, **named)
        picture.write_bytes(picture.read_bytes() + b"\0")
        return made

    monkeypatch.setattr(cutting, "write_plan", changing)
    assert main(["shard", "plan", *ASKED, "-o", bucket.as_uri()]) == 1
    assert f"`{picture}` changed since it was planned" in capsys.readouterr().err
    assert not (bucket / "plan.json").exists()


def test_an_upload_that_fails_is_told_and_leaves_nothing(
    workspace: Workspace, address: str, bucket: Path, empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(bucket)

    def failing(self: Any, here: str, there: str, **_: Any) -> None:
        Path(there).write_bytes(Path(here).read_bytes()[:100])
        raise TimeoutError("the link is down")

    monkeypatch.setattr(LocalFileSystem, "put_file", failing)
    with pytest.raises(WorkerError, match=r"`file://.*/bucket/.*\.tar` cannot be written on .*: the link is down"):
        computed(empty, address, 0)
    assert names(bucket) == before
    assert names(empty.shards) == ["inputs"]


def test_a_store_that_cannot_be_written_is_told_before_the_work(
    workspace: Workspace, bucket: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refusing(self: Any, *given: Any, **_: Any) -> None:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(LocalFileSystem, "put_file", refusing)
    monkeypatch.setattr("harness.testing.running.load_generator", None)  # the work
    assert main(["shard", "plan", *ASKED, "-o", bucket.as_uri()]) == 1
    assert "Access Denied" in capsys.readouterr().err
    assert main(["test", *ASKED, "--executor", "local", "--store", bucket.as_uri()]) == 1
    assert "credentials that may write there" in capsys.readouterr().err


def test_the_authors_code_is_carried_by_no_plan(address: str, empty: Workspace) -> None:
    with found_plan(empty, address) as plan:
        request = replace(plan.work.request, engine="official")
        with pytest.raises(GitError, match=f"the authors' code is not in `{empty.root}") as caught:
            compute_shard(empty, replace(plan, work=replace(plan.work, request=request)), 0)
    assert (caught.value.hint or "").startswith("harness setup, on `")


_KILLED = """
import os, signal, sys
from fsspec.implementations.local import LocalFileSystem
LocalFileSystem.mv = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
from harness.__main__ import entry_point
entry_point()
"""


def test_a_worker_that_is_killed_leaves_nothing_under_the_name_and_nothing_here_for_long(
    workspace: Workspace, address: str, bucket: Path, empty: Workspace
) -> None:
    words = ["--workspace", str(empty.root), "shard", "run", address, "0"]
    ended = subprocess.run([sys.executable, "-c", _KILLED, *words], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not list(bucket.glob("*.tar"))
    assert len(names(empty.shards)) > 1

    assert computed(empty, address, 0)

    assert names(empty.shards) == ["inputs"]


def test_a_node_without_the_drivers_folder_works_in_its_own(
    address: str, empty: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_WORKSPACE", str(empty.root))

    assert begin(tmp_path / "driver", address)(0).computed

    assert names(empty.shards) == ["inputs"]
    assert not (tmp_path / "driver").exists()


def test_ray_nodes_need_the_store_alone(
    workspace: Workspace, bucket: Path, ray_cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run_test(workspace, replace(REQUEST, name="plain")).folder

    def hiding(*given: Any) -> None:
        carry(*given)
        workspace.datasets.rename(tmp_path / "unseen")

    monkeypatch.setattr(sharing, "carry", hiding)
    pool = PoolRequest(executor="ray", workers=2, address=ray_cluster.address)

    run = test_in_shards(workspace, REQUEST, ShardRequest(size=1, pool=pool, store=bucket.as_uri())).folder

    assert equal(run, plain)
    assert (tmp_path / "unseen").is_dir()
