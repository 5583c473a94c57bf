"""Which function draws which class of the label map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.demo import openings, ornaments
from harness.demo.colours import Label
from harness.demo.facade_layout import Box
from harness.demo.paints import Site

# Drawn from the wall outwards, so that what stands in front covers and shades what lies behind.
PARTS: Final[dict[Label, Callable[[Site, Box], None]]] = {
    Label.WINDOW: openings.window,
    Label.MOLDING: ornaments.molding,
    Label.PILLAR: ornaments.pillar,
    Label.SHOP: openings.shop,
    Label.DOOR: openings.door,
    Label.DECO: ornaments.deco,
    Label.CORNICE: ornaments.cornice,
    Label.BLIND: openings.blind,
    Label.SILL: ornaments.sill,
    Label.BALCONY: ornaments.balcony,
}
