"""What a comparison's page shows: runs of the same images side by side, every other one against the first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.metrics.comparing import ColumnComparison, Comparison
from harness.metrics.statistics import Summary
from harness.report.columns import Column
from harness.report.gallery import Cell, Strips, gallery_document
from harness.report.gathering import RunPage
from harness.web.charts import Differences, Histogram, Scatter, differences, histogram, scatter
from harness.web.language import Language, language

# A run's letter is part of the ids its columns and cells have (`output-B`), so each run needs one of its own.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_RUNS = len(_LETTERS)


@dataclass(frozen=True)
class ComparedRun:
    """One run; `base` is its folder's address seen from the page, `comparison` its difference to the first."""

    letter: str
    page: RunPage
    base: str
    comparison: Comparison | None

    @property
    def order(self) -> dict[str, int]:
        """The row of each image in this run."""
        return {picture.name: row for row, picture in enumerate(self.page.pictures)}


@dataclass(frozen=True)
class Line:
    """One run's line in the table of one metric; `change` is None for the first run."""

    letter: str
    name: str
    summary: Summary
    change: ColumnComparison | None


@dataclass(frozen=True)
class MetricTable:
    """One metric over all runs, with what the differences say in words."""

    column: Column
    lines: tuple[Line, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """An image on which a run differs much from the first: `gain` says whether for the better."""

    letter: str
    name: str
    difference: float
    gain: bool


@dataclass(frozen=True)
class ComparePage:
    """A comparison's page; `columns` are the numbers of a row of the gallery, `names` its images; see `notes_of`."""

    runs: tuple[ComparedRun, ...]
    names: tuple[str, ...]
    tables: tuple[MetricTable, ...]
    columns: tuple[Column, ...]
    changes: tuple[Change, ...]
    spectra: tuple[Differences, ...]
    scatters: tuple[Scatter, ...]
    histograms: tuple[Histogram, ...]
    same_preparation: bool
    notes: tuple[str, ...]
    protocol: str


def compare_page(
    pages: Sequence[RunPage], bases: Sequence[str], comparisons: Sequence[Comparison], words: Language
) -> ComparePage:
    """Returns the data of a comparison of `pages`; `comparisons` are of each page after the first with it."""
    runs = tuple(
        ComparedRun(letter, page, base, comparison)
        for letter, page, base, comparison in zip(_LETTERS, pages, bases, (None, *comparisons), strict=False)
    )
    names = tuple(picture.name for picture in pages[0].pictures)
    others = runs[1:]
    # The first run's order of metrics; one that any other run lacks has no difference to show.
    metrics = [h.column for h in pages[0].headlines if all(h.column.id in c.columns for c in comparisons)]
    columns = _columns(runs, metrics, names, words)
    return ComparePage(
        runs=runs,
        names=names,
        tables=tuple(_table(runs, column, words) for column in metrics),
        columns=columns,
        # Two gains and two losses of a single pair; of several runs one each, or the first screen would be full.
        changes=tuple(c for run in others for c in _changes(run, metrics[0], 2 if len(others) == 1 else 1)),
        # One chart a metric for a pair of runs; of several only the first metric, a chart a run.
        spectra=tuple(
            chart
            for run in others
            for column in (metrics if len(others) == 1 else metrics[:1])
            if (chart := _spectrum(run, column, words)) is not None
        ),
        scatters=tuple(s for run in others if (s := _scatter(runs[0], run, metrics[0], names, words)) is not None),
        # Of the differences alone: histograms of the values stand on each run's own page.
        histograms=tuple(
            h
            for c in columns
            if c.id.startswith("delta-")
            if (h := histogram(c.id, c.title, c.values, c.decimals, words)) is not None
        ),
        same_preparation=all(c.of.same_preparation for c in comparisons),
        notes=notes_of(comparisons, words),
        protocol=pages[0].protocol,
    )


def notes_of(comparisons: Sequence[Comparison], words: Language) -> tuple[str, ...]:
    """Returns what must be said above the numbers: of pictures prepared in two ways, or not hashed in their time."""
    notes = []
    if not all(c.of.same_preparation for c in comparisons):
        notes.append(words.text("compare.prepared"))
    if not all(c.of.hashed for c in comparisons):
        notes.append(words.text("compare.unhashed"))
    return tuple(notes)


def _columns(
    runs: Sequence[ComparedRun], metrics: Sequence[Column], names: Sequence[str], words: Language
) -> tuple[Column, ...]:
    """The first metric of every run, then the differences: of all metrics for two runs, of the first for more."""
    first = metrics[0]
    found = [
        replace(
            first,
            id=f"{first.id}-{run.letter}",
            label=f"{first.label} {run.letter}",
            values=_values(run, first.id, names),
        )
        for run in runs
    ]
    for run in runs[1:]:
        for metric in metrics if len(runs) == 2 else metrics[:1]:
            assert run.comparison is not None
            by_name = run.comparison.columns[metric.id].differences
            label = words.text("compare.delta", column=metric.label, run=run.letter)
            values = tuple(by_name[name] for name in names)
            found.append(replace(metric, id=f"delta-{metric.id}-{run.letter}", label=label, values=values))
    return tuple(found)


def _values(run: ComparedRun, id_: str, names: Sequence[str]) -> tuple[float, ...]:
    # By its id: runs may have been measured by other metrics beside those they share. The row of an image is another
    # in each run, too: each sorted its own files.
    column = next(column for column in run.page.columns if column.id == id_)
    order = run.order
    return tuple(column.values[order[name]] for name in names)


def _table(runs: Sequence[ComparedRun], column: Column, words: Language) -> MetricTable:
    lines = []
    for run in runs:
        summary = next(h.summary for h in run.page.headlines if h.column.id == column.id)
        change = run.comparison.columns[column.id] if run.comparison else None
        lines.append(Line(run.letter, run.page.name, summary, change))
    return MetricTable(column, tuple(lines), tuple(_sentence(line, column, words) for line in lines[1:]))


def _sentence(line: Line, column: Column, words: Language) -> str:
    change = line.change
    assert change is not None
    if change.low is None or change.high is None or change.mean is None:
        return words.text("compare.unknown", run=line.letter)
    # One decimal more than the values have, for differences are much smaller than what they are differences of.
    interval = f"{words.number(change.low, column.decimals + 1, signed=True)} … "
    interval += words.number(change.high, column.decimals + 1, signed=True)
    values = {"run": line.letter, "value": isolated(words.number(change.mean, column.decimals + 1, signed=True))}
    values["interval"] = isolated(interval)
    # Zero within the 95 % interval: the images do not tell which of the two is better.
    if change.low <= 0 <= change.high:
        return words.text("compare.unclear", **values)
    # Such as likeness to the input: the change is certain, but no gain and no loss.
    if column.better is None:
        return words.text("compare.clear_other", **values)
    better = (change.mean > 0) == (column.better == "higher")
    return words.text("compare.clear_better" if better else "compare.clear_worse", **values)


def isolated(number: str) -> str:
    """Returns a number that keeps its own direction inside a sentence of any other."""
    # LEFT-TO-RIGHT ISOLATE and POP DIRECTIONAL ISOLATE (UAX 9): in a Persian sentence the minus sign and both
    # ends of an interval would change places otherwise.
    return f"\u2066{number}\u2069"


def _changes(run: ComparedRun, column: Column, most: int) -> list[Change]:
    """The largest improvements, then the largest regressions; an image that did not change is neither."""
    assert run.comparison is not None
    sign = -1 if column.better == "lower" else 1
    # Signed so that more is always better: what ranks first gained most.
    found = [(sign * d, name) for name, d in run.comparison.columns[column.id].differences.items() if d]
    ranked = sorted(found, key=lambda pair: (-pair[0], pair[1]))
    gains = [Change(run.letter, name, sign * d, gain=True) for d, name in ranked[:most] if d > 0]
    return gains + [Change(run.letter, name, sign * d, gain=False) for d, name in ranked[::-1][:most] if d < 0]


def _spectrum(run: ComparedRun, column: Column, words: Language) -> Differences | None:
    assert run.comparison is not None
    title = words.text("compare.waterfall", column=column.title, run=run.letter)
    values = list(run.comparison.columns[column.id].differences.items())
    return differences(title, values, column.better, column.decimals + 1, words)


def _scatter(
    first: ComparedRun, run: ComparedRun, column: Column, names: Sequence[str], words: Language
) -> Scatter | None:
    titles = (
        words.text("compare.scatter", column=column.label),
        *(f"{r.letter}: {column.title}" for r in (first, run)),
    )
    return scatter(
        f"{first.letter}-{run.letter}",
        (titles[0], titles[1], titles[2]),
        _values(first, column.id, names),
        _values(run, column.id, names),
        words,
        identity=True,
    )


def compare_cells(page: ComparePage, words: Language) -> tuple[Cell, ...]:
    """Returns the pictures of a row: the input, every run's output, the target; every input where they may differ."""
    cells = []
    first = page.runs[0]
    # Prepared alike, all runs have the same inputs, and the first run's stand for all.
    for place, run in enumerate(page.runs if not page.same_preparation else page.runs[:1]):
        letter = "" if page.same_preparation else f" {run.letter}"
        cells.append(_cell(f"input-{run.letter}", words.text("kind.input") + letter, run, place, "input"))
    for place, run in enumerate(page.runs):
        cells.append(_cell(f"output-{run.letter}", run.letter, run, place, "output"))
    if "target" in first.page.kinds:
        cells.append(_cell("target", words.text("kind.target"), first, 0, "target"))
    return tuple(cells)


def _cell(id_: str, label: str, run: ComparedRun, strip: int, kind: str) -> Cell:
    return Cell(id_, label, strip, run.page.kinds.index(kind), f"{run.base}images/{kind}/")


def compare_document(page: ComparePage, words: Language) -> dict[str, Any]:
    """Returns what the page's scripts read."""
    strips = []
    for run in page.runs:
        order = run.order
        rows = tuple(order[name] for name in page.names)
        # None where the order is the page's own, as of nearly all runs: shorter than ten thousand numbers.
        strips.append(Strips(run.base, len(run.page.kinds), None if rows == tuple(range(len(rows))) else rows))
    document = gallery_document(page.names, page.columns, compare_cells(page, words), strips, words)
    for column in document["columns"]:
        column["signed"] = str(column["id"]).startswith("delta-")
    first_change = next(c.id for c in page.columns if c.id.startswith("delta-"))
    return {
        **document,
        # What is copied into a paper is English, whatever language the page has.
        "protocol": f"{page.protocol}. {language('en').text('compare.method')}",
        "summary": summary_table(page),
        "histograms": {h.id: list(h.edges) for h in page.histograms},
        # A comparison is opened to see where runs differ: sorted by a difference, two outputs one over the other.
        "sort": first_change,
        "pair": ["output-B", "output-A"],
    }


def summary_table(page: ComparePage) -> dict[str, Any]:
    """Returns the comparison as a table to copy."""
    change = ["difference", "difference_low95", "difference_high95", "p_wilcoxon", "p_holm", "rank_biserial"]
    change += ["better", "equal", "worse"]
    rows = []
    for table in page.tables:
        for line in table.lines:
            s, c = line.summary, line.change
            beside: list[object] = [None] * len(change)
            if c:
                beside = [c.mean, c.low, c.high, _p(c.p_value), _p(c.p_holm), c.effect, c.wins, c.ties, c.losses]
            rows.append([f"{line.letter} {line.name}", table.column.id, s.mean, s.low, s.high, *beside, s.n])
    return {
        "head": ["run", "metric", "mean", "low95", "high95", *change, "n"],
        "rows": rows,
        "decimals": [table.column.decimals + 1 for table in page.tables for _ in table.lines],
        "whole": ["better", "equal", "worse", "n"],
    }


def _p(probability: float | None) -> str | None:
    return None if probability is None or math.isnan(probability) else f"{probability:.2g}"
