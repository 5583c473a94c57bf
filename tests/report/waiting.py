"""Waiting inside a page whose content policy refuses the strings Playwright's own `wait_for_function` evaluates."""

from __future__ import annotations

from playwright.sync_api import Page


def until(page: Page, condition: str) -> None:
    """Returns when a JavaScript expression is true in the page; the test's own time limit ends it otherwise."""
    page.evaluate(f"new Promise((done) => (function look() {{ ({condition}) ? done() : setTimeout(look, 10); }})())")
