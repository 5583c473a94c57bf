"""Paired comparison of two measurements of the same images: differences, their intervals, a test, wins and losses."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import RunError
from harness.metrics.measure import Measurement
from harness.metrics.registry import COLUMNS
from harness.metrics.statistics import interval_of_mean
from harness.progress import Progress
from harness.runs.identity import Kinship, kinship

_EQUAL = 1e-6
"""Values nearer than this are a tie: the metrics themselves are only promised to that."""


@dataclass(frozen=True, eq=False)
class ColumnComparison:
    """The second measurement minus the first, in one column.

    Attributes:
        differences: (n,) float64 in the order of `Comparison.names`; infinite where only one of the two is identical to
            its reference, 0 where both.
        mean: over the finite differences, of all draws where both were drawn by several seeds; None without any.
        low, high: 95 % interval of that mean; None below five.
        median: over the finite differences, as all below of the first draws; None without any.
        p_value: two-sided Wilcoxon signed-rank test; None below two images, 1 when nothing differs.
        p_holm: the same, corrected by Holm for the number of columns that were compared.
        effect: matched-pairs rank-biserial correlation, -1 to 1: how much of the ranks of the differences lies on the
            better side beyond the worse one; None where nothing differs.
        wins, ties, losses: images on which the second is better, equal, worse; for similarity to the input, where
            neither way is better, "better" reads "more similar".
        n: images with a finite difference.
        apart: images with an infinite one.
    """

    differences: NDArray[np.float64]
    mean: float | None
    median: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_holm: float | None
    effect: float | None
    wins: int
    ties: int
    losses: int
    n: int
    apart: int

    @property
    def share_better(self) -> float:
        """The share of images on which the second is better; of equal ones a half counts."""
        return (self.wins + self.ties / 2) / (self.wins + self.ties + self.losses)


@dataclass(frozen=True)
class Comparison:
    """Two measurements of the same images side by side, `b` minus `a`; `of` says how much the same they are."""

    names: tuple[str, ...]
    columns: dict[str, ColumnComparison]
    of: Kinship = field(default_factory=Kinship)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON document; infinite differences, which JSON has not, are null there."""
        columns = {}
        for name, column in self.columns.items():
            values = (v if math.isfinite(v) else None for v in column.differences.tolist())
            differences = dict(zip(self.names, values, strict=True))
            columns[name] = asdict(column) | {"share_better": column.share_better, "differences": differences}
        same = {"same_preparation": self.of.same_preparation, "hashed": self.of.hashed}
        return {"format": 1, "names": list(self.names), **same, "columns": columns}


def why_not_comparable(a: Measurement, b: Measurement) -> str | None:
    """Returns the reason why two measurements must not be set side by side, or None."""
    if not set(a.columns) & set(b.columns):
        return f"one measured {', '.join(a.columns)}, the other {', '.join(b.columns)}"
    if not _in_common(a, b):
        versions = f"{a.protocol.get('version')} and {b.protocol.get('version')}"
        return f"they follow different protocols (versions {versions})"
    if a.rows.names == b.rows.names:
        return None
    # By name alone: whether two pictures of one name are the same pixels, `kinship` tells by their hashes.
    first, second = (set(m.rows.names) for m in (a, b))
    if first != second:
        return (
            f"they are not of the same images: {len(first & second)} are in both, "
            f"{len(first - second)} only in the first, {len(second - first)} only in the second"
        )
    return None


def compare_runs(
    runs: tuple[Path, Path], measured: tuple[Measurement, Measurement], progress: Progress | None = None
) -> Comparison:
    """Compares the measurements of two run folders, the second minus the first.

    Raises:
        RunError: other images, other targets or another protocol, and says which; or a record that is damaged.
    """
    comparison = compare(*measured)
    of = kinship(*runs, progress)
    if of.why_not:
        raise _not_comparable(of.why_not)
    return replace(comparison, of=of)


def compare(a: Measurement, b: Measurement) -> Comparison:
    """Compares two measurements of images of the same names, `b` minus `a`; of the pictures it knows nothing.

    Raises:
        RunError: other names or another protocol; says which.
    """
    if reason := why_not_comparable(a, b):
        raise _not_comparable(reason)
    names = a.rows.names
    b = replace(b, rows=b.rows.in_order_of(names), seeds={s: rows.in_order_of(names) for s, rows in b.seeds.items()})
    columns = {column: _compare_column(column, a, b) for column in _in_common(a, b)}
    # One family of tests, all columns compared, whichever of them a reader then looks at.
    corrected = _holm({name: c.p_value for name, c in columns.items() if c.p_value is not None})
    return Comparison(names, {name: replace(c, p_holm=corrected.get(name)) for name, c in columns.items()})


def _in_common(a: Measurement, b: Measurement) -> tuple[str, ...]:
    """The columns of both that say the same; versions of the protocol differ in their intervals, too."""
    # A record without definitions is comparable to another without them, None to None, and to no other.
    ours, theirs = (m.protocol.get("comparable", {}).get("columns", {}) for m in (a, b))
    return tuple(name for name in a.columns if name in b.columns and ours.get(name) == theirs.get(name))


def _holm(values: dict[str, float]) -> dict[str, float]:
    """Holm 1979: the smallest of m probabilities times m, the next times m - 1 …, none below the one before."""
    found, least = {}, 0.0
    for place, (name, value) in enumerate(sorted(values.items(), key=lambda pair: pair[1])):
        least = max(least, min(1.0, value * (len(values) - place)))
        found[name] = least
    return found


def _not_comparable(reason: str) -> RunError:
    return RunError(
        f"the two runs cannot be compared: {reason}",
        "test both models on the same set: `harness test --dataset NAME`",
    )


def _compare_column(column: str, a: Measurement, b: Measurement) -> ColumnComparison:
    """Compares a column of two measurements whose images have one order."""
    # (n,), infinite where one of the two alone equals its target (PSNR).
    every = _difference(a.rows.columns[column], b.rows.columns[column])
    finite = every[np.isfinite(every)]
    settled = np.where(np.abs(finite) <= _EQUAL, 0.0, finite)
    known = COLUMNS.get(column)  # what only a newer version measures is compared by its numbers alone
    sign = -1 if known and known.better == "lower" else 1
    better = sign * every
    apart = int(every.size - finite.size)
    # Of differences: what images share in difficulty cancels. Where both were drawn several times, of all draws.
    drawn = finite if apart else _drawn_differences(column, a, b)
    low, high = interval_of_mean(drawn)
    return ColumnComparison(
        differences=every,
        mean=float(drawn.mean()) if drawn.size else None,
        median=float(np.median(finite)) if finite.size else None,
        low=low,
        high=high,
        p_value=_p_value(settled),
        p_holm=None,
        effect=_rank_biserial(sign * settled),
        # Over all images, the infinite differences too: only means and ranks must do without those.
        wins=int((better > _EQUAL).sum()),
        ties=int((np.abs(better) <= _EQUAL).sum()),
        losses=int((better < -_EQUAL).sum()),
        n=int(finite.size),
        apart=apart,
    )


def _drawn_differences(column: str, a: Measurement, b: Measurement) -> NDArray[np.float64]:
    """The differences of all images by as many seeds as both were drawn by, (n, seeds)."""
    first, second = a.drawn(column), b.drawn(column)
    seeds = min(first.shape[1], second.shape[1])
    differences = _difference(first[:, :seeds], second[:, :seeds])
    return differences[np.isfinite(differences).all(axis=1)]


def _difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    # Infinity less itself would be NaN: two outputs that both equal their target differ by nothing.
    with np.errstate(invalid="ignore"):
        return np.where(first == second, 0.0, second - first)


def _p_value(settled: NDArray[np.float64]) -> float | None:
    # One signed rank is as likely as its opposite: its p is 1 whatever the difference.
    if settled.size < 2:
        return None
    from scipy.stats import wilcoxon  # takes as long to import as a page to write

    if not settled.any():
        return 1.0
    # Pratt's rule ranks the zeros and then drops them: many unchanged images weaken what a few changed ones say.
    # `auto` takes the exact distribution for few untied differences, the normal approximation otherwise
    return float(wilcoxon(settled, zero_method="pratt", method="auto").pvalue)


def _rank_biserial(settled: NDArray[np.float64]) -> float | None:
    """Kerby 2014: the ranks of what is better less those of what is worse, over all; ranked as the test ranks."""
    from scipy.stats import rankdata

    # Pratt again: zeros take the lowest ranks, and their sign of 0 then keeps them out of both sums.
    ranks = rankdata(np.abs(settled)) * np.sign(settled)
    total = float(np.abs(ranks).sum())
    return float(ranks.sum()) / total if total else None
