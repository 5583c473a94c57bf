from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from harness.errors import RunError
from harness.metrics import storage
from harness.metrics.measure import measure_images
from harness.metrics.rows import Row, Rows
from harness.metrics.storage import load_measurement, save_measurement
from tests.metrics.drawn import measurement, run_images


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    measured = measure_images(tmp_path / "images", run_images(tmp_path / "images", 3), paired=True)
    save_measurement(tmp_path, measured)
    assert load_measurement(tmp_path) == measured
    assert sorted(p.name for p in tmp_path.iterdir()) == ["images", "metrics.csv", "metrics.json"]


def test_infinity_is_inf_in_csv_and_only_counted_in_json(tmp_path: Path) -> None:
    save_measurement(tmp_path, measurement(ssim=[1.0, 1.0], psnr=[math.inf, math.inf], mae=[0.0, 0.0]))

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=refuse)
    assert document["format"] == 1
    assert document["summary"]["psnr"]["mean"] is None
    assert document["summary"]["psnr"]["identical"] == 2
    with (tmp_path / "metrics.csv").open(newline="") as stream:
        assert list(csv.reader(stream))[1:] == [["0", "1.0", "inf", "0.0"], ["1", "1.0", "inf", "0.0"]]
    assert load_measurement(tmp_path).rows[0].values["psnr"] == math.inf


def test_the_protocol_stands_in_the_file(tmp_path: Path) -> None:
    save_measurement(tmp_path, measurement(ssim=[0.1, 0.2]))
    protocol = json.loads((tmp_path / "metrics.json").read_text())["protocol"]
    assert protocol["line"].startswith("Protocol 2: SSIM")
    assert protocol["libraries"]["scikit-image"]


def test_names_that_csv_must_quote_come_back(tmp_path: Path) -> None:
    measured = measurement(ssim=[0.5])
    odd = 'کلیسا, "old" of Ōtsu'
    save_measurement(tmp_path, type(measured)(**{**vars(measured), "rows": Rows.of([Row(odd, {"ssim": 0.5})])}))
    assert load_measurement(tmp_path).rows[0].name == odd


def test_a_measurement_that_was_cut_leaves_the_run_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = measurement(ssim=[0.5, 0.7])
    save_measurement(tmp_path, before)

    def cut(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "measurement_document", cut)  # the table is written, the summary is not
    with pytest.raises(KeyboardInterrupt):
        save_measurement(tmp_path, measurement(ssim=[0.5, 0.7], psnr=[11.0, 12.0]))
    assert load_measurement(tmp_path) == before


@pytest.mark.parametrize("gone", ["metrics.csv", "metrics.json"])
def test_a_missing_file_is_named(tmp_path: Path, gone: str) -> None:
    save_measurement(tmp_path, measurement(ssim=[0.5]))
    (tmp_path / gone).unlink()
    with pytest.raises(RunError, match=f"has no `{gone}`"):
        load_measurement(tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("metrics.json", "{", r"metrics\.json` is damaged"),
        ("metrics.json", "[]", r"metrics\.json` is damaged"),
        ("metrics.json", '{"format": 2}', "has format 2, this harness reads up to 1"),
        ("metrics.csv", "", r"metrics\.csv` is damaged"),
        ("metrics.csv", "name,psnr\n0,3\n", r"metrics\.csv` is damaged: its columns are name, psnr"),
        ("metrics.csv", "name,ssim\n0,high\n", r"metrics\.csv` is damaged"),
        ("metrics.csv", "name,ssim\n0,nan\n", r"metrics\.csv` is damaged"),
        ("metrics.csv", "name,ssim\n0,0.1\n1,0.2\n", r"metrics\.csv` is damaged: it has 2 rows"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, file: str, text: str, told: str) -> None:
    save_measurement(tmp_path, measurement(ssim=[0.5]))
    (tmp_path / file).write_text(text)
    with pytest.raises(RunError, match=told):
        load_measurement(tmp_path)
