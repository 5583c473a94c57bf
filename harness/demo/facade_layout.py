"""Draws the plan of a street front: houses, and on them the boxes of the twelve label classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from harness.images.palettes import FACADES

SIDE: Final = 256
"""The side of every picture in pixels, which is what coordinates count."""

Label = Literal[
    "background", "facade", "window", "door", "cornice", "sill", "balcony", "blind", "deco", "molding", "pillar", "shop"
]
COLOURS: Final = {each.name: each.rgb for each in FACADES}

Style = Literal["brick", "palace", "riviera", "paris", "pastel"]
"""A way of building; each shows itself in the label map by the classes that it uses."""

# What is painted later covers what is painted before; the order in which the real maps are stacked.
_ORDER: Final = ["facade", "pillar", "molding", "shop", "window", "door", "cornice", "sill", "deco", "blind", "balcony"]


class Box(NamedTuple):
    """A rectangle of one class: `x0 <= x < x1`, `y0 <= y < y1`, in plan units."""

    label: Label
    x0: int
    y0: int
    x1: int
    y1: int


@dataclass
class House:
    """One house: its wall from `top` to the street at `base`, a roof above `top` down from `roof_top`, its boxes.

    Attributes:
        centres: of the bays, which are `bay` wide.
        floors: the upper edges of the floors above the ground floor, from below; each is `floor` high.
        window: the usual width of one.
    """

    style: Style
    x0: int
    x1: int
    top: int
    base: int
    first_floor: int
    roof_top: int
    centres: list[float]
    bay: float
    floors: list[float]
    floor: float
    window: float
    boxes: list[Box] = field(default_factory=list)

    def windows(self, upper: float, lower: float) -> Iterator[tuple[int, float, float, float]]:
        """Yields floor, middle, top and foot of the windows, which lie between two shares of a floor's height."""
        for number, top in enumerate(self.floors):
            for x in self.centres:
                yield number, x, top + self.floor * upper, top + self.floor * lower

    def framed_windows(self, upper: float, lower: float, head: float) -> Iterator[tuple[float, float, float]]:
        """Adds windows, over each a stone `head` units high, and yields left, right and foot of each."""
        half = self.window / 2
        for _, x, y0, y1 in self.windows(upper, lower):
            self.add("window", x - half, y0, x + half, y1)
            self.add("cornice", x - half - 3, y0 - head, x + half + 3, y0)
            yield x - half, x + half, y1

    def add(self, label: Label, x0: float, y0: float, x1: float, y1: float) -> None:
        """Adds a box, cut to the house's width; a box without area is left out."""
        left, right = max(self.x0, round(x0)), min(self.x1, round(x1))
        if right > left and round(y1) > round(y0):
            self.boxes.append(Box(label, left, round(y0), right, round(y1)))


Plan = tuple[House, ...]
"""A street front: houses from left to right, all standing on the street."""


def draw_plan(rng: np.random.Generator) -> Plan:
    """Returns a street front of one to three houses."""
    # The order of the draws decides every picture the shipped weights were trained on: it may not change.
    base = int(rng.integers(226, 240))
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
    # In a third of the pictures sky is seen beside the front, at either side.
    left = int(rng.choice([0, 0, 1])) * int(rng.integers(8, 26))
    right = SIDE - int(rng.choice([0, 0, 1])) * int(rng.integers(8, 26))
    shares = rng.uniform(0.8, 1.2, count)
    # Widths near to equal: shares of 0.8 to 1.2, scaled to fill the front.
    edges = [left, *(left + (right - left) * np.cumsum(shares / shares.sum())).astype(int).tolist()]
    # No two houses of one style in a street.
    styles = rng.permutation(np.array(get_args(Style), dtype=object))
    # How near the camera stands: floors, bays and windows grow with it.
    near = float(rng.uniform(1.0, 1.35))
    sides = zip(styles, pairwise(edges), strict=False)
    return tuple(_house(rng, style, side, base=base, near=near) for style, side in sides)


def paint_labels(plan: Plan) -> NDArray[np.uint8]:
    """Returns the plan's label map, `(256, 256, 3)` uint8 RGB in the colours of the facades data set only."""
    picture = Image.new("RGB", (SIDE, SIDE), COLOURS["background"])
    pen = ImageDraw.Draw(picture)
    for house in plan:
        # The wall reaches up to the roof's edge: the data set has no class for roofs.
        boxes = [Box("facade", house.x0, house.roof_top, house.x1, house.base), *house.boxes]
        for box in sorted(boxes, key=lambda each: _ORDER.index(each.label)):
            pen.rectangle((box.x0, box.y0, box.x1 - 1, box.y1 - 1), fill=COLOURS[box.label])
    return np.array(picture)


def _house(rng: np.random.Generator, style: Style, sides: tuple[int, int], *, base: int, near: float) -> House:
    x0, x1 = sides
    ground = float(rng.uniform(40, 48)) * near
    floor = float(rng.uniform(36, 44)) * near
    # 46 units of sky stay above the highest floor, for roof, chimney or crest.
    headroom = base - ground - 46
    storeys = int(np.clip(rng.integers(2, 6), 1, headroom // floor))
    first = base - ground
    top = first - storeys * floor
    width = x1 - x0
    # 30 to 42 units each before the camera comes nearer: about as wide as a floor is high.
    bays = max(1, round(width / (near * float(rng.uniform(30, 42)))))
    # 4 units of bare wall at both corners.
    bay = (width - 8) / bays
    house = House(
        style,
        x0,
        x1,
        round(top),
        base,
        round(first),
        round(top),
        centres=[x0 + 4 + bay * (number + 0.5) for number in range(bays)],
        bay=bay,
        floors=[first - floor * (number + 1) for number in range(storeys)],
        floor=floor,
        window=float(np.clip(bay * rng.uniform(0.40, 0.48), 9, 18 * near)),
    )
    _STYLES[style](house, rng)
    _ground_floor(house, rng)
    return house


def _brick(house: House, rng: np.random.Generator) -> None:
    """Sash windows between a stone lintel and a stone sill; chimneys."""
    for left, right, foot in house.framed_windows(0.26, 0.84, head=5):
        house.add("sill", left - 3, foot, right + 3, foot + 3)
    house.add("molding", house.x0, house.top, house.x1, house.top + 8)
    house.add("molding", house.x0, house.first_floor - 2, house.x1, house.first_floor + 2)
    # Chimneys stand at two of four places.
    for share in rng.choice([0.12, 0.3, 0.7, 0.88], size=2, replace=False):
        x = house.x0 + (house.x1 - house.x0) * share
        house.add("deco", x - 6, house.top - 14, x + 6, house.top)


def _palace(house: House, rng: np.random.Generator) -> None:
    """Pillars between the bays, a pediment over each window, a balustrade against the sky."""
    for left, right, foot in house.framed_windows(0.30, 0.86, head=7):
        house.add("sill", left - 2, foot, right + 2, foot + 3)
    for top in house.floors[1:]:
        if rng.random() < 0.5:
            house.add("molding", house.x0, top + house.floor - 2, house.x1, top + house.floor + 1)
    for number in range(len(house.centres) + 1):
        x = house.x0 + 4 + house.bay * number
        house.add("pillar", x - 3, house.top + 9, x + 3, house.first_floor - 3)
    house.add("molding", house.x0, house.top, house.x1, house.top + 9)
    house.add("molding", house.x0, house.first_floor - 3, house.x1, house.first_floor + 3)
    house.add("balcony", house.x0, house.top - 11, house.x1, house.top)


def _riviera(house: House, rng: np.random.Generator) -> None:
    """Shutters beside every window, flower boxes or small balconies below, a tiled roof."""
    balconies = int(rng.integers(0, len(house.floors) + 1))
    half, leaf, reach = house.window * 0.45, house.window * 0.42, house.bay * 0.42
    for number, x, y0, y1 in house.windows(0.22, 0.78):
        house.add("blind", x - half - leaf, y0, x - half, y1)
        house.add("blind", x + half, y0, x + half + leaf, y1)
        house.add("window", x - half, y0, x + half, y1)
        if number == balconies:
            house.add("balcony", x - reach, y1 - 8, x + reach, y1 + 4)
        else:
            house.add("sill", x - half - 2, y1, x + half + 2, y1 + 4)
    house.add("molding", house.x0, house.top, house.x1, house.top + 4)
    # What lies above `top` is roof, but in the map still facade.
    house.roof_top = house.top - 15


def _paris(house: House, rng: np.random.Generator) -> None:
    """Tall windows behind iron railings, a slate roof with dormers."""
    highest = len(house.floors) - 1
    # Long balconies run along the highest floor, in most houses along the first as well.
    long_floors = {0, highest} if rng.random() < 0.7 else {highest}
    half, dormer = house.window * 0.46, house.window * 0.4
    for number, x, y0, y1 in house.windows(0.18, 0.94):
        house.add("window", x - half, y0, x + half, y1)
        if number not in long_floors:
            house.add("balcony", x - half - 2, y1 - 9, x + half + 2, y1)
        # One for the whole floor, told at its last window.
        elif x == house.centres[-1]:
            house.add("balcony", house.x0 + 3, y1 - 10, house.x1 - 3, y1 + 2)
    house.add("molding", house.x0, house.top, house.x1, house.top + 5)
    house.roof_top = house.top - int(rng.integers(26, 33))
    for x in house.centres:
        house.add("window", x - dormer, house.top - 19, x + dormer, house.top - 3)
        house.add("cornice", x - dormer - 2, house.top - 23, x + dormer + 2, house.top - 19)


def _pastel(house: House, rng: np.random.Generator) -> None:
    """A relief panel under each window, a thin band at each floor, a crest in the middle."""
    for left, right, foot in house.framed_windows(0.24, 0.74, head=4):
        house.add("deco", left, foot + 2, right, foot + 8)
    for top in house.floors:
        house.add("molding", house.x0, top + house.floor - 1, house.x1, top + house.floor + 2)
    house.add("molding", house.x0, house.top, house.x1, house.top + 7)
    middle, half_crest = (house.x0 + house.x1) / 2, (house.x1 - house.x0) * float(rng.uniform(0.14, 0.22))
    house.add("deco", middle - half_crest, house.top - 14, middle + half_crest, house.top)


_STYLES: Final[dict[Style, Callable[[House, np.random.Generator], None]]] = {
    "brick": _brick,
    "palace": _palace,
    "riviera": _riviera,
    "paris": _paris,
    "pastel": _pastel,
}


def _ground_floor(house: House, rng: np.random.Generator) -> None:
    """Adds one door, and beside it shops (some with an awning) or windows."""
    y0, height = house.first_floor + 4, house.base - house.first_floor - 4
    head, foot = y0 + height * 0.18, y0 + height * 0.68
    door = int(rng.integers(0, len(house.centres)))
    # Every style draws both numbers but the palace, whose ground floor has windows only.
    shops = house.style != "palace" and rng.random() < 0.7
    awnings = rng.random() < 0.6
    half, reach = house.window / 2, house.bay * 0.44
    for number, x in enumerate(house.centres):
        if number == door:
            house.add("door", x - half - 1, y0 + height * 0.16, x + half + 1, house.base)
            house.add("cornice", x - half - 4, y0 + height * 0.16 - 4, x + half + 4, y0 + height * 0.16)
        elif shops:
            house.add("shop", x - reach, y0 + 2, x + reach, house.base)
            if awnings:
                house.add("blind", x - reach, y0 + 9, x + reach, y0 + 19)
        else:
            house.add("window", x - half, head, x + half, foot)
            house.add("sill", x - half - 2, foot, x + half + 2, foot + 3)
