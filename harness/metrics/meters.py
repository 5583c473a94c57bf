"""What a metric is made of: the image it is shown, the columns it fills, and the meter that keeps what it has seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.errors import MetricError
from harness.images.geometry import PixelBox
from harness.metrics.pairs import Picture, inside

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Shot:
    """One image of a run; `target` is None where there is none."""

    name: str
    input: Picture
    output: Picture
    target: Picture | None = None

    @property
    def wanted(self) -> Picture:
        """The target; raises MetricError where there is none."""
        if self.target is None:
            raise MetricError("there are no targets", "test on pairs: harness prepare-images FOLDER --targets FOLDER")
        return self.target

    def within(self, box: PixelBox | None) -> Shot:
        """Returns what of the three pictures lies in a box, all of them for None."""
        target = None if self.target is None else inside(self.target, box)
        return replace(self, input=inside(self.input, box), output=inside(self.output, box), target=target)


@dataclass(frozen=True)
class Column:
    """One number, of every image or of the whole set.

    Attributes:
        unit: empty for a pure number.
        better: None where neither way is better, as for similarity to the input.
        definition: the formula and its parameters in one clause, for the protocol.
        decimals: that a reader can use.
    """

    name: str
    label: str
    unit: str
    better: Better | None
    definition: str
    against: Literal["target", "input", "the real pictures", "its label map"] = "target"
    decimals: int = 3

    @property
    def title(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def arrow(self) -> str:
        """Which way is better, as a sign; empty where neither is."""
        return {"higher": "↑", "lower": "↓", None: ""}[self.better]


@dataclass(frozen=True)
class Total:
    """A number of the whole set.

    Attributes:
        low, high: its 95 % interval, None where none is computed.
        n: images it is of.
        beside: the same number of something else, by `ground_truth` (the real photos' own) or `floor` (one half of
            the real pictures against the other).
        notes: what a reader must know of it.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    beside: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


# Equal to itself alone: arrays have no single truth value that a comparison could give.
@dataclass(frozen=True, eq=False)
class ClassColours:
    """How a label map is read, pixel by pixel.

    Attributes:
        colours: N×3 uint8, of the classes that count.
        void: M×3 uint8, of what a true map may show besides: no class, its pixels are left out.
    """

    name: str
    colours: NDArray[np.uint8]
    void: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Instruments:
    """What some metrics need beside the pictures. What is missing has its reason, and the next command, in `lacks`.

    Attributes:
        backbones: verified files of networks by the name of `harness.catalog.backbones`.
        output_palette, input_palette: of the outputs and of the inputs, where these are label maps.
        evaluator: draws the label map of a photo, given it and the image's name.
        reverse: translates an output back.
        reals: the real pictures that outputs are to resemble as a set, where they have no targets.
        lacks: reasons by the names of the fields above, or of a backbone.
    """

    backbones: Mapping[str, Path] = field(default_factory=dict)
    output_palette: ClassColours | None = None
    input_palette: ClassColours | None = None
    evaluator: Callable[[Picture, str], Picture] | None = None
    reverse: Callable[[Picture, str], Picture] | None = None
    reals: Callable[[], Iterable[Picture]] | None = None
    device: str = "cpu"
    lacks: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def backbone(self, name: str, metric: str) -> Path:
        """Returns a network's file; raises MetricError where it is not there."""
        if name not in self.backbones:
            raise self.lacking(name, f"the network `{name}` is not here", f"harness setup --metrics {metric}")
        return self.backbones[name]

    def lacking(self, what: str, otherwise: str, hint: str) -> MetricError:
        """Returns the error for what is not there."""
        # Whoever gathered the instruments knows better why one is missing than the metric that asks for it.
        return MetricError(*self.lacks.get(what, (otherwise, hint)))


class Meter(Protocol):
    """Measures images one by one, from several threads, and then the set."""

    def one(self, shot: Shot, /) -> tuple[float, ...]:
        """Returns an image's values, one a column; ValueError for pictures that cannot be measured."""

    def whole(self) -> tuple[Total, ...]:
        """Returns the set's values, one a total; MetricError where the set has none."""


# A key of dicts while a run is measured: every field stays hashable.
@dataclass(frozen=True, kw_only=True)
class Metric:
    """One way to measure a run.

    Attributes:
        begin: returns a meter; raises MetricError where something it needs is missing.
        columns: what every image has.
        totals: what the set has.
        baselines: whether the input copied and the mean target are measured too.
    """

    name: str
    begin: Callable[[Instruments], Meter]
    columns: tuple[Column, ...] = ()
    totals: tuple[Column, ...] = ()
    baselines: bool = False

    @property
    def needs_targets(self) -> bool:
        """Whether it says nothing of a run without them."""
        return any(column.against == "target" for column in (*self.columns, *self.totals))


@dataclass(frozen=True)
class ImageMeter:
    """The meter of numbers of single images: it keeps nothing of what it has seen."""

    one: Callable[[Shot], tuple[float, ...]]

    def whole(self) -> tuple[Total, ...]:
        return ()


def pair_meter(compute: Callable[[Picture, Picture], float], *, against_input: bool = False) -> ImageMeter:
    """Returns the meter of a plain function of a picture and its reference."""
    return ImageMeter(lambda shot: (compute(shot.output, shot.input if against_input else shot.wanted),))


def pair_metric(compute: Callable[[Picture, Picture], float], column: Column) -> Metric:
    """Returns the metric of a plain function of a picture and its reference."""
    against_input = column.against == "input"
    # It keeps nothing of what it has seen, so that one meter does for all runs.
    meter = pair_meter(compute, against_input=against_input)
    return Metric(name=column.name, begin=lambda _: meter, columns=(column,), baselines=not against_input)
