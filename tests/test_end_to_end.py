"""The four commands of the README, as a user types them, on the stand-in for the authors' code and on the real one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from harness.cli.main import main
from harness.demo.demo_weights import demo_weights
from tests.pictures import save_picture
from tests.upstream_standin import make_standin


def _photos(folder: Path, names: tuple[str, ...] = ("خانه ما.png", "a b.png", "c.png")) -> None:
    for name in names:
        save_picture(folder / "labels" / name, 300, 280)
        save_picture(folder / "photos" / name, 300, 280)
    (folder / "labels" / "notes.txt").write_text("no picture")


def _run(*words: str | Path) -> None:
    assert main(["--workspace", "ws", *map(str, words)]) == 0


def _last_page(capsys: pytest.CaptureFixture[str]) -> Path:
    line = capsys.readouterr().out.strip().splitlines()[-1]
    assert line.startswith("report: file://")
    return Path(unquote(urlparse(line.removeprefix("report: ")).path))


def _check_run(run: Path, count: int) -> dict[str, object]:
    """Numbers in metrics.csv are those scikit-image gives when called by hand on the run's own pictures."""
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == count
    for row in rows:
        output, target = (
            np.asarray(Image.open(run / "images" / kind / f"{row['name']}.png")) for kind in ("output", "target")
        )
        by_hand = structural_similarity(
            target,
            output,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=2,
        )
        assert float(row["ssim"]) == pytest.approx(by_hand, abs=1e-6)
        assert float(row["psnr"]) == pytest.approx(peak_signal_noise_ratio(target, output, data_range=255), abs=1e-6)
    return dict(json.loads((run / "run.json").read_text(encoding="utf-8")))


@pytest.fixture
def standin(tmp_path: Path) -> tuple[str, str]:
    return make_standin(tmp_path / "upstream")


def test_four_commands_on_the_stand_in(
    tmp_path: Path, standin: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    url, commit = standin
    _photos(tmp_path)
    model = ("--model", "facades_label2photo")
    _run("setup", *model, "--upstream-url", url, "--upstream-ref", commit, "--from-file", demo_weights())
    _run("prepare-images", "labels", *model, "--targets", "photos", "--name", "mine")
    _run("test", *model, "--device", "cpu", "--seed", "7")
    page = _last_page(capsys)
    assert page.is_file()
    record = _check_run(page.parent, 3)
    assert record["upstream"] == {"url": "a git directory on this machine", "commit": commit, "dirty": False}
    assert record["seed"] == 7
    assert record["test_set"]["refused"] == 1  # type: ignore[index]
    assert str(tmp_path) not in (page.parent / "run.json").read_text(encoding="utf-8")
    output, source = (
        np.asarray(Image.open(page.parent / "images" / kind / "خانه ما.png")) for kind in ("output", "input")
    )
    difference = np.abs(output.astype(int) - (255 - source.astype(int)))
    difference[0, 0] = 0  # where the stand-in shows its dropout
    assert difference.max() <= 1, "the stand-in inverts its input"

    _run("open", "--print")
    assert page.as_uri() in capsys.readouterr().out
    assert (tmp_path / "ws" / "results" / "index.html").is_file()


def test_a_failed_script_leaves_its_log_and_no_run(
    tmp_path: Path, standin: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url, commit = standin
    _photos(tmp_path)
    _run("setup", "--upstream-url", url, "--upstream-ref", commit)
    monkeypatch.setenv("STANDIN_MISBEHAVE", "skip_one")
    words = ["test", "--model", "facades_label2photo", "--weights", str(demo_weights()), "--dataset", "labels"]
    assert main(["--workspace", "ws", *words]) == 1
    error = capsys.readouterr().err
    assert "hint: " in error
    (log,) = (tmp_path / "ws" / "results").glob("*.failed.log")
    assert str(log) in error
    assert not list((tmp_path / "ws" / "results").glob("*/run.json"))


def test_a_results_folder_that_exists_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ws" / "results" / "mine").mkdir(parents=True)
    words = ["test", "--model", "facades_label2photo", "--weights", str(demo_weights()), "--name", "mine"]
    assert main(["--workspace", "ws", *words]) == 1
    assert "exists already" in capsys.readouterr().err


def test_weights_that_are_not_installed_name_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", "ws", "test", "--model", "horse2zebra"]) == 1
    assert "hint: harness setup --model cyclegan/horse2zebra" in capsys.readouterr().err


def test_the_demo_needs_no_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run("demo", "--images", "3")
    page = _last_page(capsys)
    record = _check_run(page.parent, 3)
    assert record["engine"] == "native"
    assert any("not the official weights" in warning for warning in record["warnings"])  # type: ignore[attr-defined]
    _run("verify", "--json")
    (again,) = json.loads(capsys.readouterr().out)["runs"]
    assert (again["verdict"], again["identical"], again["max"]) == ("identical", again["images"], 0)


@pytest.mark.upstream
def test_both_engines_on_the_real_code_draw_the_same(
    tmp_path: Path, upstream_git: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _photos(tmp_path)
    model = ("--model", "facades_label2photo")
    _run("setup", *model, "--upstream-url", upstream_git, "--from-file", demo_weights())
    _run("prepare-images", "labels", *model, "--targets", "photos", "--name", "mine")
    capsys.readouterr()
    _run("test", *model, "--engine", "both", "--device", "cpu", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["difference"]["max"] <= 1
    for document in found["runs"]:
        _check_run(Path(document["folder"]), 3)
    results = sorted(p.name for p in (tmp_path / "ws" / "results").iterdir())
    _run("verify", *(document["run"] for document in found["runs"]), "--engine", "other", "-q")
    assert "different" not in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "ws" / "results").iterdir()) == results
