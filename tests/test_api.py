"""The verbs for Python: the demo's pictures go through them, offline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas
import pytest
from PIL import Image

import harness
from harness.demo.demo_weights import demo_weights
from harness.demo.scenes import draw_scene
from harness.errors import RunError, UnknownNameError


@pytest.fixture
def photos(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "labels", tmp_path / "photos"
    for index in range(2):
        scene = draw_scene(20_000, index)
        for folder, pixels in zip(folders, (scene.label, scene.photo), strict=True):
            folder.mkdir(exist_ok=True)
            Image.fromarray(pixels).save(folder / f"{index}.png")
    return folders


def test_the_verbs_lead_to_a_table(photos: tuple[Path, Path]) -> None:
    labels, targets = photos
    prepared = harness.prepare_images(labels, "facades_label2photo", targets, name="mine")
    run = harness.test(
        "facades_label2photo", prepared.folder.name, weights=demo_weights(), engine="native", device="cpu"
    )

    assert [row["name"] for row in run.metrics] == [image.name for image in prepared.test_set.images]
    frame = run.metrics.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["ssim"].mean() == pytest.approx(run.summary["ssim"].mean)
    assert set(run.baselines) == {"input_copied", "mean_target"}
    assert run.report.is_file()
    assert run.image("output", run.metrics[0]["name"]).is_file()
    assert harness.Run.find().folder == run.folder
    assert "2 images" in repr(run)


def test_runs_are_compared_verified_and_reported(photos: tuple[Path, Path], tmp_path: Path) -> None:
    labels, targets = photos
    prepared = harness.prepare_images(labels, "facades_label2photo", targets, name="mine")
    first, second = (
        harness.test(
            "facades_label2photo", "mine", weights=demo_weights(), engine="native", device="cpu", name=name, seed=seed
        )
        for name, seed in (("first", 0), ("second", 1))
    )
    compared = harness.compare(first, "second")
    assert (compared.runs, compared.page.name) == (("first", "second"), "compare-first-second.html")
    assert compared.comparisons[0].columns["ssim"].n == 2
    (verified,) = harness.verify(first)
    assert (verified.first, verified.verdict) == ("first", "identical")
    made = harness.make_report("first", lang="fa")
    assert made.reports == (first.report,) and made.index == tmp_path / "results" / "index.html"
    (one_file,) = harness.make_report(second, single_file=True, max_bytes=900_000).reports
    assert one_file.stat().st_size <= 900_000
    assert len(harness.make_report().reports) == 2

    shown = [  # what a notebook shows of each: the caption, and what must be legible in it
        (prepared, ["mine: 2 pictures", "0.png", prepared.page.as_uri()]),
        (first, ["first: 2 images", "<td>ssim</td>", "mean_target", first.report.as_uri()]),
        (compared, ["minus first", "<td>psnr</td>", compared.page.as_uri()]),
        (made, ["pages made: 1", first.report.as_uri()]),
    ]
    for result, words in shown:
        html = result._repr_html_()
        assert [word for word in words if word not in html] == []
    assert "identical" in harness.verify("first")._repr_html_()
    assert first.metrics[0]["name"] in first.metrics._repr_html_()


def test_a_notebook_shows_what_is_brought_and_what_is_not(tmp_path: Path) -> None:
    brought = harness.setup(upstream_url="http://127.0.0.1:9/<none>.git")
    assert "failed" in brought._repr_html_() and "&lt;none&gt;" in brought._repr_html_()


def test_a_long_table_is_cut_in_a_notebook() -> None:
    table = harness.Metrics({"name": f"image-{n:02d}", "psnr": 20.123456} for n in range(25))._repr_html_()
    assert "image-19" in table and "image-20" not in table and "5 more" in table
    assert "<td>20.12</td>" in table
    assert "images: 0" in harness.Metrics()._repr_html_()


def test_the_verbs_are_seen_before_anything_is_imported() -> None:
    program = (
        "import sys, harness\n"
        "verbs = 'setup prepare_images test train compare verify make_report'.split()\n"
        "assert set(verbs) <= set(dir(harness)) == set(harness.__all__), dir(harness)\n"
        "assert 'harness.api' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_no_verb_shares_a_modules_name() -> None:
    modules = {path.stem for path in Path(harness.__file__).parent.iterdir()}
    assert {name for name in harness.__all__ if not name.startswith("_")} & modules == set()


def test_setup_is_a_verb_whatever_was_imported() -> None:
    program = "import harness\nimport harness.provision.setting_up\nassert callable(harness.setup)"
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(UnknownNameError):
        harness.setup(models=["facades"])


def test_no_run_is_answered(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        harness.Run(tmp_path)


def test_what_is_exported_is_there() -> None:
    assert all(hasattr(harness, name) for name in harness.__all__)
    with pytest.raises(AttributeError, match="no attribute"):
        harness.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, harness\nassert not {'torch', 'numpy', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
