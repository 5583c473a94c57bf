"""`harness train` from dataset to tested model, on a stand-in that learns."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PIL import Image

from harness.demo.demo_weights import demo_weights
from harness.errors import DeviceError, GitError, TestSetError, TrainingError, UnknownNameError
from harness.progress import Silent
from harness.runs.listing import find_report
from harness.runs.record import load_record
from harness.runs.trained import find_model, trained_models
from harness.runs.training_record import TrainingRecord, load_training
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.testing.verification import VerifyRequest, verify
from harness.training import session as going
from harness.training.starting import resume, train
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture
from tests.training.conftest import SMALL


class Listening(Silent):
    """Keeps what is said, and stops by hand when the bar reaches an iteration."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.stop_at, self.done = stop_at, 0

    def say(self, message: str) -> None:
        self.said.append(message)

    def warn(self, message: str, hint: str | None = None) -> None:
        self.warned += [message, hint or ""]

    @contextmanager
    def step(self, label: str, total: float | None = None, unit: str = "images") -> Iterator[Any]:
        self.counted = label == "training"
        yield self

    def advance(self, amount: float = 1) -> None:
        self.done += int(amount) if self.counted else 0
        if self.stop_at is not None and self.done >= self.stop_at:
            raise KeyboardInterrupt

    def expect(self, total: float | None) -> None:
        return


def losses(folder: Path) -> list[dict[str, str]]:
    with (folder / "losses.csv").open(encoding="utf-8", newline="") as stream:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]


def page_document(folder: Path) -> dict[str, Any]:
    page = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1])["document"])


def test_a_training_ends_as_a_tested_model_of_both_engines(workspace: Workspace, pairs: Path) -> None:
    progress = Listening()
    record = train(workspace, "pairs", options=SMALL, command=("harness", "train", "-d", "pairs"), progress=progress)
    folder = workspace.run("pairs-pix2pix-001")
    assert record == load_training(folder)
    assert (record.state, record.family, record.direction, record.preset) == ("finished", "pix2pix", "AtoB", "paper")
    assert record.dataset["counts"] == {"train": 5}
    assert len(losses(folder)) == 10
    assert any("1 + 1 epochs of 5 iterations = 10 iterations" in line for line in progress.said)
    assert any("s each on cpu: about" in line for line in progress.said)
    assert not [p for p in folder.iterdir() if p.name.startswith(".") and p.name != ".lock"]

    result = record.results[0]
    assert result["epochs"] == [1, 2]
    by_epoch = dict(zip(result["epochs"], result["values"]["ssim"], strict=True))
    assert result["best"]["epoch"] == max(by_epoch, key=lambda epoch: by_epoch[epoch])
    assert set(result["baselines"]) == {"input_copied", "mean_target"}
    best = load_record(workspace.run("pairs-pix2pix-001-best"))
    assert (best.engine, best.test_set["split"], best.test_set["count"]) == ("official", "test", 2)
    assert best.model["id"] == "pix2pix/pairs-pix2pix-001"

    model = find_model(workspace, "pairs-pix2pix-001")
    assert model.own
    for engine in ("official", "native"):
        run = run_test(workspace, TestRequest(model="pairs-pix2pix-001", engine=engine))
        assert (run.record.test_set["name"], run.record.test_set["count"]) == ("pairs", 2)
        assert run.record.warnings == ()

    document = page_document(folder)
    assert document["state"] == "finished"
    assert document["losses"]["names"] == ["G_GAN", "G_L1", "D_real"]
    assert len(document["losses"]["epochs"]) == 10
    assert [e["epoch"] for e in document["samples"]["epochs"]] == [1, 2]
    for sample in document["samples"]["inputs"]:
        assert (folder / sample["input"]).is_file()
        assert (folder / sample["target"]).is_file()
    assert all((folder / name).is_file() for e in document["samples"]["epochs"] for name in e["outputs"])
    assert "pairs-pix2pix-001" in (workspace.results / "index.html").read_text(encoding="utf-8")
    assert str(workspace.root) not in (folder / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("stop_at", [3, 7])
def test_stopped_by_hand_it_says_so_and_goes_on_to_the_same_losses(
    workspace: Workspace, pairs: Path, stop_at: int
) -> None:
    train(workspace, "pairs", name="whole", options=SMALL)
    stopped = Listening(stop_at)
    with pytest.raises(KeyboardInterrupt):
        train(workspace, "pairs", name="cut", options=SMALL, progress=stopped)
    folder = workspace.run("cut")
    assert "harness train --resume cut" in stopped.warned
    assert load_training(folder).state == "interrupted"
    assert page_document(folder)["hint"] == "harness train --resume cut"
    assert "cut" not in trained_models(workspace)
    assert not (folder / ".data").exists()

    record = resume(workspace, "cut")
    assert (record.state, record.message) == ("finished", None)
    assert losses(folder) == losses(workspace.run("whole"))
    assert [told["iteration"] for told in record.resumes] == ([] if stop_at == 3 else [5])
    assert find_report(workspace, None) == folder


def test_cyclegan_learns_both_ways_and_both_are_models(workspace: Workspace, unpaired: Path) -> None:
    record = train(workspace, "unpaired", name="both", options=SMALL)
    assert (record.family, record.dataset["counts"]) == ("cyclegan", {"trainA": 3, "trainB": 4})
    assert [(m.name, m.direction, m.split) for m in record.models] == [
        ("both", "AtoB", "testA"), ("both-BtoA", "BtoA", "testB"),
    ]  # fmt: skip
    run = run_test(workspace, TestRequest(model="both-BtoA", engine="native"))
    assert run.record.test_set["count"] == 1
    assert record.results[0]["columns"] == []


def test_cyclegan_takes_pairs_apart_and_is_measured_on_them(workspace: Workspace, pairs: Path) -> None:
    record = train(workspace, "pairs", "cyclegan", name="apart", options=SMALL)
    assert record.dataset["counts"] == {"trainA": 5, "trainB": 5}
    assert [result["columns"] for result in record.results] == [["ssim", "psnr", "mae"]] * 2
    back = load_record(workspace.run("apart-BtoA-best"))
    assert (back.test_set["direction"], back.test_set["layout"]) == ("BtoA", "paired")


def test_a_set_with_val_is_judged_there_and_tested_on_test(workspace: Workspace, pairs: Path) -> None:
    save_pair(pairs / "val" / "v.png", 32)
    save_pair(pairs / "val" / "w.png", 32)
    progress = Listening()
    record = train(workspace, "pairs", name="held", options=SMALL, progress=progress)
    assert record.results[0]["chosen_on"] == "val"
    assert load_record(workspace.run("held-best")).test_set["split"] == "test"
    assert not any("where it is measured too" in line for line in progress.said)


def test_nothing_held_out_is_said_and_nothing_is_measured(workspace: Workspace, pairs: Path) -> None:
    shutil.rmtree(pairs / "test")
    progress = Listening()
    record = train(workspace, "pairs", name="all", options=SMALL, progress=progress)
    assert any("nothing is held out" in line for line in progress.warned)
    assert record.results[0]["best"] == {"epoch": 2}
    assert not workspace.run("all-best").exists()
    assert "all" in trained_models(workspace)


def test_spoilt_pictures_are_left_out_and_named(workspace: Workspace, pairs: Path) -> None:
    (pairs / "train" / "aa.png").write_bytes(b"no picture")
    (pairs / "train" / "خانه.webp").write_bytes((pairs / "train" / "train 0.png").read_bytes())
    save_picture(pairs / "train" / "single.png", 32, 32)
    progress = Listening()
    record = train(workspace, "pairs", name="spoilt", options=SMALL, progress=progress)
    assert list(record.dataset["refused"]) == ["train/aa.png"]
    assert record.dataset["counts"] == {"train": 7}
    assert any("1 pictures look like single ones" in line and "single.png" in line for line in progress.warned)


def test_a_batch_too_large_is_halved(workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "batch")
    progress = Listening()
    record = train(workspace, "pairs", name="halved", options=(*SMALL, "--batch_size", "2"), progress=progress)
    assert record.state == "finished"
    assert record.plan["batch_size"] == 1
    assert "2 images at once do not fit the memory: 1 now" in progress.warned


def test_an_error_stands_on_the_page_and_is_gone_after_a_resume(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "nan")
    with pytest.raises(TrainingError, match="no finite number"):
        train(workspace, "pairs", name="nan", options=SMALL)
    folder = workspace.run("nan")
    assert load_training(folder).state == "failed"
    assert "no finite number" in page_document(folder)["message"]
    monkeypatch.delenv("STANDIN_MISBEHAVE")
    assert resume(workspace, "nan").message is None


def test_cut_off_while_it_is_tested_it_only_tests_again(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(going, "end_training", cut)
        with pytest.raises(KeyboardInterrupt):
            train(workspace, "pairs", name="tested", options=SMALL)
    folder = workspace.run("tested")
    assert load_training(folder).state == "ending"
    (folder / "checkpoints" / "state.pt").unlink()  # a second training would begin anew
    before = losses(folder)
    record = resume(workspace, "tested")
    assert record.state == "finished"
    assert losses(folder) == before
    assert len(page_document(folder)["losses"]["epochs"]) == 10


def test_a_finished_or_running_training_is_not_gone_on_with(workspace: Workspace, pairs: Path) -> None:
    train(workspace, "pairs", name="done", options=SMALL)
    with pytest.raises(TrainingError, match="`done` is finished") as caught:
        resume(workspace, "done")
    assert caught.value.hint == "harness test --model done"
    with pytest.raises(TrainingError, match="exists already"):
        train(workspace, "pairs", name="done", options=SMALL)
    with pytest.raises(UnknownNameError, match="Did you mean `done`"):
        resume(workspace, "don")
    with pytest.raises(KeyboardInterrupt):
        train(workspace, "pairs", name="busy", options=SMALL, progress=Listening(2))
    with FileLock(workspace.run("busy") / ".lock"), pytest.raises(TrainingError, match="by another process"):
        resume(workspace, "busy")


def test_a_changed_dataset_is_said_at_a_resume(workspace: Workspace, pairs: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(workspace, "pairs", name="changed", options=SMALL, progress=Listening(2))
    save_pair(pairs / "train" / "zz.png", 32)
    record: TrainingRecord = resume(workspace, "changed")
    assert "the training pictures were changed between two goings on" in record.warnings


def test_what_cannot_begin_leaves_nothing_behind(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TrainingError, match="unrecognized arguments: --lerning_rate"):
        train(workspace, "pairs", name="typo", options=(*SMALL, "--lerning_rate=1"))
    with pytest.raises(TrainingError, match=r"`--dataroot` of `train\.py` is set by harness") as caught:
        train(workspace, "pairs", options=("--dataroot", "x"))
    assert "`--dataset`" in str(caught.value.hint)
    for options, said in (
        (("--crop_size", "48"), "multiples of 32"),
        (("--load_size", "16"), "less than `--crop_size 32`"),
        (("--n_epochs", "0", "--n_epochs_decay", "0"), "no epochs"),
    ):
        with pytest.raises(TrainingError, match=said):
            train(workspace, "pairs", options=(*SMALL, *options))
    with pytest.raises(TrainingError, match="looks like an option"):
        train(workspace, "pairs", name="-x", options=SMALL)
    with pytest.raises(TrainingError, match="folder of loose pictures") as loose:
        train(workspace, str(pairs / "test"))
    assert "--task" in str(loose.value.hint)
    with pytest.raises(TrainingError, match="name of an official model"):
        train(workspace, "pairs", name="facades_label2photo", options=SMALL)
    with pytest.raises(TrainingError, match="learns from pairs"):
        save_picture(workspace.datasets / "u" / "trainA" / "a.png")
        save_picture(workspace.datasets / "u" / "trainB" / "a.png")
        train(workspace, "u", "pix2pix")
    with pytest.raises(TestSetError, match="holds 1 picture; a training needs at least 2"):
        train(workspace, "u")
    with pytest.raises(TrainingError, match="has no folder `train` of pairs"):
        save_picture(workspace.datasets / "v" / "testA" / "a.png")
        train(workspace, "v")
    with pytest.raises(UnknownNameError):
        train(workspace, "no such set")
    with pytest.raises(DeviceError):
        train(workspace, "pairs", device="cuda:99", options=SMALL)
    monkeypatch.setattr(going.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 1000))  # type: ignore[attr-defined]
    with pytest.raises(TrainingError, match=r"the checkpoints need .* and 0 MB are free"):
        train(workspace, "pairs", name="nodisk", options=SMALL)
    assert [p for p in workspace.results.glob("*") if p.is_dir()] == []
    (workspace.third_party / "pytorch-CycleGAN-and-pix2pix").unlink()
    with pytest.raises(GitError, match="the authors' code is not in"):
        train(workspace, "pairs")


def test_pairs_against_the_way_they_were_made_for_are_warned_of(workspace: Workspace) -> None:
    folder = workspace.official_dataset("pix2pix", "facades")
    for part, count in (("train", 3), ("test", 2)):
        for number in range(count):
            save_pair(folder / part / f"{number}.png", 32)
    progress = Listening()
    record = train(workspace, "facades", direction="AtoB", name="photo2label", options=SMALL, progress=progress)
    assert any("`--direction BtoA`" in line and "facade_label of facade_photo" in line for line in progress.warned)
    assert (record.models[0].input_domain, record.models[0].output_domain) == ("facade_photo", "facade_label")
    assert train(workspace, "facades", name="label2photo", options=SMALL).direction == "BtoA"


def test_outputs_that_look_like_inputs_are_warned_of(workspace: Workspace, pairs: Path) -> None:
    # The stand-in's test.py inverts: a set whose inputs are half grey comes out as it went in.
    for path in pairs.rglob("*.png"):
        pair = Image.open(path).convert("RGB")
        pair.paste((128, 128, 128), (0, 0, 32, 32))
        pair.save(path)
    progress = Listening()
    record = train(workspace, "pairs", name="copy", options=SMALL, progress=progress)
    assert any("look like its inputs" in line for line in progress.warned)
    assert any("look like its inputs" in line for line in record.warnings)


def test_from_python(workspace: Workspace, pairs: Path) -> None:
    import harness

    training = harness.train("pairs", name="py", options=SMALL, workspace=workspace.root)
    assert training.models == ("py",)
    assert training.losses[-1]["iteration"] == 10
    assert set(training.losses[0]) == {"iteration", "epoch", "batch", "rate", "seconds", "G_GAN", "G_L1", "D_real"}
    assert harness.Training.find("py", workspace.root).report.is_file()
    with pytest.raises(TrainingError, match="either a dataset to train on or a training to resume"):
        harness.train(workspace=workspace.root)


def test_its_runs_can_be_verified_whatever_epoch_they_show(workspace: Workspace, pairs: Path) -> None:
    train(workspace, "pairs", name="again", options=SMALL)
    model = find_model(workspace, "again")
    for epoch in (1, 2):  # one of them is the model's own, the other one of its training
        weights = workspace.run("again") / "checkpoints" / f"{epoch}_net_G.pth"
        run_test(workspace, TestRequest(model=model, weights=weights, name=f"epoch-{epoch}", engine="native"))
        (found,) = verify(workspace, VerifyRequest(runs=(f"epoch-{epoch}",)))
        assert (found.verdict, len(found.of_kind("output"))) == ("identical", 2)


def test_tensorboard_gets_the_same_losses_when_asked(workspace: Workspace, pairs: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with pytest.raises(KeyboardInterrupt):
        train(workspace, "pairs", name="board", options=SMALL, tensorboard=True, progress=Listening(7))
    resume(workspace, "board")
    events = EventAccumulator(str(workspace.run("board") / "tensorboard")).Reload()
    told = {event.step: event.value for event in events.Scalars("G_L1")}
    expected = {int(row["iteration"]): float(row["G_L1"]) for row in losses(workspace.run("board"))}
    assert told == pytest.approx(expected, rel=1e-6)


def test_what_an_option_needs_is_named(workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrainingError, match="`--tensorboard` needs `tensorboard`"):
        train(workspace, "pairs", tensorboard=True)
    with pytest.raises(TrainingError, match="`--use_wandb` needs `wandb`") as caught:
        train(workspace, "pairs", options=("--use_wandb",))
    assert caught.value.hint == "pip install wandb"


def test_beside_the_official_model_where_it_is_installed(workspace: Workspace) -> None:
    folder = workspace.official_dataset("pix2pix", "facades")
    for part, count in (("train", 3), ("test", 2)):
        for number in range(count):
            save_pair(folder / part / f"{number}.png", 32)
    weights = workspace.weights("pix2pix", "facades_label2photo")
    weights.parent.mkdir(parents=True)
    shutil.copyfile(demo_weights(), weights)
    record = train(workspace, "facades", name="ours", options=SMALL)
    result = record.results[0]
    assert result["official"]["run"] == "ours-official"
    assert load_record(workspace.run("ours-official")).model["id"] == "pix2pix/facades_label2photo"
    assert 0 < result["official"]["ssim"] < 1
    assert result["comparison"] is None or "official" not in result["comparison"]
    assert any("at its own 256 pixels, this training at 32" in line for line in record.warnings)


def test_colorization_learns_from_photos_and_is_measured_on_them(workspace: Workspace) -> None:
    folder = workspace.datasets / "photos"
    for part, count in (("trainA", 4), ("testA", 2)):  # as `prepare-images FOLDER --split` lays them out
        for number in range(count):
            save_picture(folder / part / f"{number}.png", 32, 32)
    record = train(workspace, "photos", "colorization", name="colour", options=SMALL)
    assert record.models[0].architecture["input_nc"] == 1
    assert set(record.results[0]["baselines"]) == {"input_copied", "mean_target"}
    for engine in ("official", "native"):
        run = run_test(workspace, TestRequest(model="colour", engine=engine))
        assert run.measurement.columns == ("ssim", "psnr", "mae")
    sample = Image.open(workspace.run("colour") / "samples" / "input" / "G-1.png")
    assert all(max(colour) - min(colour) <= 1 for colour in sample.get_flattened_data())
    with pytest.raises(TrainingError, match="folder of loose pictures"):
        train(workspace, str(folder / "testA"), "colorization")
