"""What `verify` says of a run that holds, and of every way in which one does not."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.cli.main import main
from harness.errors import DeviceError, RunError
from harness.metrics.measure import measure_images
from harness.metrics.meters import Total
from harness.metrics.storage import load_measurement, save_measurement
from harness.testing.measuring import FurtherMetrics, measure_run
from harness.testing.verification import Verification, VerifyRequest, _sampled, compare_runs, verify
from harness.workspace import Workspace
from tests.report.samples import change_facts, change_record
from tests.testing.conftest import RUN, SET


def verified(workspace: Workspace, **asked: object) -> Verification:
    (found,) = verify(workspace, replace(VerifyRequest(runs=(RUN,)), **asked))  # type: ignore[arg-type]
    return found


def shift(picture: Path, levels: int) -> None:
    """Changes one value of a picture."""
    with Image.open(picture) as opened:
        pixels = np.array(opened.convert("RGB"))
    pixels[5, 6, 1] = pixels[5, 6, 1] - levels if pixels[5, 6, 1] > 127 else pixels[5, 6, 1] + levels
    Image.fromarray(pixels).save(picture)


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, the workspace's lock aside."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != ".harness.lock"
    }


def test_a_run_that_holds_is_identical_and_nothing_is_written(workspace: Workspace) -> None:
    before = everything(workspace.root)
    found = verified(workspace)
    assert (found.verdict, found.second) == ("identical", None)
    assert (found.numbers, found.dataset, found.notes) == ((), (), ())
    assert [(f.kind, f.name) for f in found.files] == [(k, n) for k in ("input", "output", "target") for n in "abc"]
    assert everything(workspace.root) == before


def _edit_csv(run: Path) -> None:
    table = run / "metrics.csv"
    head, first, *rest = table.read_text().splitlines()
    name, ssim, *others = first.split(",")
    table.write_text("\n".join([head, ",".join([name, repr(float(ssim) + 2e-6), *others]), *rest]) + "\n")


def _edit_json(*place: str) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        document = json.loads((run / "metrics.json").read_text())
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        old = inner[place[-1]]
        inner[place[-1]] = f"{old} of luma" if isinstance(old, str) else (old or 0) + 2e-6
        (run / "metrics.json").write_text(json.dumps(document))

    return edit


NUMBERS = {
    "a row": (_edit_csv, "`metrics.csv` gives `a` the ssim"),
    "a mean": (_edit_json("summary", "psnr", "mean"), "`metrics.json` gives psnr (summary) the mean"),
    "an interval": (_edit_json("summary", "mae", "low"), "`metrics.json` gives mae (summary) the low"),
    "a baseline": (_edit_json("baselines", "mean_target", "ssim", "mean"), "gives ssim (mean_target) the mean"),
    "a number of the set": (_edit_json("totals", "lab_a", "value"), "gives lab_a (totals) the value"),
    "the protocol": (_edit_json("protocol", "comparable", "columns", "ssim"), "under another protocol"),
    "names": (
        lambda run: (run / "metrics.csv").write_text((run / "metrics.csv").read_text().replace("\na,", "\nz,")),
        "name other images",
    ),
}


@pytest.mark.parametrize("what", NUMBERS)
def test_numbers_that_the_pictures_do_not_give_are_named(workspace: Workspace, run: Path, what: str) -> None:
    edit, said = NUMBERS[what]
    if "totals" in said:
        measure_run(workspace, FurtherMetrics(run=run, metrics=("lab_histogram",), device="cpu"))
    edit(run)
    found = verified(workspace)
    assert found.verdict == "different"
    assert said in found.numbers[0]
    assert not re.search(r"\d\.\d{7}", found.numbers[0]), "more digits than the metrics are promised to"
    assert {file.verdict for file in found.files} == {"identical"}


def test_what_is_taken_at_its_word_is_told(workspace: Workspace, run: Path) -> None:
    measured = load_measurement(run)
    fid = {"fid": Total(12.0, None, None, 3)}  # of real pictures that somebody chose
    save_measurement(run, replace(measured, totals=fid, seeds={4: measured.rows}))
    found = verified(workspace)
    assert found.verdict == "identical"
    assert found.notes == ("not measured again: fid, the numbers of further seeds",)


def test_of_an_older_protocol_the_means_are_held_against_the_pictures(workspace: Workspace, run: Path) -> None:
    def older(document: dict, better: float) -> None:
        document["protocol"].update(version=1)
        document["summary"]["ssim"].update(mean=document["summary"]["ssim"]["mean"] + better, low=-1.0)

    for better, verdict in ((0.0, "identical"), (0.1, "different")):
        document = json.loads((run / "metrics.json").read_text())
        older(document, better)
        (run / "metrics.json").write_text(json.dumps(document))
        found = verified(workspace)
        assert (found.verdict, found.notes) == (verdict, ("not measured again: the intervals of protocol 1",))
    document["protocol"].update(version=99)
    (run / "metrics.json").write_text(json.dumps(document))
    assert "under another protocol" in verified(workspace).numbers[0]


@pytest.mark.parametrize("kind", ["input", "output", "target"])
def test_a_picture_that_was_edited_is_named(workspace: Workspace, run: Path, kind: str) -> None:
    shift(run / "images" / kind / "b.png", 40)
    found = verified(workspace)
    assert found.verdict == "different"
    (file,) = (f for f in found.files if f.verdict != "identical")
    assert (file.kind, file.name, file.max, file.verdict) == (kind, "b", 40, "different")
    assert found.numbers  # of the input, too, which is a baseline's picture


def test_a_picture_that_is_gone_is_named(workspace: Workspace, run: Path) -> None:
    (run / "images" / "output" / "c.png").unlink()
    found = verified(workspace)
    assert found.verdict == "different"
    assert [f.problem for f in found.files if f.kind == "output"][2] == "of the first: `output/c.png` is missing"
    assert "cannot be measured" in found.numbers[0]


def test_a_level_is_within_tolerance_where_the_numbers_are_those_of_the_pictures(
    workspace: Workspace, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shift(run / "images" / "output" / "b.png", 1)
    save_measurement(run, measure_images(run / "images", ["a", "b", "c"], paired=True))
    assert verified(workspace).verdict == "within tolerance"
    assert main(["verify", RUN, "-q"]) == 0
    assert "1 within tolerance" in capsys.readouterr().out


def test_a_command_that_is_told_can_be_typed_whatever_the_run_is_called(workspace: Workspace, run: Path) -> None:
    run.rename(workspace.run("my run"))
    change_record(workspace.run("my run"), lambda document: document.update(name="my run"))
    change_record(workspace.run("my run"), lambda document: document["model"].update(weights_sha256="ab" * 32))
    with pytest.raises(RunError) as caught:
        verified(workspace, runs=("my run",))
    assert caught.value.hint == "harness verify 'my run' --weights FILE"


def test_another_seed_or_mode_is_seen_in_the_outputs(workspace: Workspace, run: Path) -> None:
    for change in ({"seed": 4}, {"mode": "deterministic"}):
        change_record(run, lambda document, change=change: document.update(change))  # type: ignore[misc]
        found = verified(workspace)
        assert found.verdict == "different"
        assert {f.verdict for f in found.files if f.kind == "output"} == {"different"}
        assert {f.verdict for f in found.files if f.kind == "input"} == {"identical"}


def test_a_set_whose_picture_changed_is_told(workspace: Workspace) -> None:
    shift(workspace.dataset(SET) / "test" / "b.png", 60)
    found = verified(workspace)
    assert found.verdict == "different"
    assert found.dataset == ("`b`: the picture is not the file that was recorded",)


def test_a_digest_that_is_not_the_sets_is_told(workspace: Workspace, run: Path) -> None:
    change_record(run, lambda document: document["test_set"].update(digest="0" * 64))
    found = verified(workspace)
    assert found.verdict == "different" and "its digest is another" in found.dataset[0]
    assert {file.verdict for file in found.files} == {"identical"}


def test_a_source_that_is_not_the_sets_is_told(workspace: Workspace, run: Path) -> None:
    change_facts(run, lambda facts: facts.update(source_sha256="0" * 64, target_sha256="1" * 64))
    assert verified(workspace).dataset[0] == "`a`: the source and target is not the file that was recorded"


def test_runs_made_before_pictures_were_hashed_are_told_by_their_pictures(workspace: Workspace, run: Path) -> None:
    def before(document: dict) -> None:
        document["test_set"]["digest"] = "0" * 64  # by a rule of its own
        for facts in document["images"]:
            for key in ("sha256", "source_sha256", "target_sha256"):
                del facts[key]

    change_record(run, before)
    found = verified(workspace)
    assert (found.verdict, found.dataset) == ("identical", ())
    assert found.notes[0].startswith("pixels not hashed then")
    shift(workspace.dataset(SET) / "test" / "b.png", 60)
    assert verified(workspace).verdict == "different"


def test_a_run_made_where_there_was_a_gpu_is_made_again_on_the_processor(
    workspace: Workspace, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def on_gpus(document: dict) -> None:
        document.update(device="cuda:7")
        document["extra"]["native"]["devices"] = ["cuda:7", "cuda:8"]

    change_record(run, on_gpus)
    with pytest.raises(DeviceError, match="cuda:7") as caught:
        verified(workspace)
    assert "--device cpu" in str(caught.value.hint) or "--device cuda" in str(caught.value.hint)
    assert main(["verify", RUN, "--device", "cpu", "-q"]) == 0
    assert "identical" in capsys.readouterr().out


def test_what_is_made_again_is_kept_where_that_is_asked(workspace: Workspace, run: Path) -> None:
    found = verified(workspace, keep=True, command=("harness", "verify", RUN, "--keep"))
    assert found.second == "facades_label2photo-pairs-001"
    kept = workspace.run(found.second)
    assert (kept / "index.html").is_file()
    assert json.loads((kept / "run.json").read_text())["command"] == ["harness", "verify", RUN, "--keep"]
    assert compare_runs(run, kept).verdict == "identical"


def test_several_runs_end_in_one_table_and_one_that_fails_hides_no_other(
    workspace: Workspace, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    received = workspace.root / "received"
    for name in ("good", "edited", "damaged", "lost"):
        shutil.copytree(run, received / name)
        change_record(received / name, lambda document, name=name: document.update(name=name))  # type: ignore[misc]
    shift(received / "edited" / "images" / "output" / "a.png", 9)
    (received / "damaged" / "run.json").write_text("{")
    change_record(received / "lost", lambda document: document["model"].update(weights_sha256="0" * 64))
    assert main(["verify", "received", "-q"]) == 1
    said = capsys.readouterr()
    table = {line.split()[0]: line for line in said.out.splitlines()[-4:]}
    assert table.keys() == {"good", "edited", "damaged", "lost"}
    assert table["good"].split()[1:] == ["3", "identical", "identical", "identical", "agree", "same", "identical"]
    assert table["edited"].split()[2:5] == ["identical", "1", "different"]
    assert table["edited"].split()[-3:] == ["differ", "same", "different"]
    assert table["damaged"].endswith("not made again") and table["lost"].endswith("not made again")
    assert "`damaged`: " in said.err and "`lost`: the weights" in said.err
    assert main(["verify", "received/good", RUN, "-q"]) == 0
    assert main(["verify", "received/good", RUN, "--json", "-q"]) == 0
    capsys.readouterr()
    assert main(["verify", "received/edited", "--json", "-q"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [one["verdict"] for one in document["runs"]] == ["different"]
    assert [f["name"] for f in document["runs"][0]["files"] if f["verdict"] == "different"] == ["a"]


def test_a_sample_is_measured_and_made_again_and_the_rest_is_left_alone(
    workspace: Workspace, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = _sampled("abc", 2)
    assert drawn is not None and drawn == sorted(drawn)
    (other,) = {*"abc"} - {*drawn}
    shift(run / "images" / "output" / f"{other}.png", 40)
    (workspace.dataset(SET) / "test" / f"{other}.png").touch()
    found = verified(workspace, sample=2)
    assert (found.verdict, found.numbers, found.dataset) == ("identical", (), ())
    assert [(f.kind, f.name) for f in found.files] == [(k, n) for k in ("input", "output", "target") for n in drawn]
    assert found.notes == (
        "2 of 3 images, drawn evenly, were measured and made again",
        "not measured again: the baselines",
    )
    shift(run / "images" / "output" / f"{drawn[1]}.png", 40)
    assert main(["verify", RUN, "--sample", "2", "-q"]) == 1
    said = capsys.readouterr().out
    assert f"output/{drawn[1]}" in said and f"`metrics.csv` gives `{drawn[1]}`" in said
    assert verified(workspace, sample=3).kinds["output"].images == 3, "as many as there are: all"
    with pytest.raises(RunError, match="a sample is no run"):
        verified(workspace, sample=2, keep=True)


def test_means_of_all_are_held_against_all_rows_by_a_sample(workspace: Workspace, run: Path) -> None:
    _edit_json("summary", "ssim", "mean")(run)
    found = verified(workspace, sample=1)
    assert len(found.numbers) == 1 and "`metrics.json` gives ssim (summary) the mean" in found.numbers[0]


def test_a_number_of_the_whole_set_is_none_of_a_samples(workspace: Workspace, run: Path) -> None:
    measure_run(workspace, FurtherMetrics(run=run, metrics=("lab_histogram",), device="cpu"))
    found = verified(workspace, sample=2)
    assert found.numbers == ()
    assert found.notes[1].startswith("not measured again: lab_")


def test_a_sampled_picture_that_left_the_set_is_told(workspace: Workspace, run: Path) -> None:
    drawn = _sampled("abc", 2) or []

    def rename(document: dict) -> None:
        (image,) = (image for image in document["images"] if image["name"] == drawn[0])
        image.update(name="gone")

    change_record(run, rename)
    (run / "metrics.csv").write_text((run / "metrics.csv").read_text().replace(f"\n{drawn[0]},", "\ngone,"))
    assert verified(workspace, sample=2).dataset == ("`gone` is not in the set",)


def test_of_very_many_images_the_worst_files_are_kept_and_all_are_counted(
    workspace: Workspace, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.testing.verification.MANY", 2)
    monkeypatch.setattr("harness.testing.verification._MOST_FILES", 2)
    for levels, name in ((3, "a"), (50, "b"), (9, "c")):
        shift(run / "images" / "output" / f"{name}.png", levels)
    assert main(["verify", RUN, "--json"]) == 1
    said = capsys.readouterr()
    assert "`--sample 1000` takes some of them" in said.err
    (document,) = json.loads(said.out)["runs"]
    assert [(f["kind"], f["name"]) for f in document["files"]] == [("output", "b"), ("output", "c")]
    outputs = document["kinds"]["output"]
    assert (outputs["images"], outputs["identical"], outputs["different"], outputs["max"]) == (3, 0, 3, 50)
    assert document["kinds"]["input"]["identical"] == 3 and document["images"] == 3
    assert main(["verify", RUN, "-q"]) == 1
    assert "and 1 more files that are not identical, the worst in --json" in capsys.readouterr().out


def test_only_the_worst_files_are_listed(workspace: Workspace, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for levels, name in ((3, "a"), (50, "b")):
        shift(run / "images" / "output" / f"{name}.png", levels)
    (run / "images" / "target" / "c.png").unlink()
    assert main(["verify", RUN, "-q"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["target/c", "output/b", "output/a"]
    assert "of the first: `target/c.png` is missing" in lines[1]
    assert lines[-1].startswith("mine")


@pytest.mark.parametrize(
    "native", [{"samples": 0}, {"batch_size": -1}, {"precision": "fp99"}, {"devices": "cpu"}, {"samples": "many"}]
)
def test_settings_nobody_can_have_given_are_damage(workspace: Workspace, run: Path, native: dict) -> None:
    change_record(run, lambda document: document["extra"].update(native=native))
    with pytest.raises(RunError, match="is damaged"):
        verified(workspace)


def test_a_link_that_leads_out_of_a_received_run_is_refused(
    workspace: Workspace, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = workspace.root / "secret.png"
    (run / "images" / "output" / "a.png").rename(secret)
    (run / "images" / "output" / "a.png").symlink_to(secret)
    assert main(["verify", RUN]) == 1
    assert "leads out of the run" in capsys.readouterr().err


def test_runs_of_other_images_are_not_set_beside_each_other(workspace: Workspace, run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    change_record(other, lambda document: document["test_set"].update(digest="0" * 64))
    with pytest.raises(RunError, match="translated other images"):
        compare_runs(run, other)
