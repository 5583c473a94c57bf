"""Map tiles for map2sat: brought to size, their colours compared with the map style the model was trained on."""

from __future__ import annotations

import numpy as np

from harness.images.opening import Opened
from harness.prepare.recipes.base import Drawn, Recipe, Settings, finished, fitted

# Google Maps as of 2016: blocks, roads, lots, parks; measured on a published training tile.
_STYLE = np.array([(232, 229, 222), (255, 255, 255), (243, 240, 234), (203, 223, 172)], dtype=np.float64)
_NEAR = 16.0  # RGB distance; 98.7 % of the pixels of that tile lie within it, 0.3 % of its aerial half
# Share of such pixels below which the tile is taken for another style.
_ENOUGH = 0.5


def draw(opened: Opened, settings: Settings) -> Drawn:
    """Returns the tile at the settings' size; warns when its colours are of another style."""
    made = fitted(opened.image, settings)
    pixels = np.asarray(made.image, dtype=np.float64)
    # Squared distance of each pixel, H×W, to the nearest colour of the style.
    nearest = np.min([((pixels - colour) ** 2).sum(axis=2) for colour in _STYLE], axis=0)
    share = float((nearest <= _NEAR**2).mean())
    told: tuple[str, ...] = ()
    if share < _ENOUGH:
        told = (f"only {share:.0%} of it has the colours of the 2016 Google Maps style the model was trained on",)
    return finished(opened, made, settings, told)


MAP = Recipe(
    "map",
    "map tiles: brought to size, colours compared with the 2016 Google Maps style; their scale only through "
    "nearness (density and width of lines), where the model's dataset is installed",
    draw,
    mirrors=True,
)
