"""Published numbers beside measured ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.cli.main import main
from harness.metrics.meters import Total
from harness.metrics.storage import load_measurement, save_measurement
from harness.report.published import measured_runs, published_rows
from harness.report.writing import write_run_report
from harness.workspace import Workspace
from tests.report.samples import sample_run


def with_fid(run: Path, value: float) -> Path:
    total = Total(value, None, None, 8, {"floor": 88.8}, ("of fewer than 2,048 pictures",))
    save_measurement(run, replace(load_measurement(run), totals={"fid": total}, missing={"lpips": "no: mend it"}))
    return run


def test_rows_say_whose_how_and_what_sets_them_apart(tmp_path: Path) -> None:
    run = with_fid(sample_run(tmp_path / "run"), 130.25)
    rows = published_rows("pix2pix/facades_label2photo", load_measurement(run))
    assert [row.score.text for row in rows] == ["119.135", "124.977", "139.385"]
    assert rows[0].measured is not None and rows[0].measured.value == 130.25
    score = rows[0].score
    assert "which file is not said" in score.whose and "106 against 106" in score.how and score.evaluation.difference
    assert published_rows("pix2pix/facades_label2photo")[0].measured is None
    assert published_rows("a model of one's own") == ()


def test_the_page_shows_them_with_the_numbers_of_the_set_and_what_is_missing(tmp_path: Path) -> None:
    for lang, words in (("en", "Published beside measured"), ("fa", "منتشرشده در کنار سنجیده")):
        page = write_run_report(with_fid(sample_run(tmp_path / lang), 130.25), lang).read_text(encoding="utf-8")
        assert (words in page and "119.135" in page) or "۱۱۹٫۱۳۵" in page
    english = (tmp_path / "en" / "index.html").read_text(encoding="utf-8")
    assert english.count("130.25") >= 2 and "floor, real against real: 88.80" in english
    assert "not measured: no: mend it" in english and "of fewer than 2,048 pictures" in english


def test_weights_of_ones_own_have_no_published_numbers(tmp_path: Path) -> None:
    record_model = {"id": "pix2pix/facades_label2photo", "family": "pix2pix", "architecture": {"netG": "unet_128"}}
    page = write_run_report(sample_run(tmp_path / "run", model=record_model))
    assert "Published beside measured" not in page.read_text(encoding="utf-8")


def test_the_newest_run_that_measured_it_stands_beside_in_the_catalog(tmp_path: Path, capsys) -> None:
    workspace = Workspace(tmp_path / "ws")
    with_fid(sample_run(workspace.run("first")), 130.25)
    sample_run(workspace.run("second"))
    assert [name for name, _ in measured_runs(workspace, "pix2pix/facades_label2photo")] == ["second", "first"]
    assert main(["--workspace", "ws", "models", "facades_label2photo"]) == 0
    out = capsys.readouterr().out
    assert "FID 119.135, here 130.25 (first): pix2pix, weights called official" in out
    assert "what sets it apart: another copy of the Inception network" in out
