"""Measures `harness play` in a real Chromium: seconds from pen-up to picture, and pixels beside those of a test.

    python -m benchmarks.play ADDRESS [--run RUN --pictures FOLDER]

ADDRESS is what `harness play --print` printed, or where a site of `harness play --export` is served. With a run of the
same model and seed, its pictures in FOLDER are loaded into the canvas and the results compared with the run's outputs.
"""

from __future__ import annotations

import argparse
import base64
import io
import shutil
import statistics
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

STROKES, PICTURES = 50, 20
_SETTLED = "() => document.getElementById('result').dataset.settled === 'true'"


def seconds_from_pen_up(page: Page) -> list[float]:
    """Draws rectangles one after another, each when the one before is there."""
    page.click("#clear")
    page.wait_for_function(_SETTLED)
    box = page.locator("#paper").bounding_box()
    assert box
    took = []
    generator = np.random.default_rng(0)
    for _ in range(STROKES):
        (x, y, w, h) = generator.uniform(0.05, 0.45, 4)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + (x + w) * box["width"], box["y"] + (y + h) * box["height"])
        page.wait_for_function(_SETTLED)
        page.mouse.up()
        page.wait_for_function(_SETTLED)
        took.append(float(page.evaluate("document.getElementById('result').dataset.took")))
    return took


def compared(page: Page, pictures: Path, run: Path) -> tuple[int, int, float]:
    """Returns how many pictures were compared, the greatest difference in levels, and the share of values apart."""
    apart = []
    for path in sorted(pictures.glob("*.png"))[:PICTURES]:
        page.set_input_files("#file", path)
        page.wait_for_function("(name) => document.getElementById('name').value === name", arg=path.stem)
        page.wait_for_function(_SETTLED)
        address = page.evaluate("document.getElementById('result').toDataURL()")
        ours = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB")
        theirs = Image.open(run / "images" / "output" / path.name)
        apart.append(np.abs(np.asarray(ours).astype(int) - np.asarray(theirs).astype(int)))
    stacked = np.stack(apart)
    return len(apart), int(stacked.max()), float((stacked > 0).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(given.address)
        page.wait_for_function(_SETTLED, timeout=120_000)
        if given.run and given.pictures:
            count, largest, share = compared(page, given.pictures, given.run)
            print(f"{count} pictures: at most {largest}/255, {share:.4%} of the values differ")
        took = seconds_from_pen_up(page)
        print(f"pen-up to picture: median {statistics.median(took):.2f} s of {len(took)}, {max(took):.2f} s at most")
        browser.close()


if __name__ == "__main__":
    main()
