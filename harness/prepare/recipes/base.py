"""What every recipe is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from harness.errors import ImageError
from harness.images.geometry import Fit, Fitted, Size, enlargement, fit_to, kept_share
from harness.images.opening import MAX_PIXELS, WHITE, Colour, Opened, open_picture
from harness.images.subject import focus_of

SMALLEST_SIDE = 8
"""Pixels; a picture with a shorter side shows nothing a model could translate."""


@dataclass(frozen=True)
class Settings:
    """How pictures are prepared.

    Attributes:
        size: width and height in pixels of every picture made.
        background: RGB below transparent pixels and beside padded ones.
        focus: where a crop is taken: in the middle or where the detail lies.
        tiles: cut large pictures into tiles of `size`, each at the picture's own scale.
        aligned: input and target are two files that show the same place: nothing may be centred anew.
        rectify: photos of facades are set upright, their storeys horizontal and their edges vertical.
        own_multiple: each picture keeps its own size in place of `size`, cut to multiples of so many pixels.
    """

    size: Size = (256, 256)
    fit: Fit = "crop"
    background: Colour = WHITE
    max_pixels: int = MAX_PIXELS
    focus: Literal["centre", "subject"] = "centre"
    tiles: bool = False
    aligned: bool = False
    rectify: bool = False
    own_multiple: int | None = None

    def for_picture(self, size: Size) -> Settings:
        """Returns the settings with the size of one picture; raises ImageError for one the network cannot take."""
        if self.own_multiple is None:
            return self
        # Rounded down: cut to a multiple, never stretched to one.
        width, height = (side // self.own_multiple * self.own_multiple for side in size)
        if not width or not height:
            least = f"{self.own_multiple} a side are the least at its own size"
            raise ImageError(f"is {size[0]}x{size[1]} pixels; {least}")
        return replace(self, size=(width, height))


@dataclass(frozen=True)
class Drawn:
    """What a recipe makes of one file: the model's input and, where the file gives it too, the target.

    Both are RGB of the settings' size.

    Attributes:
        foreign: whether the file is nothing that the recipe is for, a photo among label maps: no other advice helps.
    """

    image: Image.Image
    size_before: Size
    operations: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    target: Image.Image | None = None
    foreign: bool = False


@dataclass(frozen=True)
class Recipe:
    """How files of one kind become what a model eats.

    Attributes:
        explains: one line in words for `--dry-run`.
        draw: the opened file to a picture of the size; raises ImageError for what cannot be used.
        read: file content to an opened file, RGB unless `draw` expects otherwise; raises ImageError.
        makes_target: whether the file itself becomes the target, so that pairs come of a single folder.
        version: raised when the same file gives another picture, so that older pictures are made anew.
        survey: the recipe for these files as a whole, of all their contents; None where each file tells all. What it
            finds stands in the name, so that pictures made by another finding are made anew.
    """

    name: str
    explains: str
    draw: Callable[[Opened, Settings], Drawn]
    read: Callable[[bytes, Settings], Opened]
    makes_target: bool = False
    version: int = 2
    survey: Callable[[Recipe, Iterable[bytes]], Recipe] | None = None

    def for_folder(self, contents: Iterable[bytes]) -> Recipe:
        """Returns the recipe with what only the folder as a whole can tell; reads the contents where that is needed."""
        return self if self.survey is None else self.survey(self, contents)


def read_rgb(content: bytes, settings: Settings) -> Opened:
    """Opens a picture as RGB with at least twice the pixels needed per side.

    JPEGs of 12 megapixels reduced so far came out 40 to 57 dB (PSNR) from those decoded in full.
    """
    # Tiles and own sizes need every pixel; everything else is reduced, and twice as many suffice for Lanczos.
    enough = None if settings.tiles or settings.own_multiple else (settings.size[0] * 2, settings.size[1] * 2)
    opened = open_picture(content, max_pixels=settings.max_pixels, background=settings.background, at_least=enough)
    check_size(opened.size_before)
    return opened


def check_size(size: Size) -> None:
    """Raises ImageError for a picture too small to show anything."""
    if min(size) < SMALLEST_SIDE:
        raise ImageError(f"is {size[0]}x{size[1]} pixels; {SMALLEST_SIDE} a side are the least that shows anything")


def fitted(image: Image.Image, settings: Settings) -> Fitted:
    """Brings a picture to the settings' size as they say."""
    focus = focus_of(image) if settings.focus == "subject" and settings.fit == "crop" else (0.5, 0.5)
    return fit_to(image, settings.size, settings.fit, background=settings.background, focus=focus)


def finished(
    opened: Opened, made: Fitted, settings: Settings, warnings: tuple[str, ...] = (), target: Image.Image | None = None
) -> Drawn:
    """Puts together what was read, what was made of it, and what the user should know."""
    told = (*opened.warnings, *warnings, *size_warnings(opened.size_before, settings))
    return Drawn(made.image, opened.size_before, (*opened.operations, *made.operations), told, target)


def size_warnings(size_before: Size, settings: Settings) -> tuple[str, ...]:
    """What the user should know about the way from the size before to the size made."""
    told = []
    kept = kept_share(size_before, settings.size)
    if settings.fit == "crop" and kept < 0.5:
        told.append(f"the crop keeps {kept:.0%} of the picture; try `--fit pad`")
    if settings.fit == "stretch" and kept < 0.8:
        told.append("stretched to another shape: what it shows is distorted")
    if settings.fit == "pad" and kept < 0.5:
        told.append(f"padding covers {1 - kept:.0%} of the picture made; try `--fit crop`")
    factor = enlargement(size_before, settings.size, settings.fit)
    if factor > 1.25:
        told.append(f"enlarged {factor:.1f} times: it is blurred beside the training pictures")
    return tuple(told)
