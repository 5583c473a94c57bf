"""The gallery in a real browser, from disk and without a network: order, filters, brush, keys, ten thousand rows."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.metrics.storage import load_measurement
from harness.report.gallery import run_document
from harness.report.gathering import run_page
from harness.report.thumbnails import CELL, encode, strip_path
from harness.report.writing import render_run
from harness.web.language import language
from tests.report.samples import HOSTILE_NAMES, draw, plain_measurement, sample_record
from tests.report.waiting import until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def names(page: Page) -> list[str]:
    return page.locator(".row .row-name bdi").all_text_contents()


def values(run: Path, column: str) -> dict[str, float]:
    return {row.name: row.values[column] for row in load_measurement(run).rows}


def test_every_picture_of_every_page_loads(open_page: Open, results: Path) -> None:
    for address in (
        "first/index.html",
        "unpaired/index.html",
        "hostile/index.html",
        "index.html",
        "compare-first-second.html",
    ):
        page = open_page(results / address)
        page.evaluate("document.querySelectorAll('img').forEach((i) => (i.loading = 'eager'))")
        page.evaluate("Promise.all([...document.images].map((i) => i.decode()))")
        widths = page.evaluate("[...document.images].map((i) => i.naturalWidth)")
        assert widths and all(widths), address


def test_hostile_names_are_only_names(open_page: Open, results: Path) -> None:
    page = open_page(results / "hostile" / "index.html")
    page.locator("#sort").select_option("order")
    assert names(page) == list(HOSTILE_NAMES)
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.locator("img[src='x'], img[onerror], script:not([id]):not(:last-of-type)").count() == 0
    for name in HOSTILE_NAMES:
        page.goto((results / "hostile" / "index.html").as_uri())
        page.get_by_role("link", name=name, exact=True).last.click()
        expect(page.locator("#viewer-name")).to_have_text(name)
        page.locator(".frame img").first.evaluate("(i) => i.decode()")


def test_a_script_that_is_not_ours_does_not_run(browser, results: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((results / "first" / "index.html").as_uri())
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'window.pwned = 1' }))")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">')")
    until(page, "document.images[document.images.length - 1].complete")
    assert page.evaluate("typeof window.pwned") == "undefined"
    context.close()


def test_rows_follow_metric_name_and_direction(open_page: Open, results: Path) -> None:
    run = results / "first"
    page = open_page(run / "index.html")
    ssim, mae = values(run, "ssim"), values(run, "mae")
    assert names(page) == sorted(ssim, key=ssim.__getitem__, reverse=True)
    page.locator("#sort").select_option("mae")
    assert names(page) == sorted(mae, key=mae.__getitem__)
    page.locator("#direction").click()
    assert names(page) == sorted(mae, key=mae.__getitem__, reverse=True)
    page.locator("#sort").select_option("name")
    assert names(page) == sorted(mae)


def test_words_and_ranges_filter_together_and_can_be_taken_back(open_page: Open, results: Path) -> None:
    run = results / "first"
    page = open_page(run / "index.html")
    ssim = values(run, "ssim")
    low = sorted(ssim.values())[3]
    page.keyboard.press("/")
    page.keyboard.type("00")
    expect(page.locator("#count")).to_have_text("8 of 8")
    page.locator('[data-range="ssim"][data-end="low"]').fill(f"{low:.4f}")
    kept = {n for n, v in ssim.items() if v >= float(f"{low:.4f}")}
    assert set(names(page)) == kept
    page.locator("#search").fill("005")
    assert set(names(page)) == kept & {"005"}
    page.get_by_role("button", name="Remove filter: SSIM").click()
    assert names(page) == ["005"]
    page.locator("#search").press("Escape")
    expect(page.locator("#count")).to_have_text("8 of 8")
    page.locator("#search").fill("nobody")
    assert page.get_by_text("No image fits these filters.").is_visible()


def test_heads_sort_and_say_so(open_page: Open, results: Path) -> None:
    run = results / "first"
    page = open_page(run / "index.html")
    mae = values(run, "mae")
    head = page.get_by_role("columnheader", name="MAE")
    assert page.get_by_role("columnheader", name="SSIM", exact=True).get_attribute("aria-sort") == "descending"
    assert head.get_attribute("aria-sort") is None
    head.get_by_role("button").click()
    assert names(page) == sorted(mae, key=mae.__getitem__)
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert names(page) == sorted(mae, key=mae.__getitem__, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    page.get_by_role("columnheader", name="Name").get_by_role("button").click()
    assert names(page) == sorted(mae)


def test_the_address_keeps_order_words_ranges_and_the_open_image(open_page: Open, results: Path) -> None:
    run = results / "first"
    address = (run / "index.html").as_uri()
    page = open_page(address)
    assert page.url == address, "nothing is kept of what is as usual"
    page.locator("#sort").select_option("mae")
    page.locator("#search").fill("00")
    ssim = values(run, "ssim")
    page.locator('[data-range="ssim"][data-end="low"]').fill(f"{sorted(ssim.values())[3]:.4f}")
    shown = names(page)
    page.locator(".row .row-name a").first.click()
    expect(page).to_have_url(re.compile("image="))
    sent = page.url
    again = open_page(sent)
    expect(again.locator("#viewer-name")).to_have_text(shown[0])
    assert names(again) == shown
    again.keyboard.press("Escape")
    # A dialog tells that it is closed a moment later.
    expect(again).to_have_url(re.compile("^(?!.*image=).*sort=mae"))
    again.get_by_role("button", name="Remove filter: SSIM").click()
    again.locator("#search").fill("")
    again.locator("#sort").select_option("ssim")
    expect(again).to_have_url(address)
    for broken in ("sort=nobody", "ssim=a~b", "find=%E0%A4%A"):
        assert len(names(open_page(f"{address}#{broken}"))) == len(ssim)


def test_dragging_over_a_histogram_keeps_what_lies_in_it(open_page: Open, results: Path) -> None:
    run = results / "first"
    page = open_page(run / "index.html")
    area = page.locator("#histogram-psnr .area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    low, high = (float(page.locator("#histogram-psnr").get_attribute(f"data-{end}") or 0) for end in ("low", "high"))
    start, end = box["x"] + 0.1 * box["width"], box["x"] + 0.45 * box["width"]
    page.mouse.move(start, box["y"] + 30)
    page.mouse.down()
    page.mouse.move((start + end) / 2, box["y"] + 30)
    page.mouse.move(end, box["y"] + 30)
    page.mouse.up()
    share = [(round(x) - box["x"]) / box["width"] for x in (start, end)]
    inside = {
        n for n, v in values(run, "psnr").items() if low + share[0] * (high - low) <= v <= low + share[1] * (high - low)
    }
    assert 0 < len(inside) < 8
    assert set(names(page)) == inside
    drawn = page.locator("#histogram-ssim .on").evaluate_all(
        "(bars) => bars.map((b) => Number(b.getAttribute('height')))"
    )
    most = float(page.locator("#histogram-ssim").get_attribute("data-most") or 0)
    assert round(sum(drawn) / 100 * most) == len(inside)  # every chart shows what is kept
    assert page.locator("circle.off").count() == 2 * (8 - len(inside))
    page.locator('[data-clear="psnr"]').click()
    assert len(names(page)) == 8


def test_jumps_and_arrows_move_the_focus(open_page: Open, results: Path) -> None:
    run = results / "first"
    page = open_page(run / "index.html")
    ranked = sorted(values(run, "ssim"), key=values(run, "ssim").__getitem__, reverse=True)
    focused = "document.activeElement.textContent"
    for key, place in (("w", 7), ("m", 3), ("b", 0)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == ranked[place]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    assert page.evaluate(focused) == ranked[2]
    page.keyboard.press("Enter")
    expect(page.locator("#viewer-name")).to_have_text(ranked[2])


def test_columns_can_be_hidden(open_page: Open, results: Path) -> None:
    page = open_page(results / "first" / "index.html")
    page.get_by_text("Show", exact=True).click()
    page.get_by_label("Difference", exact=True).first.uncheck()
    assert page.locator(".row").first.locator("img").count() == 3
    alt = page.locator(".row img").first.get_attribute("alt") or ""
    assert alt.startswith("Input of ") and "SSIM 0." in alt


def test_tables_are_copied_whole(open_page: Open, results: Path) -> None:
    run = results / "hostile"
    page = open_page(run / "index.html")

    def copied(what: str, form: str) -> str:
        page.locator(f'[data-table="{what}"][data-form="{form}"]').click()
        until(page, "self.copied !== undefined")
        text = page.evaluate("self.copied")
        page.evaluate("delete self.copied")
        return text

    head, *rows, protocol = csv.reader(io.StringIO(copied("rows", "csv")), strict=True)
    assert head == ["name", "ssim", "psnr", "mae"]
    assert {name: float(ssim) for name, ssim, *_ in rows} == values(run, "ssim")
    assert protocol == [f"# {load_measurement(run).protocol['line']}"]
    markdown = copied("summary", "markdown").splitlines()
    assert markdown[2].startswith(f"| ssim | {load_measurement(run).summary['ssim'].mean:.4f} |")
    latex = copied("rows", "latex")
    assert "\\_\\_proto\\_\\_ & 0." in latex and latex.count("\\\\\n") == 1 + len(HOSTILE_NAMES)
    assert "\\begin{tabular}{lrrr}" in latex and "Protocol 2" in latex


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten thousand rows that share one picture."""
    folder, count = tmp_path_factory.mktemp("large"), 10_000
    one = folder / "one.webp"
    one.write_bytes(encode(draw("strip", size=(4 * CELL, CELL)), 75))
    for row in range(count):
        path = folder / strip_path(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(one, path)
    measurement, words = plain_measurement(count), language("en")
    page = run_page(sample_record("large", [r.name for r in measurement.rows]), measurement, (), words)
    nothing = {row: dict.fromkeys(page.kinds) for row in page.examples.values()}
    html = render_run(page, words, run_document(page, words), nothing)
    (folder / "index.html").write_text(html, encoding="utf-8")
    return folder / "index.html"


def test_ten_thousand_images_stay_few_nodes(open_page: Open, large: Path) -> None:
    page = open_page(large)
    page.get_by_role("button", name="Worst").click()
    assert page.evaluate("document.activeElement.textContent") == "00000"  # the least SSIM of them all
    page.locator("#sort").select_option("name")
    page.keyboard.press("Escape")
    seen = 0
    for step in range(1, 6):
        page.locator("#gallery-scroll").evaluate(f"(s) => (s.scrollTop = s.scrollHeight * {step} / 5)")
        until(page, "document.querySelectorAll('.row').length > 0")
        seen = max(seen, page.evaluate("document.querySelectorAll('#rows *').length"))
    assert page.locator(".row").count() < 60
    assert seen < 1500
    page.locator("#search").fill("09999")
    expect(page.locator("#count")).to_have_text("1 of 10000")
    expect(page.locator(".row .n").nth(1)).to_have_text("∞")
    page.locator("#search").fill("")
    page.locator('[data-range="ssim"][data-end="high"]').fill("0.5")
    kept = sum(row.values["ssim"] <= 0.5 for row in plain_measurement(10_000).rows)
    expect(page.locator("#count")).to_have_text(f"{kept} of 10000")
    assert page.locator("#scatter-ssim-psnr circle").count() == 2000
