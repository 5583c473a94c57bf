"""One run by several seeds of the dropout."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from harness.cli.main import main
from harness.demo.demo_weights import demo_weights
from harness.errors import RunError
from harness.metrics.comparing import compare
from harness.metrics.storage import load_measurement
from harness.report.paper_table import paper_table, to_latex, to_markdown
from tests.pictures import save_pair


@pytest.fixture
def runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Path]:
    """A run by three seeds, and one by the second of them alone."""
    for i in range(6):
        save_pair(tmp_path / "pairs" / "test" / f"{i}.png")
    words = ["test", "--model", "facades_label2photo", "--weights", str(demo_weights()), "--engine", "native", "-q"]
    words += ["--dataset", str(tmp_path / "pairs"), "--device", "cpu"]
    assert main(["--workspace", "ws", *words, "--name", "three", "--seeds", "3", "--seed", "4"]) == 0
    printed = capsys.readouterr().out
    assert "over 3 seeds" in printed and "±" in printed
    assert main(["--workspace", "ws", *words, "--name", "second", "--seed", "5"]) == 0
    return tmp_path / "ws" / "results" / "three", tmp_path / "ws" / "results" / "second"


def test_the_first_seed_stands_in_the_run_and_the_others_in_a_table(runs: tuple[Path, Path]) -> None:
    three, second = runs
    with (three / "seeds.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["name", "seed", "ssim", "psnr", "mae"]
    assert [row["seed"] for row in rows] == ["5"] * 6 + ["6"] * 6
    alone = {row.name: row.values["ssim"] for row in load_measurement(second).rows}
    assert {row["name"]: float(row["ssim"]) for row in rows[:6]} == alone
    assert {p.name for p in (three / "images").iterdir()} == {"input", "output", "target", "mean", "spread"}
    document = json.loads((three / "metrics.json").read_text())
    values = load_measurement(three).drawn("psnr")
    assert values.shape == (6, 3)
    assert document["over_seeds"]["psnr"]["mean"] == pytest.approx(values.mean())
    assert document["over_seeds"]["psnr"]["spread"] == pytest.approx(np.std(values.mean(axis=0), ddof=1))
    assert json.loads((three / "run.json").read_text())["extra"]["seeds"] == 3


def test_page_table_and_command_say_so(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    page = (runs[0] / "index.html").read_text(encoding="utf-8")
    assert "Over 3 seeds" in page and "--seeds 3" in page
    table = paper_table(runs, ["ssim"])
    assert table.lines[0].values[0][3] is not None and table.lines[1].values[0][3] is None
    assert "± is the standard deviation over 3 seeds" in table.caption[3]
    assert "$\\pm$" in to_latex(table) and " ± " in to_markdown(table)


def test_the_interval_of_a_difference_is_over_the_seeds_both_have(runs: tuple[Path, Path]) -> None:
    three, second = (load_measurement(run) for run in runs)
    column = compare(three, three).columns["ssim"]
    assert (column.low, column.high) == (0, 0)
    assert compare(three, second).columns["ssim"].low is not None


def test_a_table_of_seeds_that_is_of_other_images_is_damage(runs: tuple[Path, Path]) -> None:
    table = runs[0] / "seeds.csv"
    table.write_text(table.read_text().replace("\n3,5,", "\nx,5,"))
    with pytest.raises(RunError, match=r"seeds\.csv` is damaged: it names other images"):
        load_measurement(runs[0])


def test_where_nothing_is_random_one_seed_says_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_pair(tmp_path / "pairs" / "test" / "a.png")
    words = ["test", "--model", "facades_label2photo", "--weights", str(demo_weights()), "--engine", "native"]
    words += ["--dataset", str(tmp_path / "pairs"), "--mode", "deterministic", "--samples", "4", "--name", "one"]
    assert main(["--workspace", "ws", *words]) == 0
    assert "no dropout is live" in capsys.readouterr().err
    assert not (tmp_path / "ws" / "results" / "one" / "seeds.csv").exists()
