"""What a run's page shows, made from its record and its measurement alone: no file is touched here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from harness.images.geometry import PixelBox
from harness.metrics.measure import Measurement
from harness.metrics.meters import Total
from harness.metrics.registry import METRICS
from harness.metrics.statistics import OverSeeds, Summary
from harness.report.columns import NEARNESS, Column, known_column, nearness_column
from harness.report.picking import Pick, Seen, look_through
from harness.report.provenance import Provenance, has_own_weights, provenance
from harness.report.published import PublishedRow, published_rows
from harness.runs.record import RunRecord, is_padded
from harness.web.charts import Histogram, Range, Scatter, histogram, range_plot, scatter
from harness.web.language import Language
from harness.web.privacy import without_paths

_MOST_WARNINGS, _MOST_NOTES = 20, 10
"""Of a run and of an image; a page that warns of everything warns of nothing. All of them stand in the record."""

# Metrics that should agree on which images are good: those far from the cloud are worth a look.
_PAIRED_METRICS = (("ssim", "psnr"), ("ssim", "mae"), ("ssim", "lpips"), ("input_ssim", "input_psnr"))


@dataclass(frozen=True)
class Baseline:
    """A trivial answer measured on the same images."""

    id: str
    label: str
    summary: Summary


@dataclass(frozen=True)
class Headline:
    """One metric's summary beside its baselines, and in words what the two say together."""

    column: Column
    summary: Summary
    baselines: tuple[Baseline, ...]
    plot: Range | None
    verdict: str
    over: OverSeeds | None = None

    def lines(self, label: str) -> list[tuple[str, str, Summary]]:
        """The summaries one below the other: the model's, called `label`, then the baselines'."""
        return [("run", label, self.summary), *((b.id, b.label, b.summary) for b in self.baselines)]


@dataclass(frozen=True)
class Whole:
    """A number of the whole set, what stands beside it, and what a reader must know of it."""

    column: Column
    total: Total
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """One image of the run: its pictures' addresses by kind, below the run's folder, and its geometry if padded."""

    name: str
    source: str | None
    addresses: dict[str, str]
    notes: tuple[str, ...]
    geometry: dict[str, Any] | None


@dataclass(frozen=True)
class RunPage:
    """A run's page.

    Attributes:
        kinds: the kinds of pictures there are, in the order shown; `difference` is made by us.
        columns: metrics in order, then nearness where it was measured; values of the images listed.
        pictures: the images listed; `pick` says which they are.
        examples: places in `pictures` for the first screen, by `best`, `median` and `worst`; by fewer where there are
            fewer images.
        wholes: numbers of the set, in order.
        missing: metrics that were asked for and not measured, each with the reason.
        full: whether there are outputs in the shape of the user's pictures.
        boxed: whether it was recorded where in each picture its padding begins.
        left_out: pictures that were not drawn, each with the reason.
        date: for people; `record.started` is the exact one.
    """

    name: str
    record: RunRecord
    paired: bool
    date: str
    kinds: tuple[str, ...]
    columns: tuple[Column, ...]
    pictures: tuple[Picture, ...]
    headlines: tuple[Headline, ...]
    examples: dict[str, int]
    warnings: tuple[str, ...]
    protocol: str
    histograms: tuple[Histogram, ...]
    scatters: tuple[Scatter, ...]
    made: Provenance
    pick: Pick
    wholes: tuple[Whole, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    published: tuple[PublishedRow, ...] = ()
    full: bool = False
    boxed: bool = True
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the images, in the order of their rows."""
        return tuple(picture.name for picture in self.pictures)

    @property
    def rows(self) -> dict[int, str]:
        """The names of the images listed by their rows in the run."""
        return dict(zip(self.pick.rows.tolist(), self.names, strict=True))

    @property
    def boxes(self) -> dict[str, PixelBox]:
        """Of the padded ones among them, by name, where the picture lies."""
        return {picture.name: tuple(picture.geometry["box"]) for picture in self.pictures if picture.geometry}

    @property
    def summaries(self) -> dict[str, Summary]:
        """The headline numbers by their metrics' names."""
        return {headline.column.name: headline.summary for headline in self.headlines}

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """The baselines every headline has, in order."""
        return self.headlines[0].baselines if self.headlines else ()


def kinds_of(*, paired: bool, spread: bool) -> tuple[str, ...]:
    """Returns the kinds of pictures that a run has, in the order shown."""
    return ("input", "output", *(("target", "difference") if paired else ()), *(("spread",) if spread else ()))


def run_page(
    record: RunRecord,
    measurement: Measurement,
    spread: Collection[str],
    language: Language,
    *,
    full: bool = False,
    seen: Seen | None = None,
) -> RunPage:
    """Returns the data of a run's page.

    Args:
        spread: names of the images that have a map of their samples' spread.
        full: whether there are outputs in the shape of the user's pictures.
        seen: what going through the images gave, where they shall not be gone through again.
    """
    seen = seen or look_through(record, measurement)
    picked, rows = seen.pick, seen.pick.rows
    paired = record.test_set["layout"] == "paired"
    metrics = tuple(known_column(name, language) for name in measurement.columns)
    every = {name: measurement.rows.columns[name] for name in measurement.columns}  # (n,) of all images each
    # A model without a profile of its training pictures has no nearness: no empty column then.
    judged = not np.isnan(seen.nearness).all()
    every |= {NEARNESS: seen.nearness} if judged else {}
    columns = tuple(
        replace(column, values=tuple(every[column.name][rows].tolist()))
        for column in (*metrics, *([nearness_column(language)] if judged else []))
    )
    names = [measurement.rows.names[row] for row in rows]
    kinds = kinds_of(paired=paired, spread=bool(spread))

    # All others are PNGs in a folder of their kind; differences are made from two of them.
    def kept(name: str) -> list[str]:
        return [kind for kind in kinds if kind != "difference" and (kind != "spread" or name in spread)]

    return RunPage(
        name=record.name,
        record=record,
        paired=paired,
        date=date(record.started, language),
        kinds=kinds,
        columns=columns,
        pictures=tuple(_picture(n, fact, kept(n), language) for n, fact in zip(names, seen.facts, strict=True)),
        headlines=tuple(_headline(column, measurement, language) for column in metrics),
        examples=picked.examples if metrics else {},
        warnings=_warnings(record, seen.far, language),
        protocol=str(measurement.protocol.get("line", "")),
        histograms=histograms(columns, every, language),
        scatters=_scatters(columns, every, picked, language),
        made=provenance(record, language),
        pick=picked,
        wholes=tuple(_whole(name, total, language) for name, total in measurement.totals.items()),
        missing=tuple((_names(m, language), language.told(without_paths(w))) for m, w in measurement.missing.items()),
        # Published numbers are those of the catalog's weights: beside any other generator they would mislead.
        full=full,
        boxed=seen.boxed,
        left_out=tuple((left["name"], language.told(without_paths(left["reason"]))) for left in record.left_out),
        published=() if has_own_weights(record) else published_rows(str(record.model["id"]), measurement),
    )


def histograms(
    columns: Sequence[Column], every: Mapping[str, NDArray[np.float64]], language: Language
) -> tuple[Histogram, ...]:
    """Returns the histograms of columns, but of those without a finite value; `every` has all images' by name."""
    found = (histogram(c.name, c.title, every[c.name], c.decimals, language, limits=c.limits) for c in columns)
    return tuple(filter(None, found))


def _whole(name: str, total: Total, language: Language) -> Whole:
    column = known_column(name, language)
    shown = {what: language.number(value, column.decimals) for what, value in total.beside.items()}
    beside = [language.text(f"beside.{what}", value=value) for what, value in shown.items()]
    return Whole(column, total, (*beside, *map(language.told, total.notes)))


def _names(metric: str, language: Language) -> str:
    """The labels of what a metric would have filled."""
    known = METRICS.get(metric)
    columns = (*known.columns, *known.totals) if known else ()
    return ", ".join(known_column(column.name, language).label for column in columns) or metric


def date(started: str, language: Language) -> str:
    """Returns a day and a time as people of the language write them."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        # Records can be written by hand; a date that is none is shown as it stands.
        return started
    month, time = language.text(f"month.{moment.month}"), language.localised(f"{moment:%H:%M}")
    return language.text("date", day=moment.day, month=month, year=moment.year, time=time)


def _picture(name: str, facts: dict[str, Any], kinds: Sequence[str], language: Language) -> Picture:
    source = facts.get("source")
    return Picture(
        name=name,
        source=without_paths(str(source)) if source else None,
        # A name may hold `#`, `?` or `%`, which mean something in an address; it holds no `/`, so none is kept.
        addresses={kind: f"images/{kind}/{quote(name, safe='')}.png" for kind in kinds},
        notes=tuple(language.told(note) for note in _notes(facts)),
        geometry=facts["geometry"] if is_padded(facts) else None,
    )


def _notes(facts: dict[str, Any]) -> tuple[str, ...]:
    """An image's warnings, then why it is far from the training pictures."""
    nearness = facts.get("nearness") or {}
    reasons = nearness.get("reasons", ()) if nearness.get("verdict") in ("far", "unusual") else ()
    return tuple(without_paths(str(note)) for note in (*(facts.get("warnings") or ())[:_MOST_NOTES], *reasons[:2]))


def _headline(column: Column, measurement: Measurement, language: Language) -> Headline:
    baselines = tuple(
        Baseline(id_, language.either(f"baseline.{id_}", id_.replace("_", " ")), summaries[column.name])
        for id_, summaries in measurement.baselines.items()
        if column.name in summaries
    )
    summary = measurement.summary[column.name]
    marks = [("run", summary), *((b.id, b.summary) for b in baselines)]
    # One interval alone on an axis compares with nothing.
    plot = range_plot([(id_, s.mean, s.low, s.high) for id_, s in marks]) if baselines else None
    verdict = _verdict(column, summary, baselines, language)
    return Headline(column, summary, baselines, plot, verdict, measurement.over_seeds.get(column.name))


def _verdict(column: Column, summary: Summary, baselines: Sequence[Baseline], language: Language) -> str:
    """Compares intervals, which errs on the careful side: intervals that are apart mean a clear difference."""
    if column.better is None or not baselines:
        return ""
    # An interval is missing below the fewest images that bear one; then no verdict is given at all.
    sides = [_side(column, summary, baseline.summary) for baseline in baselines]
    if "unknown" in sides:
        return language.text("verdict.unknown")
    for side in ("better_than", "worse_than"):
        if len(sides) > 1 and set(sides) == {side}:
            return language.text(f"verdict.{side}_all")
    names = [language.either(f"baseline_in.{b.id}", b.label) for b in baselines]
    parts = [language.text(f"verdict.{side}", baseline=n) for side, n in zip(sides, names, strict=True)]
    return language.text("verdict.join").join(parts)


def _side(column: Column, ours: Summary, theirs: Summary) -> str:
    if ours.low is None or ours.high is None or theirs.low is None or theirs.high is None:
        return "unknown"
    if ours.low <= theirs.high and theirs.low <= ours.high:
        return "unclear"
    return "better_than" if (ours.low > theirs.high) == (column.better == "higher") else "worse_than"


def _warnings(record: RunRecord, far: int, language: Language) -> tuple[str, ...]:
    """What the record warns of, that pictures lie far from the training ones, and what had to be mended."""
    found = [language.told(without_paths(warning)) for warning in record.warnings[:_MOST_WARNINGS]]
    found = [warning[:1].upper() + warning[1:] for warning in found]
    if len(record.warnings) > _MOST_WARNINGS:
        found.append(language.count("warning.more", len(record.warnings) - _MOST_WARNINGS))
    if far:
        found.append(language.text("warning.far", images=language.count("images", far)))
    if record.shims:
        found.append(language.count("warning.shims", len(record.shims)))
    return tuple(found)


def _scatters(
    columns: Sequence[Column], every: Mapping[str, NDArray[np.float64]], picked: Pick, language: Language
) -> tuple[Scatter, ...]:
    known = {column.name: column for column in columns}
    pairs = [pair for pair in _PAIRED_METRICS if set(pair) <= set(known)]
    if "nearness" in known:
        # Whether pictures unlike the training ones also come out worse, which is what nearness is for.
        pairs.append(("nearness", columns[0].name))
    found = []
    for x, y in ((known[x], known[y]) for x, y in pairs):
        titles = (language.text("plot.against", x=x.label, y=y.label), x.title, y.title)
        finite = int((np.isfinite(every[x.name]) & np.isfinite(every[y.name])).sum())
        values = (x.values, y.values)
        found.append(scatter(f"{x.name}-{y.name}", titles, values, language, rows=picked.sample, of=finite))
    return tuple(filter(None, found))
