"""Coordinates of the drawings: a network's convolutions as columns, its skip connections as arcs above them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.explain.network import Layer, Network, Skip

_PITCH, _WIDTH = 58, 30
_TALLEST, _LOWEST = 150, 16
_ARC, _NESTED = 26, 9  # how far an arc stands off the tallest column, and off an arc that it spans


@dataclass(frozen=True)
class Column:
    """A convolution: `x` and `y` are the upper left corner of its column, whose foot stands on the drawing's floor."""

    layer: Layer
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Arc:
    """A skip connection from the column or input `start` to the column `end`, `top` at its highest."""

    start: Column
    end: Column
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

    def inside(skip: Skip) -> list[int]:
        return [i for i, position in enumerate(positions) if skip.first <= position <= skip.last]

    # Arcs that span more lie higher, so that none crosses another.
    ceiling = 2 * _ARC + _NESTED * max((len(inside(skip)) for skip in network.skips), default=0)
    floor = ceiling + _TALLEST
    # The height of a column is log2(side + 1): each halving takes off the same.
    largest = max(network.input[1], *(network.layers[p].shape[1] for p in positions))
    columns = []
    for number, position in enumerate(positions):
        layer = network.layers[position]
        # Halving takes away the same step each time; a 1×1 map keeps a column that can be seen.
        height = max(_LOWEST, math.log2(layer.shape[1] + 1) / math.log2(largest + 1) * _TALLEST)
        columns.append(Column(layer, 10 + number * _PITCH, floor - height, _WIDTH, height))
    arcs = []
    for skip in network.skips:
        # From the last convolution before the block to the last one inside.
        spanned = inside(skip)
        top = ceiling - _ARC - _NESTED * (len(spanned) - 1)
        arcs.append(Arc(columns[max(0, spanned[0] - 1)], columns[spanned[-1]], top, skip.joining))
    return Drawing(20 + (len(columns) - 1) * _PITCH + _WIDTH, floor + 52, floor, tuple(columns), tuple(arcs))
