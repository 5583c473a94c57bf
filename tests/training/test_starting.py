"""`harness train` from dataset to tested model, on a stand-in that learns."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from harness.demo.demo_weights import demo_weights
from harness.errors import DeviceError, GitError, TestSetError, TrainingError, UnknownNameError
from harness.runs.record import load_record
from harness.runs.trained import find_model, trained_models
from harness.runs.training_record import load_training, save_training
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.testing.verification import VerifyRequest, verify
from harness.training import session
from harness.training.starting import resume, train
from harness.training.train_request import TrainRequest
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture
from tests.training.conftest import SMALL, Finished, Listening, losses, page_document


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_a_training_ends_as_a_tested_model_of_both_engines(finished: Finished) -> None:
    workspace, folder, record, progress = finished.workspace, finished.folder, finished.record, finished.progress
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
    assert (model.own, model.crop_size, model.preprocessing) == (True, 32, None)
    for engine in ("official", "native"):
        run = run_test(workspace, TestRequest(model="pairs-pix2pix-001", engine=engine))
        assert (run.record.test_set["name"], run.record.test_set["count"]) == ("pairs", 2)
        assert run.record.warnings == ()


def test_its_page_shows_all_of_it(finished: Finished) -> None:
    folder, document = finished.folder, page_document(finished.folder)
    assert document["state"] == "finished"
    assert document["losses"]["names"] == ["G_GAN", "G_L1", "D_real"]
    assert len(document["losses"]["epochs"]) == 10
    assert [e["epoch"] for e in document["samples"]["epochs"]] == [1, 2]
    for sample in document["samples"]["inputs"]:
        assert (folder / sample["input"]).is_file()
        assert (folder / sample["target"]).is_file()
    assert all((folder / name).is_file() for e in document["samples"]["epochs"] for name in e["outputs"])
    assert "pairs-pix2pix-001" in (finished.workspace.results / "index.html").read_text(encoding="utf-8")
    assert str(finished.workspace.root) not in (folder / "index.html").read_text(encoding="utf-8")


def test_its_runs_can_be_verified_whatever_epoch_they_show(finished: Finished) -> None:
    workspace, model = finished.workspace, find_model(finished.workspace, "pairs-pix2pix-001")
    for epoch in (1, 2):  # one of them is the model's own, the other one of its training
        weights = finished.folder / "checkpoints" / f"{epoch}_net_G.pth"
        run_test(workspace, TestRequest(model=model, weights=weights, name=f"epoch-{epoch}", engine="native"))
        (found,) = verify(workspace, VerifyRequest(runs=(f"epoch-{epoch}",)))
        assert (found.verdict, found.kinds["output"].images) == ("identical", 2)


def test_it_is_read_from_python(finished: Finished) -> None:
    import harness

    training = harness.Training.find("pairs-pix2pix-001", finished.workspace.root)
    assert training.models == ("pairs-pix2pix-001",)
    assert training.losses[-1]["iteration"] == 10
    assert set(training.losses[0]) == {"iteration", "epoch", "batch", "rate", "seconds", "G_GAN", "G_L1", "D_real"}
    assert training.report.is_file()
    with pytest.raises(TrainingError, match="either a dataset to train on or a training to resume"):
        harness.train(workspace=finished.workspace.root)
    with pytest.raises(TrainingError, match="is finished"):
        harness.train(resume="pairs-pix2pix-001", workspace=finished.workspace.root)


@pytest.mark.parametrize(
    ("preprocess", "size"),
    [
        (("none", 286, 256), (96, 64)),  # each at its own
        (("crop", 286, 32), (96, 64)),
        (("scale_width_and_crop", 64, 32), (64, 32)),  # 64x42 scaled, of which a U-Net of 32 takes the middle
        (("scale_width", 128, 64), (128, 64)),  # 128x85
        (("resize_and_crop", 100, 32), (96, 96)),  # little cut out of much: at its scale, 100x100
        (("resize_and_crop", 36, 32), (32, 32)),  # the authors' jitter: whole, at the crop's size
    ],
)
def test_a_model_is_tested_at_the_geometry_it_was_trained_at(
    finished: Finished, tmp_path: Path, preprocess: tuple[str, int, int], size: tuple[int, int]
) -> None:
    workspace = Workspace(tmp_path / "ws")
    how, load, crop = preprocess
    shutil.copytree(finished.folder, workspace.run("wide"))
    (trained,) = finished.record.models
    own = replace(trained, name="wide", preprocess=how, load_size=load, crop_size=crop)
    save_training(workspace.run("wide"), replace(finished.record, name="wide", models=(own,)))
    save_picture(workspace.datasets / "pairs" / "test" / "a.png", 192, 64)
    run = run_test(workspace, TestRequest(model="wide", engine="native"))
    for kind in ("input", "output", "target"):
        assert size_of(run.folder / "images" / kind / "a.png") == size
    asked = run_test(workspace, TestRequest(model="wide", engine="native", size=(64, 32)))
    assert size_of(asked.folder / "images" / "output" / "a.png") == (64, 32)


def test_abbreviated_options_and_another_geometry_reach_record_samples_and_tests(
    workspace: Workspace, pairs: Path
) -> None:
    for path in pairs.rglob("*.png"):
        save_picture(path, 192, 64)
    short = ("--netG", "unet_32", "--ngf", "2", "--preproc", "scale_width_and_crop", "--load_s", "64", "--crop_s=32")
    length = ("--n_epochs", "1", "--n_epochs_d", "0")
    train(workspace, TrainRequest(dataset="pairs", name="short", options=(*short, *length)))
    record = load_training(workspace.run("short"))
    (made,) = record.models
    assert (made.preprocess, made.load_size, made.crop_size) == ("scale_width_and_crop", 64, 32)
    assert record.plan["options"]["crop_size"] == 32
    for drawn in ("input", "target", "00001"):
        assert size_of(workspace.run("short") / "samples" / drawn / "G-1.png") == (32, 32)
    best = workspace.run("short-best")
    assert load_record(best).engine == "official"
    assert size_of(best / "images" / "output" / "test 0.png") == (64, 32)


def test_records_of_before_are_tested_as_they_were(finished: Finished, tmp_path: Path) -> None:
    import json

    folder = tmp_path / "ws" / "results" / "old"
    shutil.copytree(finished.folder, folder)
    document = json.loads((folder / "training.json").read_text())
    for key in ("preprocess", "load_size"):
        del document["models"][0][key]
    (folder / "training.json").write_text(json.dumps(document))
    (model, _) = trained_models(Workspace(tmp_path / "ws"))["pairs-pix2pix-001"]
    assert (model.size, model.preprocessing) == ((32, 32), None)


def test_cyclegan_learns_both_ways_and_both_are_models(workspace: Workspace, unpaired: Path) -> None:
    record = train(workspace, TrainRequest(dataset="unpaired", name="both", options=SMALL))
    assert (record.family, record.dataset["counts"]) == ("cyclegan", {"trainA": 3, "trainB": 4})
    assert [(m.name, m.direction, m.split) for m in record.models] == [
        ("both", "AtoB", "testA"), ("both-BtoA", "BtoA", "testB"),
    ]  # fmt: skip
    run = run_test(workspace, TestRequest(model="both-BtoA", engine="native"))
    assert run.record.test_set["count"] == 1
    assert record.results[0]["columns"] == []


def test_cyclegan_takes_pairs_apart_and_is_measured_on_them(workspace: Workspace, pairs: Path) -> None:
    record = train(workspace, TrainRequest(dataset="pairs", family="cyclegan", name="apart", options=SMALL))
    assert record.dataset["counts"] == {"trainA": 5, "trainB": 5}
    assert [result["columns"] for result in record.results] == [["ssim", "psnr", "mae"]] * 2
    back = load_record(workspace.run("apart-BtoA-best"))
    assert (back.test_set["direction"], back.test_set["layout"]) == ("BtoA", "paired")


def test_a_set_with_val_is_judged_there_and_tested_on_test(workspace: Workspace, pairs: Path) -> None:
    save_pair(pairs / "val" / "v.png", 32)
    save_pair(pairs / "val" / "w.png", 32)
    (pairs / "train" / "aa.png").write_bytes(b"no picture")
    (pairs / "train" / "خانه.webp").write_bytes((pairs / "train" / "train 0.png").read_bytes())
    save_picture(pairs / "train" / "single.png", 32, 32)
    progress = Listening()
    record = train(workspace, TrainRequest(dataset="pairs", name="held", options=SMALL), progress)
    assert record.results[0]["chosen_on"] == "val"
    assert load_record(workspace.run("held-best")).test_set["split"] == "test"
    assert not any("where it is measured too" in line for line in progress.said)
    # Pictures that cannot be used are left out and named, and what looks like no pair is said.
    assert list(record.dataset["refused"]) == ["train/aa.png"]
    assert record.dataset["counts"] == {"train": 7}
    assert any("1 pictures look like single ones" in line and "single.png" in line for line in progress.warned)
    assert any("left out, as `train/aa.png`" in line for line in progress.warned)


def test_nothing_held_out_is_said_and_nothing_is_measured(workspace: Workspace, pairs: Path) -> None:
    shutil.rmtree(pairs / "test")
    progress = Listening()
    record = train(workspace, TrainRequest(dataset="pairs", name="all", options=SMALL), progress)
    assert any("nothing is held out" in line for line in progress.warned)
    assert record.results[0]["best"] == {"epoch": 2}
    assert not workspace.run("all-best").exists()
    assert "all" in trained_models(workspace)


def test_what_cannot_begin_leaves_nothing_behind(
    workspace: Workspace, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(kind: type[Exception], said: str, dataset: str = "pairs", **fields: object) -> str:
        with pytest.raises(kind, match=said) as caught:
            train(workspace, TrainRequest(dataset=dataset, **({"options": SMALL} | fields)))  # type: ignore[arg-type]
        return str(caught.value.hint)  # type: ignore[attr-defined]

    refused(TrainingError, "unrecognized arguments: --lerning_rate", name="typo", options=(*SMALL, "--lerning_rate=1"))
    refused(TrainingError, r"is 48x.*|multiples of 32", options=(*SMALL, "--crop_size", "48", "--load_size", "54"))
    refused(TrainingError, "looks like an option", name="-x")
    assert "--task" in refused(TrainingError, "folder of loose pictures", str(pairs / "test"))
    refused(TrainingError, "name of an official model", name="facades_label2photo")
    for side in "AB":
        save_picture(workspace.datasets / "u" / f"train{side}" / "a.png")
    refused(TrainingError, "learns from pairs", "u", family="pix2pix")
    refused(TestSetError, "holds 1 picture; a training needs at least 2", "u")
    save_picture(workspace.datasets / "v" / "testA" / "a.png")
    refused(TrainingError, "has no folder `train` of pairs", "v")
    refused(UnknownNameError, "no such set", "no such set")
    refused(DeviceError, "cuda:99", device="cuda:99")
    monkeypatch.setattr(session.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 1000))  # type: ignore[attr-defined]
    refused(TrainingError, r"the checkpoints need .* and 0 MB are free", name="nodisk")
    assert [p for p in workspace.results.glob("*") if p.name != "index.html"] == []
    (workspace.third_party / "pytorch-CycleGAN-and-pix2pix").unlink()
    refused(GitError, "the authors' code is not in")


def test_names_that_a_training_will_take_are_looked_at_first(workspace: Workspace, pairs: Path) -> None:
    (workspace.results / "foo-best").mkdir(parents=True)
    with pytest.raises(TrainingError, match="the training `foo` would make `foo-best`, which exists already") as caught:
        train(workspace, TrainRequest(dataset="pairs", name="foo", options=SMALL))
    assert "another `--name`" in str(caught.value.hint)
    (workspace.results / "bar-BtoA-last").mkdir()
    with pytest.raises(TrainingError, match="would make `bar-BtoA-last`"):
        train(workspace, TrainRequest(dataset="pairs", family="cyclegan", name="bar", options=SMALL))
    (workspace.results / "pairs-pix2pix-001-official").mkdir()
    stopped = Listening(stop_in="looking at")
    with pytest.raises(KeyboardInterrupt):
        train(workspace, TrainRequest(dataset="pairs", options=SMALL), stopped)
    assert any("`pairs-pix2pix-002` stopped" in line for line in stopped.warned)


def test_pairs_against_the_way_they_were_made_for_are_warned_of(workspace: Workspace) -> None:
    folder = workspace.official_dataset("pix2pix", "facades")
    for part, count in (("train", 3), ("test", 2)):
        for number in range(count):
            save_pair(folder / part / f"{number}.png", 32)
    progress = Listening()
    record = train(workspace, TrainRequest(dataset="facades", direction="AtoB", name="ours", options=SMALL), progress)
    assert any("`--direction BtoA`" in line and "facade_label of facade_photo" in line for line in progress.warned)
    assert (record.models[0].input_domain, record.models[0].output_domain) == ("facade_photo", "facade_label")


def test_outputs_that_look_like_inputs_are_warned_of(workspace: Workspace, pairs: Path) -> None:
    # The stand-in's test.py inverts: a set whose inputs are half grey comes out as it went in.
    for path in pairs.rglob("*.png"):
        pair = Image.open(path).convert("RGB")
        pair.paste((128, 128, 128), (0, 0, 32, 32))
        pair.save(path)
    progress = Listening()
    record = train(workspace, TrainRequest(dataset="pairs", name="copy", options=SMALL), progress)
    assert any("look like its inputs" in line for line in progress.warned)
    assert any("look like its inputs" in line for line in record.warnings)


def test_beside_the_official_model_where_it_is_installed(workspace: Workspace) -> None:
    folder = workspace.official_dataset("pix2pix", "facades")
    for part, count in (("train", 3), ("test", 2)):
        for number in range(count):
            save_pair(folder / part / f"{number}.png", 32)
    weights = workspace.weights("pix2pix", "facades_label2photo")
    weights.parent.mkdir(parents=True)
    shutil.copyfile(demo_weights(), weights)
    record = train(workspace, TrainRequest(dataset="facades", name="ours", options=SMALL))
    assert record.direction == "BtoA"
    result = record.results[0]
    assert result["official"]["run"] == "ours-official"
    assert load_record(workspace.run("ours-official")).model["id"] == "pix2pix/facades_label2photo"
    assert 0 < result["official"]["ssim"] < 1
    assert result["comparison"] is None or "official" not in result["comparison"]
    assert any("was tested at another size than `pix2pix/ours`" in line for line in record.warnings)


def test_colorization_learns_from_photos_and_is_measured_on_them(workspace: Workspace) -> None:
    folder = workspace.datasets / "photos"
    for part, count in (("trainA", 4), ("testA", 2)):  # as `prepare-images FOLDER --split` lays them out
        for number in range(count):
            save_picture(folder / part / f"{number}.png", 32, 32)
    record = train(workspace, TrainRequest(dataset="photos", family="colorization", name="colour", options=SMALL))
    assert record.models[0].architecture["input_nc"] == 1
    assert set(record.results[0]["baselines"]) == {"input_copied", "mean_target"}
    for engine in ("official", "native"):
        run = run_test(workspace, TestRequest(model="colour", engine=engine))
        assert run.measurement.columns == ("ssim", "psnr", "mae")
    sample = Image.open(workspace.run("colour") / "samples" / "input" / "G-1.png")
    assert all(max(colour) - min(colour) <= 1 for colour in sample.get_flattened_data())
    with pytest.raises(TrainingError, match="folder of loose pictures"):
        train(workspace, TrainRequest(dataset=str(folder / "testA"), family="colorization"))


def test_a_finished_training_is_not_gone_on_with(finished: Finished) -> None:
    with pytest.raises(TrainingError, match="is finished") as caught:
        resume(finished.workspace, "pairs-pix2pix-001")
    assert caught.value.hint == "harness test --model pairs-pix2pix-001"
