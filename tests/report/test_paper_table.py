"""The table for a paper."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.errors import RunError, UnknownNameError
from harness.metrics.meters import Total
from harness.metrics.storage import load_measurement, save_measurement
from harness.report.paper_table import paper_table, to_csv, to_latex, to_markdown
from tests.report.samples import sample_run


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """A better run, a worse one, and the worse one with an FID."""
    made = [sample_run(tmp_path / "ws" / "results" / name, noise=noise) for name, noise in (("my_best", 10), ("b", 60))]
    measured = load_measurement(made[1])
    totals = {"fid": Total(123.456, None, None, 8, {"floor": 80.0}, ("8 outputs against 8 real pictures",))}
    save_measurement(made[1], replace(measured, totals=totals))
    return made


def test_latex_has_booktabs_intervals_and_the_best_in_bold(runs: list[Path]) -> None:
    text = to_latex(paper_table(runs, ["ssim", "mae"]))
    for part in ("\\toprule", "\\midrule", "\\bottomrule", "SSIM $\\uparrow$", "MAE (levels) $\\downarrow$"):
        assert part in text
    best, worse = (next(line for line in text.splitlines() if line.strip().startswith(n)) for n in ("my\\_best", "b &"))
    assert best.count("\\textbf{") == 2 and "\\textbf{" not in worse
    assert best.count("{\\scriptsize [") == 2
    caption = next(line for line in text.splitlines() if "\\caption{" in line)
    assert "n = 8 images of my\\_photos" in caption and "95 \\% intervals" in caption and "Protocol 2" in caption
    assert "11$\\times$11" in caption and "×" not in text
    assert text.count("{") == text.count("}")


def test_what_a_run_has_not_is_a_dash_and_notes_stand_below(runs: list[Path]) -> None:
    table = paper_table(runs, ["psnr", "fid"])
    text = to_markdown(table)
    head, _, first, second, *_ = text.splitlines()
    assert head == "|  | PSNR (dB) ↑ | FID ↓ |"
    assert first.endswith("| -- |") and second.endswith("| 123.46 |")
    assert "8 outputs against 8 real pictures" in text.splitlines()[-1]


def test_csv_has_all_digits_under_the_names_of_the_columns(runs: list[Path]) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(paper_table(runs)))))
    summary = load_measurement(runs[0]).summary["ssim"]
    assert [row["run"] for row in rows] == ["my_best", "b"]
    assert (float(rows[0]["ssim"]), float(rows[0]["ssim_low95"])) == (summary.mean, summary.low)
    assert rows[0]["fid"] == "" and float(rows[1]["fid"]) == 123.456


def test_baselines_stand_below_the_runs(runs: list[Path]) -> None:
    table = paper_table(runs, ["ssim"], baselines=True)
    assert [line.name for line in table.lines] == ["my_best", "b", "Input copied", "Mean target"]
    assert table.lines[-1].values[0][0] == load_measurement(runs[0]).baselines["mean_target"]["ssim"].mean


def test_runs_of_other_numbers_of_images_say_theirs(runs: list[Path], tmp_path: Path) -> None:
    small = sample_run(tmp_path / "small", names=["a", "b", "c"])
    table = paper_table([*runs, small], ["ssim"])
    assert to_latex(table).splitlines()[4].endswith("{lcc}")
    assert to_markdown(table).splitlines()[0] == "|  | SSIM ↑ | n |"
    assert table.lines[2].values[0][1] is None, "three images have no interval"


def test_intervals_of_the_first_protocol_are_told(runs: list[Path]) -> None:
    old = load_measurement(runs[1])
    save_measurement(runs[1], replace(old, protocol={**old.protocol, "version": 1}))
    assert "The intervals of b are those of protocol 1" in ". ".join(paper_table(runs, ["ssim"]).caption)


def test_what_no_run_has_or_nobody_knows_is_an_error(runs: list[Path]) -> None:
    with pytest.raises(RunError, match="`lpips` was measured in none of these runs") as caught:
        paper_table(runs, ["lpips"])
    assert caught.value.hint == "harness measure RUN --metrics lpips"
    with pytest.raises(UnknownNameError):
        paper_table(runs, ["ssmi"])


def test_the_command_prints_nothing_else(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", "ws", "table", "my_best", "b", "--format", "latex", "--metrics", "ssim,psnr"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("% \\usepackage{booktabs}\n\\begin{table}") and out.rstrip().endswith("\\end{table}")
