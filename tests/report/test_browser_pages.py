"""Every page in a real browser: languages, looks, widths, paper, one file, accessibility."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from harness.report.single import write_single_file
from harness.report.writing import write_index
from harness.runs.notes import Note, save_note
from tests.report.samples import sample_run
from tests.runs.records import sample_training

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
PAGES = ("first/index.html", "compare-first-second.html", "index.html")


@pytest.mark.parametrize("address", PAGES)
def test_no_page_is_wider_than_its_window(open_page: Open, results: Path, persian: Path, address: str) -> None:
    for folder in (results, persian):
        page = open_page(folder / address)
        for width in (320, 390, 768, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (page.url, width)
            # No word of a table's row headers is folded letter by letter.
            widths = page.locator(".data tbody th").evaluate_all("(heads) => heads.map((h) => h.offsetWidth)")
            assert all(head >= 60 for head in widths), (page.url, width)


def test_persian_reads_from_right_to_left_with_its_own_digits(open_page: Open, persian: Path) -> None:
    page = open_page(persian / "first" / "index.html")
    html = page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("fa", "rtl")
    expect(page.locator("#count")).to_have_text("۸ از ۸")
    first, last = (page.locator(".row").first.locator("img").nth(i).bounding_box() for i in (0, 3))
    assert first and last and first["x"] > last["x"]
    page.locator('[data-range="ssim"][data-end="low"]').fill("۰٫۵")
    inside = page.locator(".row").count()
    page.locator('[data-range="ssim"][data-end="low"]').fill("0.5")
    assert page.locator(".row").count() == inside < 8
    assert page.locator(".row .row-name bdi").first.get_attribute("dir") == "auto"
    assert page.locator(".chart").first.evaluate("(c) => getComputedStyle(c).direction") == "ltr"
    page.keyboard.press("Escape")
    page.locator("[data-clear='ssim']").click()
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    start = page.locator("#viewer-place").text_content()
    page.keyboard.press("ArrowLeft")  # forwards, as one reads
    assert (start, page.locator("#viewer-place").text_content()) == ("۱ از ۸", "۲ از ۸")


@pytest.mark.parametrize(("address", "field"), [("first/index.html", "#search"), ("index.html", "#find")])
def test_what_an_empty_search_says_lies_as_the_page_reads(
    open_page: Open, persian: Path, address: str, field: str
) -> None:
    search = open_page(persian / address).locator(field)
    directions = []
    for typed in ("", "abc", "نما"):
        search.fill(typed)
        directions.append(search.evaluate("(s) => getComputedStyle(s).direction"))
    assert directions == ["rtl", "ltr", "rtl"]


def test_the_look_follows_the_system_until_chosen(open_page: Open, results: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    page = open_page(results / "first" / "index.html", color_scheme="dark")
    dark = page.evaluate(paper)
    assert (
        open_page(results / "first" / "index.html", color_scheme="light").evaluate(paper)
        == "rgb(255, 255, 255)"
        != dark
    )
    page.locator("#theme").click()
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.locator("#theme").click()
    assert page.evaluate(paper) == dark


def test_on_paper_there_are_verdict_numbers_record_and_pictures(open_page: Open, results: Path, tmp_path: Path) -> None:
    run = sample_run(tmp_path / "results" / "many", names=[f"{i:03d}" for i in range(70)])
    from harness.report.writing import write_run_report

    page = open_page(write_run_report(run), color_scheme="dark")
    paper = PdfReader(io.BytesIO(page.pdf()))
    text = "".join("".join(sheet.extract_text() for sheet in paper.pages).split())  # lines may break anywhere
    for said in (
        "translated70images",
        "Clearlybetter",
        "2a7afba2895d52556dd5dfe07e8555ef657ced6f",
        "Protocol2",
    ):
        assert said in text
    assert "Findaname" not in text
    assert len(paper.pages) < 12
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".row").count() == 40
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".row").count() < 40


def test_without_scripts_numbers_and_examples_are_there(open_page: Open, results: Path) -> None:
    page = open_page(results / "first" / "index.html", java_script_enabled=False)
    assert page.locator(".headline .main .n").first.is_visible()
    assert page.locator(".examples img").count() == 12
    assert page.get_by_text("The list of all images needs JavaScript").is_visible()


def test_one_file_works_alone(open_page: Open, results: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "report.html"
    alone.parent.mkdir()
    whole = write_single_file(results / "first")
    shutil.copy(whole.path, alone)
    page = open_page(f"{alone.as_uri()}#image=003")
    page.evaluate("Promise.all([...document.images].map((i) => { i.loading = 'eager'; return i.decode() }))")
    assert page.locator(".frame img").count() == 3
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter((r) => r.name.startsWith('file:')).length") == 0
    )
    sampled = write_single_file(
        results / "first", max_bytes=whole.size - 30_000 if whole.size > 200_000 else whole.size
    )
    shutil.copy(sampled.path, alone)
    assert open_page(alone).locator(".row").count() == sampled.shown


def test_a_sample_says_so_and_shows_the_rest_without_pictures(open_page: Open, tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", names=[f"{i:02d}" for i in range(24)])
    file = write_single_file(run, max_bytes=250_000)
    assert file.shown < 24
    page = open_page(file.path)
    assert page.locator(".row").count() == file.shown
    assert page.get_by_text(f"{file.shown} of 24 images have their pictures in this file").is_visible()
    page.get_by_label("only images with pictures").uncheck()
    assert page.locator(".row").count() == 24
    assert page.locator(".row .clear").count() == 4 * (24 - file.shown)


def test_the_index_filters_sorts_and_gives_the_command(open_page: Open, results: Path) -> None:
    page = open_page(results / "index.html")
    shown = page.locator("tbody tr:visible th a bdi")
    expect(shown.first).to_have_text("second")  # the newest
    page.locator("th[data-key=ssim] button").click()
    assert page.locator("th[aria-sort]").get_attribute("data-key") == "ssim"
    assert shown.all_text_contents()[-1] == "unpaired"
    page.keyboard.press("/")
    page.keyboard.type("label2photo native")
    assert shown.all_text_contents() == ["second"]
    page.locator("#find").fill("")
    for name in ("first", "hostile"):
        page.get_by_label(f"Compare {name}").check()
    command = page.locator("#command").text_content() or ""
    assert sorted(command.split()) == ["compare", "first", "harness", "hostile"]
    page.get_by_label("Compare hostile").uncheck()
    assert not page.locator("#chosen").is_visible()


@pytest.fixture(params=["en", "fa"])
def noted(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An index of three runs and a training of which something was said; a run and the training are hidden."""
    for name in ("first", "second", "third"):
        sample_run(tmp_path / name, names=("a", "b"))
    sample_training(tmp_path / "training")
    save_note(tmp_path / "first", Note(name="نماها: ۲۰۰ دور", tags=("thesis", "نهایی"), text="too dark\n" + "x" * 300))
    save_note(tmp_path / "second", Note(text="a mistake", hidden=True))
    save_note(tmp_path / "training", Note(tags=("old",), hidden=True))
    return write_index(tmp_path, request.param)


def test_notes_are_shown_found_and_hidden_in_the_index(open_page: Open, noted: Path) -> None:
    page = open_page(noted)
    names = page.locator("tbody tr:visible th a bdi")
    assert sorted(names.all_text_contents()) == ["third", "نماها: ۲۰۰ دور"]
    assert page.locator(".tag:visible").all_text_contents() == ["thesis", "نهایی"]
    assert not page.locator("dl.facts").get_by_role("link").is_visible()
    page.locator("#find").fill("thesis dark")
    assert names.all_text_contents() == ["نماها: ۲۰۰ دور"]
    page.locator("#find").fill("mistake")
    assert names.count() == 0
    page.locator("#show-hidden").click()
    assert names.all_text_contents() == ["second"]
    assert page.locator("dl.facts").get_by_role("link").is_visible()
    page.locator("#find").fill("")
    assert names.count() == 3
    page.locator("#show-hidden").click()
    assert names.count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_notes_fit_into_every_window_and_axe_finds_nothing_serious(open_page: Open, noted: Path, scheme: str) -> None:
    page = open_page(noted, color_scheme=scheme)
    page.locator("#show-hidden").click()
    for width in (320, 390, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["impact"]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_an_index_without_notes_has_nothing_to_show(open_page: Open, results: Path) -> None:
    assert open_page(results / "index.html").locator("#show-hidden, .tag, .note").count() == 0


def test_a_comparison_shows_changes_first_and_both_runs_large(open_page: Open, results: Path) -> None:
    page = open_page(results / "compare-first-second.html")
    changes = page.locator(".row .numbers").all_inner_texts()
    deltas = [float(row.replace("−", "-").split()[2]) for row in changes]
    assert deltas == sorted(deltas, reverse=True)
    page.locator(".row img").nth(1).click()
    assert page.locator(".frame img").count() == 4
    page.keyboard.press("5")
    caption = page.locator("figcaption", has_text="|B − A|")
    assert caption.is_visible()
    page.locator(".frame img").first.evaluate("(i) => i.decode()")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: Open, results: Path, persian: Path, scheme: str) -> None:
    for address in PAGES if scheme == "dark" else (*PAGES, "unpaired/index.html"):
        page = open_page(results / address, color_scheme=scheme)
        check(page)
        if address == "first/index.html":
            page.keyboard.press("b")
            page.keyboard.press("Enter")
            for mode in "12":
                page.keyboard.press(mode)
                check(page)
    check(open_page(persian / PAGES[0], color_scheme=scheme))


def check(page: Page) -> None:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in ("serious", "critical")] == []
