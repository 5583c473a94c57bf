"""The page of a training in a real browser, from disk; here, beside the browser it shares with the reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from harness.training.page import write_progress, write_training_page
from tests.report.waiting import until
from tests.training.samples import HOSTILE, sample_document, sample_page, sample_result

pytestmark = pytest.mark.browser


def test_the_page_follows_the_training_from_disk(tmp_path: Path, open_page: Callable[..., Page]) -> None:
    document = sample_document(tmp_path, epochs=3)
    write_progress(tmp_path, document)
    page = open_page(write_training_page(tmp_path, sample_page(document)))
    assert page.locator("#tiles dd").first.inner_text() == "4 of 20"
    assert page.locator("#newest img").nth(1).get_attribute("src") == "samples/00003/G-one.png"
    page.evaluate("document.querySelector('.curve').marked = document.querySelector('#epoch').marked = true")
    page.locator("#epoch").focus()

    write_progress(tmp_path, sample_document(tmp_path, epochs=12, warnings=["`a.png` is small"]))
    until(page, "document.querySelector('#tiles dd').textContent === '13 of 20'")

    assert page.locator("#newest img").nth(1).get_attribute("src") == "samples/00012/G-one.png"
    assert page.locator("#warnings code").inner_text() == "a.png"
    assert page.locator(".strip").first.locator(".thumb").count() == 8
    # drawn in place: nothing a reader holds is replaced
    assert page.evaluate("document.querySelector('.curve').marked && document.activeElement.marked")

    write_progress(tmp_path, sample_document(tmp_path, epochs=20, state="finished", results=[sample_result()]))
    until(page, "document.querySelector('#state').dataset.state === 'finished'")
    assert "“Mean target” does better than the model in SSIM" in page.locator(".verdicts").inner_text()
    assert page.locator(".outcome a").evaluate_all("(all) => all.map((a) => a.getAttribute('href'))") == [
        "../tiny-best/index.html", "../tiny-last/index.html"
    ]  # fmt: skip
    until(page, "!document.querySelector('script[src]')")


def test_keys_read_a_curve_and_reach_every_epoch(tmp_path: Path, open_page: Callable[..., Page]) -> None:
    document = sample_document(tmp_path, epochs=12, state="finished")
    page = open_page(write_training_page(tmp_path, sample_page(document)))

    curve = page.get_by_role("slider", name="Learning rate")
    curve.press("Home")
    assert curve.get_attribute("aria-valuetext") == "epoch 1; rate: 0.0002"
    curve.press("ArrowRight")
    assert curve.get_attribute("aria-valuetext") == "epoch 2; rate: 0.0002"

    shown = page.locator(".strip img").nth(1)
    reached = {shown.get_attribute("src")}
    for _ in range(11):
        page.locator("#epoch").press("ArrowLeft")
        reached.add(shown.get_attribute("src"))
    assert reached == {f"samples/{epoch:05d}/G-one.png" for epoch in range(1, 13)}


def test_a_page_without_news_says_so_and_how_to_go_on(tmp_path: Path, open_page: Callable[..., Page]) -> None:
    document = sample_document(tmp_path, epochs=1, updated="2026-01-02T03:04:05+00:00", run="it's")
    write_progress(tmp_path, document)

    page = open_page(write_training_page(tmp_path, sample_page(document)))

    assert page.locator("#state").inner_text() == "no news"
    assert page.locator("#stale").is_visible()
    assert page.locator("#stale code").inner_text() == r"harness train --resume 'it'\''s'"


def test_what_is_hostile_stays_text(tmp_path: Path, open_page: Callable[..., Page]) -> None:
    result = sample_result(comparison="javascript:alert(1)")
    result["best"] |= {"run": HOSTILE, "page": "javascript:alert(2)"}
    document = sample_document(
        tmp_path, epochs=2, state="failed", run=HOSTILE, message=HOSTILE, hint=HOSTILE, warnings=[HOSTILE],
        results=[result],
    )  # fmt: skip
    document["samples"]["inputs"][0]["name"] = HOSTILE

    page = open_page(write_training_page(tmp_path, sample_page(document)))

    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.locator("[onerror]").count() == 0


@pytest.mark.parametrize(
    ("lang", "scheme", "family", "state"),
    [
        ("en", "light", "pix2pix", "finished"),
        ("en", "dark", "cyclegan", "interrupted"),
        ("fa", "light", "cyclegan", "failed"),
        ("fa", "dark", "pix2pix", "finished"),
    ],
)
def test_the_page_is_accessible_and_fits_a_phone(
    lang: str, scheme: str, family: str, state: str, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    document = sample_document(
        tmp_path, family, state=state, message="Out of `memory`", hint="harness train --resume tiny",
        results=[sample_result()] if state == "finished" else None, warnings=["`a.png` is small"],
    )  # fmt: skip

    address = write_training_page(tmp_path, sample_page(document, family), lang)
    page = open_page(address, width=390, color_scheme=scheme, bypass_csp=True)

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    # the page's own words and numbers are in its language's digits
    assert page.locator("#tiles dd").first.inner_text() == ("13 of 20" if lang == "en" else "۱۳ از ۲۰")
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []


def test_nothing_is_known_yet(tmp_path: Path, open_page: Callable[..., Page]) -> None:
    empty = {"epochs": [], "values": []}
    document = sample_document(
        tmp_path, epochs=0, state="starting", epoch=0, batches=0, iteration=0, iterations=0, resumes=[],
        images_per_second=None, seconds_left=None, losses={"names": [], "epochs": [], "values": {}}, rates=empty,
        speed=empty, samples={"inputs": [], "epochs": []},
    )  # fmt: skip
    document["epochs"] = 0
    write_progress(tmp_path, document)

    page = open_page(write_training_page(tmp_path, sample_page(document)))

    assert page.locator("#state").inner_text() == "starting"
    assert page.locator("#no-curves").is_visible()
    assert page.locator("#no-samples").is_visible()
    assert page.locator(".curve").count() == 0
