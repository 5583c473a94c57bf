"""Runs' numbers as one table for a paper: LaTeX with booktabs, CSV, or Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RunError
from harness.metrics.measure import Measurement
from harness.metrics.meters import Column
from harness.metrics.protocol import protocol_line
from harness.metrics.registry import COLUMNS, TOTALS, find_metrics
from harness.metrics.storage import load_measurement
from harness.runs.record import RunRecord, load_record
from harness.web.language import language

Value = tuple[float | None, float | None, float | None, float | None]
"""A number, the lower and the upper bound of its interval, and its spread over seeds; None for what is not there."""

_NOTHING: Value = (None, None, None, None)
_KNOWN = COLUMNS | TOTALS


@dataclass(frozen=True)
class Line:
    """One run, or a baseline, with a value for each column of the table; `n` images."""

    name: str
    model: str
    n: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class PaperTable:
    """The numbers, and what a reader must know of them, a sentence each."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    caption: tuple[str, ...]

    def best(self, column: int) -> float | None:
        """The best number of a column, None where neither way is better or there is one line only."""
        better = self.columns[column].better
        found = [number for line in self.lines if (number := line.values[column][0]) is not None]
        if better is None or len(found) < 2:
            return None
        return max(found) if better == "higher" else min(found)

    @property
    def one_n(self) -> bool:
        """Whether all lines are of as many images, so that the caption can say it."""
        return len({line.n for line in self.lines}) == 1


def paper_table(runs: Sequence[Path], names: Sequence[str] = (), *, baselines: bool = False) -> PaperTable:
    """Returns the table of runs, in the order given.

    Args:
        names: metrics or columns, by default all that any of the runs has.
        baselines: whether the input copied and the mean target, as the first run measured them, stand below.

    Raises:
        UnknownNameError: there is no such metric.
        RunError: a run is damaged, or none of them has a metric that was asked for.
    """
    measured = [load_measurement(run) for run in runs]
    records = [load_record(run) for run in runs]
    columns = tuple(_KNOWN[name] for name in _chosen(measured, names))
    lines = [
        Line(run.name, record.model["id"], len(m.rows), tuple(_value(m, column) for column in columns))
        for run, record, m in zip(runs, records, measured, strict=True)
    ]
    # Baselines depend on the pictures, not on the model: those of one run stand for all runs of the same set.
    beside = measured[0].baselines if baselines else {}
    for who, summaries in beside.items():
        values = [(s.mean, s.low, s.high, None) if (s := summaries.get(c.name)) else _NOTHING for c in columns]
        label = language("en").either(f"baseline.{who}", who.replace("_", " "))
        lines.append(Line(label, "", len(measured[0].rows), tuple(values)))
    return PaperTable(columns, tuple(lines), _caption(records, measured, columns, lines))


def _chosen(measured: Sequence[Measurement], names: Sequence[str]) -> list[str]:
    """The columns of the table: those asked for by their own names, or all that a metric fills."""
    there = {name for m in measured for name in (*m.columns, *m.totals)}
    if not names:
        # In the registry's order, not the runs', so that two papers' tables have their columns alike.
        return [name for name in _KNOWN if name in there]
    found: list[str] = []
    for name in names:
        (metric,) = find_metrics([name])
        # A metric may fill several columns; a column asked for by its own name comes alone.
        filled = [name] if name in _KNOWN else [column.name for column in (*metric.columns, *metric.totals)]
        kept = [column for column in filled if column in there]
        if not kept:
            raise RunError(f"`{name}` was measured in none of these runs", f"harness measure RUN --metrics {name}")
        found += kept
    # Asked for twice, e.g. by its metric's name and by its own, a column comes once, where it was named first.
    return list(dict.fromkeys(found))


def _value(measurement: Measurement, column: Column) -> Value:
    if over := measurement.over_seeds.get(column.name):
        return over.mean, over.low, over.high, over.spread
    if summary := measurement.summary.get(column.name):
        return summary.mean, summary.low, summary.high, None
    total = measurement.totals.get(column.name)
    return (total.value, total.low, total.high, None) if total else _NOTHING


def _caption(
    records: Sequence[RunRecord], measured: Sequence[Measurement], columns: Sequence[Column], lines: Sequence[Line]
) -> tuple[str, ...]:
    sets = sorted({str(record.test_set["name"]) for record in records})
    counts = sorted({line.n for line in lines})
    of = f"n = {counts[0]:,} images of {sets[0]}" if len(counts) == len(sets) == 1 else f"Images of {', '.join(sets)}"
    said = [
        of,
        f"Means over images with 95 % intervals{', best values in bold' if len(lines) > 1 else ''}",
        protocol_line(find_metrics(column.name for column in columns)),
    ]
    # A set's name says nothing of its pictures; the digest is made of every file's hash.
    if len({m.get("digest") for m in (record.test_set for record in records)}) > 1:
        said.append("The runs are not of the same prepared pictures: their values are no comparison")
    seeds = sorted({1 + len(m.seeds) for m in measured if m.seeds})
    if seeds:
        said.append(f"± is the standard deviation over {' or '.join(map(str, seeds))} seeds of the dropout")
    older = [r.name for r, m in zip(records, measured, strict=True) if m.protocol.get("version") == 1]
    if older:
        said.append(f"The intervals of {', '.join(older)} are those of protocol 1, too narrow: measure again")
    # What is noted of a total, e.g. that its images are few, is said once for all runs.
    notes = dict.fromkeys(
        note for m in measured for c in columns if c.name in m.totals for note in m.totals[c.name].notes
    )
    return (*said, *notes)


# LaTeX's ten special characters, then signs that stand in labels, units and captions and that pdfLaTeX's fonts lack.
_LATEX = str.maketrans({
    "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "×": "$\\times$", "·": "$\\cdot$", "³": "$^3$",
    "→": "$\\rightarrow$", "↑": "$\\uparrow$", "↓": "$\\downarrow$", "±": "$\\pm$", "<": "$<$", ">": "$>$",
})  # fmt: skip


def to_latex(table: PaperTable) -> str:
    """Returns a `table` environment for a document that uses the package `booktabs`."""
    head, *rows = _cells(table, _LATEX, n="$n$", best="\\textbf{{{}}}", interval="{} {{\\scriptsize [{}]}}")
    return "\n".join(
        [
            "% \\usepackage{booktabs}",
            "\\begin{table}",
            "  \\centering",
            f"  \\caption{{{'. '.join(table.caption).translate(_LATEX)}.}}",
            f"  \\begin{{tabular}}{{l{'c' * (len(head) - 1)}}}",
            "    \\toprule",
            f"    {' & '.join(head)} \\\\",
            "    \\midrule",
            *(f"    {' & '.join(row)} \\\\" for row in rows),
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table}",
        ]
    )


def to_markdown(table: PaperTable) -> str:
    """Returns a table as GitHub and most notebooks show it, the caption below."""
    # A bar would end the cell; the name of a run may hold one.
    bars = str.maketrans({"|": "\\|"})
    head, *rows = _cells(table, bars, n="n", best="**{}**", interval="{} [{}]")
    lines = [head, ["---", *(["---:"] * (len(head) - 1))], *rows]
    return "\n".join([*(f"| {' | '.join(cells)} |" for cells in lines), "", ". ".join(table.caption) + "."])


def _cells(table: PaperTable, escapes: dict[int, str], *, n: str, best: str, interval: str) -> list[list[str]]:
    """The head and the lines as text.

    Args:
        n: the head of the column with the number of images, which is there where the caption does not say it.
        best, interval: what the best number of a column, and a number with its interval, are put into.
    """
    heads = [f"{column.title} {column.arrow}".strip().translate(escapes) for column in table.columns]
    found = [["", *heads, *([] if table.one_n else [n])]]
    for line in table.lines:
        cells = [line.name.translate(escapes)]
        for place, (number, low, high, spread) in enumerate(line.values):
            decimals, most = table.columns[place].decimals, table.best(place)
            # `z` writes a value that rounds to zero without a minus sign.
            text = "--" if number is None else f"{number:z.{decimals}f}"
            # Compared as printed: of two lines with the same digits neither is better to a reader.
            frame = best if most is not None and text == f"{most:z.{decimals}f}" else "{}"
            text += "" if spread is None else f" ± {spread:.{decimals + 1}f}"
            cell = frame.format(text.translate(escapes))
            if low is not None and high is not None:
                cell = interval.format(cell, f"{low:z.{decimals}f}, {high:z.{decimals}f}")
            cells.append(cell)
        found.append([*cells, *([] if table.one_n else [str(line.n)])])
    return found


def to_csv(table: PaperTable) -> str:
    """Returns all digits, one line a run; the names are those of the columns of `metrics.csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ends = ("", "_low95", "_high95", "_seeds_sd")
    writer.writerow(["run", "model", "n", *(f"{c.name}{end}" for c in table.columns for end in ends)])
    for line in table.lines:
        writer.writerow(
            # `repr` gives the fewest digits that read back as the same float.
            [line.name, line.model, line.n, *("" if v is None else repr(v) for value in line.values for v in value)]
        )
    return text.getvalue().rstrip("\n")


FORMATS = {"latex": to_latex, "csv": to_csv, "markdown": to_markdown}
