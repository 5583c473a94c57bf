"""Facade label maps in any encoding, brought to the 12 colours of the dataset without mixing them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from harness.images.geometry import fit_to
from harness.images.opening import Opened, decode, open_picture
from harness.images.palettes import FACADES, Snapped, is_raw_palette, raw_colours, recolour_indexes, snap
from harness.prepare.recipes.base import Drawn, Recipe, Settings, check_size, size_warnings

MUCH_OFF = 0.5
"""Share of off-palette pixels from which a picture is no label map: JPEG label maps of the dataset stay below 0.36."""


def draw(content: bytes, settings: Settings) -> Drawn:
    """Returns the label map in the dataset's colours at the settings' size."""
    stored = decode(content, max_pixels=settings.max_pixels)
    check_size(stored.size_before)
    if _is_index_map(stored.image):
        return _from_indexes(stored, settings)
    opened = open_picture(content, max_pixels=settings.max_pixels, background=settings.background)
    made = fit_to(opened.image, settings.size, settings.fit, mixing=False, background=FACADES[0].rgb)
    pixels = np.asarray(made.image)
    raw = is_raw_palette(pixels)
    snapped = snap(pixels, raw_colours() if raw else None)
    how = "raw CMP colours to the dataset's" if raw else "snapped to the 12 facade colours"
    return _drawn(opened, snapped, (*opened.operations, *made.operations), how, settings)


def _is_index_map(image: Image.Image) -> bool:
    """Whether the values are class numbers: grey up to 12, or a palette image whose colours are not the dataset's."""
    if image.mode not in {"P", "L"}:
        return False
    values = np.asarray(image)
    if not 1 <= int(values.max()) <= len(FACADES):
        return False
    if image.mode == "L":
        return True
    return bool(values.min() >= 1 and snap(np.asarray(image.convert("RGB"))).off_palette > MUCH_OFF)


def _from_indexes(stored: Opened, settings: Settings) -> Drawn:
    # A view as plain grey: geometry must move indexes, not look colours up; padding then is background, index 1.
    indexes = Image.fromarray(np.asarray(stored.image, dtype=np.uint8))
    ones = fit_to(indexes, settings.size, settings.fit, mixing=False, background=(1, 1, 1))
    image = ones.image if ones.image.mode == "L" else ones.image.getchannel("R")
    snapped = recolour_indexes(np.asarray(image))
    return _drawn(stored, snapped, (*stored.operations, *ones.operations), "recoloured by class number", settings)


def _drawn(opened: Opened, snapped: Snapped, operations: tuple[str, ...], how: str, settings: Settings) -> Drawn:
    told = list(opened.warnings)
    if snapped.off_palette > MUCH_OFF:
        told.append(f"{snapped.off_palette:.0%} of it is off the facade palette: this looks like no label map")
    said = f"{how} ({snapped.off_palette:.0%} of the pixels were off the palette)"
    return Drawn(
        Image.fromarray(snapped.pixels),
        opened.size_before,
        (*operations, said),
        (*told, *size_warnings(opened.size_before, settings)),
    )


LABELS = Recipe("labels", "facade label maps: nearest pixel, snapped to the 12 colours of the dataset", draw)
