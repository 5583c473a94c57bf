"""Label maps in any encoding, brought to the colours of the dataset without mixing them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from harness.images.geometry import Fitted, fit_to
from harness.images.opening import Opened, decode, open_picture
from harness.images.palettes import (
    CITYSCAPES,
    FACADES,
    Snapped,
    facades_colours,
    is_raw_palette,
    raw_colours,
    recolour_indexes,
    snap,
)
from harness.prepare.recipes.base import Drawn, Recipe, Settings, check_size, finished

MUCH_OFF = 0.75
"""Share of off-palette pixels from which a picture is no label map: 101 of the dataset have 0.02 to 0.57, JPEGs that
they are, and photos 1.00."""


def read_facades(content: bytes, settings: Settings) -> Opened:
    """Returns class numbers (mode L) where the file stores them, else its colours (mode RGB)."""
    stored = decode(content, max_pixels=settings.max_pixels)
    check_size(stored.size_before)
    if not _is_index_map(stored.image):
        return open_picture(content, max_pixels=settings.max_pixels, background=FACADES[0].rgb)
    return Opened(Image.fromarray(np.asarray(stored.image, dtype=np.uint8)), stored.size_before, stored.operations)


def draw_facades(opened: Opened, settings: Settings) -> Drawn:
    """Returns the label map in the 12 colours of the facades dataset."""
    if opened.image.mode == "L":
        made = fit_to(opened.image, settings.size, settings.fit, mixing=False, background=(1, 1, 1))
        snapped, how = recolour_indexes(np.asarray(made.image.convert("L"))), "recoloured by class number"
    else:
        made = fit_to(opened.image, settings.size, settings.fit, mixing=False, background=FACADES[0].rgb)
        pixels = np.asarray(made.image)
        raw = is_raw_palette(pixels)
        snapped = snap(pixels, raw_colours() if raw else facades_colours(), facades_colours())
        how = "raw CMP colours to the dataset's" if raw else "snapped to the 12 facade colours"
    return _drawn(opened, made, snapped, how, settings)


def draw_cityscapes(opened: Opened, settings: Settings) -> Drawn:
    """Returns the label map in the colours of Cityscapes' `gtFine_color` pictures."""
    made = fit_to(opened.image, settings.size, settings.fit, mixing=False, background=(0, 0, 0))
    colours = np.array(CITYSCAPES, dtype=np.uint8)
    snapped = snap(np.asarray(made.image), colours, colours)
    return _drawn(opened, made, snapped, f"snapped to the {len(CITYSCAPES)} Cityscapes colours", settings)


def _read_colours(content: bytes, settings: Settings) -> Opened:
    opened = open_picture(content, max_pixels=settings.max_pixels, background=(0, 0, 0))
    check_size(opened.size_before)
    return opened


def _is_index_map(image: Image.Image) -> bool:
    """Whether the values are class numbers: grey up to 12, or a palette image whose colours are not the dataset's."""
    if image.mode not in {"P", "L"}:
        return False
    values = np.asarray(image)
    if not 1 <= int(values.max()) <= len(FACADES):
        return False
    if image.mode == "L":
        return True
    pixels = np.asarray(image.convert("RGB"))
    return bool(values.min() >= 1 and snap(pixels, facades_colours(), facades_colours()).off_palette > 0.1)


def _drawn(opened: Opened, made: Fitted, snapped: Snapped, how: str, settings: Settings) -> Drawn:
    told: tuple[str, ...] = ()
    if snapped.off_palette > MUCH_OFF:
        share = f"{snapped.off_palette:.0%} of it is off the palette"
        told = (f"{share}: this looks like no label map; are inputs and targets swapped?",)
    said = f"{how} ({snapped.off_palette:.0%} of the pixels were off the palette)"
    return finished(opened, Fitted(Image.fromarray(snapped.pixels), (*made.operations, said)), settings, told)


FACADE_LABELS = Recipe(
    "facade labels", "facade label maps: snapped to the 12 colours of the dataset, raw CMP maps by class number",
    draw_facades, read_facades,
)  # fmt: skip
CITYSCAPES_LABELS = Recipe(
    "cityscapes labels",
    "street label maps: snapped to the Cityscapes colours",
    draw_cityscapes,
    _read_colours,
)
