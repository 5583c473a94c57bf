"""What edges2shoes and edges2handbags eat: thin black lines on white, drawn from product photos or cleaned drawings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from harness.errors import ImageError
from harness.images.edges import Mask, Pixels, as_picture, draw_edges, ink_of, line_width, thinned, without_specks
from harness.images.geometry import Fitted, Geometry
from harness.images.opening import WHITE, Opened
from harness.images.subject import find_background, framed
from harness.prepare.recipes.base import Drawn, Recipe, Settings, finished, fitted

_PLAIN = 0.8  # share of the border of one colour from which the background counts as plain
_MARGIN = 0.06  # free space around the thing, as in the training pictures
_WORKING = 768  # pixels: drawings are cleaned at this size, which keeps pencil lines apart


def draw_from_photo(
    opened: Opened, settings: Settings, drawing: Callable[[Pixels], Mask] = draw_edges, by: str = "colour gradients"
) -> Drawn:
    """Returns the edges of a product photo drawn like the training edges, the photo on white as its target."""
    white, told = _on_white(opened.image, settings)
    made = fitted(white.image, settings)
    mask = drawing(np.asarray(made.image))
    if not mask.any():
        raise ImageError("shows no edge to draw: it is one flat colour")
    said = (*white.operations, *made.operations, f"edges drawn like the training's by {by} ({mask.mean():.1%} black)")
    edges = Fitted(as_picture(mask), said, white.geometry.then(made.geometry))
    return finished(opened, edges, settings, told, target=made.image)


def draw_from_drawing(opened: Opened, settings: Settings) -> Drawn:
    """Returns a pencil or tablet drawing as clean black lines, one pixel wide, on white."""
    scale = min(1.0, _WORKING / max(opened.image.size))
    working = opened.image.resize([max(1, round(s * scale)) for s in opened.image.size], Image.Resampling.LANCZOS)
    ink = without_specks(ink_of(np.asarray(working)), round(12 * scale) + 4)
    box = Image.fromarray(ink).getbbox()
    if box is None:
        raise ImageError("shows no line: it is one flat colour")
    # A quarter is far more ink than a line drawing has; only told, as the user may know better.
    told = () if ink.mean() < 0.25 else (f"{ink.mean():.0%} of it is ink: it looks like no line drawing",)
    drawn = Fitted(as_picture(ink), (), Geometry.whole(opened.image.size, working.size))
    # Centred anew a drawing would no longer lie on its partner.
    if not settings.aligned:
        centred = framed(drawn.image, box, settings.size[0] / settings.size[1], _MARGIN, WHITE)
        drawn = replace(centred, geometry=drawn.geometry.then(centred.geometry))
    # Half a pixel of blur closes the stairs of slanted lines; 200 of 255 then counts thin grey as line.
    made = fitted(drawn.image.filter(ImageFilter.GaussianBlur(0.5)), replace(settings, background=WHITE))
    mask = thinned(np.asarray(made.image.convert("L")) < 200)
    said = (
        "paper made white, lines made black",
        *drawn.operations,
        *made.operations,
        f"thinned from {line_width(ink):.1f} pixels to one ({mask.mean():.1%} black)",
    )
    # As padded, for that is what the margin is: a warning of a crop would be about white paper.
    lines = Fitted(as_picture(mask), said, drawn.geometry.then(made.geometry))
    return finished(opened, lines, replace(settings, fit="pad"), told)


def _on_white(image: Image.Image, settings: Settings) -> tuple[Fitted, tuple[str, ...]]:
    """The thing centred on white where its background is plain; the photo as it is, with a warning, where not."""
    background = find_background(np.asarray(image), _PLAIN)
    box = None if background is None else Image.fromarray(~background).getbbox()
    if background is None or box is None:
        said = "its background is not plain: lines of the background are drawn too; photograph it on white paper"
        return Fitted(image, (), Geometry.whole(image.size)), (said,)
    # (H, W, 1) against (H, W, 3): the background of every channel becomes 255.
    pixels = np.where(background[..., None], 255, np.asarray(image)).astype(np.uint8)
    if settings.aligned:
        return Fitted(Image.fromarray(pixels), ("background made white",), Geometry.whole(image.size)), ()
    aspect = settings.size[0] / settings.size[1]
    centred = framed(Image.fromarray(pixels), box, aspect, _MARGIN, WHITE)
    return replace(centred, operations=("background made white", *centred.operations)), ()


EDGES_FROM_PHOTO = Recipe(
    "edges from photos",
    "photos of a thing on a plain background: edges drawn like the training's, the photo becomes the target",
    draw_from_photo,
    makes_target=True,
)
EDGES_FROM_DRAWING = Recipe(
    "drawings", "line drawings: paper made white, lines black and one pixel wide", draw_from_drawing
)


def edges_by(drawing: Callable[[Pixels], Mask], by: str) -> Recipe:
    """Returns the recipe for photos with another way to draw edges, from H×W×3 uint8 to where lines are.

    Args:
        by: its name, with what tells two of a kind apart: pictures of an earlier run are kept by it.
    """
    return replace(
        EDGES_FROM_PHOTO,
        name=f"{EDGES_FROM_PHOTO.name} by {by}",
        explains=f"photos of a thing on a plain background: edges drawn by {by}, the photo becomes the target",
        draw=partial(draw_from_photo, drawing=drawing, by=by),
    )
