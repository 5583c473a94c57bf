"""Builds reports of 100, 1,000 and 10,000 synthetic images and measures them in headless Chromium.

    python benchmarks/report_scale.py [--counts 100 1000 10000] [--chromium /usr/bin/chromium]

Build: everything `harness report` does, the strips from 256×256 pictures among it; the second build finds them fresh.
Ready: DOMContentLoaded, the page usable. Memory: the page's JavaScript heap after scrolling through the whole list.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.metrics.storage import save_measurement
from harness.report.writing import write_run_report
from harness.runs.record import save_record
from tests.report.samples import draw, plain_measurement, sample_record

DIFFERENT = 40
"""Pictures drawn for each kind; the rest are links to them, so that the disk holds ten thousand runs' names only."""


def make_run(folder: Path, count: int) -> Path:
    """A run of `count` images whose pictures are hard links to a few drawn ones."""
    measurement = plain_measurement(count)
    for kind, noise in (("input", 0.0), ("output", 25.0), ("target", 10.0)):
        target = folder / "images" / kind
        target.mkdir(parents=True)
        for place, row in enumerate(measurement.rows):
            path = target / f"{row.name}.png"
            if place < DIFFERENT:
                draw(f"{kind} {place}", noise, (256, 256)).save(path)
            else:
                os.link(target / f"{measurement.rows[place % DIFFERENT].name}.png", path)
    save_measurement(folder, measurement)
    save_record(folder, sample_record(folder.name, [row.name for row in measurement.rows]))
    return folder


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
    arguments.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 10_000])
    arguments.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    print("images  build s  again s  page MB  thumbs MB  ready ms  sort ms  filter ms  nodes  heap MB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox", "--disable-gpu"])
        for count in given.counts:
            run = make_run(Path(folder) / f"run-{count}", count)
            times = []
            for _ in range(2):
                start = time.perf_counter()
                page = write_run_report(run)
                times.append(time.perf_counter() - start)
            thumbs = sum(path.stat().st_size for path in (run / "thumbs").rglob("*.webp")) / 1e6
            measured = [measure(browser, page) for _ in range(given.runs)]
            m = {key: statistics.median(one[key] for one in measured) for key in measured[0]}
            print(
                f"{count:6d}  {times[0]:7.1f}  {times[1]:7.1f}  {page.stat().st_size / 1e6:7.2f}  {thumbs:9.1f}  "
                f"{m['ready_ms']:8.0f}  {m['sort_ms']:7.1f}  {m['filter_ms']:9.1f}  {m['nodes']:5.0f}  "
                f"{m['heap_mb']:7.1f}",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
