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
