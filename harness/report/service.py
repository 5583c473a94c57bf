"""Writes the pages of runs. Reads `run.json`, `metrics.csv`, `metrics.json` and `images/`, and nothing else."""

from __future__ import annotations

from pathlib import Path

from harness.errors import RunError
from harness.files import write_text
from harness.metrics.files import load_measurement
from harness.progress import Progress
from harness.report.data import RunPage, run_page
from harness.report.language import language
from harness.report.render import render_page
from harness.runs.record import load_record


def write_run_report(run: Path, lang: str = "en", progress: Progress | None = None) -> Path:
    """Writes a run's `index.html` and returns its path.

    Raises:
        RunError: the folder is no complete run.
        UnknownNameError: there are no strings for `lang`.
    """
    page = load_page(run, lang)
    target = run / "index.html"
    write_text(target, render_page("run.html.j2", language(lang), page=page))
    return target


def load_page(run: Path, lang: str) -> RunPage:
    """Returns the data of a run's page."""
    spread = {path.stem for path in (run / "images" / "spread").glob("*.png")}
    return run_page(load_record(run), load_measurement(run), spread, language(lang))


def write_index(results: Path, lang: str = "en") -> Path:
    """Writes `results/index.html`, every complete run with its headline, and returns its path."""
    runs, damaged = [], []
    for folder in sorted(path.parent for path in results.glob("*/run.json") if not path.parent.name.startswith(".")):
        try:
            runs.append((folder.name, load_page(folder, lang)))
        except RunError as error:
            damaged.append((folder.name, error.message))
    runs.sort(key=lambda run: run[1].record.started, reverse=True)
    target = results / "index.html"
    write_text(target, render_page("index.html.j2", language(lang), runs=runs, damaged=damaged))
    return target
