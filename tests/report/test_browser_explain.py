"""The page of `harness explain` in a real browser; here, beside the browser it shares with the reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from harness.explain.explaining import write_explanation
from harness.workspace import Workspace

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("fa", "dark")])
def test_the_explanation_is_whole_offline_and_accessible(
    lang: str, scheme: str, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    address = write_explanation(Workspace(tmp_path), "facades_label2photo", lang)
    page = open_page(address, width=400, color_scheme=scheme, bypass_csp=True)

    assert page.evaluate("document.documentElement.scrollWidth") == 400
    assert page.locator(".strip img").count() == 11
    assert page.evaluate("[...document.images].every((i) => i.complete && i.naturalWidth === 256)")
    page.locator("#generator summary").click()
    assert page.locator("#generator tbody tr").count() == 48
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []
