"""Photos for models that eat photos: upright, sRGB, cropped to shape."""

from __future__ import annotations

from dataclasses import replace

from harness.images.geometry import Geometry
from harness.images.opening import Opened
from harness.images.rectifying import rectify
from harness.prepare.recipes.base import Drawn, Recipe, Settings, finished, fitted


def draw(opened: Opened, settings: Settings) -> Drawn:
    """Returns the photo at the settings' size, a facade set upright first where the settings say so."""
    told: tuple[str, ...] = ()
    if settings.rectify:
        opened, told = _upright(opened, settings)
    return finished(opened, fitted(opened.image, settings), settings, told)


def _upright(opened: Opened, settings: Settings) -> tuple[Opened, tuple[str, ...]]:
    made = rectify(opened.image)
    if made.refused is not None:
        return opened, (f"not rectified: {made.refused}",)
    if made.image is opened.image or made.lean is None:
        return replace(opened, operations=(*opened.operations, "upright already")), ()
    said = f"rectified: lines leant {made.lean[0]:.1f}° and {made.lean[1]:.1f}° on average"
    told = ("rectified alone: see that its partner, which was not, still shows the same place",)
    # What the perspective did is not undone: boxes count from the picture set upright.
    turned = replace(
        opened, image=made.image, geometry=Geometry.whole(made.image.size), operations=(*opened.operations, said)
    )
    return turned, told if settings.aligned else ()


PHOTO = Recipe("photo", "photos: upright, in sRGB, brought to size", draw, mirrors=True)
