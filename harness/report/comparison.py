"""What a comparison's page shows: runs of the same images side by side, every other one against the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics.comparing import ColumnComparison, Comparison
from harness.metrics.registry import COLUMNS
from harness.report.columns import Column
from harness.report.gallery import Cell, Strips, gallery_document, strip_order
from harness.report.gathering import RunPage, histograms
from harness.report.picking import Listed, Pick, pick, ranked
from harness.runs import record as record_file
from harness.web.charts import Differences, Histogram, Scatter, differences, scatter
from harness.web.language import Language, language

# A run's letter is part of the ids its columns and cells have (`output-B`), so each run needs one of its own.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_RUNS = len(_LETTERS)


@dataclass(frozen=True)
class ComparedRun:
    """One run; `base` is its folder's address seen from the page, `changes` are its columns beside the first run's."""

    letter: str
    page: RunPage
    base: str
    changes: Mapping[str, ColumnComparison]

    @cached_property
    def order(self) -> dict[str, int]:
        """The row of each image in this run."""
        return {picture.name: row for row, picture in enumerate(self.page.pictures)}

    def values(self, column: str, names: Sequence[str]) -> tuple[float, ...]:
        """A column's values of images by their names, for each run sorted its own files."""
        # By its name: runs may have been measured by other metrics beside those they share.
        values = next(c.values for c in self.page.columns if c.name == column)
        return tuple(values[self.order[name]] for name in names)


@dataclass(frozen=True)
class Change:
    """An image on which a run differs much from the first: `gain` says whether for the better."""

    letter: str
    name: str
    difference: float
    gain: bool


@dataclass(frozen=True)
class ComparePage:
    """A comparison's page; see `notes_of`.

    Attributes:
        names: of the images, in the first run's order.
        findings: each metric, and what the differences say in words, a sentence for each run after the first.
        columns: the numbers of a row of the gallery.
    """

    runs: tuple[ComparedRun, ...]
    names: tuple[str, ...]
    findings: tuple[tuple[Column, tuple[str, ...]], ...]
    columns: tuple[Column, ...]
    changes: tuple[Change, ...]
    spectra: tuple[Differences, ...]
    scatters: tuple[Scatter, ...]
    histograms: tuple[Histogram, ...]
    same_preparation: bool
    notes: tuple[str, ...]
    protocol: str

    @property
    def pick(self) -> Pick:
        """Which images are listed: the same ones of every run."""
        return self.runs[0].page.pick


def listed_of(comparisons: Sequence[Comparison]) -> Listed | None:
    """Returns which of very many images runs side by side list: those on which they differ most, and a sample."""
    if len(comparisons[0].names) <= record_file.MANY:
        return None
    first = next(name for name in comparisons[0].columns if all(name in c.columns for c in comparisons))
    better = COLUMNS[first].better if first in COLUMNS else None
    orders = (ranked(c.columns[first].differences, better) for c in comparisons)
    return comparisons[0].names, pick(*orders)


def compare_page(
    pages: Sequence[RunPage], bases: Sequence[str], comparisons: Sequence[Comparison], words: Language
) -> ComparePage:
    """Returns the data of a comparison of `pages`; `comparisons` are of each page after the first with it."""
    changes: list[Mapping[str, ColumnComparison]] = [{}, *(comparison.columns for comparison in comparisons)]
    first, *others = runs = tuple(map(ComparedRun, _LETTERS, pages, bases, changes))
    names = tuple(first.order)
    # The first run's order of metrics; one that any other run lacks has no difference to show.
    metrics = [h.column for h in pages[0].headlines if all(h.column.name in c.columns for c in comparisons)]
    # All metrics of a pair of runs; of several only the first metric, for each run.
    shown = metrics if len(others) == 1 else metrics[:1]
    rows = pages[0].pick.rows
    deltas = [_delta(run, column, rows, words) for run in others for column in shown]
    every = [run.changes[column.name].differences for run in others for column in shown]
    spectra = [_spectrum(run, column, comparisons[0].names, words) for run in others for column in shown]
    scatters = [_scatter(first, run, metrics[0], names, words) for run in others]
    return ComparePage(
        runs=runs,
        names=names,
        findings=tuple((c, tuple(_sentence(run, c, words) for run in others)) for c in metrics),
        columns=(*(_by_run(run, metrics[0], names) for run in runs), *deltas),
        # Two gains and two losses of a single pair; of several runs one each, or the first screen would be full.
        changes=tuple(
            change
            for run, delta in zip(others, deltas[:: len(shown)], strict=True)
            for change in _changes(run, delta, names, 2 if len(others) == 1 else 1)
        ),
        spectra=tuple(filter(None, spectra)),
        scatters=tuple(filter(None, scatters)),
        # Of the differences alone: histograms of the values stand on each run's own page.
        histograms=histograms(deltas, {d.name: values for d, values in zip(deltas, every, strict=True)}, words),
        same_preparation=all(c.of.same_preparation for c in comparisons),
        notes=notes_of(comparisons, words),
        protocol=pages[0].protocol,
    )


def notes_of(comparisons: Sequence[Comparison], words: Language) -> tuple[str, ...]:
    """Returns what must be said above the numbers: of pictures prepared in two ways, or not hashed in their time."""
    notes = {
        "compare.prepared": all(c.of.same_preparation for c in comparisons),
        "compare.unhashed": all(c.of.hashed for c in comparisons),
    }
    return tuple(words.text(key) for key, well in notes.items() if not well)


def _by_run(run: ComparedRun, column: Column, names: Sequence[str]) -> Column:
    name, label = f"{column.name}-{run.letter}", f"{column.label} {run.letter}"
    return replace(column, name=name, label=label, values=run.values(column.name, names))


def _delta(run: ComparedRun, column: Column, rows: NDArray[np.intp], words: Language) -> Column:
    label = words.text("compare.delta", column=column.label, run=run.letter)
    values = tuple(run.changes[column.name].differences[rows].tolist())
    return replace(column, name=f"delta-{column.name}-{run.letter}", label=label, values=values)


def _sentence(run: ComparedRun, column: Column, words: Language) -> str:
    change = run.changes[column.name]
    if change.low is None or change.high is None or change.mean is None:
        return words.text("compare.unknown", run=run.letter)
    # One decimal more than the values have, for differences are much smaller than what they are differences of.
    mean, low, high = (
        words.number(value, column.decimals + 1, signed=True) for value in (change.mean, change.low, change.high)
    )
    if change.low <= 0 <= change.high:
        # Zero within the 95 % interval: the images do not tell which of the two is better.
        found = "unclear"
    elif column.better is None:
        # Such as likeness to the input: the change is certain, but no gain and no loss.
        found = "clear_other"
    else:
        found = "clear_better" if (change.mean > 0) == (column.better == "higher") else "clear_worse"
    interval = _isolated(f"{low} … {high}")
    return words.text(f"compare.{found}", run=run.letter, value=_isolated(mean), interval=interval)


def _isolated(number: str) -> str:
    """A number that keeps its own direction inside a sentence of any other."""
    # LEFT-TO-RIGHT ISOLATE and POP DIRECTIONAL ISOLATE (UAX 9): in a Persian sentence the minus sign and both
    # ends of an interval would change places otherwise.
    return f"\u2066{number}\u2069"


def _changes(run: ComparedRun, delta: Column, names: Sequence[str], most: int) -> list[Change]:
    """The largest improvements, then the largest regressions; an image that did not change is neither."""
    sign = -1 if delta.better == "lower" else 1
    # Signed so that more is always better: what ranks first gained most.
    found = [(sign * d, name) for d, name in zip(delta.values, names, strict=True) if d]
    ranked = sorted(found, key=lambda pair: (-pair[0], pair[1]))
    gains = [Change(run.letter, name, sign * d, gain=True) for d, name in ranked[:most] if d > 0]
    return gains + [Change(run.letter, name, sign * d, gain=False) for d, name in ranked[::-1][:most] if d < 0]


def _spectrum(run: ComparedRun, column: Column, names: Sequence[str], words: Language) -> Differences | None:
    title = words.text("compare.waterfall", column=column.title, run=run.letter)
    values = run.changes[column.name].differences
    return differences(title, (names, values), column.better, column.decimals + 1, words)


def _scatter(
    first: ComparedRun, run: ComparedRun, column: Column, names: Sequence[str], words: Language
) -> Scatter | None:
    title = words.text("compare.scatter", column=column.label)
    titles = (title, f"{first.letter}: {column.title}", f"{run.letter}: {column.title}")
    values, picked = (first.values(column.name, names), run.values(column.name, names)), first.page.pick
    of = picked.count if picked.partial else None
    return scatter(f"{first.letter}-{run.letter}", titles, values, words, rows=picked.sample, of=of, identity=True)


def _cells(page: ComparePage, words: Language) -> list[Cell]:
    """The pictures of a row: the input, every run's output, the target; every input where they may differ."""

    def cell(id_: str, label: str, place: int, kind: str) -> Cell:
        run = page.runs[place]
        return Cell(id_, label, place, run.page.kinds.index(kind), f"{run.base}images/{kind}/")

    # Prepared alike, all runs have the same inputs, and the first run's stand for all.
    alike, title = page.same_preparation, words.text("kind.input")
    inputs = [
        cell(f"input-{run.letter}", title if alike else f"{title} {run.letter}", place, "input")
        for place, run in enumerate(page.runs[:1] if alike else page.runs)
    ]
    outputs = [cell(f"output-{run.letter}", run.letter, place, "output") for place, run in enumerate(page.runs)]
    paired = "target" in page.runs[0].page.kinds
    return [*inputs, *outputs, *([cell("target", words.text("kind.target"), 0, "target")] if paired else [])]


def compare_document(page: ComparePage, words: Language) -> dict[str, Any]:
    """Returns what the page's scripts read."""
    strips = []
    for run in page.runs:
        rows = run.page.pick.rows[[run.order[name] for name in page.names]].tolist()
        strips.append(Strips(run.base, len(run.page.kinds), strip_order(rows)))
    document = gallery_document(page, _cells(page, words), strips, words)
    deltas = [column for column in document["columns"] if column["id"].startswith("delta-")]
    for column in deltas:
        column["signed"] = True
    return {
        **document,
        # What is copied into a paper is English, whatever language the page has.
        "protocol": f"{page.protocol}. {language('en').text('compare.method')}",
        "summary": _summary_table(page),
        # A comparison is opened to see where runs differ: sorted by a difference, two outputs one over the other.
        "sort": deltas[0]["id"],
        "pair": ["output-B", "output-A"],
    }


def _summary_table(page: ComparePage) -> dict[str, Any]:
    """The comparison as a table to copy."""
    change = ["difference", "difference_low95", "difference_high95", "p_wilcoxon", "p_holm", "rank_biserial"]
    change += ["better", "equal", "worse"]
    rows = []
    for column, _ in page.findings:
        for run in page.runs:
            s, c = run.page.summaries[column.name], run.changes.get(column.name)
            beside: list[object] = [None] * len(change)
            if c:
                p_values = (None if p is None else f"{p:.2g}" for p in (c.p_value, c.p_holm))
                beside = [c.mean, c.low, c.high, *p_values, c.effect, c.wins, c.ties, c.losses]
            rows.append([f"{run.letter} {run.page.name}", column.name, s.mean, s.low, s.high, *beside, s.n])
    return {
        "head": ["run", "metric", "mean", "low95", "high95", *change, "n"],
        "rows": rows,
        "decimals": [column.decimals + 1 for column, _ in page.findings for _ in page.runs],
        "whole": ["better", "equal", "worse", "n"],
    }
