"""Further metrics of a finished run."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.catalog.backbones import BACKBONES
from harness.catalog.models import MODELS
from harness.cli.main import main
from harness.errors import MetricError, UnknownNameError
from harness.files import sha256_of
from harness.metrics.storage import load_measurement
from harness.testing.measuring import FurtherMetrics, measure_run
from harness.workspace import Workspace
from tests.provision.conftest import RESNET, generator_bytes


def measure(workspace: Workspace, run: Path, *metrics: str, **more):
    return measure_run(workspace, FurtherMetrics(run=run, metrics=metrics, device="cpu", **more))


def install(workspace: Workspace, model: str, seed: int) -> None:
    entry = MODELS[model]
    path = workspace.weights(entry.family, entry.name)
    path.parent.mkdir(parents=True)
    path.write_bytes(generator_bytes(RESNET, seed))


def files(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.glob("*.*")}


def test_what_is_added_stands_beside_what_was_there_and_no_picture_changes(bare: Workspace, drawn_run: Path):
    before = load_measurement(drawn_run)
    outputs = {path: sha256_of(path) for path in drawn_run.rglob("images/*/*.png")}
    after = measure(bare, drawn_run, "ms_ssim", "lab_a")
    assert after == load_measurement(drawn_run)
    assert after.columns == ("ssim", "psnr", "mae", "ms_ssim")
    assert [row.values["ssim"] for row in after.rows] == [row.values["ssim"] for row in before.rows]
    assert after.summary["psnr"] == before.summary["psnr"]
    assert set(after.baselines["mean_target"]) == {"ssim", "psnr", "mae", "ms_ssim"}
    assert list(after.totals) == ["lab_l", "lab_a", "lab_b"]
    assert {path: sha256_of(path) for path in drawn_run.rglob("images/*/*.png")} == outputs
    with (drawn_run / "metrics.csv").open(newline="") as stream:
        assert next(csv.reader(stream)) == ["name", "ssim", "psnr", "mae", "ms_ssim"]
    page = (drawn_run / "index.html").read_text(encoding="utf-8")
    assert "MS-SSIM" in page and "Lab histograms, a" in page


def test_what_another_measured_while_one_waited_stays(
    bare: Workspace, drawn_run: Path, monkeypatch: pytest.MonkeyPatch
):
    locked, waited = Workspace.locked, []

    def behind_another(workspace: Workspace, *given: Any, **more: Any):
        if not waited:
            waited.append(True)
            measure(bare, drawn_run, "spectrum")
        return locked(workspace, *given, **more)

    monkeypatch.setattr(Workspace, "locked", behind_another)
    measure(bare, drawn_run, "ms_ssim")
    assert {"sharpness", "ms_ssim"} <= {*load_measurement(drawn_run).columns}


def test_what_cannot_be_measured_alone_is_an_error_and_changes_nothing(bare: Workspace, drawn_run: Path):
    before = files(drawn_run)
    with pytest.raises(MetricError, match="`alexnet` is not here: harness setup --metrics lpips"):
        measure(bare, drawn_run, "lpips")
    with pytest.raises(UnknownNameError, match="no metric is called `lpisp`"):
        measure(bare, drawn_run, "lpisp")
    assert files(drawn_run) == before


def test_what_cannot_be_measured_beside_others_is_told_on_the_page_until_it_is(bare: Workspace, drawn_run: Path):
    told = "the weights of `cyclegan/facades_photo2label` are not installed"
    assert told in measure(bare, drawn_run, "spectrum", "label_agreement").missing["label_agreement"]
    assert "harness setup --model cyclegan/facades_photo2label" in (drawn_run / "index.html").read_text()
    install(bare, "cyclegan/facades_photo2label", 3)
    found = measure(bare, drawn_run, "label_agreement")
    assert found.missing == {}
    assert found.columns[-1] == "label_agreement"
    assert 0 <= found.totals["agreement_pixel"].beside["ground_truth"] <= 1


def test_lpips_with_its_network_in_place(
    bare: Workspace, drawn_run: Path, backbones: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    known = replace(BACKBONES["alexnet"], sha256=sha256_of(backbones["alexnet"]))
    monkeypatch.setitem(BACKBONES, "alexnet", known)
    place = bare.backbone(known.file)
    place.parent.mkdir(parents=True)
    place.write_bytes(backbones["alexnet"].read_bytes())
    found = measure(bare, drawn_run, "lpips")
    assert found.summary["lpips"].mean and found.summary["lpips"].low
    assert found.protocol["backbones"] == {"alexnet": known.sha256}


def test_a_run_of_the_first_protocol_is_measured_by_this_one(bare: Workspace, drawn_run: Path):
    document = json.loads((drawn_run / "metrics.json").read_text())
    old = {**document["protocol"], "version": 1, "line": "Protocol 1: …"}
    del old["backbones"]
    summary = {name: {**s, "low": 0.0, "high": 99.0} for name, s in document["summary"].items()}
    old_document = {k: v for k, v in document.items() if k not in {"totals", "missing"}}
    (drawn_run / "metrics.json").write_text(json.dumps({**old_document, "protocol": old, "summary": summary}))
    assert load_measurement(drawn_run).summary["ssim"].high == 99
    found = measure(bare, drawn_run, "spectrum")
    assert found.protocol["version"] == 2
    assert found.summary["ssim"].high < 1 and list(found.summary)[:3] == ["ssim", "psnr", "mae"]


def test_the_command_prints_all_that_is_measured_and_the_link(drawn_run: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--workspace", "ws", "measure", "mine", "--metrics", "ms_ssim,fid", "--device", "cpu"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "mine: 6 images"
    assert [line.split()[0] for line in out[2:6]] == ["SSIM", "PSNR", "MAE", "MS-SSIM"]
    assert out[6].startswith("FID, KID, Precision, Recall: not measured: the network `inception` is not here")
    assert out[-1] == f"report: {(drawn_run / 'index.html').as_uri()}"
    assert main(["--workspace", "ws", "measure", "--metrics", "spectrum", "--json", "-q"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [c["name"] for c in document["metrics"]["columns"]][-2:] == ["sharpness", "checkerboard"]


def test_a_test_measures_what_it_is_told_to(drawn_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from harness.demo.demo_weights import demo_weights

    words = ["test", "--model", "facades_label2photo", "--weights", str(demo_weights()), "--engine", "native", "-q"]
    words += ["--dataset", str(tmp_path / "pairs"), "--device", "cpu", "--name", "other"]
    assert main(["--workspace", "ws", *words, "--metrics", "mae, lpips"]) == 0
    assert "LPIPS: not measured" in capsys.readouterr().out
    assert load_measurement(tmp_path / "ws" / "results" / "other").columns == ("mae",)
    assert main(["--workspace", "ws", *words, "--metrics", "mea"]) == 1
    assert "no metric is called `mea`" in capsys.readouterr().err
