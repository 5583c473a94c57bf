"""Photos for models that eat photos: upright, sRGB, cropped to shape; and grey ones, for colouring."""

from __future__ import annotations

from dataclasses import replace

from harness.images.geometry import Geometry
from harness.images.opening import Opened
from harness.images.rectifying import rectify
from harness.prepare.recipes.base import Drawn, Recipe, Settings, finished, fitted, read_rgb


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
    if not made.changed or made.lean is None:
        return replace(opened, operations=(*opened.operations, "upright already")), ()
    said = f"rectified: lines leant {made.lean.horizontal:.1f}° and {made.lean.vertical:.1f}° on average"
    told = ("rectified alone: see that its partner, which was not, still shows the same place",)
    # What the perspective did is not undone: boxes count from the picture set upright.
    turned = replace(
        opened, image=made.image, geometry=Geometry.whole(made.image.size), operations=(*opened.operations, said)
    )
    return turned, told if settings.aligned else ()


def draw_grey(opened: Opened, settings: Settings) -> Drawn:
    """Returns the photo without its colours, the coloured one as its target."""
    made = fitted(opened.image, settings)
    # ITU-R 601: Y = 0.299 R + 0.587 G + 0.114 B; three equal channels, as the networks take RGB.
    said = (*made.operations, "colours taken away (ITU-R 601 luma)")
    grey = replace(made, image=made.image.convert("L").convert("RGB"), operations=said)
    return finished(opened, grey, settings, target=made.image)


PHOTO = Recipe("photo", "photos: upright, in sRGB, brought to size", draw, read_rgb, mirrors=True)
GREY = Recipe(
    "grey", "colour photos: made grey, the colours are the target", draw_grey, read_rgb, makes_target=True, mirrors=True
)
