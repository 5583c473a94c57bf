"""The JSON a page's scripts read: names, numbers and where the pictures are, by column to stay small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.report.gathering import RunPage
from harness.report.provenance import command_to_play
from harness.web.language import Language

if TYPE_CHECKING:
    from harness.report.comparison import ComparePage


@dataclass(frozen=True)
class Cell:
    """One picture of a row: cell `place` of the strips of run `strip`; at full size in folder `folder`, if there.

    Those with no `place` stand in no strip and in the large view alone.
    """

    id: str
    label: str
    strip: int
    place: int | None
    folder: str | None
    suffix: str = ".png"


@dataclass(frozen=True)
class Strips:
    """The strips of one run: `base` is its folder from the page, `order` its row for each of ours, None if equal."""

    base: str
    cells: int
    order: tuple[int, ...] | None = None


def run_document(page: RunPage, language: Language) -> dict[str, Any]:
    """Returns the document of a run's page."""
    cells = [
        # Differences are drawn by the page from output and target; only their thumbnails are files.
        Cell(kind, language.text(f"kind.{kind}"), 0, place, None if kind == "difference" else f"images/{kind}/")
        for place, kind in enumerate(page.kinds)
    ]
    if page.full:
        cells.append(Cell("source", language.text("kind.source"), 0, None, "images/source/", ".jpg"))
        cells.append(Cell("full", language.text("kind.full"), 0, None, "images/full/"))
    # A source that differs by its suffix alone tells nothing that the name does not.
    sources = [p.source if p.source and p.source.rsplit(".", 1)[0] != p.name else None for p in page.pictures]
    return {
        **gallery_document(page, cells, [Strips("", len(page.kinds), strip_order(page.pick.rows.tolist()))], language),
        "play": command_to_play(page.record),
        "protocol": page.protocol,
        "sources": sources if any(sources) else [],
        "notes": {str(row): list(p.notes) for row, p in enumerate(page.pictures) if p.notes},
        "summary": _summary_table(page),
        "insets": {str(row): _inset(p.geometry) for row, p in enumerate(page.pictures) if p.geometry},
    }


def strip_order(rows: list[int]) -> tuple[int, ...] | None:
    """Returns the rows of a run that a page lists as its strips tell them, None where they are all in order."""
    # As of nearly all runs: shorter than ten thousand numbers.
    return None if rows == list(range(len(rows))) else tuple(rows)


def _inset(geometry: dict[str, Any]) -> str:
    """What of a padded picture's sides is padding, as CSS cuts it off: top, right, bottom, left in percent."""
    (width, height), (left, top, right, bottom) = geometry["frame"], geometry["box"]
    sides = (top / height, 1 - right / width, 1 - bottom / height, left / width)
    return " ".join(f"{100 * side:.4g}%" for side in sides)


def gallery_document(
    page: RunPage | ComparePage, cells: Sequence[Cell], strips: Sequence[Strips], language: Language
) -> dict[str, Any]:
    """Returns what every page with a gallery needs."""
    return {
        "names": list(page.names),
        "columns": [
            {
                "id": c.name,
                "label": c.label,
                "unit": c.unit,
                "better": c.better,
                "decimals": c.decimals,
                "values": [_json(value) for value in c.values],
            }
            for c in page.columns
        ],
        "cells": [vars(cell) for cell in cells],
        "strips": [vars(s) for s in strips],
        "histograms": {h.id: list(h.edges) for h in page.histograms},
        "picked": page.pick.partial,
        **script_texts(language),
    }


def _json(value: float) -> float | str | None:
    """A value as JSON can hold it: infinity, the PSNR of an identical pair, as `inf`, NaN as null."""
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else "inf" if value > 0 else "-inf"


def script_texts(language: Language) -> dict[str, Any]:
    """Returns what scripts need to speak a language."""
    # Only what scripts say themselves; the rest of the strings stands in the page already.
    strings = {k.removeprefix("js."): v for k, v in language.strings.items() if k.startswith("js.")}
    return {"digits": language.digits, "strings": strings}


def _summary_table(page: RunPage) -> dict[str, Any]:
    """The headline numbers as a table to copy: plain digits and a decimal point in every language."""
    head = ["metric", "mean", "low95", "high95", "median", "min", "max", "n", "identical"]
    rows: list[list[object]] = []
    for h in page.headlines:
        s = h.summary
        beside = [b.summary.mean for b in h.baselines]
        rows.append([h.column.name, s.mean, s.low, s.high, s.median, s.min, s.max, s.n, s.identical, *beside])
    without = [None] * len(page.baselines)
    for w in page.wholes:
        t = w.total
        rows.append([w.column.name, t.value, t.low, t.high, None, None, None, t.n, None, *without])
    return {
        "head": [*head, *(f"{b.id}_mean" for b in page.baselines)],
        "rows": rows,
        # One more than the page shows: who copies numbers may round them, but cannot bring digits back.
        "decimals": [c.decimals + 1 for c in (*(h.column for h in page.headlines), *(w.column for w in page.wholes))],
        "whole": ["n", "identical"],
    }
