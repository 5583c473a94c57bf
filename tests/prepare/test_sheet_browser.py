"""The contact sheet in a real browser: pictures load, nothing overflows, nothing is inaccessible."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.workspace import Workspace
from tests.images.pictures import noise

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_the_sheet_in_a_browser(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    folder = tmp_path / "photos"
    folder.mkdir()
    for n, name in enumerate(["عکس", "n" * 200, "100% #1?"]):
        noise(90, 60, n).save(folder / f"{name}.png")
    (folder / "text.jpg").write_text("hello")
    shutil.copytree(folder, tmp_path / "targets")
    page = prepare_images(Workspace(tmp_path / "w"), PrepareRequest(folder=folder, targets=tmp_path / "targets")).page
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    shown = context.new_page()
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("requestfailed", lambda request: said.append(request.url))
    shown.goto(page.as_uri())
    shown.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    shown.wait_for_function("[...document.images].every(image => image.naturalWidth > 0)")
    assert shown.evaluate("document.images.length") == 6
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert [violation["id"] for violation in Axe().run(shown).response["violations"]] == []
    assert said == []
    context.close()
