"""The large view in a real browser: true to the pixel, in step, reached by a link, left by a key."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from harness.report.single import write_single_file
from harness.report.writing import write_run_report
from tests.report.samples import SIZE, change_record, draw, sample_run
from tests.report.waiting import until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def stage(page: Page) -> NDArray[np.int16]:
    """The one frame on the stage, brought back to the picture's own pixels."""
    page.evaluate("Promise.all([...document.querySelectorAll('.frame img')].map((i) => i.decode()))")
    frame = page.locator(".frame")
    # whole device pixels, wherever the dialog centres it
    frame.evaluate(
        "(f) => { f.style.position = 'fixed'; f.style.left = '16px'; f.style.top = '128px'; f.style.zIndex = 9 }"
    )
    shot = Image.open(io.BytesIO(frame.screenshot())).convert("RGB")
    times = shot.width // SIZE
    assert shot.size == (times * SIZE, times * SIZE)
    return np.asarray(shot, np.int16)[times // 2 :: times, times // 2 :: times]


def picture(run: Path, kind: str, name: str) -> NDArray[np.int16]:
    with Image.open(run / "images" / kind / f"{name}.png") as image:
        return np.asarray(image.convert("RGB"), np.int16)


@pytest.fixture
def opened(open_page: Open, results: Path) -> Page:
    return open_page(f"{(results / 'first' / 'index.html').as_uri()}#image=003")


def test_the_slider_shows_each_picture_on_its_side(opened: Page, results: Path) -> None:
    run = results / "first"
    opened.keyboard.press("2")
    opened.locator("#share").fill("25")
    output, target = picture(run, "output", "003"), picture(run, "target", "003")
    shown, cut = stage(opened), SIZE // 4
    assert np.array_equal(shown[:, : cut - 2], output[:, : cut - 2])
    assert np.array_equal(shown[:, cut + 2 :], target[:, cut + 2 :])
    opened.locator("#share").focus()
    opened.keyboard.press("ArrowRight")
    assert opened.locator("#share").input_value() == "26"
    expect(opened.locator("#viewer-name")).to_have_text("003")


def test_the_difference_is_the_difference(opened: Page, results: Path) -> None:
    run = results / "first"
    opened.keyboard.press("5")
    apart = np.abs(picture(run, "output", "003") - picture(run, "target", "003"))
    assert np.array_equal(stage(opened), apart)
    opened.locator("#gain").select_option("4")
    assert np.array_equal(stage(opened), np.minimum(255, 4 * apart))
    assert "×4" in (opened.locator("#viewer-note").text_content() or "")


def test_blend_is_the_mean_at_one_half(opened: Page, results: Path) -> None:
    run = results / "first"
    opened.keyboard.press("3")
    mean = (picture(run, "output", "003") + picture(run, "target", "003")) / 2
    assert np.abs(stage(opened) - mean).max() <= 1


def test_any_two_pictures_can_be_set_against_each_other(opened: Page, results: Path) -> None:
    run = results / "first"
    opened.keyboard.press("5")
    opened.locator("#first").select_option(label="Input")
    opened.locator("#swap").click()
    apart = np.abs(picture(run, "input", "003") - picture(run, "target", "003"))
    assert np.array_equal(stage(opened), apart)
    assert opened.locator("figcaption", has_text="|Target − Input|").is_visible()


def test_zoom_and_pan_go_in_step_and_stay_from_image_to_image(opened: Page) -> None:
    frame = opened.locator(".frame").first.bounding_box()
    assert frame
    opened.mouse.move(frame["x"] + 30, frame["y"] + 40)
    opened.mouse.wheel(0, -600)
    opened.mouse.down()
    opened.mouse.move(frame["x"] + 10, frame["y"] + 25)
    opened.mouse.up()
    moved = "[...document.querySelectorAll('.frame img')].map((i) => getComputedStyle(i).transform)"
    before = opened.evaluate(moved)
    assert len(before) == 3 and len(set(before)) == 1 and before[0] != "matrix(1, 0, 0, 1, 0, 0)"
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate(moved) == before
    opened.keyboard.press("0")
    assert set(opened.evaluate(moved)) == {"matrix(1, 0, 0, 1, 0, 0)"}


def test_space_flips_and_with_reduced_motion_nothing_moves_by_itself(open_page: Open, results: Path) -> None:
    address = f"{(results / 'first' / 'index.html').as_uri()}#image=003"
    still = open_page(address, reduced_motion="reduce")
    still.keyboard.press("4")
    assert (
        still.evaluate("new Promise((r) => setTimeout(() => r(document.querySelector('.top').className), 700))")
        == "layer top"
    )
    still.keyboard.press("Space")
    assert still.locator(".top.away").count() == 1
    moving = open_page(address, reduced_motion="no-preference")
    moving.keyboard.press("4")
    moving.wait_for_selector(".top.away", state="attached")


def test_a_link_opens_its_image_and_keys_go_on_in_the_order_shown(open_page: Open, results: Path) -> None:
    address = (results / "first" / "index.html").as_uri()
    page = open_page(address)
    order = page.locator(".row .row-name bdi").all_text_contents()
    link = page.get_by_role("link", name=order[2], exact=True).last
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}#image={order[2]}")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{address}#image={order[3]}")
    page.keyboard.press("c")
    until(page, "self.copied !== undefined")
    assert page.evaluate("self.copied") == page.url
    page.evaluate("self.copied = undefined")
    page.get_by_role("button", name="Open in play").click()
    until(page, "self.copied !== undefined")
    assert re.fullmatch(r"harness play \S+ .*--picture \S+", page.evaluate("self.copied"))
    page.keyboard.press("Escape")
    until(page, "!location.hash")
    assert page.evaluate("document.activeElement.textContent") == order[3]
    page.locator(".examples img").first.click()
    assert page.locator("#viewer").is_visible()
    page.go_back()
    page.wait_for_selector("#viewer", state="hidden")
    page.goto(f"{address}#image=nobody")
    assert not page.locator("#viewer").is_visible()
    page.goto(f"{address}#image=%E0%A4%A")
    assert not page.locator("#viewer").is_visible()


def test_a_point_of_a_plot_opens_its_image(open_page: Open, results: Path) -> None:
    page = open_page(results / "first" / "index.html")
    page.locator("#scatter-ssim-psnr circle[data-row='4']").click()
    expect(page.locator("#viewer-name")).to_have_text("004")


def test_the_keys_are_told(open_page: Open, results: Path) -> None:
    page = open_page(results / "first" / "index.html")
    page.keyboard.press("?")
    assert page.locator("#keys").get_by_text("find a name").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()


@pytest.fixture
def padded(tmp_path: Path) -> Path:
    """A run of pictures of which the upper and lower quarters are padding, with their full sizes."""
    run = sample_run(tmp_path / "padded", ("a", "b"))
    box = [0, SIZE // 4, SIZE, SIZE - SIZE // 4]
    for kind, suffix in (("full", "png"), ("source", "jpg")):
        (run / "images" / kind).mkdir()
        for name in ("a", "b"):
            draw(f"{kind} {name}", size=(120, 60)).save(run / "images" / kind / f"{name}.{suffix}")
    change_record(run, lambda record: [image["geometry"].update(box=box) for image in record["images"]])
    write_run_report(run)
    return run


def test_the_users_own_size_stands_beside_the_source(open_page: Open, padded: Path) -> None:
    page = open_page(f"{(padded / 'index.html').as_uri()}#image=a")
    expect(page.locator("#stage figcaption")).to_have_text(["Input", "Output", "Target"])
    page.keyboard.press("6")
    expect(page.locator("#stage figcaption")).to_have_text(["Source", "Full size"])
    page.evaluate("Promise.all([...document.querySelectorAll('.frame img')].map((i) => i.decode()))")
    until(page, "(([, f]) => f.clientWidth === 2 * f.clientHeight)(document.querySelectorAll('.frame'))")
    assert page.locator(".row .pictures").first.locator("img").count() == 4


def test_a_difference_is_of_the_picture_without_its_padding(open_page: Open, padded: Path) -> None:
    page = open_page(f"{(padded / 'index.html').as_uri()}#image=a")
    page.keyboard.press("5")
    shown, quarter = stage(page), SIZE // 4
    expected = np.abs(picture(padded, "output", "a") - picture(padded, "target", "a"))
    assert not shown[: quarter - 1].any()
    assert not shown[-quarter + 1 :].any()
    assert np.abs(shown[quarter + 1 : -quarter - 1] - expected[quarter + 1 : -quarter - 1]).max() <= 1
    with Image.open(padded / "thumbs" / "000" / "00000.webp") as strip:
        thumbnail = np.asarray(strip.convert("RGB"))[:, -128:]
    assert thumbnail[:28].max() < 24 < thumbnail[40:88].max()


def test_one_file_holds_what_was_drawn_and_no_full_sizes(open_page: Open, padded: Path) -> None:
    page = open_page(f"{write_single_file(padded).path.as_uri()}#image=a")
    expect(page.locator("#stage figcaption")).to_have_text(["Input", "Output", "Target"])
    assert page.locator('input[value="own"]').count() == 0
