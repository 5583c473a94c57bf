"""Photos for models that eat photos: upright, sRGB, cropped to shape; and grey ones, for colouring."""

from __future__ import annotations

from harness.images.geometry import Fitted
from harness.images.opening import Opened
from harness.prepare.recipes.base import Drawn, Recipe, Settings, finished, fitted, read_rgb


def draw(opened: Opened, settings: Settings) -> Drawn:
    """Returns the photo at the settings' size."""
    return finished(opened, fitted(opened.image, settings), settings)


def draw_grey(opened: Opened, settings: Settings) -> Drawn:
    """Returns the photo without its colours, the coloured one as its target."""
    made = fitted(opened.image, settings)
    grey = Fitted(made.image.convert("L").convert("RGB"), (*made.operations, "colours taken away (ITU-R 601 luma)"))
    return finished(opened, grey, settings, target=made.image)


PHOTO = Recipe("photo", "photos: upright, in sRGB, brought to size", draw, read_rgb)
GREY = Recipe("grey", "colour photos: made grey, the colours are the target", draw_grey, read_rgb, makes_target=True)
