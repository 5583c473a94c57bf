"""Charts as plain geometry, ready to be written as SVG: histogram, scatter, dots by group, range with baselines, sorted
differences.

Axes run from left to right in every language, as figures in Persian papers do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.web.language import Language

# Beyond these a page grows slow and no eye sees more: points and bars are thinned evenly, a histogram gets wider bins.
_MOST_POINTS = 2000
# About a pixel each in the plot's 648.
_MOST_BARS = 600
_MOST_BINS = 32


Tick = tuple[float, str]
"""Where on an axis a number stands, in pixels, and the number as it is written."""


@dataclass(frozen=True)
class Frame:
    """The plot's area inside its picture, in pixels, and what its sides stand for."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        share = (value - self.x_low) / (self.x_high - self.x_low)
        # A hundredth of a pixel: digits beyond it only make the page larger.
        return round(self.left + share * (self.right - self.left), 2)

    def y(self, value: float) -> float:
        share = (value - self.y_low) / (self.y_high - self.y_low)
        # SVG counts y downwards.
        return round(self.bottom - share * (self.bottom - self.top), 2)


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    kind: str = ""


@dataclass(frozen=True)
class Histogram:
    """Counts of one column's finite values; `edges` has one more entry than `bars`."""

    id: str
    title: str
    frame: Frame
    bars: tuple[Bar, ...]
    edges: tuple[float, ...]
    ticks: tuple[Tick, ...]
    most: int
    mean: float
    decimals: int


@dataclass(frozen=True)
class Scatter:
    """Two values an image, each point with its row; `of` is their number before thinning.

    Attributes:
        identity: whether the line is drawn on which both are equal, from corner to corner.
    """

    id: str
    title: str
    x_title: str
    y_title: str
    frame: Frame
    points: tuple[tuple[float, float, int], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    of: int
    identity: bool


@dataclass(frozen=True)
class Dots:
    """Values by group on one axis: a line a group, its name above it; each point with its row."""

    title: str
    frame: Frame
    names: tuple[Tick, ...]
    points: tuple[tuple[float, float, int], ...]
    ticks: tuple[Tick, ...]


Range = tuple[tuple[str, float, float, float], ...]
"""The model's mean and the baselines' on one line of 480 × 24 pixels: id, place, and both ends of the interval."""


@dataclass(frozen=True)
class Differences:
    """One bar an image, from the largest loss to the largest gain."""

    title: str
    frame: Frame
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    zero: float
    mean: float


def histogram(
    id_: str,
    title: str,
    values: ArrayLike,
    decimals: int,
    language: Language,
    *,
    limits: tuple[float, float] | None = None,
) -> Histogram | None:
    """Returns a histogram of the finite values, None when there are none; `limits` are those of its axis."""
    every = np.asarray(values, float)
    finite = every[np.isfinite(every)]
    if not len(finite):
        return None
    low, high, step = _nice_bounds(*(limits or (float(finite.min()), float(finite.max()))))
    # Some 2·√n bins, each a whole part of the step between two ticks.
    wanted = max(6, min(_MOST_BINS, round(2 * len(finite) ** (1 / 2))))
    steps = round((high - low) / step)
    bins = steps * max(1, round(wanted / steps))
    edges = [low + (high - low) * i / bins for i in range(bins + 1)]
    # The highest value lies on the last edge and belongs to the last bin.
    places = np.minimum(((finite - low) / (high - low) * bins).astype(int), bins - 1)
    counts = np.bincount(places, minlength=bins).tolist()
    # Room for the ticks below; the tallest bar reaches the top.
    frame = Frame(360, 132, 8, 352, 8, 108, low, high, 0, max(counts))
    bars = []
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        span = " – ".join(language.number(edge, decimals) for edge in (left, right))
        x, y = frame.x(left), frame.y(count)
        # One pixel of gap between bars.
        size = round(frame.x(right) - x - 1, 2), round(frame.bottom - y, 2)
        bars.append(Bar(x + 0.5, y, *size, f"{span}: {language.count('images', count)}"))
    ticks = _ticks(frame.x, low, high, step, language)
    mean = frame.x(math.fsum(finite) / len(finite))
    return Histogram(id_, title, frame, tuple(bars), tuple(edges), ticks, max(counts), mean, decimals)


def scatter(
    id_: str,
    titles: tuple[str, str, str],
    values: tuple[Sequence[float], Sequence[float]],
    language: Language,
    *,
    rows: Iterable[int],
    of: int | None = None,
    identity: bool = False,
) -> Scatter | None:
    """Returns a scatter of two columns (`titles`: chart, x, y); above 2,000 images an even choice by x.

    Args:
        rows: the images that may be points; those without two finite values are none.
        of: how many images they stand for, where that is more.
    """
    x_values, y_values = values
    rows = [i for i in rows if math.isfinite(x_values[i]) and math.isfinite(y_values[i])]
    if len(rows) < 2:
        return None
    xs, ys = [x_values[i] for i in rows], [y_values[i] for i in rows]
    if identity:
        # Both axes alike, or the line on which both are equal would not be a diagonal.
        xs = ys = xs + ys
    x_low, x_high, x_step = _nice_bounds(min(xs), max(xs))
    y_low, y_high, y_step = _nice_bounds(min(ys), max(ys))
    frame = Frame(360, 300, 52, 348, 12, 256, x_low, x_high, y_low, y_high)
    shown = sorted(rows, key=lambda i: x_values[i])
    if len(shown) > _MOST_POINTS:
        # By x, so that the ends of the cloud stay.
        shown = [shown[i * len(shown) // _MOST_POINTS] for i in range(_MOST_POINTS)]
    points = tuple((frame.x(x_values[i]), frame.y(y_values[i]), i) for i in shown)
    x_ticks = _ticks(frame.x, x_low, x_high, x_step, language)
    y_ticks = _ticks(frame.y, y_low, y_high, y_step, language)
    return Scatter(id_, *titles, frame, points, x_ticks, y_ticks, of or len(rows), identity)


def dots(title: str, groups: Mapping[str, Mapping[int, float]], language: Language) -> Dots | None:
    """Returns finite values, given by group and row, from the top in the order of the groups; None where none is."""
    finite = {name: {r: v for r, v in values.items() if math.isfinite(v)} for name, values in groups.items()}
    every = [value for values in finite.values() for value in values.values()]
    if not every:
        return None
    low, high, step = _nice_bounds(min(every), max(every))
    # 40 pixels a group: its name, and the line below it that its dots lie on.
    bottom = 40 * len(finite)
    frame = Frame(360, bottom + 24, 8, 352, 0, bottom, low, high, 0, len(finite))
    lines = {name: frame.y(len(finite) - place - 0.7) for place, name in enumerate(finite)}
    points = tuple((frame.x(v), lines[name], row) for name, values in finite.items() for row, v in values.items())
    names = tuple((y, name) for name, y in lines.items())
    return Dots(title, frame, names, points, _ticks(frame.x, low, high, step, language))


def range_plot(marks: Sequence[tuple[str, float | None, float | None, float | None]]) -> Range | None:
    """Returns marks (id, mean, low, high) on one line with some room at both ends, None when nothing is finite."""
    known = [
        (i, m, m if low is None else low, m if high is None else high) for i, m, low, high in marks if m is not None
    ]
    if not known:
        return None
    low, high = min(k[2] for k in known), max(k[3] for k in known)
    # Whiskers end inside the picture, also where nothing varies.
    room = (high - low) * 0.06 or abs(low) * 0.1 or 1.0
    frame = Frame(480, 24, 8, 472, 0, 24, low - room, high + room, 0, 1)
    return tuple((i, frame.x(m), frame.x(a), frame.x(b)) for i, m, a, b in known)


def differences(
    title: str, named: tuple[Sequence[str], ArrayLike], better: str | None, decimals: int, language: Language
) -> Differences | None:
    """Returns the finite ones of (n,) differences, beside their images' names, in order; above 600 an even choice."""
    names, values = named[0], np.asarray(named[1], float)
    # Infinite differences, of a PSNR of identical pictures, have no height: they are the ends of the order.
    order = np.argsort(values, kind="stable")
    order = order[np.isfinite(values[order])]
    if not len(order):
        return None
    # Of all, before thinning.
    mean = math.fsum(values[order]) / len(order)
    if len(order) > _MOST_BARS:
        order = order[np.arange(_MOST_BARS) * (len(order) - 1) // (_MOST_BARS - 1)]
    finite = [(float(values[place]), names[place]) for place in order]
    # Zero is always on the axis, for bars stand on it.
    low, high, step = _nice_bounds(min(0.0, finite[0][0]), max(0.0, finite[-1][0]))
    frame = Frame(720, 240, 60, 708, 12, 228, 0, len(finite), low, high)
    bars = []
    for place, (value, name) in enumerate(finite):
        gain = value > 0 if better != "lower" else value < 0
        top, bottom = sorted((frame.y(value), frame.y(0)))
        kind = "none" if value == 0 or better is None else "gain" if gain else "loss"
        label = f"{name}: {language.number(value, decimals, signed=True)}"
        # Bars of hundreds of images still have a width.
        width = max(0.6, 0.82 * (frame.right - frame.left) / len(finite))
        # At least three quarters of a pixel, or an image without a change would be invisible.
        bars.append(Bar(frame.x(place), top, round(width, 2), max(0.75, round(bottom - top, 2)), label, kind))
    ticks = _ticks(frame.y, low, high, step, language)
    return Differences(title, frame, tuple(bars), ticks, frame.y(0), frame.y(mean))


def _nice_bounds(low: float, high: float) -> tuple[float, float, float]:
    """Returns bounds that are multiples of a step of 1, 2 or 5 times a power of ten, and that step."""
    if high - low < 1e-9:
        # Equal values get an axis around them.
        low, high = low - (abs(low) * 0.05 or 0.5), high + (abs(high) * 0.05 or 0.5)
    # About four steps between the bounds, fewer where the step is rounded up to 1, 2, 5 or 10.
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough * 0.999)
    # Slack for what floating point makes of a bound that is a multiple already.
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _ticks(
    position: Callable[[float], float], low: float, high: float, step: float, language: Language
) -> tuple[Tick, ...]:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    values = (low + i * step for i in range(round((high - low) / step) + 1))
    return tuple((position(value), language.number(round(value, 10), decimals)) for value in values)
