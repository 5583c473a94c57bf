"""A run's page as one file to send: every picture inside, re-encoded until it fits, or an even choice of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import RunError
from harness.files import write_text
from harness.progress import Progress, Silent
from harness.report.columns import ranked
from harness.report.gallery import run_document
from harness.report.gathering import RunPage
from harness.report.thumbnails import encode, read_picture, strip_path, write_strips
from harness.report.writing import Surroundings, load_page, render_run
from harness.runs.record import load_record
from harness.web.language import Language, spoken

_QUALITIES = (None, 90, 75, 50)
"""Tried in this order: PNG, then WebP of falling quality."""

# Not the lowest of the above: fewer images, but none whose flaws are the codec's instead of the model's.
_SAMPLED_QUALITY = 75
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class SingleFile:
    """What was written: `shown` of `count` images have their pictures inside; `quality` None is PNG."""

    path: Path
    size: int
    shown: int
    count: int
    quality: int | None


@dataclass(frozen=True)
class _Row:
    """One image's pictures as data addresses."""

    strip: str
    pictures: dict[str, str]

    @property
    def size(self) -> int:
        # Data addresses are ASCII, so letters are bytes; 16 more for the quotes and commas around them in JSON.
        return len(self.strip) + sum(len(address) for address in self.pictures.values()) + 16


def write_single_file(
    run: Path, lang: str | None = None, max_bytes: int = 20 * MEGABYTE, progress: Progress | None = None
) -> SingleFile:
    """Writes `<run>/<run>.html` of at most `max_bytes`.

    Raises:
        RunError: the folder is no complete run, or not even one image's pictures fit.
    """
    words, progress = spoken(lang, load_record(run).lang), progress or Silent()
    page = load_page(run, words)
    write_strips(run, page.names, page.kinds, progress, page.record.boxes)
    embedding = _Embedding(run, page, words, max_bytes, progress)
    for quality in _QUALITIES:
        rows = embedding.all_rows(quality)
        if rows is not None and (written := embedding.write(rows, quality)):
            return written
    return embedding.write_sample()


def _label(quality: int | None) -> str:
    return "Embedding pictures" if quality is None else f"Embedding pictures as WebP of quality {quality}"


@dataclass(frozen=True)
class _Embedding:
    """One run on its way into one file."""

    run: Path
    page: RunPage
    words: Language
    max_bytes: int
    progress: Progress

    @cached_property
    def budget(self) -> int:
        """Bytes that pictures may take."""
        # The page with all names and numbers and no picture; what is left is for pictures.
        return self.max_bytes - len(self.html({}, None, 0).encode())

    def all_rows(self, quality: int | None) -> dict[int, _Row] | None:
        """Every image's pictures, or None as soon as they exceed the budget."""
        rows: dict[int, _Row] = {}
        left = self.budget
        with self.progress.step(_label(quality), len(self.page.pictures)) as step:
            for row in range(len(self.page.pictures)):
                rows[row] = self.row(row, quality)
                left -= rows[row].size
                if left < 0:
                    # At once: encoding ten thousand images only to learn that they do not fit would take minutes.
                    return None
                step.advance()
        return rows

    def write_sample(self) -> SingleFile:
        """Fewer and fewer images, evenly by rank, until they fit; those of the first screen always."""
        order = ranked(self.page.columns[0])
        # The mean of 16 images, evenly by rank, tells about how many fit.
        probe = [self.row(row, _SAMPLED_QUALITY).size for row in evenly(order, 16)]
        wanted = min(len(order), int(self.budget / (sum(probe) / len(probe))))
        known: dict[int, _Row] = {}
        while wanted >= 1:
            rows = {}
            with self.progress.step(f"Embedding {wanted} of {len(order)} images", wanted) as step:
                for row in {*evenly(order, wanted), *(e.row for e in self.page.examples)}:
                    if row not in known:
                        known[row] = self.row(row, _SAMPLED_QUALITY)
                    # Most rows of a smaller choice are new ones, but what was encoded already is not encoded again.
                    rows[row] = known[row]
                    step.advance()
            if written := self.write(rows, _SAMPLED_QUALITY):
                return written
            # Steps of 7 % waste little of the limit and end after a few.
            wanted = int(wanted * 0.93)
        name = self.run.name
        raise RunError(
            f"no pictures of `{name}` fit into a file of {self.max_bytes / MEGABYTE:.1f} MB",
            f"harness report {name} --single-file --max-size {max(1, round(4 * self.max_bytes / MEGABYTE))}MB",
        )

    def write(self, rows: dict[int, _Row], quality: int | None) -> SingleFile | None:
        """Writes the file with these rows, unless it would be too large."""
        # The page tells its own size. Written once with the largest number it may have, it is long enough to tell by.
        size = len(self.html(rows, quality, self.max_bytes).encode())
        html = self.html(rows, quality, size)
        if len(html.encode()) > self.max_bytes:
            return None
        target = self.run / f"{self.run.name}.html"
        write_text(target, html)
        return SingleFile(target, len(html.encode()), len(rows), len(self.page.pictures), quality)

    def html(self, rows: dict[int, _Row], quality: int | None, size: int) -> str:
        page, words, count = self.page, self.words, len(self.page.pictures)
        kinds = [kind for kind in page.kinds if kind != "difference"]
        document: dict[str, Any] = run_document(page, words)
        document["embedded"] = {
            # By row with None for what is left out: scripts find pictures by row, and numbers of all images stay.
            "strips": [rows[row].strip if row in rows else None for row in range(count)],
            "pictures": {
                kind: [rows[r].pictures.get(kind) if r in rows else None for r in range(count)] for kind in kinds
            },
        }
        document["partial"] = len(rows) < count
        how = words.text("single.png") if quality is None else words.text("single.webp", quality=quality)
        written = f"{words.number(size / MEGABYTE, 1)} MB"
        key = "single.sample" if document["partial"] else "single.whole"
        single = words.text(key, how=how, size=written, shown=len(rows), all=count)
        partial = words.text("single.partial", shown=len(rows), all=count) if document["partial"] else ""
        return render_run(page, words, document, self.examples(rows), Surroundings(single=single, partial=partial))

    def examples(self, rows: dict[int, _Row]) -> dict[int, dict[str, str | None]]:
        """Addresses of the first screen's pictures by row and kind."""
        page = self.page
        found: dict[int, dict[str, str | None]] = {}
        for row in {example.row for example in page.examples}:
            found[row] = dict.fromkeys(page.kinds)
            if row in rows:
                found[row] |= rows[row].pictures
                name = page.pictures[row].name
                # The first screen shows a difference without a script's help, so it is embedded for these few.
                box = page.record.boxes.get(name)
                if page.paired and (drawn := read_picture(self.run / "images", "difference", name, box)):
                    found[row]["difference"] = _address(encode(drawn, _SAMPLED_QUALITY), "webp")
        return found

    def row(self, row: int, quality: int | None) -> _Row:
        """One image's pictures, read and encoded."""
        name, pictures = self.page.pictures[row].name, {}
        for kind in self.page.kinds:
            picture = None if kind == "difference" else read_picture(self.run / "images", kind, name)
            # The thumbnails are inside as WebP whatever the quality: small, and never what is looked at closely.
            if picture:
                pictures[kind] = _address(encode(picture, quality), "png" if quality is None else "webp")
        return _Row(_address((self.run / strip_path(row)).read_bytes(), "webp"), pictures)


def evenly(order: Sequence[int], count: int) -> list[int]:
    """Returns `count` entries at even distances, the first and the last among them."""
    if count >= len(order):
        return list(order)
    if count == 1:
        return [order[0]]
    return [order[round(i * (len(order) - 1) / (count - 1))] for i in range(count)]


def _address(encoded: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
