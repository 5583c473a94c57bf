"""How often a 95 % interval of a mean holds the mean: the intervals of the tables, and those they replace.

    python benchmarks/interval_coverage.py [--sets N]

Prints a Markdown table, one row a distribution: the share of `--sets` sets of n values whose interval holds the true
mean, in percent, of the interval harness prints and of a percentile bootstrap. The standard error of a share of 4,000
sets is 0.3 %.
"""

from __future__ import annotations

import argparse
import math
import time
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.metrics.statistics import _resampled_moments, intervals_of_means

Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]
SIZES = (5, 6, 8, 10, 15, 21, 30, 50, 99, 100, 200, 500)
DISTRIBUTIONS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda g, size: g.normal(0, 1, size), 0.0),
    "uniform": (lambda g, size: g.random(size), 0.5),
    "beta(2, 5)": (lambda g, size: g.beta(2, 5, size), 2 / 7),
    "gamma(2)": (lambda g, size: g.gamma(2, 1, size), 2.0),
    "gamma(2), mirrored": (lambda g, size: -g.gamma(2, 1, size), -2.0),
    "exponential": (lambda g, size: g.exponential(1, size), 1.0),
    "lognormal(0.4)": (lambda g, size: g.lognormal(0, 0.4, size), math.exp(0.08)),
    "lognormal(1)": (lambda g, size: g.lognormal(0, 1, size), math.exp(0.5)),
    "Student's t(5)": (lambda g, size: g.standard_t(5, size), 0.0),
    "one in five 4 deviations away": (lambda g, size: g.normal(np.where(g.random(size) < 0.8, 0, 4), 1), 0.8),
    "beta(1/2, 1/2)": (lambda g, size: g.beta(0.5, 0.5, size), 0.5),
}


def held(low: NDArray[np.float64], high: NDArray[np.float64], mean: float) -> str:
    return f"{100 * float(((low <= mean) & (mean <= high)).mean()):.1f}"


def percentile(sets: NDArray[np.float64], draws: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = sets.mean(axis=0)
    low, high = np.quantile(_resampled_moments(sets - mean, draws)[0], (0.025, 0.975), axis=0)
    return mean + low, mean + high


def row(name: str, sets: int, *, ours: bool) -> list[str]:
    draw, mean = DISTRIBUTIONS[name]
    found = []
    for n in SIZES:
        values = draw(np.random.default_rng(zlib.crc32(f"{name} {n}".encode())), (n, sets))
        draws = 4_000 if n < 100 else 2_000
        found.append(held(*(intervals_of_means(values, draws) if ours else percentile(values, draws)), mean))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=4_000)
    options = parser.parse_args()
    started = time.perf_counter()
    for title, ours in (("harness", True), ("percentile bootstrap", False)):
        print(f"\n| {title}: values drawn from | {' | '.join(f'n = {n}' for n in SIZES)} |")
        print(f"|---|{'---:|' * len(SIZES)}")
        for name in DISTRIBUTIONS:
            print(f"| {name} | {' | '.join(row(name, options.sets, ours=ours))} |", flush=True)
    values = np.random.default_rng(0).gamma(2, 1, (1_000_000, 1))
    begun = time.perf_counter()
    intervals_of_means(values)
    print(f"\n1,000,000 values: {time.perf_counter() - begun:.2f} s; all: {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
