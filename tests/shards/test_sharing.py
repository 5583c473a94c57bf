from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.cli.main import main
from harness.errors import EngineError, HarnessError, WorkerError
from harness.files import sha256_of
from harness.metrics.storage import load_measurement
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.progress import Silent
from harness.report.provenance import command_again
from harness.runs.record import load_record
from harness.shards import computing, cutting, merging, sharing
from harness.shards.cutting import Plan, load_plan, write_plan
from harness.shards.merging import merge_plan
from harness.shards.pool import Begin, InlinePool, Outcome, PoolRequest
from harness.shards.sharing import ShardRequest, test_in_shards
from harness.shards.storing import Store
from harness.testing.request import TestRequest
from harness.testing.running import assigned, computing_with, run_test
from harness.testing.taking_over import machine_of
from harness.testing.verification import VerifyRequest, verify
from harness.workspace import Workspace
from tests.cutting import content, names
from tests.pictures import save_picture
from tests.testing.conftest import MODEL, SET

REQUEST = TestRequest(model=MODEL, dataset=SET, engine="native", device="cpu", seed=3, name="cut", threads=1)
INLINE = ShardRequest(size=1)
TOLD = ("run.json", "index.html", "index.fa.html", "index.en.html", "log.txt")
"""Where times, names and the sizes of batches stand."""

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # what Ray leaves to the collector


class Said(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


class Counting:
    """A pool of this process that knows what it was given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def run(self, begin: Begin[Any, Any], things: Sequence[Any]) -> Iterator[Outcome[Any, Any]]:
        self.given += things
        return InlinePool().run(begin, things)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    pool = Counting()
    monkeypatch.setattr(sharing, "find_pool", lambda request: pool)
    return pool


@pytest.fixture
def plain(workspace: Workspace) -> Path:
    """The same test without shards."""
    return run_test(workspace, replace(REQUEST, name="plain")).folder


@pytest.fixture
def plan(workspace: Workspace, tmp_path: Path) -> Plan:
    return planned(workspace, tmp_path / "PLAN")


def planned(workspace: Workspace, folder: Path, *, mixed: bool = False, **further: Any) -> Plan:
    folder.mkdir()
    with computing_with(1):
        work = assigned(workspace, replace(REQUEST, **further), Said())
        return write_plan(workspace, work, folder, size=1, mixed=mixed)


def equal(one: Path, other: Path) -> bool:
    return content(one, *TOLD) == content(other, *TOLD)


@pytest.mark.parametrize(
    ("executor", "workers"), [(None, 1), ("local", 1), ("local", 2), ("local", 7), ("ray", 2), ("slurm", 2)]
)
def test_rows_and_pictures_are_those_of_a_plain_test_whoever_computes(
    workspace: Workspace, plain: Path, request: pytest.FixtureRequest, executor: Any, workers: int
) -> None:
    if executor == "slurm":
        pytest.importorskip("submitit")
    address = request.getfixturevalue("ray_cluster").address if executor == "ray" else None
    pool = PoolRequest(executor=executor, workers=workers, address=address)

    run = test_in_shards(workspace, replace(REQUEST, threads=None), ShardRequest(size=1, pool=pool)).folder

    assert equal(run, plain)
    record = load_record(run)
    assert (record.extra["shards"], record.extra["threads"]) == (3, 1)
    assert record.images == load_record(plain).images
    assert "machines" not in record.extra


@pytest.mark.gpu
@pytest.mark.parametrize("workers", [1, 3])
def test_on_a_gpu_too_they_are_those_of_a_plain_test(workspace: Workspace, gpu: str, workers: int) -> None:
    plain = run_test(workspace, replace(REQUEST, name="plain", device=gpu)).folder
    shards = ShardRequest(size=1, pool=PoolRequest(executor="local", workers=workers))
    run = test_in_shards(workspace, replace(REQUEST, device=gpu), shards).folder
    assert equal(run, plain)
    assert load_record(run).device == "cuda"


@pytest.mark.gpu
def test_a_processors_worker_need_not_see_the_gpu(
    workspace: Workspace, plan: Plan, gpu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = subprocess.run(
        [sys.executable, "-m", "harness", "--workspace", str(workspace.root), "shard", "run", str(plan.folder), "0"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert blind.returncode == 0, blind.stderr


def test_what_a_processor_draws_does_not_hang_on_a_gpu_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    build = "PyTorch built with:\n  - GCC 13.3\n{}  - Build settings: CUDA_VERSION=13.0"
    lines = "  - CUDA Runtime 13.0\n  - NVCC architecture flags: 90\n  - CuDNN 91.9.0\n  - Magma 2.6\n"
    told = []
    for shown in ("", lines):
        monkeypatch.setattr(torch.__config__, "show", partial(build.format, shown))
        told.append(machine_of("cpu")["torch"])
    assert told[0] == told[1] == build.format("")


@pytest.mark.parametrize(
    "asked",
    [
        {"seeds": 2},
        {"size": "own"},
        {"metrics": ("psnr", "spectrum", "lab_histogram")},
        {"metrics": ("lab_histogram",)},
        {"metrics": ("lpips",)},
        {"limit": 2, "mode": "deterministic"},
    ],
    ids=str,
)
def test_whatever_is_asked_equals_a_plain_test(workspace: Workspace, asked: dict[str, Any]) -> None:
    run_test(workspace, replace(REQUEST, name="plain", **asked))
    test_in_shards(workspace, replace(REQUEST, **asked), INLINE)

    assert equal(workspace.run("cut"), workspace.run("plain"))


def test_padding_is_left_out_and_sizes_are_told_as_in_a_plain_test(workspace: Workspace, tmp_path: Path) -> None:
    for place, name in enumerate(("a.png", "b.png", "c.png")):
        for kind in ("labels", "photos"):
            save_picture(tmp_path / kind / name, 256, 180 + 10 * place)
    padded = PrepareRequest(
        folder=tmp_path / "labels", targets=tmp_path / "photos", model=MODEL, name="padded", size=(256, 256), fit="pad"
    )
    prepare_images(workspace, padded)
    # The first is measured in shards, the last when they are merged.
    request = replace(REQUEST, dataset="padded", size=(512, 256), metrics=("psnr", "lab_histogram"))
    run_test(workspace, replace(request, name="plain"))
    run = test_in_shards(workspace, request, INLINE).folder

    record, plain = load_record(run), load_record(workspace.run("plain"))
    assert len(record.boxes) == 3
    assert any("trained on pictures of 256x256" in line for line in record.warnings)
    assert (record.warnings, record.test_set) == (plain.warnings, plain.test_set)
    assert equal(run, workspace.run("plain"))


def test_finished_shards_are_never_computed_again(workspace: Workspace, counting: Counting) -> None:
    test_in_shards(workspace, REQUEST, INLINE)
    assert counting.given == [0, 1, 2]
    said = Said()
    test_in_shards(workspace, replace(REQUEST, name="again"), INLINE, said)

    assert counting.given == [0, 1, 2]
    assert any("3 of 3 shards are in" in line for line in said.lines)
    assert equal(workspace.run("again"), workspace.run("cut"))
    assert not [name for name in names(workspace.shards) if name.startswith(".")]  # the plans are gone


@pytest.mark.parametrize("changed", [{"seed": 4}, {"mode": "eval"}, {"threads": 2}, {"metrics": ("psnr",)}], ids=str)
def test_what_decides_a_number_decides_the_key(workspace: Workspace, counting: Counting, changed: Any) -> None:
    test_in_shards(workspace, REQUEST, INLINE)
    test_in_shards(workspace, replace(REQUEST, name="again", **changed), INLINE)

    assert counting.given == [0, 1, 2, 0, 1, 2]


def test_keys_hang_on_no_path_no_batch_and_no_name_of_a_run(workspace: Workspace, plan: Plan, tmp_path: Path) -> None:
    shutil.copytree(workspace.root, tmp_path / "elsewhere")
    in_pairs = replace(REQUEST.native, batch_size=2)
    other = planned(Workspace(tmp_path / "elsewhere"), tmp_path / "OTHER", name="other", lang="fa", native=in_pairs)

    assert other.keys == plan.keys
    assert len(set(plan.keys)) == 3
    assert str(workspace.root) not in "".join(path.read_text() for path in plan.folder.iterdir())


def test_a_plan_reads_back_as_it_was(workspace: Workspace, plan: Plan) -> None:
    with computing_with(1):
        work = assigned(workspace, REQUEST, Said())
    shards = [cutting.shard_of(workspace, load_plan(workspace, plan.folder), number) for number in range(3)]

    assert [item for shard in shards for item in shard.selection.items] == list(work.selection.items)
    assert [facts for shard in shards for facts in shard.selection.facts] == list(work.selection.facts)
    assert {name: g for shard in shards for name, g in shard.geometries.items()} == work.geometries
    assert replace(shards[0].selection, items=(), facts=()) == replace(work.selection, items=(), facts=())
    assert (shards[0].generator, shards[0].request) == (work.generator, work.request)


def test_of_all_pictures_only_those_of_a_shard_are_held(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, shards = [], []

    def noting(function: Any, seen: list[Any]) -> Any:
        def noted(*given: Any) -> Any:
            assert not any(work() for work in (*asked, *shards))
            work = function(*given)
            seen.append(weakref.ref(work))
            return work

        return noted

    monkeypatch.setattr(sharing, "assigned", noting(sharing.assigned, asked))
    monkeypatch.setattr(merging, "shard_of", noting(merging.shard_of, shards))
    test_in_shards(workspace, REQUEST, INLINE)

    assert (len(asked), len(shards)) == (1, 3)


def test_a_shard_that_fails_is_named_and_the_others_stay(workspace: Workspace, counting: Counting) -> None:
    weights = workspace.weights(*MODEL.split("/"))
    before = weights.read_bytes()
    real = computing.translate_part

    def failing(workspace: Workspace, work: Any, *given: Any, **named: Any) -> Any:
        if work.selection.items[0].name == "b":
            raise EngineError("no memory", "harness doctor")
        return real(workspace, work, *given, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(computing, "translate_part", failing)
        with pytest.raises(WorkerError, match="1 of 3 shards failed: 1; shard 1: no memory") as caught:
            test_in_shards(workspace, REQUEST, INLINE)
    assert caught.value.hint == "harness doctor; the same command again computes these alone"
    assert not workspace.run("cut").exists()
    assert weights.read_bytes() == before
    test_in_shards(workspace, REQUEST, INLINE)
    assert counting.given == [0, 1, 2, 1]


def test_a_picture_that_cannot_be_decoded_is_a_row_and_stops_no_other(workspace: Workspace, plain: Path) -> None:
    picture = workspace.dataset(SET) / "test" / "b.png"
    whole = picture.read_bytes()
    picture.write_bytes(whole[: len(whole) // 2])  # its header is whole, so that it is found while it is drawn

    run = test_in_shards(workspace, REQUEST, ShardRequest(size=2)).folder

    record = load_record(run)
    assert [image["name"] for image in record.images] == ["a", "c"]
    assert [left["name"] for left in record.left_out] == ["b"]
    assert record.left_out[0]["reason"]
    rows, before = ({row.name: row for row in load_measurement(r).rows} for r in (run, plain))
    assert [rows[name] for name in "ac"] == [before[name] for name in "ac"]
    assert (run / "index.html").is_file()


@pytest.mark.parametrize("what", ["weights", "picture", "gone", "plan", "threads"])
def test_what_is_not_as_planned_is_told_before_the_work(workspace: Workspace, plan: Plan, what: str) -> None:
    weights, picture = workspace.weights(*MODEL.split("/")), workspace.dataset(SET) / "test" / "a.png"
    if what == "weights":
        weights.unlink()
        expected = f"the weights `{weights}` are not on `"
    elif what == "picture":
        picture.write_bytes(picture.read_bytes() + b"\0")
        expected = f"`{picture}` changed since it was planned"
    elif what == "gone":
        picture.unlink()
        expected = f"`{picture}` cannot be read on `"
    elif what == "plan":
        file = plan.folder / "00000.json"
        file.write_text(file.read_text().replace('"name": "a"', '"name": "../a"'))
        expected = f"`{file}` is damaged: "
    else:
        content_ = json.loads((plan.folder / "plan.json").read_text())
        for number in range(3):  # as another machine would have planned
            piece = json.loads((plan.folder / f"0000{number}.json").read_text())
            content_["shards"][number][0] = cutting._key(content_["facts"] | {"processor": "other"}, piece)
        content_["facts"]["processor"] = "other"
        (plan.folder / "plan.json").write_text(json.dumps(content_))
        expected = "this machine would draw otherwise than was planned: processor "

    with pytest.raises(HarnessError) as caught:
        computing.compute_shard(workspace, load_plan(workspace, plan.folder), 0)

    assert caught.value.message.startswith(expected)
    assert caught.value.hint
    assert names(workspace.shards) == [] if workspace.shards.exists() else True


def test_machines_that_differ_are_mixed_only_when_asked_and_then_told(workspace: Workspace, tmp_path: Path) -> None:
    plan = planned(workspace, tmp_path / "PLAN", mixed=True)
    for number in range(3):
        computing.compute_shard(workspace, plan, number)
    same = load_record(merge_plan(workspace, plan).folder)
    assert same.device == "cpu"
    assert not [line for line in same.warnings if line.startswith("mixed")]
    document = workspace.shards / plan.keys[1] / "shard.json"
    told = json.loads(document.read_text())
    told["machine"] |= {"device": "cuda", "gpu": "H100"}
    document.write_text(json.dumps(told))

    record = load_record(merge_plan(workspace, plan, "two").folder)

    assert record.device == "mixed"
    assert [(machine["device"], machine["shards"]) for machine in record.extra["machines"]] == [("cpu", 2), ("cuda", 1)]
    assert [line for line in record.warnings if line.startswith("mixed")]
    again = command_again(record)
    assert "--device" not in again
    assert "--threads 1" in again
    (found,) = verify(workspace, VerifyRequest(runs=("two",), device="cpu"))
    assert found.verdict == "identical"


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: whole[:-1] + b"\0"], ids=["cut", "flipped"])
def test_a_damaged_shard_is_named_taken_out_and_computed_again(
    workspace: Workspace, counting: Counting, damage: Any
) -> None:
    test_in_shards(workspace, REQUEST, INLINE)
    shutil.rmtree(workspace.run("cut"))
    picture = next(workspace.shards.glob("*/images/output/b.png"))
    picture.write_bytes(damage(picture.read_bytes()))

    with pytest.raises(WorkerError, match=r"shard 1 was damaged .* `images/output/b.png` is not what was written"):
        test_in_shards(workspace, REQUEST, INLINE)
    test_in_shards(workspace, REQUEST, INLINE)

    assert counting.given == [0, 1, 2, 1]


def test_a_merge_reads_only_files_that_look_otherwise_than_they_were_written(
    workspace: Workspace, plan: Plan, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        computing.compute_shard(workspace, plan, number)
    read: list[str] = []

    def reading(path: Path) -> str:
        read.append(path.name)
        return sha256_of(path)

    monkeypatch.setattr(merging, "sha256_of", reading)
    merge_plan(workspace, plan)
    assert read == []
    copied = next(workspace.shards.glob("*/images/output/b.png"))
    os.utime(copied, ns=(0, 0))

    assert equal(merge_plan(workspace, plan, "two").folder, plain)
    assert read == ["b.png"]


def test_missing_shards_are_named_at_the_merge(workspace: Workspace, plan: Plan) -> None:
    computing.compute_shard(workspace, plan, 1)

    with pytest.raises(WorkerError, match=r"2 of 3 shards are not in .*: 0, 2") as caught:
        merge_plan(workspace, plan)

    assert caught.value.hint == f"harness shard run {plan.folder} 0, where that store is shared"
    assert not workspace.run("cut").exists()


def test_a_store_that_is_not_shared_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "has", lambda self, key: False)

    with pytest.raises(WorkerError, match="its worker finished it, and it is not in") as caught:
        test_in_shards(workspace, REQUEST, INLINE)
    assert "give `--store` what they share" in (caught.value.hint or "")


def test_two_who_finish_one_shard_do_no_harm(workspace: Workspace, plan: Plan) -> None:
    store, key = Store(workspace.shards), plan.keys[0]
    with store.written(key) as one, store.written(key) as other:
        for place in (one, other):
            (place / "shard.json").write_text("{}")

    assert names(workspace.shards) == [key]
    assert store.has(key)


def test_a_disk_that_is_full_leaves_nothing_under_the_name(workspace: Workspace, plan: Plan) -> None:
    store = Store(workspace.shards)
    with pytest.raises(OSError), store.written(plan.keys[0]) as place:
        (place / "shard.json").write_text("{}")
        raise OSError(28, "No space left on device")

    assert names(workspace.shards) == []


@pytest.mark.parametrize("asked", [{"precision": "bf16"}, {"tiled": 64}], ids=str)
def test_what_hangs_on_more_than_a_picture_is_not_cut(workspace: Workspace, asked: dict[str, Any]) -> None:
    request = replace(REQUEST, native=replace(REQUEST.native, **asked))

    with pytest.raises(EngineError, match="cannot be cut into shards"):
        test_in_shards(workspace, request, INLINE)


def test_verify_makes_it_again_with_the_threads_it_had(workspace: Workspace) -> None:
    test_in_shards(workspace, REQUEST, INLINE)

    (found,) = verify(workspace, VerifyRequest(runs=("cut",)))

    assert found.verdict == "identical"


_KILLED = """
import os, signal, sys
from harness.shards import sharing
real, count = sharing.find_pool, [0]
class Counted:
    def __init__(self, request): self.pool = real(request)
    def run(self, begin, things):
        for outcome in self.pool.run(begin, things):
            count[0] += 1
            if count[0] == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            yield outcome
sharing.find_pool = Counted
from harness.__main__ import entry_point
entry_point()
"""


@pytest.mark.parametrize("executor", ["local"])
def test_a_driver_that_is_killed_costs_no_finished_shard(
    workspace: Workspace, plain: Path, counting: Counting, executor: str
) -> None:
    words = ["--workspace", str(workspace.root), "test", "-m", MODEL, "-d", SET, "--engine", "native", "--seed", "3"]
    words += ["--device", "cpu", "--executor", executor, "--shard-size", "1", "--name", "cut", "--threads", "1"]
    ended = subprocess.run([sys.executable, "-c", _KILLED, *words], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not workspace.run("cut").exists()

    run = test_in_shards(workspace, REQUEST, INLINE).folder

    assert len(counting.given) == 1 or counting.given == []  # the third was under way when nobody listened any more
    assert equal(run, plain)


def test_the_commands(workspace: Workspace, plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["-m", MODEL, "-d", SET, "--engine", "native", "--device", "cpu", "--seed", "3", "--name", "cut"]
    assert main(["shard", "plan", *asked, "--shard-size", "2", "-o", "PLAN"]) == 0
    assert "`PLAN`: 3 images in 2 shards, 0 to 1" in capsys.readouterr().out
    assert main(["shard", "merge", "PLAN"]) == 1
    assert "2 of 2 shards are not in" in capsys.readouterr().err
    for number, told in (("1", "1 images computed"), ("1", "1 images were there"), ("0", "2 images computed")):
        assert main(["shard", "run", "PLAN", number]) == 0
        assert f"shard {number}: {told}" in capsys.readouterr().out
    assert main(["shard", "run", "PLAN", "2"]) == 1
    assert "`PLAN` has the shards 0 to 1" in capsys.readouterr().err
    assert main(["shard", "merge", "PLAN"]) == 0
    assert "report: file://" in capsys.readouterr().out
    assert equal(workspace.run("cut"), plain)
    assert main(["shard", "merge", "PLAN"]) == 1
    assert "`cut` exists or is being made" in capsys.readouterr().err
    assert main(["shard", "merge", "PLAN", "--name", "other"]) == 0
    assert equal(workspace.run("other"), plain)
    assert main(["shard", "plan", *asked, "-o", "PLAN"]) == 1
    assert main(["shard", "run", "nowhere", "0"]) == 1
    assert "is no plan, or is not here" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--workers", "2"], ["--store", "s"], ["--mixed"], ["--slurm", "a=b"], ["--executor", "slurm", "--slurm", "a"]],
)
def test_what_only_workers_have_needs_an_executor(workspace: Workspace, words: list[str]) -> None:
    assert main(["test", "-m", MODEL, "-d", SET, *words]) == 2


def test_an_object_store_holds_an_archive_a_shard(workspace: Workspace, plain: Path, tmp_path: Path) -> None:
    address = (tmp_path / "bucket").as_uri()
    run = test_in_shards(workspace, REQUEST, replace(INLINE, store=address)).folder

    assert equal(run, plain)
    assert [name[64:] for name in names(tmp_path / "bucket")] == 3 * [".tar"]
    assert names(workspace.shards) == []


def test_an_address_that_nothing_opens_is_refused_before_the_work(workspace: Workspace) -> None:
    with pytest.raises(WorkerError, match="`nothing://bucket` is no store"):
        test_in_shards(workspace, REQUEST, replace(INLINE, store="nothing://bucket"))
    assert not workspace.run("cut").exists()


def test_two_pictures_of_one_name_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    work = assigned(workspace, REQUEST, Said())
    twice = (*work.selection.items, work.selection.items[0])

    with pytest.raises(EngineError, match="two pictures of the set have one name"):
        write_plan(workspace, replace(work, selection=replace(work.selection, items=twice)), tmp_path)
