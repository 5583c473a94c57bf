"""A headless Chromium without a network, and run folders that several tests look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from harness.report.writing import write_comparison, write_index, write_run_report
from tests.report.samples import HOSTILE_NAMES, sample_run


@dataclass
class Opened:
    """Opens pages in contexts of their own and remembers what they asked for and complained about."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __call__(self, address: str | Path, width: int = 1280, height: int = 800, **options: object) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, offline=True, **options  # type: ignore[arg-type]
        )  # fmt: skip
        self.contexts.append(context)
        # what is copied is kept where a test can read it: headless Chromium has no clipboard to share
        context.add_init_script(
            "navigator.clipboard && (navigator.clipboard.writeText = async (t) => { self.copied = t })"
        )
        page = context.new_page()
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(address.as_uri() if isinstance(address, Path) else address)
        return page


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Every page a test opens must say nothing in the console and ask nothing of a network."""
    opened = Opened(browser)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `results/` with a paired run, a noisier one of the same images, an unpaired one and one of hostile names."""
    folder = tmp_path_factory.mktemp("workspace") / "results"
    first = sample_run(folder / "first")
    second = sample_run(folder / "second", noise=60.0, engine="native", started="2026-02-03T04:05:06+00:00")
    sample_run(folder / "unpaired", paired=False)
    sample_run(folder / "hostile", HOSTILE_NAMES)
    for run in ("first", "second", "unpaired", "hostile"):
        write_run_report(folder / run)
    write_comparison([first, second], folder / "compare-first-second.html")
    write_index(folder)
    return folder


@pytest.fixture(scope="session")
def persian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in Persian: a run, a comparison and the index."""
    folder = tmp_path_factory.mktemp("persian") / "results"
    runs = [sample_run(folder / "first"), sample_run(folder / "second", noise=60.0)]
    for run in runs:
        write_run_report(run, "fa")
    write_comparison(runs, folder / "compare-first-second.html", "fa")
    write_index(folder, "fa")
    return folder
