"""The contact sheet shows every picture, reason and warning, and lets nothing in a name become markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from harness.prepare.planning import plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import carry_out
from harness.prepare.sheet import write_sheet
from harness.sets.test_set import load_test_set
from harness.web.language import language
from harness.workspace import Workspace
from tests.images.pictures import noise


class Links(HTMLParser):
    """Collects what a page points to and the tags it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [v for name, v in attrs if name in {"src", "href"} and v and not v.startswith("#")]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "<i>photos & co"
    folder.mkdir()
    for n, name in enumerate(["<script>alert(1)<", "خانه", "100% #1?", 'quote"onerror=x']):
        noise(90, 60, n).save(folder / f"{name}.png")
    noise(2000, 100).save(folder / "panorama.png")
    (folder / "<b>.txt").write_text("hello")
    workspace = Workspace(tmp_path / "workspace")
    return carry_out(workspace, plan_images(workspace, PrepareRequest(folder=folder, size=(32, 32)))).page


def test_everything_is_on_it_and_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = Links()
    found.feed(text)
    assert len(found.links) == 1 + 5 * 3
    for link in found.links:
        assert (page.parent / unquote(link)).is_file(), link
    assert "خانه.png" in text
    assert 'the crop keeps 5% of the picture; try <code dir="ltr">--fit pad</code>' in text
    assert "is no picture: it holds text" in text


def test_names_never_become_markup(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = Links()
    found.feed(text)
    assert found.tags.count("script") == 1, "the one of the base page"
    assert "i" not in found.tags
    assert "&lt;script&gt;alert(1)&lt;.png" in text
    assert not re.search(r"<[^>]*\sonerror=", text)


def test_nothing_comes_from_the_net(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in text
    assert not re.search(r"https?://", text)


def test_thumbnails_keep_the_shape_and_are_small(page: Path) -> None:
    for path in (page.parent / "sheet").iterdir():
        with Image.open(path) as picture:
            assert max(picture.size) <= 240
            assert picture.info.get("exif") is None
    with Image.open(page.parent / "sheet" / "خانه.jpg") as picture:
        assert picture.size == (90, 60)


def test_the_page_can_be_written_again_from_the_document(page: Path) -> None:
    before = page.read_text(encoding="utf-8")
    page.unlink()
    write_sheet(page.parent, load_test_set(page.parent), language("en"))
    assert page.read_text(encoding="utf-8") == before


def test_nearness_is_shown_where_it_was_measured(page: Path) -> None:
    made = load_test_set(page.parent)
    nearness = {"verdict": "far", "percentile": 99.94, "reasons": ["much <darker>"], "advice": ["brighten it"]}
    images = (replace(made.images[0], nearness=nearness), *made.images[1:])
    write_sheet(page.parent, replace(made, images=images), language("en"))
    text = page.read_text(encoding="utf-8")
    assert "farther out than 99.9 % of the training pictures: much &lt;darker&gt;" in text
    assert "Nearer: brighten it" in text
    assert "<dd>1 far</dd>" in text


def test_the_sets_nearness_stands_at_the_top_with_a_mark_a_picture(page: Path) -> None:
    made = load_test_set(page.parent)
    assert "<svg" not in page.read_text(encoding="utf-8").split("<h1>")[1]
    near = {"verdict": "near", "percentile": 50.0, "reasons": [], "advice": []}
    images = tuple(replace(image, nearness=near | {"percentile": 10.0 * n}) for n, image in enumerate(made.images))
    together = {
        "verdict": "unusual", "distance": 0.1234, "low": 0.1, "high": 0.2, "domain": "horse", "n": 5,
        "median_percentile": 20.0, "share_far": 0.4,
    }  # fmt: skip
    made = replace(made, images=images, nearness=together)
    text = write_sheet(page.parent, made, language("en")).read_text(encoding="utf-8")
    assert "The set is unusual</strong> – 0.123 from" in text
    assert "interval 0.100 to 0.200" in text and "40 % of them beyond 95" in text
    assert 'd="M0.0 6V24M40.0 6V24M80.0 6V24M120.0 6V24M160.0 6V24"' in text
