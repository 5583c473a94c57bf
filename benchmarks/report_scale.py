"""Saves, loads and reports runs of made-up images, and opens their pages in headless Chromium.

    python benchmarks/report_scale.py [--counts 1000 10000 1000000] [--chromium /usr/bin/chromium]

Each step is a process of its own, so that its peak of memory, Python and libraries included, is its own. Pictures are
256×256, a few drawn and the rest hard links to them. `report` is everything `harness report` does to a run; the second
one finds its thumbnails fresh. `compare` is everything `harness compare` does to it and a run of the same images with
other numbers. Ready: DOMContentLoaded, the page usable. Heap: the page's JavaScript after scrolling through the whole
list.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.metrics.measure import Measurement
from harness.metrics.rows import Rows
from harness.metrics.statistics import summarise
from harness.metrics.storage import load_measurement, save_measurement
from harness.report.picking import pick, ranked
from harness.report.writing import write_comparison, write_index, write_run_report
from harness.runs.record import load_record, save_record
from tests.report.samples import draw, plain_measurement, sample_record

DIFFERENT = 40
"""Pictures drawn for each kind; the rest are links to them, so that the disk holds the runs' names only."""

MOST_FILES = 100_000


def name_of(place: int) -> str:
    return f"{place:07d}"


class MadeUp:
    """What a record knows of `count` images, each made when it is asked for."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        [image] = sample_record("one", ["0"]).images
        for place in range(self.count):
            near = {"verdict": "near", "percentile": place / self.count * 100, "reasons": []}
            hashes = dict.fromkeys(("sha256", "source_sha256", "target_sha256"), f"{place:064x}")
            yield {**image, "name": name_of(place), "source": f"{name_of(place)}.jpg", "nearness": near, **hashes}


def made_up_values(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    ssim = generator.beta(5, 5, count)
    return {"ssim": ssim, "psnr": 10 + 20 * ssim + generator.normal(0, 1, count), "mae": 60 - 50 * ssim}


def made_up_measurement(count: int, seed: int = 0) -> Measurement:
    rows = Rows(tuple(map(name_of, range(count))), made_up_values(count, seed))
    summary = {name: summarise(values) for name, values in rows.columns.items()}
    return replace(plain_measurement(2), rows=rows, summary=summary, baselines={"input_copied": summary})


def make_pictures(folder: Path, count: int) -> None:
    """Pictures of all images, of more than `MOST_FILES` those of the images that the page lists: it opens no other."""
    listed = pick(ranked(made_up_values(count)["ssim"], "higher")).rows
    places = range(count) if count <= MOST_FILES else sorted({*range(DIFFERENT), *listed.tolist()})
    for kind, noise in (("input", 0.0), ("output", 25.0), ("target", 10.0)):
        target = folder / "images" / kind
        target.mkdir(parents=True)
        for place in places:
            path = target / f"{name_of(place)}.png"
            if place < DIFFERENT:
                draw(f"{kind} {place}", noise, (256, 256)).save(path)
            else:
                os.link(target / f"{name_of(place % DIFFERENT)}.png", path)


def save_record_of(run: Path, count: int) -> None:
    record = sample_record(run.name, ["0"])
    test_set = record.test_set | {"count": count}
    save_record(run, replace(record, test_set=test_set, images=cast(Any, MadeUp(count))))


def beside(run: Path) -> Path:
    return run.with_name(f"{run.name}-other")


def make_other(run: Path, count: int) -> None:
    """A run of the same images with other numbers, whose pictures are the first one's."""
    other = beside(run)
    other.mkdir()
    save_measurement(other, made_up_measurement(count, seed=1))
    save_record_of(other, count)
    shutil.copytree(run / "images", other / "images", copy_function=os.link)


def compare(run: Path, _: int) -> None:
    write_comparison([run, beside(run)], run.parent / "compare.html")


STEPS: dict[str, Callable[[Path, int], object]] = {
    "save metrics": lambda run, count: save_measurement(run, made_up_measurement(count)),
    "save record": save_record_of,
    "pictures": make_pictures,
    "load metrics": lambda run, _: load_measurement(run),
    "load record": lambda run, _: sum(1 for _ in load_record(run).images),
    "statistics": lambda _, count: [summarise(values) for values in made_up_values(count).values()],
    "report": lambda run, _: write_run_report(run),
    "report again": lambda run, _: write_run_report(run),
    "other run": make_other,
    "compare": compare,
    "index": lambda run, _: write_index(run.parent),
}


def take(step: str, run: Path, count: int) -> None:
    """Does a step and prints its seconds, those of the processor, and the most memory its process took."""
    start, busy = time.perf_counter(), time.process_time()
    STEPS[step](run, count)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"{count:9,d}  {step:14s} {seconds:8.1f} s  {busy:7.1f} s of the processor  {megabytes:6.0f} MB", flush=True)


def measure(browser: Browser, page_file: Path) -> dict[str, float]:
    """Milliseconds until ready and for the slowest sort, filter and jump; nodes and heap after scrolling."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    page.goto(page_file.as_uri())
    timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    found = {"ready_ms": page.evaluate(timing)}
    worst = (
        """(act) => { const t = performance.now(); act(); document.body.offsetHeight; return performance.now() - t; }"""
    )
    change = "const s = document.getElementById('sort'); s.value = '{}'; s.dispatchEvent(new Event('change'))"
    sorts = [page.evaluate(f"({worst})(() => {{ {change.format(c)} }})") for c in ("psnr", "name", "ssim")]
    typing = "const s = document.getElementById('search'); s.value = '{}'; s.dispatchEvent(new Event('input'))"
    filters = [page.evaluate(f"({worst})(() => {{ {typing.format(w)} }})") for w in ("9", "99", "")]
    found |= {"sort_ms": max(sorts), "filter_ms": max(filters)}
    page.evaluate("document.getElementById('gallery-scroll').scrollTop = 0")
    steps = """async () => { const s = document.getElementById('gallery-scroll'); let most = 0;
      for (let top = 0; top < s.scrollHeight; top += s.scrollHeight / 60) { s.scrollTop = top;
        await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        most = Math.max(most, document.querySelectorAll('#rows *').length); } return most; }"""
    found["nodes"] = page.evaluate(steps)
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    found["heap_mb"] = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    context.close()
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000, 1_000_000])
    arguments.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--step", nargs=3, metavar=("STEP", "RUN", "COUNT"), help="one step, in this process")
    given = arguments.parse_args()
    if given.step:
        step, run, count = given.step
        take(step, Path(run), int(count))
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox", "--disable-gpu"])
        for count in given.counts:
            run = Path(folder) / f"results-{count}" / f"run-{count}"
            run.mkdir(parents=True)
            for step in STEPS:
                subprocess.run([sys.executable, __file__, "--step", step, str(run), str(count)], check=True)
            page = run / "index.html"
            measured = [measure(browser, page) for _ in range(given.runs)]
            m = {key: statistics.median(one[key] for one in measured) for key in measured[0]}
            sizes = {name: (run / name).stat().st_size / 1e6 for name in ("run.json", "images.jsonl", "metrics.csv")}
            print(f"{count:9,d}  " + ", ".join(f"{name} {size:.2f} MB" for name, size in sizes.items()))
            print(
                f"{count:9,d}  page {page.stat().st_size / 1e6:.2f} MB, ready {m['ready_ms']:.0f} ms, "
                f"sort {m['sort_ms']:.0f} ms, filter {m['filter_ms']:.0f} ms, {m['nodes']:.0f} nodes, "
                f"heap {m['heap_mb']:.1f} MB",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
