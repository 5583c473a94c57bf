"""What every recipe is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from harness.errors import ImageError
from harness.images.geometry import Fit, Fitted, Geometry, Size, at_most, enlargement, fit_to, kept_share
from harness.images.opening import MAX_PIXELS, WHITE, Colour, Opened, open_picture
from harness.images.subject import focus_of

SMALLEST_SIDE = 8
"""Pixels; a picture with a shorter side shows nothing a model could translate."""


@dataclass(frozen=True, kw_only=True)
class PictureOptions:
    """What a user may ask of every picture made.

    Attributes:
        background: RGB below transparent pixels, and beside padded pictures that do not mirror; photos do.
        max_pixels: larger pictures are refused.
        focus: where a crop is taken: in the middle or where the detail lies.
        tiles: large pictures are cut into tiles of the size asked for, each at the picture's own scale.
        rectify: photos of facades are set upright, their storeys horizontal and their edges vertical.
    """

    fit: Fit = "crop"
    background: Colour = WHITE
    max_pixels: int = MAX_PIXELS
    focus: Literal["centre", "subject"] = "centre"
    tiles: bool = False
    rectify: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings(PictureOptions):
    """How pictures are prepared.

    Attributes:
        size: width and height in pixels of every picture made.
        own: each picture keeps its own size in place of `size`; a number is the longest side that a picture may have.
        aligned: input and target are two files that show the same place: nothing may be centred anew.
        mirrors: padding shows the picture mirrored, of input and target alike.
    """

    size: Size = (256, 256)
    own: bool | int = False
    aligned: bool = False
    mirrors: bool = False

    @property
    def enough(self) -> Size | None:
        """Width and height to decode a JPEG at, at least; None for all of it."""
        # Tiles and own sizes need every pixel; everything else is reduced, and twice as many suffice for Lanczos.
        return None if self.tiles or self.own else (self.size[0] * 2, self.size[1] * 2)

    def for_picture(self, size: Size) -> Settings:
        """Returns the settings with the size of one picture."""
        return replace(self, size=at_most(size, None if self.own is True else self.own)) if self.own else self


@dataclass(frozen=True)
class Drawn:
    """What a recipe makes of one file: the model's input and, where the file gives it too, the target.

    Both are RGB of the settings' size.

    Attributes:
        geometry: from the user's file to both.
        foreign: whether the file is nothing that the recipe is for, a photo among label maps: no other advice helps.
    """

    image: Image.Image
    size_before: Size
    operations: tuple[str, ...]
    geometry: Geometry
    warnings: tuple[str, ...] = ()
    target: Image.Image | None = None
    foreign: bool = False


def read_rgb(content: bytes, settings: Settings) -> Opened:
    """Opens a picture as RGB with at least twice the pixels needed per side.

    JPEGs of 12 megapixels reduced so far came out 40 to 57 dB (PSNR) from those decoded in full.
    """
    opened = open_picture(
        content, max_pixels=settings.max_pixels, background=settings.background, at_least=settings.enough
    )
    check_size(opened.size_before)
    return opened


def check_size(size: Size) -> None:
    """Raises ImageError for a picture too small to show anything."""
    if min(size) < SMALLEST_SIDE:
        raise ImageError(f"is {size[0]}x{size[1]} pixels; {SMALLEST_SIDE} a side are the least that shows anything")


@dataclass(frozen=True)
class Recipe:
    """How files of one kind become what a model eats.

    Attributes:
        explains: one line in words for `--dry-run`.
        draw: the opened file to a picture of the size; raises ImageError for what cannot be used.
        read: file content to an opened file, RGB unless `draw` expects otherwise; raises ImageError.
        makes_target: whether the file itself becomes the target, so that pairs come of a single folder.
        mirrors: whether padding shows the picture mirrored, which photos bear best, and not the background.
        version: raised when the same file gives another picture, so that older pictures are made anew.
        survey: the recipe for these files as a whole, of all their contents; None where each file tells all. What it
            finds stands in the name, so that pictures made by another finding are made anew.
    """

    name: str
    explains: str
    draw: Callable[[Opened, Settings], Drawn]
    read: Callable[[bytes, Settings], Opened] = read_rgb
    makes_target: bool = False
    mirrors: bool = False
    version: int = 3
    survey: Callable[[Recipe, Iterable[bytes]], Recipe] | None = None

    def for_folder(self, contents: Iterable[bytes]) -> Recipe:
        """Returns the recipe with what only the folder as a whole can tell; reads the contents where that is needed."""
        return self if self.survey is None else self.survey(self, contents)


def fitted(image: Image.Image, settings: Settings) -> Fitted:
    """Brings a picture to the settings' size as they say."""
    focus = focus_of(image) if settings.focus == "subject" and settings.fit == "crop" else (0.5, 0.5)
    background = None if settings.mirrors else settings.background
    return fit_to(image, settings.size, settings.fit, background=background, focus=focus)


def finished(
    opened: Opened, made: Fitted, settings: Settings, warnings: tuple[str, ...] = (), target: Image.Image | None = None
) -> Drawn:
    """Puts together what was read, what was made of it, and what the user should know."""
    told = (*opened.warnings, *warnings, *_size_warnings(opened.size_before, settings))
    operations, geometry = (*opened.operations, *made.operations), opened.geometry.then(made.geometry)
    left, top, right, bottom = geometry.box
    if settings.fit == "pad" and min(right - left, bottom - top) < SMALLEST_SIDE:
        raise ImageError(
            f"would be {right - left}x{bottom - top} pixels in the middle of padding; {SMALLEST_SIDE} a side are the "
            "least that shows anything: try `--fit crop`"
        )
    return Drawn(made.image, opened.size_before, operations, geometry, told, target)


def _size_warnings(size_before: Size, settings: Settings) -> Iterator[str]:
    kept = kept_share(size_before, settings.size)
    if settings.fit == "crop" and kept < 0.5:
        yield f"the crop keeps {kept:.0%} of the picture; try `--fit pad`"
    if settings.fit == "stretch" and kept < 0.8:
        yield "stretched to another shape: what it shows is distorted"
    if settings.fit == "pad" and kept < 0.5:
        yield f"padding covers {1 - kept:.0%} of the picture made; try `--fit crop`"
    factor = enlargement(size_before, settings.size, settings.fit)
    if factor > 1.25:
        yield f"enlarged {factor:.1f} times: it is blurred beside the training pictures"
