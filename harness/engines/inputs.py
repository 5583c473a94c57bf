"""The pictures of a job as both engines must see them: decoded, split in halves, brought to size as upstream does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image

from harness.catalog.preprocessing import Preprocessing
from harness.catalog.types import Architecture
from harness.errors import EngineError, ImageError
from harness.images.geometry import Geometry, PixelBox, Size, at_most, middle_box, mirrored_around
from harness.images.opening import open_rgb, stored_size
from harness.images.pairing import half_size, split_ab
from harness.sets.item import Item
from harness.workspace import checked_name

_T = TypeVar("_T")


def bicubic(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resizes as the PyTorch repository's loader does it."""
    # Pillow's filter, which smooths where it shrinks; torch's own bicubic does not, and gives other pixels.
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Framing:
    """How a picture comes before the network; sizes are width and height in pixels.

    Attributes:
        own: of the picture, or of each half.
        scaled: what it is resized to.
        size: what is taken from the middle of that, drawn and saved.
        frame: what the network takes: `size` and, where that is none it can halve, its mirror image around it.
    """

    own: Size
    scaled: Size
    size: Size
    frame: Size

    @property
    def box(self) -> PixelBox:
        """Where `size` lies in `frame`."""
        return middle_box(self.size, self.frame)

    @property
    def geometry(self) -> Geometry:
        """From the picture to what is saved of it."""
        cut = Geometry(self.scaled, middle_box(self.size, self.scaled), self.size, (0, 0, *self.size))
        return Geometry.whole(self.own, self.scaled).then(cut)


def framing(
    own: Size, size: Size | int | None, architecture: Architecture, preprocessing: Preprocessing | None = None
) -> Framing:
    """Returns how a picture of its `own` size comes before the network.

    Args:
        size: what it is brought to; a longest side that it may have; None for its own, or as `preprocessing` makes it.
    """
    multiple = architecture.multiple_of
    final = scaled = size if isinstance(size, tuple) else at_most(own, size)
    if size is None and preprocessing is not None:
        scaled, cut = preprocessing.tested(own, multiple)
        final = cut if all(cut) else scaled
    # A ResNet mirrors its map of a quarter by one pixel, which takes two.
    least = multiple if architecture.netG.startswith("unet") else 2 * multiple
    width, height = (max(least, -(-side // multiple) * multiple) for side in final)
    return Framing(own, scaled, final, (width, height))


def read_halves(
    item: Item,
    size: Size | int | None,
    architecture: Architecture,
    preprocessing: Preprocessing | None = None,
) -> tuple[Image.Image, ...]:
    """Returns an item's RGB picture, or its halves A and B, as the network takes them; see `sized_halves`."""
    halves, framed = sized_halves(bicubic, item, size, architecture, preprocessing)
    return tuple(mirrored_around(half, framed.frame) for half in halves)


def sized_halves(
    resize: Callable[[Image.Image, Size], _T],
    item: Item,
    size: Size | int | None,
    architecture: Architecture,
    preprocessing: Preprocessing | None = None,
) -> tuple[tuple[_T, ...], Framing]:
    """Returns an item's RGB picture, or its halves A and B, at the size of a `framing`, and that.

    Raises:
        ImageError: the file is no readable picture, or a pair of odd width.
    """
    try:
        # Upright, without alpha, 8 bit: what upstream's own `Image.open` would get wrong is mended before both engines.
        picture = open_rgb(item.path)
        halves: tuple[Image.Image, ...] = split_ab(picture) if item.paired else (picture,)
    except ImageError as error:
        subject = "" if error.message.startswith(f"`{item.path}`") else f"`{item.path}`: "
        raise ImageError(f"{subject}{error.message}", error.hint) from error
    framed = framing(halves[0].size, size, architecture, preprocessing)
    if framed.scaled != framed.size:
        halves = tuple(cut_from_the_middle(half, framed.scaled, framed.size) for half in halves)
    return tuple(resize(half, framed.size) for half in halves), framed


def cut_from_the_middle(picture: Image.Image, scaled: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    """Returns the picture resized to `scaled`, and of that the middle part of `size`."""
    # Training cuts at random; a test in the middle, so that it can be repeated.
    whole = bicubic(picture, scaled)
    return whole if size == scaled else whole.crop(middle_box(size, scaled))


def own_size(item: Item) -> tuple[int, int]:
    """Returns width and height of an item's picture, or of each half, as its head says; ImageError for what is none."""
    size = stored_size(item.path)
    return half_size(size) if item.paired else size


def checked_items(items: tuple[Item, ...], architecture: Architecture) -> bool:
    """Returns whether a job's items are pairs.

    Raises:
        EngineError: no items, pairs and single pictures mixed, pairs where photos are coloured, or a name twice.
        WorkspaceError: a name that no file can have.
    """
    if not items:
        raise EngineError("there are no pictures to translate", "harness prepare-images FOLDER")
    if len({item.paired for item in items}) > 1:
        raise EngineError("pairs and single pictures cannot be translated in one run", "make two test sets of them")
    if architecture.colorizes and items[0].paired:
        raise EngineError(
            "this model colours photos, which are its targets too; A and B side by side are no photos",
            "harness prepare-images FOLDER_OF_PHOTOS",
        )
    # Folded, because two names that differ by case only are one file on Windows and macOS.
    names = Counter(checked_name(i.name, "picture").casefold() for i in items)
    twice = [f"`{name}`" for name, count in names.items() if count > 1]
    if twice:
        raise EngineError(f"two pictures are called {', '.join(twice[:5])}", "rename one of them")
    return items[0].paired


def gathered(errors: list[ImageError]) -> ImageError:
    """Returns one error that names up to five pictures."""
    lines = [error.message for error in errors]
    if len(lines) > 1:
        more = [f"and {len(lines) - 5} more"] if len(lines) > 5 else []
        lines = [f"{len(lines)} pictures cannot be used:", *lines[:5], *more]
    return ImageError("\n  ".join(lines), errors[0].hint)


def fits(size: tuple[int, int], architecture: Architecture) -> bool:
    """Whether width and height are what the network can halve."""
    return all(side > 0 and side % architecture.multiple_of == 0 for side in size)


def reason(architecture: Architecture) -> str:
    """Why the network takes certain sizes only."""
    multiple = architecture.multiple_of
    if architecture.netG.startswith("unet"):
        # A U-Net's multiple is a power of two, one halving for each.
        halvings = multiple.bit_length() - 1
        return (
            f"a `{architecture.netG}` halves the picture {halvings} times and joins each level with its mirror, "
            f"so width and height must be multiples of {multiple}"
        )
    return f"a `{architecture.netG}` halves the picture twice, so width and height must be multiples of {multiple}"
