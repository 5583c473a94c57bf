"""Photos for models that eat photos: upright, sRGB, cropped to shape."""

from __future__ import annotations

from harness.prepare.recipes.base import Drawn, Recipe, Settings, fitted, open_checked, size_warnings


def draw(content: bytes, settings: Settings) -> Drawn:
    """Returns the photo at the settings' size."""
    opened = open_checked(content, settings)
    made = fitted(opened.image, settings)
    return Drawn(
        made.image,
        opened.size_before,
        (*opened.operations, *made.operations),
        (*opened.warnings, *size_warnings(opened.size_before, settings)),
    )


PHOTO = Recipe("photo", "photos: upright, in sRGB, brought to size", draw)
