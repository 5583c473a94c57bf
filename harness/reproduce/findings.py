"""Published beside measured: the rows of a recipe's tables with what its runs say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.catalog.published_scores import METRICS, PublishedScore
from harness.catalog.reproductions import REAL, Recipe, Table, TableRow
from harness.metrics.measure import Measurement
from harness.metrics.over_runs import Measured, over_runs
from harness.metrics.registry import COLUMNS, TOTALS, find_metrics
from harness.reproduce.verdicts import Verdict, near, order, pairs


@dataclass(frozen=True)
class Evidence:
    """What there is of one variant: names of its runs with what was measured of each, or why there is nothing."""

    runs: tuple[str, ...] = ()
    measured: tuple[Measurement, ...] = ()
    why: str = ""
    hint: str | None = None


@dataclass(frozen=True)
class Finding:
    """One number: published, measured, and what the two say together.

    Attributes:
        published: as printed, None where nobody has.
        how: whose the published number is, how it was measured and where it stands, what sets it apart.
        why: the reason, where nothing was measured.
    """

    row: str
    published: str | None
    how: str
    measured: Measured | None
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class Block:
    """One number of every row; `column` is what harness measures, None where it measures nothing of the kind.

    `pairs` counts pairs of rows by the verdict on their order.
    """

    label: str
    column: str | None
    findings: tuple[Finding, ...]
    pairs: dict[Verdict, int] = field(default_factory=dict)

    @property
    def published(self) -> bool:
        return any(finding.published for finding in self.findings)


@dataclass(frozen=True)
class Section:
    """A table: its numbers, those that were published first, and the runs of each row that has some, by its label."""

    id: str
    blocks: tuple[Block, ...]
    runs: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Findings:
    """Makes the sections of a recipe; where it is not `exact`, numbers that were to be met are context only."""

    recipe: Recipe
    evidence: Mapping[str, Evidence]
    exact: bool

    def sections(self) -> tuple[Section, ...]:
        return tuple(self._section(table) for table in self.recipe.tables)

    def _section(self, table: Table) -> Section:
        published = {score.metric: score.column for row in table.rows for score in row.published}
        blocks = [self._block(table, metric, column) for metric, column in published.items()]
        others = [column for column in self.recipe.columns if column not in published.values()]
        blocks += [self._block(table, None, column) for column in others]
        runs = {row.label: found.runs for row in table.rows if (found := self._of(row)).runs}
        return Section(table.id, tuple(blocks), runs)

    def _of(self, row: TableRow) -> Evidence:
        return self.evidence.get(row.variant or "", Evidence())

    def _block(self, table: Table, metric: str | None, column: str | None) -> Block:
        rows: list[tuple[TableRow, PublishedScore | None, Measured | None, str]] = []
        for row in table.rows:
            measured, why = self._measured(row, column)
            scores: list[PublishedScore | None] = [score for score in row.published if score.metric == metric]
            # The real pictures have a score by an evaluator only, and people's verdicts are of some rows.
            if scores or (column and (measured or row.variant)):
                rows += [(row, score, measured, why) for score in scores or [None]]
        both = {row.label: (score.value, measured) for row, score, measured, _ in rows if score and measured}
        findings = [
            Finding(
                row=row.label if score is None or self.recipe.rule != "context" else f"{row.label}: {score.method}",
                published=score.text if score else None,
                how=self._how(score) if score else "",
                measured=measured,
                verdict=self._verdict(table, row, score, measured, both),
                why=why,
            )
            for row, score, measured, why in rows
        ]
        label = METRICS[metric][0] if metric else (COLUMNS | TOTALS)[str(column)].label
        # Of what was trained: the real pictures stand above all others in any order.
        ordered = [both[row.label] for row in table.rows if row.variant and row.label in both]
        return Block(label, column, tuple(findings), pairs(ordered) if self.recipe.rule == "order" else {})

    def _measured(self, row: TableRow, column: str | None) -> tuple[Measured | None, str]:
        """What was measured of a row, or the reason why it was not."""
        if column is None:
            differences = dict.fromkeys(s.evaluation.difference for s in row.published if s.column is None)
            return None, "; ".join(differences)
        if row.variant is None:
            # Judged beside every run's outputs, and the same each time.
            totals = (m.totals.get(column) for e in self.evidence.values() for m in e.measured)
            real = next((total.beside["ground_truth"] for total in totals if total and total.beside), None)
            return None if real is None else Measured((real,)), ""
        evidence = self._of(row)
        if not evidence.measured:
            return None, f"{evidence.why}; `{evidence.hint}`" if evidence.hint else evidence.why
        (metric,) = find_metrics([column])
        missing = [m.missing[metric.name] for m in evidence.measured if metric.name in m.missing]
        found = over_runs(evidence.measured, column)
        return found, "" if found else missing[0] if missing else "not measured"

    def _verdict(
        self,
        table: Table,
        row: TableRow,
        score: PublishedScore | None,
        measured: Measured | None,
        both: Mapping[str, tuple[float, Measured]],
    ) -> Verdict:
        if measured is None:
            return "missing"
        if score is None:
            return "unpublished"
        if self.recipe.rule == "value" and self.exact:
            return near(score.value, measured)
        # A row is compared with the one that is the method itself.
        reference = both.get(table.reference or "")
        if self.recipe.rule != "order" or row.variant is None or reference is None:
            return "context"
        if row.label == table.reference:
            return "reference"
        return order((score.value, reference[0]), measured, reference[1])

    def _how(self, score: PublishedScore) -> str:
        evaluation = score.evaluation
        whose = f"{score.method}, {score.whose}; " if self.recipe.rule == "context" else ""
        return f"{whose}{evaluation.evaluator} ({score.source}). What sets it apart: {evaluation.difference}"


def is_blind(sections: tuple[Section, ...]) -> bool:
    """Whether an evaluator reads real pictures no better than drawn ones, so that its word on the rows means little."""
    for block in (b for section in sections for b in section.blocks if b.column == "agreement_pixel"):
        means = {f.row: f.measured.mean for f in block.findings if f.measured}
        real = means.pop(REAL, None)
        if real is not None and means and real <= max(means.values()):
            return True
    return False
