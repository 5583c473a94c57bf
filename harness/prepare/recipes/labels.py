"""Label maps in any encoding, brought to the colours of the dataset without mixing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image

from harness.errors import ImageError
from harness.images.geometry import Fitted, enlargement, fit_to
from harness.images.opening import Opened, decode, open_picture
from harness.images.palettes import (
    CITYSCAPES_PALETTE,
    FACADES_PALETTE,
    Numbering,
    Palette,
    Pixels,
    Snapped,
    snap,
)
from harness.parallel import default_workers, in_order
from harness.prepare.recipes.base import Drawn, Recipe, Settings, check_size, finished

MUCH_OFF = 0.75
"""Share of off-palette pixels from which a picture is no label map: 101 of the dataset have 0.02 to 0.57, JPEGs that
they are, and photos 1.00."""

WORTH_TELLING = 0.1
"""Share of off-palette pixels from which the user is told: files that were never compressed or resized have none."""

_JPEG = b"\xff\xd8"  # a JPEG cannot store class numbers


def read_labels(
    content: bytes, settings: Settings, palette: Palette, numbering: tuple[Numbering, bool] | None = None
) -> Opened:
    """Returns a file's colours (mode RGB), or where it stores class numbers the palette's rows, from 1 (mode L).

    Args:
        numbering: how the folder's maps are numbered, and whether that is certain; by default the file alone tells.
    """
    numbers, stored = None, None
    if not content.startswith(_JPEG):
        stored = decode(content, max_pixels=settings.max_pixels)
        # Among numbered maps a picture of zeros is one of them, without a folder to tell it is a black picture.
        numbers = palette.numbers_in(stored.image, blank=numbering is not None)
    if stored is None or numbers is None:
        ground = palette.encodings[0][palette.unknown]
        # A JPEG's pixels are mixed whatever is decoded, and `snap` decides them: at twice the size as well as in full.
        opened = open_picture(content, max_pixels=settings.max_pixels, background=ground, at_least=settings.enough)
        check_size(opened.size_before)
        return opened
    check_size(stored.size_before)
    found, certain = numbering or palette.numbering_of(set(np.unique(numbers).tolist()))
    doubt = f"nothing in the folder tells how its classes are numbered: taken as {found.name}"
    # Rows from 1, for 0 is what has no class in an 8-bit picture.
    rows = Image.fromarray((found.rows_of(numbers) + 1).astype(np.uint8))
    said = f"class numbers read as {found.name}"
    told = () if certain else (doubt,)
    return Opened(rows, stored.size_before, stored.geometry, (*stored.operations, said), told)


def draw_labels(opened: Opened, settings: Settings, palette: Palette) -> Drawn:
    """Returns the label map in the dataset's colours; what is off them is decided at the smaller of both sizes."""
    known = palette.encoding_of(np.asarray(opened.image)) if opened.image.mode == "RGB" else None
    decided = partial(_recoloured, known=known, palette=palette)
    fitted = partial(fit_to, size=settings.size, how=settings.fit, mixing=False)
    # Enlarging first would only give each wrong pixel a block of its own; shrinking first leaves fewer to decide.
    if enlargement(opened.image.size, settings.size, settings.fit) > 1:
        snapped = decided(opened.image)
        ground = None if settings.mirrors else palette.encodings[0][palette.unknown]
        made = fitted(Image.fromarray(snapped.pixels), background=ground)
    else:
        red, green, blue = [palette.unknown + 1] * 3 if known is None else known[palette.unknown].tolist()
        # The background in the map's own encoding, so that it is snapped like the rest.
        made = fitted(opened.image, background=None if settings.mirrors else (red, green, blue))
        snapped = decided(made.image)
        made = replace(made, image=Image.fromarray(snapped.pixels))
    return _described(opened, made, snapped, palette, settings)


def survey(recipe: Recipe, contents: Iterable[bytes], palette: Palette) -> Recipe:
    """Returns the recipe for these label maps as a whole: class numbers mean the same in every one of a folder."""
    seen: set[int] = set()
    # Every file: a class that tells the numbering may be in one map of a hundred.
    for numbers in in_order(partial(_numbers_of, palette=palette), contents, default_workers()):
        seen |= numbers
    if not seen:
        return recipe
    numbering, certain = palette.numbering_of(seen)
    found = f"numbered {numbering.name}" + ("" if certain else ", as nothing tells")
    return replace(
        recipe,
        name=f"{recipe.name} {found}",
        explains=f"{recipe.explains}; classes are {found}",
        read=partial(read_labels, palette=palette, numbering=(numbering, certain)),
    )


def _numbers_of(content: bytes, palette: Palette) -> set[int]:
    if content.startswith(_JPEG):
        return set()
    try:
        numbers = palette.numbers_in(decode(content).image)
    except ImageError:  # said when it is prepared
        return set()
    return set() if numbers is None else set(np.unique(numbers).tolist())


def _recoloured(image: Image.Image, known: Pixels | None, palette: Palette) -> Snapped:
    if known is not None:
        return snap(np.asarray(image), known, palette.colours)
    rows = np.asarray(image.convert("L"), dtype=np.int64) - 1
    return Snapped(palette.colours[np.where(rows < 0, palette.unknown, rows)], float((rows < 0).mean()))


def _described(opened: Opened, made: Fitted, snapped: Snapped, palette: Palette, settings: Settings) -> Drawn:
    off, numbered = snapped.off_palette, opened.image.mode == "L"
    if numbered:
        said = f"recoloured by class number ({off:.0%} of the pixels have no class)"
        much = f"{off:.0%} of it has no class: that is taken as background"
    else:
        count = f"the {len(palette.colours)} {palette.name} colours"
        said = f"snapped to {count} ({off:.0%} of the pixels were off the palette, {snapped.unsure:.1%} remain unsure)"
        much = (
            f"{off:.0%} of it is off the palette, as after JPEG or resizing; {snapped.unsure:.1%} of its pixels may be "
            "of another class: give the map as it was first saved"
        )
    told = (much,) if off > WORTH_TELLING else ()
    drawn = finished(opened, replace(made, operations=(*made.operations, said)), settings, told)
    if numbered or off <= MUCH_OFF:
        return drawn
    # Whatever else there is to say would send a photo's owner the wrong way.
    return replace(drawn, warnings=(f"looks like no label map: {off:.0%} of it is off the palette",), foreign=True)


def _labels(name: str, explains: str, palette: Palette) -> Recipe:
    draw, read = partial(draw_labels, palette=palette), partial(read_labels, palette=palette)
    return Recipe(name, explains, draw, read, version=4, survey=partial(survey, palette=palette))


FACADE_LABELS = _labels(
    "facade labels",
    "facade label maps: snapped to the 12 colours of the dataset, class numbers as the whole folder means them",
    FACADES_PALETTE,
)
CITYSCAPES_LABELS = _labels(
    "cityscapes labels", "street label maps: snapped to the Cityscapes colours", CITYSCAPES_PALETTE
)
