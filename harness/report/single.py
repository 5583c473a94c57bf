"""A run's page as one file to send: every picture inside, re-encoded until it fits, or an even choice of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RunError
from harness.files import write_text
from harness.progress import Progress, Silent
from harness.report.columns import ranked
from harness.report.gallery import run_document
from harness.report.gathering import RunPage
from harness.report.thumbnails import encode, read_picture, strip_path, write_strips
from harness.report.writing import load_page, render_run
from harness.web.language import Language, language

_QUALITIES = (None, 90, 75, 50)
"""Tried in this order: PNG, then WebP of falling quality."""

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
        return len(self.strip) + sum(len(address) for address in self.pictures.values()) + 16


def write_single_file(
    run: Path, lang: str = "en", max_bytes: int = 20 * MEGABYTE, progress: Progress | None = None
) -> SingleFile:
    """Writes `<run>/<run>.html` of at most `max_bytes`.

    Raises:
        RunError: the folder is no complete run, or not even one image's pictures fit.
    """
    words, progress = language(lang), progress or Silent()
    page = load_page(run, words)
    write_strips(run, [p.name for p in page.pictures], page.kinds, progress)
    bare = len(_html(run, page, words, {}, None, 0).encode())
    for quality in _QUALITIES:
        rows = _all_rows(run, page, quality, max_bytes - bare, progress)
        if rows is not None and (written := _write(run, page, words, rows, quality, max_bytes)):
            return written
    return _write_sample(run, page, words, max_bytes, max_bytes - bare, progress)


def _all_rows(run: Path, page: RunPage, quality: int | None, budget: int, progress: Progress) -> dict[int, _Row] | None:
    """Every image's pictures, or None as soon as they exceed the budget."""
    rows: dict[int, _Row] = {}
    with progress.step(_label(quality), len(page.pictures)) as step:
        for row in range(len(page.pictures)):
            rows[row] = _row(run, page, row, quality)
            budget -= rows[row].size
            if budget < 0:
                return None
            step.advance()
    return rows


def _label(quality: int | None) -> str:
    return "Embedding pictures" if quality is None else f"Embedding pictures as WebP of quality {quality}"


def _write_sample(
    run: Path, page: RunPage, words: Language, max_bytes: int, budget: int, progress: Progress
) -> SingleFile:
    """Fewer and fewer images, evenly by rank, until they fit; those of the first screen always."""
    order = ranked(page.columns[0])
    probe = [_row(run, page, row, _SAMPLED_QUALITY).size for row in evenly(order, 16)]
    wanted = min(len(order), int(budget / (sum(probe) / len(probe))))
    known: dict[int, _Row] = {}
    while wanted >= 1:
        rows = {}
        with progress.step(f"Embedding {wanted} of {len(order)} images", wanted) as step:
            for row in {*evenly(order, wanted), *(e.row for e in page.examples)}:
                if row not in known:
                    known[row] = _row(run, page, row, _SAMPLED_QUALITY)
                rows[row] = known[row]
                step.advance()
        if written := _write(run, page, words, rows, _SAMPLED_QUALITY, max_bytes):
            return written
        wanted = int(wanted * 0.93)
    raise RunError(
        f"no pictures of `{run.name}` fit into a file of {max_bytes / MEGABYTE:.1f} MB",
        f"harness report {run.name} --single-file --max-size {max(1, round(4 * max_bytes / MEGABYTE))}MB",
    )


def evenly(order: Sequence[int], count: int) -> list[int]:
    """Returns `count` entries at even distances, the first and the last among them."""
    if count >= len(order):
        return list(order)
    if count == 1:
        return [order[0]]
    return [order[round(i * (len(order) - 1) / (count - 1))] for i in range(count)]


def _write(
    run: Path, page: RunPage, words: Language, rows: dict[int, _Row], quality: int | None, max_bytes: int
) -> SingleFile | None:
    size = len(_html(run, page, words, rows, quality, max_bytes).encode())
    html = _html(run, page, words, rows, quality, size)
    if len(html.encode()) > max_bytes:
        return None
    target = run / f"{run.name}.html"
    write_text(target, html)
    return SingleFile(target, len(html.encode()), len(rows), len(page.pictures), quality)


def _html(run: Path, page: RunPage, words: Language, rows: dict[int, _Row], quality: int | None, size: int) -> str:
    count = len(page.pictures)
    kinds = [kind for kind in page.kinds if kind != "difference"]
    document: dict[str, Any] = run_document(page, words)
    document["embedded"] = {
        "strips": [rows[row].strip if row in rows else None for row in range(count)],
        "pictures": {kind: [rows[r].pictures.get(kind) if r in rows else None for r in range(count)] for kind in kinds},
    }
    document["partial"] = len(rows) < count
    how = words.text("single.png") if quality is None else words.text("single.webp", quality=quality)
    written = f"{words.number(size / MEGABYTE, 1)} MB"
    key = "single.sample" if document["partial"] else "single.whole"
    single = words.text(key, how=how, size=written, shown=len(rows), all=count)
    partial = words.text("single.partial", shown=len(rows), all=count) if document["partial"] else ""
    return render_run(page, words, document, _examples(run, page, rows), single=single, partial=partial)


def _examples(run: Path, page: RunPage, rows: dict[int, _Row]) -> dict[int, dict[str, str | None]]:
    found: dict[int, dict[str, str | None]] = {}
    for row in {example.row for example in page.examples}:
        found[row] = dict.fromkeys(page.kinds)
        if row in rows:
            found[row] |= rows[row].pictures
            drawn = read_picture(run / "images", "difference", page.pictures[row].name) if page.paired else None
            if drawn:
                found[row]["difference"] = _address(encode(drawn, _SAMPLED_QUALITY), "webp")
    return found


def _row(run: Path, page: RunPage, row: int, quality: int | None) -> _Row:
    name, pictures = page.pictures[row].name, {}
    for kind in page.kinds:
        picture = None if kind == "difference" else read_picture(run / "images", kind, name)
        if picture:
            pictures[kind] = _address(encode(picture, quality), "png" if quality is None else "webp")
    return _Row(_address((run / strip_path(row)).read_bytes(), "webp"), pictures)


def _address(encoded: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
