"""The contact sheet of a set, `index.html`: before and after of every picture, warnings, refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from harness.prepare.picture import thumbnail_of
from harness.sets.roles import PARTS
from harness.sets.test_set import TestSet
from harness.web.language import Language
from harness.web.render import render_page, write_pages


def write_sheet(folder: Path, test_set: TestSet, words: Language) -> Path:
    """Writes `index.html` into the set's folder, from `dataset.json`'s content and the pictures there."""
    page, images = folder / "index.html", test_set.images
    parts = Counter(image.part for image in images)
    judged = [image.nearness for image in images if image.nearness]
    verdicts = Counter(nearness["verdict"] for nearness in judged)
    thumbnails = [thumbnail_of(image.name) for image in images]
    context: dict[str, Any] = {
        "set": test_set,
        # Each picture, what it was made of and the size in pixels of that.
        "cards": [(i, before, _size(folder / before)) for i, before in zip(images, thumbnails, strict=True)],
        # Of the first picture: all have one size but for `--size own`.
        "size": _size(folder / images[0].output),
        "parts": {part: parts[part] for part in PARTS if parts[part]},
        "verdicts": {verdict: verdicts[verdict] for verdict in ("near", "unusual", "far") if verdicts[verdict]},
        "percentiles": sorted(float(nearness["percentile"]) for nearness in judged),
        "warned": sum(bool(image.warnings) for image in images),
    }

    def render(words: Language, pages: Mapping[str, str]) -> str:
        return render_page(
            "sheet.html.j2", words, styles=("sheet.css",), package="harness.prepare", pages=pages, **context
        )

    write_pages(page, words, render)
    return page


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size
