"""The page in a real browser: drawn on with real pointers, and its pictures are those of `harness test`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from harness.images.palettes import FACADES
from harness.play.serving import Server
from harness.sets.test_set import load_test_set
from harness.workspace import Workspace
from tests.play.conftest import canvas, differences, drawn_by_test, settled

pytestmark = pytest.mark.browser
COLOURS = {c.name: np.array(c.rgb) for c in FACADES}


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A fresh page, desktop size; whatever it says on the console, and every other address, fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True, has_touch=True)
    shown = context.new_page()
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.on(
        "request", lambda r: said.append(r.url) if urlsplit(r.url).hostname not in {"127.0.0.1", "", None} else None
    )
    shown.goto(server.address)
    settled(shown)
    yield shown
    context.close()
    assert [line for line in said if "Failed to load" not in line] == []


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the paper is on the screen, its middle."""
    box = page.locator("#paper").bounding_box()
    assert box
    return box["x"] + (x + 0.5) * box["width"] / 256, box["y"] + (y + 0.5) * box["height"] / 256


def drag(page: Page, *points: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, *point), steps=4)
    page.mouse.up()


def blank(page: Page) -> None:
    page.click("#clear")
    settled(page)


def test_a_map_of_the_set_gives_the_pixels_of_the_test(page: Page, workspace: Workspace) -> None:
    for name, output in drawn_by_test(workspace, "maps", 3).items():
        page.select_option("#start", label=name)
        settled(page)
        assert page.input_value("#name") == name
        assert differences(canvas(page, "result"), output) == (0, 0)
    page.fill("#seed-typed", "4")
    settled(page)
    assert differences(canvas(page, "result"), output)[0] > 20


def test_shapes_have_hard_edges_and_are_where_the_pointer_was(page: Page) -> None:
    blank(page)
    page.click("text=Window")
    drag(page, (20, 30), (60, 90))
    page.keyboard.press("l")
    page.locator("#width").fill("3")
    page.click("text=Pillar")
    drag(page, (100, 10), (200, 10))
    page.keyboard.press("b")
    page.click("text=Shop")
    page.locator("#width").fill("1")
    drag(page, (100, 100), (150, 100), (150, 150))
    paper = canvas(page, "paper")
    assert (paper[30:91, 20:61] == COLOURS["window"]).all()
    assert (paper[9:12, 100:201] == COLOURS["pillar"]).all()
    assert (paper[100, 100:151] == COLOURS["shop"]).all() and (paper[100:151, 150] == COLOURS["shop"]).all()
    found = {tuple(colour) for colour in np.unique(paper.reshape(-1, 3), axis=0).tolist()}
    assert found == {tuple(COLOURS[name].tolist()) for name in ("background", "window", "pillar", "shop")}
    page.keyboard.press("f")
    page.click("text=Sill")
    page.mouse.click(*at(page, 40, 60))
    assert (canvas(page, "paper")[30:91, 20:61] == COLOURS["sill"]).all()
    assert (canvas(page, "paper")[0, 0] == COLOURS["background"]).all()
    page.keyboard.press("i")
    page.mouse.click(*at(page, 150, 120))
    assert page.is_checked("[name=class][value='#af0000']")


def test_undo_redo_and_a_stroke_that_is_given_up(page: Page) -> None:
    blank(page)
    before = canvas(page, "paper")
    drag(page, (20, 30), (60, 90))
    after = canvas(page, "paper")
    page.keyboard.press("Control+z")
    assert (canvas(page, "paper") == before).all()
    page.keyboard.press("Control+Shift+Z")
    assert (canvas(page, "paper") == after).all() and page.is_disabled("#redo")
    page.mouse.move(*at(page, 100, 100))
    page.mouse.down()
    page.mouse.move(*at(page, 140, 140))
    page.keyboard.press("Escape")
    page.mouse.up()
    assert (canvas(page, "paper") == after).all()


def test_drawing_by_keys_alone(page: Page) -> None:
    blank(page)
    page.focus("#paper")
    page.keyboard.press("r")
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert (canvas(page, "paper")[128:139, 128:139] == COLOURS["window"]).all()
    assert (canvas(page, "paper") == COLOURS["window"]).all(axis=2).sum() == 11 * 11


def test_two_fingers_zoom_and_draw_nothing(page: Page) -> None:
    blank(page)
    before = canvas(page, "paper")
    (x, y), client = at(page, 100, 100), page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [
            {"x": px, "y": py, "id": n} for n, (px, py) in enumerate(points)]})  # fmt: skip

    touch("touchStart", (x, y))
    touch("touchStart", (x, y), (x + 60, y))
    touch("touchMove", (x - 60, y), (x + 120, y))
    touch("touchEnd")
    assert page.inner_text("#fit") == "300%"
    assert (canvas(page, "paper") == before).all()
    touch("touchStart", (x, y))
    touch("touchMove", (x + 30, y + 30))
    touch("touchEnd")
    assert not (canvas(page, "paper") == before).all()


def test_samples_differ_and_their_spread_is_shown(page: Page) -> None:
    page.check("#samples")
    settled(page)
    assert page.locator("#strip canvas").count() == 5
    page.uncheck("#samples")
    settled(page)
    assert page.is_hidden("#spread")


def test_nearness_is_named_by_classes(page: Page) -> None:
    assert "Like the training pictures" in page.inner_text("#near-verdict")
    blank(page)
    drag(page, (5, 5), (250, 250))
    settled(page)
    assert "Far from" in page.inner_text("#near-verdict")
    assert page.inner_text("#near-classes li >> nth=0") == "Window: more than in 256 of 256 training pictures"


def test_a_drawing_in_the_set_is_tested_with_the_same_pixels(page: Page, workspace: Workspace) -> None:
    blank(page)
    drag(page, (20, 30), (60, 90))
    page.fill("#name", "my/house #1")
    page.keyboard.press("Tab")
    settled(page)
    assert page.input_value("#name") == "my_house _1"
    drawn = canvas(page, "result")
    page.click("#add")
    page.wait_for_selector("#added:not([hidden])")
    assert "--dataset drawings --engine native --seed 3" in page.inner_text("#added-command")
    page.evaluate("navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false")
    page.click("[data-copy=added-command]")
    page.wait_for_function("() => document.getElementById('said').textContent === 'The browser refused to copy'")
    image = load_test_set(workspace.dataset("drawings")).images[-1]
    assert image.name == "my_house _1" and image.nearness and image.operations[0].startswith("drawn by hand")
    assert differences(drawn_by_test(workspace, "drawings", 3)["my_house _1"], drawn) == (0, 0)
    page.click("#add")
    page.wait_for_selector("#problem:not([hidden])")
    assert "has a picture `my_house _1`: give the drawing another name" in page.inner_text("#problem")


def _dropped(page: Page, name: str, kind: str, content: bytes) -> None:
    page.evaluate(
        """([name, kind, bytes]) => { const all = new DataTransfer();
        all.items.add(new File([new Uint8Array(bytes)], name, { type: kind }));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: all, bubbles: true, cancelable: true })); }""",
        [name, kind, list(content)],
    )


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def test_a_text_file_dropped_is_answered(page: Page) -> None:
    before = canvas(page, "paper")
    _dropped(page, "notes.txt", "text/plain", b"hello")
    page.wait_for_selector("#problem:not([hidden])")
    assert "“notes.txt” is no picture" in page.inner_text("#problem")
    assert (canvas(page, "paper") == before).all()


def test_a_pair_is_halved_and_another_shape_is_cropped_and_snapped(page: Page, workspace: Workspace) -> None:
    maps = sorted((workspace.root / "own").glob("*.png"))
    label = Image.open(maps[1])
    pair = Image.new("RGB", (512, 256), (9, 9, 9))
    pair.paste(label, (256, 0))  # the demo's generator takes the right half, B
    _dropped(page, "pair.png", "image/png", _png(pair))
    page.wait_for_function("() => document.getElementById('name').value === 'pair'")
    assert (canvas(page, "paper") == np.asarray(label)).all()
    wide = label.resize((900, 600), Image.Resampling.BICUBIC)  # mixed colours at every edge
    _dropped(page, "wide.png", "image/png", _png(wide))
    page.wait_for_selector("#crop[open]")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('name').value === 'wide'")
    found = {tuple(colour) for colour in np.unique(canvas(page, "paper").reshape(-1, 3), axis=0).tolist()}
    assert found <= {tuple(colour.tolist()) for colour in COLOURS.values()}


def test_a_picture_of_forty_megapixels_is_taken(page: Page) -> None:
    page.evaluate(
        """async () => { const canvas = new OffscreenCanvas(8000, 5000); const ink = canvas.getContext("2d");
        ink.fillStyle = "#0030ff"; ink.fillRect(0, 0, 8000, 5000);
        const all = new DataTransfer(); all.items.add(new File([await canvas.convertToBlob()], "large.png"));
        document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: all, bubbles: true })); }"""
    )
    page.wait_for_selector("#crop[open]")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('name').value === 'large'")
    assert (canvas(page, "paper") == COLOURS["facade"]).all()


def test_what_is_saved(page: Page, tmp_path: Path) -> None:
    for button, size in (("#save", (256, 256)), ("#save-pair", (512, 256))):
        with page.expect_download() as waiting:
            page.click(button)
        waiting.value.save_as(tmp_path / "saved.png")
        saved = Image.open(tmp_path / "saved.png").convert("RGB")
        assert saved.size == size
    assert (np.asarray(saved)[:, 256:] == canvas(page, "paper")).all()  # B, the input, stands right


@pytest.mark.parametrize(("width", "scheme", "lang"), [(390, "light", "fa"), (1440, "dark", "en"), (390, "dark", "en")])
def test_it_fits_and_is_accessible(browser: Browser, server: Server, width: int, scheme: str, lang: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    shown = context.new_page()
    shown.goto(f"{server.address}?lang={lang}")
    settled(shown)
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.evaluate("document.documentElement.dir") == ("rtl" if lang == "fa" else "ltr")
    assert [violation["id"] for violation in Axe().run(shown).response["violations"]] == []
    context.close()


def test_a_reload_and_the_other_language_keep_the_drawing(page: Page) -> None:
    blank(page)
    drag(page, (20, 30), (60, 90))
    page.fill("#name", "mine")
    page.keyboard.press("Tab")
    settled(page)
    drawn = canvas(page, "paper")
    page.click("a[hreflang]")
    settled(page)
    assert page.evaluate("document.documentElement.lang") == "fa" and page.input_value("#name") == "mine"
    assert (canvas(page, "paper") == drawn).all()


def test_a_server_that_stopped_is_said_and_the_drawing_stays(
    page: Page,
) -> None:
    page.route("**/draw?*", lambda route: route.abort())
    drag(page, (20, 30), (60, 90))
    page.wait_for_selector("#problem:not([hidden])")
    assert "The server has stopped" in page.inner_text("#problem") and "`harness play demo`" in page.inner_text(
        "#problem"
    )
    assert (canvas(page, "paper")[30:91, 20:61] == COLOURS["window"]).all()
