"""Of very many images a page lists the worst, the best and a sample, and says so; its numbers are of all of them."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.metrics.measure import Measurement
from harness.metrics.rows import Rows
from harness.metrics.statistics import summarise
from harness.metrics.storage import save_measurement
from harness.report import picking
from harness.report.gallery import run_document
from harness.report.gathering import run_page
from harness.report.single import write_single_file
from harness.report.thumbnails import strip_path
from harness.report.writing import write_comparison, write_index, write_run_report
from harness.runs import record as record_file
from harness.runs.record import save_record
from harness.web.language import language
from tests.report.samples import draw, plain_measurement, sample_record

MANY, ENDS, SAMPLE = 400, 20, 60
COUNT = MANY + 1
NAMES = tuple(f"{(place * 7919) % COUNT:05d}" for place in range(COUNT))  # not in the order of the alphabet


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_file, "MANY", MANY)
    monkeypatch.setattr(picking, "ENDS", ENDS)
    monkeypatch.setattr(picking, "SAMPLE", SAMPLE)


def values_of(seed: str, count: int = COUNT) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(zlib.crc32(seed.encode()))
    ssim = generator.normal(0.5, 0.1, count)
    return {"ssim": ssim, "psnr": 40 * ssim + generator.normal(0, 1, count), "mae": 60 * (1 - ssim)}


def measured(names: Sequence[str], values: dict[str, np.ndarray]) -> Measurement:
    summary = {name: summarise(column) for name, column in values.items()}
    return replace(plain_measurement(2), rows=Rows(tuple(names), values), summary=summary, baselines={})


def make_run(folder: Path, names: tuple[str, ...] = NAMES, values: dict[str, np.ndarray] | None = None) -> Path:
    """A run of which one picture alone is there: the rest of a page's numbers does not need them."""
    save_measurement(folder, measured(names, values or values_of(folder.name)))
    verdicts = ["far" if place % 3 == 0 else "near" for place in range(COUNT)]
    near = [{"verdict": verdict, "percentile": place / COUNT * 100} for place, verdict in enumerate(verdicts)]
    record = sample_record(folder.name, names)
    images = tuple(image | {"nearness": each} for image, each in zip(record.images, near, strict=True))
    save_record(folder, replace(record, images=images))
    for kind in ("input", "output", "target"):
        (folder / "images" / kind).mkdir(parents=True)
        draw(kind).save(folder / "images" / kind / f"{NAMES[0]}.png")
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("results") / "many")


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    return dict(json.loads(found[1]))


def test_the_worst_the_best_and_a_sample_are_listed_and_their_strips_are_their_own(run: Path) -> None:
    page = write_run_report(run)
    data, ssim = data_of(page), values_of("many")["ssim"]
    order = np.argsort(ssim)
    listed = {NAMES.index(name) for name in data["names"]}
    assert {*order[:ENDS], *order[-ENDS:], order[COUNT // 2]} <= listed
    assert len(listed) == len(data["names"]) <= 2 * ENDS + SAMPLE + 1 and len(listed) > SAMPLE + ENDS
    assert data["names"] == [NAMES[row] for row in sorted(listed)], "in the run's order"
    assert data["strips"][0]["order"] == sorted(listed)
    assert data["columns"][0]["values"] == ssim[sorted(listed)].tolist()
    # What was not chosen for its number is as the whole is.
    middle = [row for row in listed if row not in {*order[:ENDS], *order[-ENDS:]}]
    assert abs(np.mean(ssim[middle]) - ssim.mean()) < 0.03
    assert {f"{row:05d}.webp" for row in listed} <= {path.name for path in run.glob("thumbs/*/*.webp")}
    again = write_run_report(run)
    assert data_of(again)["names"] == data["names"], "drawn by a fixed seed"


def test_the_page_says_so_and_its_numbers_are_of_all(run: Path) -> None:
    html = write_run_report(run).read_text(encoding="utf-8")
    data, values = data_of(run / "index.html"), values_of("many")
    listed = len(data["names"])
    assert f"{listed} of {COUNT} images are listed: the 20 lowest and the 20 highest by SSIM, and 60 drawn" in html
    assert 'id="picked"' in html and '<a href="metrics.csv">' in html
    assert f"{COUNT} images" in html
    persian = (run / "index.fa.html").read_text(encoding="utf-8")
    assert 'id="picked"' in persian and "۴۰۱" in persian
    for row in data["summary"]["rows"]:
        column = values[row[0]]
        assert row[1] == pytest.approx(column.mean(), abs=1e-12) and row[7] == COUNT
        assert (row[4], row[5], row[6]) == (np.median(column), column.min(), column.max())
    for name, edges in data["histograms"].items():
        if name in values:
            bars = re.search(f'id="histogram-{name}".*?</svg>', html, re.DOTALL)
            assert bars
            counts = [int(n) for n in re.findall(r": (\d+) images?</title>", bars[0])]
            assert counts == np.histogram(values[name], edges)[0].tolist()
    assert data["picked"] is True
    assert f"{sum(place % 3 == 0 for place in range(COUNT))} images" in html, "far from the training pictures, of all"
    assert f"60 of {COUNT} images, chosen evenly" in html


def test_the_index_counts_all_and_a_file_to_send_says_of_how_many(run: Path) -> None:
    write_run_report(run)
    index = write_index(run.parent).read_text(encoding="utf-8")
    assert f'data-n="{COUNT}"' in index
    written = write_single_file(run, max_bytes=300_000)
    assert written.count == COUNT and written.shown < 2 * ENDS + SAMPLE + 1
    assert f"of {COUNT} images" in written.path.read_text(encoding="utf-8")


def test_as_many_as_are_kept_are_all_listed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.runs.record.MANY", COUNT)
    page = write_run_report(run)
    data = data_of(page)
    assert data["names"] == list(NAMES) and data["strips"][0]["order"] is None and not data["picked"]
    assert 'id="picked"' not in page.read_text(encoding="utf-8")


def test_runs_side_by_side_list_the_images_on_which_they_differ_most(run: Path) -> None:
    before = values_of("many")
    by_name = dict(zip(NAMES, range(COUNT), strict=True))
    names = tuple(sorted(NAMES))  # in another order
    moved = np.random.default_rng(3).normal(0.01, 0.05, COUNT)
    ssim = before["ssim"][[by_name[name] for name in names]] + moved
    other = make_run(run.parent / "other", names, {**values_of("other"), "ssim": ssim})
    own = data_of(write_run_report(run))
    page, [found] = write_comparison([run, other], run.parent / "compare.html")
    data = data_of(page)
    for listed in (own, data):
        assert all((run / strip_path(row)).is_file() for row in listed["strips"][0]["order"])
    differences = dict(zip(found.names, found.columns["ssim"].differences.tolist(), strict=True))
    ranked = sorted(differences, key=lambda name: differences[name])
    assert {*ranked[:ENDS], *ranked[-ENDS:]} <= {*data["names"]}
    assert len(data["names"]) <= 2 * ENDS + SAMPLE + 1
    assert data["strips"][1]["order"] == [names.index(name) for name in data["names"]]
    delta = next(column for column in data["columns"] if column["id"] == "delta-ssim-B")
    assert delta["values"] == [differences[name] for name in data["names"]]
    html = page.read_text(encoding="utf-8")
    assert f"of {COUNT} images are listed" in html
    row = next(row for row in data["summary"]["rows"] if row[0].startswith("B ") and row[1] == "ssim")
    assert row[5] == pytest.approx(moved.mean(), abs=1e-9)


def test_twenty_thousand_are_the_most_that_are_all_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    words = language("en")
    for count, listed in ((20_000, 20_000), (20_001, 2900)):
        names, values = [f"{place}" for place in range(count)], values_of("", count)
        page = run_page(sample_record("r", names), measured(names, values), (), words)
        document = run_document(page, words)
        assert page.pick.partial == (count > 20_000) and listed <= len(document["names"]) <= max(listed, 3001)
        for name, mean, *_ in document["summary"]["rows"]:
            assert mean == pytest.approx(values[name].mean(), abs=1e-12)
        for chart in page.histograms:
            counts = [int(re.findall(r": (\d+) image", bar.label)[0]) for bar in chart.bars]
            assert counts == np.histogram(values[chart.id], chart.edges)[0].tolist()
