"""The pictures of a job as both engines must see them: decoded, split in halves, brought to size as upstream does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from PIL import Image

from harness.catalog.preprocessing import Preprocessing
from harness.catalog.types import Architecture
from harness.errors import EngineError, ImageError
from harness.images.opening import open_rgb, stored_size
from harness.images.pairing import split_ab
from harness.sets.item import Item
from harness.workspace import checked_name

_T = TypeVar("_T")


def bicubic(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resizes as the PyTorch repository's loader does it."""
    # Pillow's filter, which smooths where it shrinks; torch's own bicubic does not, and gives other pixels.
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC)


def read_halves(
    item: Item,
    size: tuple[int, int] | None,
    architecture: Architecture,
    preprocessing: Preprocessing | None = None,
) -> tuple[Image.Image, ...]:
    """Returns what `halves_by` gives with `bicubic`."""
    return halves_by(bicubic, item, size, architecture, preprocessing)


def halves_by(
    resize: Callable[[Image.Image, tuple[int, int]], _T],
    item: Item,
    size: tuple[int, int] | None,
    architecture: Architecture,
    preprocessing: Preprocessing | None = None,
) -> tuple[_T, ...]:
    """Returns an item's RGB picture, or its halves A and B, at `size` (width, height).

    Without a size each is at its own, or as `preprocessing` makes it.

    Raises:
        ImageError: the file is no readable picture, a pair of odd width, or of a size the network cannot take.
    """
    try:
        # Upright, without alpha, 8 bit: what upstream's own `Image.open` would get wrong is mended before both engines.
        picture = open_rgb(item.path)
        halves: tuple[Image.Image, ...] = split_ab(picture) if item.paired else (picture,)
    except ImageError as error:
        subject = "" if error.message.startswith(f"`{item.path}`") else f"`{item.path}`: "
        raise ImageError(f"{subject}{error.message}", error.hint) from error
    # (width, height), as Pillow counts; tensors come as (height, width).
    final = size or halves[0].size
    if size is None and preprocessing is not None:
        scaled, final = preprocessing.tested(final, architecture.multiple_of)
        halves = tuple(cut_from_the_middle(half, scaled, final) for half in halves)
    if not fits(final, architecture):
        raise ImageError(f"`{item.path}` is {final[0]}x{final[1]}: {reason(architecture)}", size_hint(architecture))
    return tuple(resize(half, final) for half in halves)


def cut_from_the_middle(picture: Image.Image, scaled: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    """Returns the picture resized to `scaled`, and of that the middle part of `size`."""
    # Training cuts at random; a test in the middle, so that it can be repeated.
    left, top = (scaled[0] - size[0]) // 2, (scaled[1] - size[1]) // 2
    whole = bicubic(picture, scaled)
    return whole if size == scaled else whole.crop((left, top, left + size[0], top + size[1]))


def own_size(item: Item) -> tuple[int, int]:
    """Returns width and height of an item's picture, or of each half, as its head says; raises ImageError for none."""
    width, height = stored_size(item.path)
    return (width // 2, height) if item.paired else (width, height)


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


def refuse_size(size: tuple[int, int], architecture: Architecture) -> None:
    """Raises EngineError for a size the network cannot take."""
    if not fits(size, architecture):
        raise EngineError(f"size {size[0]}x{size[1]} does not fit: {reason(architecture)}", size_hint(architecture))


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


def size_hint(architecture: Architecture) -> str:
    """The next thing to do about a size that does not fit."""
    return f"use a size whose sides are multiples of {architecture.multiple_of}, or `harness prepare-images FOLDER`"
