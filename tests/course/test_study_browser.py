"""A study in a real browser: pairs stand as long as asked, keys and touch answer, scoring reads the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from harness.course.tallying import score_study
from harness.course.trials import Study
from tests.course.driving import with_clock

pytestmark = pytest.mark.browser


def take(page: Page, study: Study, *, fooled_by: set[str] = frozenset(), touch: bool = False) -> dict:  # type: ignore[assignment]
    """Goes through a study as somebody who knows the truth and is fooled by some trials; returns what is sent."""
    key = {t["id"]: t["real"] for t in json.loads(study.key.read_text(encoding="utf-8"))["trials"]}
    page.click("#begin")
    pairs = page.evaluate("pairs_()")
    for n, pair in enumerate(pairs):
        page.wait_for_selector("#answers:not([hidden])")
        assert page.locator("#pair img").count() == 0  # nothing is left to look at while one answers
        real = pair.get("real") or key[pair["id"]]
        side = {"left": "right", "right": "left"}[real] if pair["id"] in fooled_by else real
        if touch:
            page.tap(f"[data-side={side}]")
        else:
            page.keyboard.press({"left": "ArrowLeft", "right": "ArrowRight"}[side])
        if n + 1 < len(pairs):
            page.click("#next")
    page.wait_for_selector("#end:not([hidden])")
    return json.loads(page.text_content("#result") or "")


def opened(
    open_page: Callable[..., Page], study: Study, *, driven: bool = False, hertz: float = 60, **options: object
) -> Page:
    return open_page(with_clock(study, driven=driven, hertz=hertz), **options)


_DRIVE = """async (slow) => {
  const answers = document.querySelector("#answers");
  const later = () => new Promise((done) => setTimeout(done));
  for (let frames = 0; ; await later()) {
    while (!clock.waiting.length && answers.hidden) await later(); // pictures are decoded in real time
    if (!answers.hidden) return frames;
    frames += document.querySelector("#pair").classList.contains("shown");
    tick(slow && frames === 3 ? slow : undefined);
  }
}"""


def shown_for(page: Page, *, slow_ms: float = 0) -> int:
    """Draws frames until the next pair has come and gone; returns in how many it stood, the third `slow_ms` late."""
    return page.evaluate(_DRIVE, slow_ms)


@pytest.mark.parametrize(("hertz", "frames"), [(60, 12), (62, 12), (144, 29), (30, 6)])
def test_a_pair_stands_for_the_frames_nearest_to_what_was_asked(
    open_page: Callable[..., Page], short: Study, hertz: float, frames: int
) -> None:
    page = opened(open_page, short, driven=True, hertz=hertz)
    page.click("#begin")
    assert shown_for(page) == frames  # 200 ms
    page.keyboard.press("ArrowLeft")
    page.click("#next")
    assert shown_for(page, slow_ms=150) < frames
    page.keyboard.press("ArrowLeft")
    told = json.loads(page.text_content("#result") or "")
    whole, late = (trial["exposure_ms"] for trial in told["trials"])
    assert whole == pytest.approx(frames * 1000 / hertz, abs=0.02)
    # What the screen really did stands in the file, not what was asked of it.
    assert late >= 150 and told["frame_ms"] == pytest.approx(1000 / hertz, abs=0.01)


def test_nothing_is_shown_before_it_is_decoded(open_page: Callable[..., Page], short: Study) -> None:
    page = opened(open_page, short, driven=True)
    page.evaluate("() => { HTMLImageElement.prototype.decode = () => new Promise((done) => (window.decoded = done)) }")
    page.click("#begin")
    drawn = "async () => { for (let n = 0; n < 25; n++, await new Promise((done) => setTimeout(done))) tick(); }"
    page.evaluate(drawn)
    page.wait_for_function("!!window.decoded", polling=5)
    page.evaluate(drawn)
    assert page.locator("#pair.shown, #pair img").count() == 0


def test_from_the_first_pair_to_the_score(open_page: Callable[..., Page], study: Study, tmp_path: Path) -> None:
    fooled = {study.trials[1].id, study.trials[4].id}
    told = take(opened(open_page, study), study, fooled_by=fooled)
    assert [t["trial"] for t in told["trials"]] != sorted(t["trial"] for t in told["trials"])
    told["trials"] = [t | {"rt_ms": 500} for t in told["trials"]]  # a script answers faster than anybody can look
    (tmp_path / "sent.json").write_text(json.dumps(told), encoding="utf-8")
    score = score_study(study.key, [tmp_path / "sent.json"])
    assert (score.rates[0].fooled, score.rates[0].n) == (2, 8)


def test_by_touch_in_persian_on_a_phone(open_page: Callable[..., Page], study: Study) -> None:
    page = opened(open_page, study, width=390, height=800, has_touch=True)
    page.click("#language")
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["fa", "rtl"]
    assert "واقعی" in (page.text_content("h1") or "") and "harness" in (page.text_content(".foot") or "")
    assert "Made" not in page.inner_text("body")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    told = take(page, study, touch=True)
    assert (told["lang"], len(told["trials"])) == ("fa", 8)


def test_the_page_itself_keeps_its_policy_and_is_accessible(open_page: Callable[..., Page], study: Study) -> None:
    page = open_page(study.page)
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []
    page.click("#begin")
    page.wait_for_selector("#answers:not([hidden])")
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []
    with page.expect_download() as download:
        for n in range(10):
            page.wait_for_selector("#answers:not([hidden])")
            page.keyboard.press("ArrowLeft")
            if n < 9:
                page.keyboard.press("Enter")  # the button has the focus
        page.click("#save")
    assert download.value.suggested_filename.startswith("study-")
