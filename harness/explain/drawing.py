"""Coordinates of the drawings: a network's convolutions as columns, its skip connections as arcs above them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.explain.network import Network

_PITCH, _WIDTH = 58, 30
_TALLEST, _LOWEST = 150, 16
_ARC = 26


@dataclass(frozen=True)
class Column:
    """A convolution: `x` and `y` are the upper left corner of its column, whose foot stands on the drawing's floor."""

    number: int
    x: float
    y: float
    width: float
    height: float
    up: bool
    channels: int
    side: int
    kernel: int
    stride: int


@dataclass(frozen=True)
class Arc:
    """A skip connection from the column or input at `start` to the column at `end`, `top` at its highest."""

    start: float
    start_y: float
    end: float
    end_y: float
    top: float
    joining: str


@dataclass(frozen=True)
class Drawing:
    """Sizes in SVG units; `floor` is where the columns stand."""

    width: float
    height: float
    floor: float
    columns: tuple[Column, ...]
    arcs: tuple[Arc, ...]


def draw(network: Network) -> Drawing:
    """Returns the drawing of a network; columns are as high as the logarithm of their output's side."""
    positions = network.convolutions()
    highest = max(_span(skip.first, skip.last, positions) for skip in network.skips) if network.skips else 0
    floor = 2 * _ARC + 9 * highest + _TALLEST
    largest = max(network.input[1], *(network.layers[p].shape[1] for p in positions))
    columns = []
    for number, position in enumerate(positions):
        layer = network.layers[position]
        share = math.log2(layer.shape[1] + 1) / math.log2(largest + 1)
        height = max(_LOWEST, share * _TALLEST)
        columns.append(
            Column(
                number + 1, 10 + number * _PITCH, floor - height, _WIDTH, height, layer.kind == "ConvTranspose2d",
                layer.shape[0], layer.shape[1], layer.kernel or 1, layer.stride or 1,
            )
        )  # fmt: skip
    arcs = tuple(
        _arc(columns, positions, skip.first, skip.last, skip.joining, floor - _TALLEST) for skip in network.skips
    )
    return Drawing(20 + (len(columns) - 1) * _PITCH + _WIDTH, floor + 52, floor, tuple(columns), arcs)


def _span(first: int, last: int, positions: tuple[int, ...]) -> int:
    return sum(first <= p <= last for p in positions)


def _arc(columns: list[Column], positions: tuple[int, ...], first: int, last: int, joining: str, ceiling: float) -> Arc:
    """The connection begins at the last convolution before the block and ends at the last one inside."""
    inside = [i for i, p in enumerate(positions) if first <= p <= last]
    start, end = columns[max(0, inside[0] - 1)], columns[inside[-1]]
    top = ceiling - _ARC - 9 * (len(inside) - 1)
    return Arc(start.x + _WIDTH / 2, start.y, end.x + _WIDTH / 2, end.y, top, joining)
