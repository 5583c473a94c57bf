"""The contact sheet of a set, `index.html`: before and after of every picture, warnings, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image

from harness.prepare.picture import thumbnail_of
from harness.sets.test_set import SetImage, TestSet
from harness.web.language import Language
from harness.web.render import render_page, write_pages


@dataclass(frozen=True)
class Card:
    """One picture on the sheet; links are relative and percent-encoded."""

    name: str
    image: SetImage
    before: str
    before_size: tuple[int, int]
    after: str
    part: str


def write_sheet(folder: Path, test_set: TestSet, words: Language) -> Path:
    """Writes `index.html` into the set's folder, from `dataset.json`'s content and the pictures there."""
    page, context = folder / "index.html", _context(folder, test_set)

    def render(words: Language, pages: Mapping[str, str]) -> str:
        return render_page(
            "sheet.html.j2", words, styles=("sheet.css",), package="harness.prepare", pages=pages, **context
        )

    write_pages(page, words, render)
    return page


def _context(folder: Path, test_set: TestSet) -> dict[str, Any]:
    cards = [_card(folder, image) for image in test_set.images]
    parts = sorted({card.part for card in cards}, key=["train", "val", "test"].index)
    return {
        "set": test_set,
        "cards": cards,
        "size": _after_size(folder, test_set),
        "parts": {part: sum(card.part == part for card in cards) for part in parts},
        "verdicts": _verdicts(test_set),
        "percentiles": sorted(float(i.nearness["percentile"]) for i in test_set.images if i.nearness),
        "warned": sum(bool(card.image.warnings) for card in cards),
    }


def _verdicts(test_set: TestSet) -> dict[str, int]:
    """Counts of `near`, `unusual` and `far` pictures, those that occur."""
    found = [image.nearness["verdict"] for image in test_set.images if image.nearness]
    return {verdict: found.count(verdict) for verdict in ("near", "unusual", "far") if verdict in found}


def _card(folder: Path, image: SetImage) -> Card:
    before = thumbnail_of(image.name)
    with Image.open(folder / before) as picture:
        size = picture.size
    part = image.output.split("/")[0].removesuffix("A")
    return Card(image.name, image, quote(before), size, quote(image.output), part)


def _after_size(folder: Path, test_set: TestSet) -> tuple[int, int]:
    with Image.open(folder / test_set.images[0].output) as picture:
        # Of the first picture: all have one size but for `--size own`.
        return picture.size
