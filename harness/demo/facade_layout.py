"""Draws the plan of a street front: houses, and on them the boxes of the twelve label classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from harness.demo.colours import COLOURS, Label

GRID: Final = 256
"""Every coordinate of a plan counts units of 1/256 of the picture's side."""

# What is painted later covers what is painted before; the order in which the real maps are stacked.
_ORDER: Final = (
    Label.FACADE,
    Label.PILLAR,
    Label.MOLDING,
    Label.SHOP,
    Label.WINDOW,
    Label.DOOR,
    Label.CORNICE,
    Label.SILL,
    Label.DECO,
    Label.BLIND,
    Label.BALCONY,
)


class Style(Enum):
    """A way of building; each shows itself in the label map by the classes that it uses."""

    BRICK = "brick"
    PALACE = "palace"
    RIVIERA = "riviera"
    PARIS = "paris"
    PASTEL = "pastel"


@dataclass(frozen=True)
class Box:
    """A rectangle of one class: `x0 <= x < x1`, `y0 <= y < y1`, in plan units."""

    label: Label
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """The width in plan units."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """The height in plan units."""
        return self.y1 - self.y0


@dataclass
class House:
    """One house: its wall from `top` to the street at `base`, a roof above `top` down from `roof_top`, its boxes."""

    style: Style
    x0: int
    x1: int
    top: int
    base: int
    first_floor: int
    roof_top: int
    boxes: list[Box] = field(default_factory=list)

    def add(self, label: Label, x0: float, y0: float, x1: float, y1: float) -> None:
        """Adds a box, cut to the house's width; a box without area is left out."""
        left, right = max(self.x0, round(x0)), min(self.x1, round(x1))
        if right > left and round(y1) > round(y0):
            self.boxes.append(Box(label, left, round(y0), right, round(y1)))


@dataclass(frozen=True)
class Plan:
    """A street front: houses from left to right, standing on the street at height `base`."""

    houses: tuple[House, ...]
    base: int


@dataclass(frozen=True)
class _Measures:
    """What the rooms of one house share: bay centres, bay width, floor height, window size."""

    centres: list[float]
    bay: float
    floor: float
    window: float
    tops: list[float]


def draw_plan(rng: np.random.Generator) -> Plan:
    """Returns a street front of one to three houses."""
    base = int(rng.integers(226, 240))
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
    left = int(rng.choice([0, 0, 1])) * int(rng.integers(8, 26))
    right = GRID - int(rng.choice([0, 0, 1])) * int(rng.integers(8, 26))
    shares = rng.uniform(0.8, 1.2, count)
    edges = [left, *(left + (right - left) * np.cumsum(shares / shares.sum())).astype(int).tolist()]
    styles = rng.permutation(np.array(list(Style), dtype=object))
    near = float(rng.uniform(1.0, 1.35))
    houses = [_house(rng, styles[number], edges[number], edges[number + 1], base, near) for number in range(count)]
    return Plan(tuple(houses), base)


def paint_labels(plan: Plan, size: int = GRID) -> NDArray[np.uint8]:
    """Returns the plan's label map, `(size, size, 3)` uint8 RGB in the colours of the facades data set only."""
    picture = Image.new("RGB", (size, size), COLOURS[Label.BACKGROUND])
    pen = ImageDraw.Draw(picture)
    for house in plan.houses:
        boxes = [Box(Label.FACADE, house.x0, house.roof_top, house.x1, house.base), *house.boxes]
        for box in sorted(boxes, key=lambda each: _ORDER.index(each.label)):
            x0, y0, x1, y1 = (round(value * size / GRID) for value in (box.x0, box.y0, box.x1, box.y1))
            if x1 > x0 and y1 > y0:
                pen.rectangle((x0, y0, x1 - 1, y1 - 1), fill=COLOURS[box.label])
    return np.array(picture)


def _house(rng: np.random.Generator, style: Style, x0: int, x1: int, base: int, near: float) -> House:
    ground = float(rng.uniform(40, 48)) * near
    floor = float(rng.uniform(36, 44)) * near
    headroom = base - ground - 46
    floors = int(np.clip(rng.integers(2, 6), 1, headroom // floor))
    first = base - ground
    top = first - floors * floor
    width = x1 - x0
    bays = max(1, round(width / (near * float(rng.uniform(30, 42)))))
    bay = (width - 8) / bays
    measures = _Measures(
        centres=[x0 + 4 + bay * (number + 0.5) for number in range(bays)],
        bay=bay,
        floor=floor,
        window=float(np.clip(bay * rng.uniform(0.40, 0.48), 9, 18 * near)),
        tops=[first - floor * (number + 1) for number in range(floors)],
    )
    house = House(style, x0, x1, round(top), base, round(first), round(top))
    _FLOORS[style](house, measures, rng)
    _ground_floor(house, measures, rng)
    return house


def _brick(house: House, m: _Measures, rng: np.random.Generator) -> None:
    """Sash windows between a stone lintel and a stone sill; chimneys."""
    for top in m.tops:
        y0, y1 = top + m.floor * 0.26, top + m.floor * 0.84
        for x in m.centres:
            half = m.window / 2
            house.add(Label.WINDOW, x - half, y0, x + half, y1)
            house.add(Label.CORNICE, x - half - 3, y0 - 5, x + half + 3, y0)
            house.add(Label.SILL, x - half - 3, y1, x + half + 3, y1 + 3)
    house.add(Label.MOLDING, house.x0, house.top, house.x1, house.top + 8)
    house.add(Label.MOLDING, house.x0, house.first_floor - 2, house.x1, house.first_floor + 2)
    for share in rng.choice([0.12, 0.3, 0.7, 0.88], size=2, replace=False):
        x = house.x0 + (house.x1 - house.x0) * share
        house.add(Label.DECO, x - 6, house.top - 14, x + 6, house.top)


def _palace(house: House, m: _Measures, rng: np.random.Generator) -> None:
    """Pillars between the bays, a pediment over each window, a balustrade against the sky."""
    for number, top in enumerate(m.tops):
        y0, y1 = top + m.floor * 0.30, top + m.floor * 0.86
        for x in m.centres:
            half = m.window / 2
            house.add(Label.WINDOW, x - half, y0, x + half, y1)
            house.add(Label.CORNICE, x - half - 3, y0 - 7, x + half + 3, y0)
            house.add(Label.SILL, x - half - 2, y1, x + half + 2, y1 + 3)
        if number and rng.random() < 0.5:
            house.add(Label.MOLDING, house.x0, top + m.floor - 2, house.x1, top + m.floor + 1)
    for number in range(len(m.centres) + 1):
        x = house.x0 + 4 + m.bay * number
        house.add(Label.PILLAR, x - 3, house.top + 9, x + 3, house.first_floor - 3)
    house.add(Label.MOLDING, house.x0, house.top, house.x1, house.top + 9)
    house.add(Label.MOLDING, house.x0, house.first_floor - 3, house.x1, house.first_floor + 3)
    house.add(Label.BALCONY, house.x0, house.top - 11, house.x1, house.top)


def _riviera(house: House, m: _Measures, rng: np.random.Generator) -> None:
    """Shutters beside every window, flower boxes or small balconies below, a tiled roof."""
    balconies = int(rng.integers(0, len(m.tops) + 1))
    for number, top in enumerate(m.tops):
        y0, y1 = top + m.floor * 0.22, top + m.floor * 0.78
        for x in m.centres:
            half, leaf = m.window * 0.45, m.window * 0.42
            house.add(Label.BLIND, x - half - leaf, y0, x - half, y1)
            house.add(Label.BLIND, x + half, y0, x + half + leaf, y1)
            house.add(Label.WINDOW, x - half, y0, x + half, y1)
            if number == balconies:
                house.add(Label.BALCONY, x - m.bay * 0.42, y1 - 8, x + m.bay * 0.42, y1 + 4)
            else:
                house.add(Label.SILL, x - half - 2, y1, x + half + 2, y1 + 4)
    house.add(Label.MOLDING, house.x0, house.top, house.x1, house.top + 4)
    house.roof_top = house.top - 15


def _paris(house: House, m: _Measures, rng: np.random.Generator) -> None:
    """Tall windows behind iron railings, a slate roof with dormers."""
    long_floors = {0, len(m.tops) - 1} if rng.random() < 0.7 else {len(m.tops) - 1}
    for number, top in enumerate(m.tops):
        y0, y1 = top + m.floor * 0.18, top + m.floor * 0.94
        for x in m.centres:
            half = m.window * 0.46
            house.add(Label.WINDOW, x - half, y0, x + half, y1)
            if number not in long_floors:
                house.add(Label.BALCONY, x - half - 2, y1 - 9, x + half + 2, y1)
        if number in long_floors:
            house.add(Label.BALCONY, house.x0 + 3, y1 - 10, house.x1 - 3, y1 + 2)
    house.add(Label.MOLDING, house.x0, house.top, house.x1, house.top + 5)
    house.roof_top = house.top - int(rng.integers(26, 33))
    for x in m.centres:
        house.add(Label.WINDOW, x - m.window * 0.4, house.top - 19, x + m.window * 0.4, house.top - 3)
        house.add(Label.CORNICE, x - m.window * 0.4 - 2, house.top - 23, x + m.window * 0.4 + 2, house.top - 19)


def _pastel(house: House, m: _Measures, rng: np.random.Generator) -> None:
    """A relief panel under each window, a thin band at each floor, a crest in the middle."""
    for top in m.tops:
        y0, y1 = top + m.floor * 0.24, top + m.floor * 0.74
        for x in m.centres:
            half = m.window / 2
            house.add(Label.WINDOW, x - half, y0, x + half, y1)
            house.add(Label.CORNICE, x - half - 3, y0 - 4, x + half + 3, y0)
            house.add(Label.DECO, x - half, y1 + 2, x + half, y1 + 8)
        house.add(Label.MOLDING, house.x0, top + m.floor - 1, house.x1, top + m.floor + 2)
    house.add(Label.MOLDING, house.x0, house.top, house.x1, house.top + 7)
    middle, half_crest = (house.x0 + house.x1) / 2, (house.x1 - house.x0) * float(rng.uniform(0.14, 0.22))
    house.add(Label.DECO, middle - half_crest, house.top - 14, middle + half_crest, house.top)


_FLOORS: Final[dict[Style, Callable[[House, _Measures, np.random.Generator], None]]] = {
    Style.BRICK: _brick,
    Style.PALACE: _palace,
    Style.RIVIERA: _riviera,
    Style.PARIS: _paris,
    Style.PASTEL: _pastel,
}


def _ground_floor(house: House, m: _Measures, rng: np.random.Generator) -> None:
    """Adds one door, and beside it shops (some with an awning) or windows."""
    y0, height = house.first_floor + 4, house.base - house.first_floor - 4
    door = int(rng.integers(0, len(m.centres)))
    shops = house.style is not Style.PALACE and rng.random() < 0.7
    awnings = rng.random() < 0.6
    for number, x in enumerate(m.centres):
        half = m.window / 2
        if number == door:
            house.add(Label.DOOR, x - half - 1, y0 + height * 0.16, x + half + 1, house.base)
            house.add(Label.CORNICE, x - half - 4, y0 + height * 0.16 - 4, x + half + 4, y0 + height * 0.16)
        elif shops:
            reach = m.bay * 0.44
            house.add(Label.SHOP, x - reach, y0 + 2, x + reach, house.base)
            if awnings:
                house.add(Label.BLIND, x - reach, y0 + 9, x + reach, y0 + 19)
        else:
            house.add(Label.WINDOW, x - half, y0 + height * 0.18, x + half, y0 + height * 0.68)
            house.add(Label.SILL, x - half - 2, y0 + height * 0.68, x + half + 2, y0 + height * 0.68 + 3)
