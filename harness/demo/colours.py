"""The twelve label classes of the pix2pix `facades` data set, by name."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from harness.images.palettes import FACADES


class Label(IntEnum):
    """A CMP facade class; the value is the class's index in the data set's own list, counted from 1."""

    BACKGROUND = 1
    FACADE = 2
    WINDOW = 3
    DOOR = 4
    CORNICE = 5
    SILL = 6
    BALCONY = 7
    BLIND = 8
    DECO = 9
    MOLDING = 10
    PILLAR = 11
    SHOP = 12


COLOURS: Final[dict[Label, tuple[int, int, int]]] = {Label(each.index): each.rgb for each in FACADES}
