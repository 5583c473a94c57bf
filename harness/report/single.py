"""A run's page as one file to send: every picture inside, re-encoded until it fits, or an even choice of them."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean

from harness.errors import RunError, quoted
from harness.files import write_text
from harness.progress import Progress, Silent
from harness.report.gallery import run_document
from harness.report.gathering import RunPage
from harness.report.picking import ranked
from harness.report.thumbnails import encode, read_picture, strip_path, write_strips
from harness.report.writing import load_page, render_run
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
    page = load_page(run, progress)(words)
    write_strips(run, page.rows, page.kinds, progress, page.boxes)
    embedding = _Embedding(run, page, words, max_bytes, progress)
    for quality in _QUALITIES:
        title = "Embedding pictures" if quality is None else f"Embedding pictures as WebP of quality {quality}"
        if written := embedding.of(range(len(page.pictures)), quality, {}, title):
            return written
    return embedding.of_sample()


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

    def of(self, chosen: Collection[int], quality: int | None, known: dict[int, _Row], title: str) -> SingleFile | None:
        """Writes the file with the pictures of some rows, unless it would be too large; `known` are encoded already."""
        left = self.budget
        with self.progress.step(title, len(chosen)) as step:
            for row in chosen:
                known[row] = known.get(row) or self.row(row, quality)
                left -= known[row].size
                if left < 0:
                    # At once: encoding ten thousand images only to learn that they do not fit would take minutes.
                    return None
                step.advance()
        return self.write({row: known[row] for row in chosen}, quality)

    def of_sample(self) -> SingleFile:
        """Fewer and fewer images, evenly by rank, until they fit; those of the first screen always."""
        first = self.page.columns[0]
        order = ranked(first.values, first.better).tolist()
        # The mean of 16 images, evenly by rank, tells about how many fit.
        known = {row: self.row(row, _SAMPLED_QUALITY) for row in evenly(order, 16)}
        wanted = min(len(order), int(self.budget / mean(row.size for row in known.values())))
        while wanted >= 1:
            # Most rows of a smaller choice are new ones, but what was encoded already is not encoded again.
            chosen = {*evenly(order, wanted), *self.page.examples.values()}
            title = f"Embedding {wanted} of {len(order)} images"
            if written := self.of(chosen, _SAMPLED_QUALITY, known, title):
                return written
            # Steps of 7 % waste little of the limit and end after a few.
            wanted = int(wanted * 0.93)
        name = self.run.name
        raise RunError(
            f"no pictures of `{name}` fit into a file of {self.max_bytes / MEGABYTE:.1f} MB",
            f"harness report {quoted(name)} --single-file --max-size {max(1, round(4 * self.max_bytes / MEGABYTE))}MB",
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
        return SingleFile(target, len(html.encode()), len(rows), self.page.pick.count, quality)

    def html(self, rows: dict[int, _Row], quality: int | None, size: int) -> str:
        page, words, count = self.page, self.words, self.page.pick.count
        # By row with None for what is left out: scripts find pictures by row, and numbers of all images stay.
        every = [rows.get(row) for row in range(len(page.pictures))]
        document = run_document(page, words)
        document["embedded"] = {
            "strips": [row and row.strip for row in every],
            "pictures": {k: [row and row.pictures.get(k) for row in every] for k in page.kinds if k != "difference"},
        }
        document["partial"] = partial = len(rows) < count
        numbers = {"shown": len(rows), "all": count}
        how = words.text("single.png") if quality is None else words.text("single.webp", quality=quality)
        written = f"{words.number(size / MEGABYTE, 1)} MB"
        single = words.text("single.sample" if partial else "single.whole", how=how, size=written, **numbers)
        shown = words.text("single.partial", **numbers) if partial else ""
        return render_run(page, words, document, self.examples(rows), single=single, partial=shown)

    def examples(self, rows: dict[int, _Row]) -> dict[int, dict[str, str | None]]:
        """Addresses of the first screen's pictures by row and kind."""
        page = self.page
        found: dict[int, dict[str, str | None]] = {}
        for row in {*page.examples.values()}:
            found[row] = dict.fromkeys(page.kinds) | (rows[row].pictures if row in rows else {})
            name = page.names[row]
            # The first screen shows a difference without a script's help, so it is embedded for these few.
            if row in rows and page.paired:
                drawn = read_picture(self.run / "images", "difference", name, page.boxes.get(name))
                found[row]["difference"] = _address(encode(drawn, _SAMPLED_QUALITY), "webp") if drawn else None
        return found

    def row(self, row: int, quality: int | None) -> _Row:
        """One image's pictures, read and encoded."""
        name, pictures = self.page.names[row], {}
        for kind in self.page.kinds:
            picture = None if kind == "difference" else read_picture(self.run / "images", kind, name)
            # The thumbnails are inside as WebP whatever the quality: small, and never what is looked at closely.
            if picture:
                pictures[kind] = _address(encode(picture, quality), "png" if quality is None else "webp")
        strip = self.run / strip_path(int(self.page.pick.rows[row]))
        return _Row(_address(strip.read_bytes(), "webp"), pictures)


def evenly(order: Sequence[int], count: int) -> list[int]:
    """Returns `count` entries at even distances, the first and the last among them."""
    if count >= len(order):
        return list(order)
    return [order[round(i * (len(order) - 1) / max(1, count - 1))] for i in range(count)]


def _address(encoded: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
