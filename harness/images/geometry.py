"""Brings pictures to an exact size and back: crop, pad or stretch, as one map of boxes that can be undone."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

# Sets are listed and completed by what they record: neither NumPy nor Pillow is imported for the type alone.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

_T = TypeVar("_T", bound="np.generic")

Fit = Literal["crop", "pad", "stretch"]
Size = tuple[int, int]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels, the right and bottom ones outside."""
PixelBox = tuple[int, int, int, int]
"""The same on whole pixels."""
Sizing = Size | int | Literal["own"]
"""One size for all pictures; each picture's own, with a longest side of so many pixels; or its own as it is."""

LARGEST = 8192
"""Pixels a side: what is longer is a slip of the keyboard."""

_EXACT = 1e-6  # pixels: what floats lose on the way


def parsed_size(text: str) -> Sizing:
    """Returns what `256`, `512x384`, `own` or `max:1024` says; raises ValueError for anything else."""
    said, numbers = text.lower(), [int(number) for number in re.findall(r"\d+", text)]
    if not re.fullmatch(r"own|(max:)?\d+|\d+x\d+", said) or not all(0 < number <= LARGEST for number in numbers):
        raise ValueError(f"`{text}` is no size; write 256, 512x384, own or max:1024")
    if said == "own":
        return "own"
    return numbers[0] if said.startswith("max:") else (numbers[0], numbers[-1])


@dataclass(frozen=True)
class Geometry:
    """Where the user's picture lies in the one made of it: `region` of the source fills `box` of the frame.

    x_frame = box.left + (x_source - region.left) · box.width / region.width, y alike; what lies outside of `box` is
    padding.

    Attributes:
        source: width and height of the user's picture, upright.
        region: of the source.
        frame: width and height of the picture made.
        box: of the frame, at least one pixel.
        orientation: EXIF's number, 1 to 8, of the turn that set the source upright.
    """

    source: Size
    region: Box
    frame: Size
    box: PixelBox
    orientation: int = 1

    @classmethod
    def whole(cls, source: Size, frame: Size | None = None, orientation: int = 1) -> Geometry:
        """Returns the map of all of a picture to all of another, of the same size by default."""
        frame = frame or source
        return cls(source, (0.0, 0.0, float(source[0]), float(source[1])), frame, (0, 0, *frame), orientation)

    @property
    def padded(self) -> bool:
        """Whether the frame shows more than the picture."""
        return self.box != (0, 0, *self.frame)

    @property
    def changes_nothing(self) -> bool:
        """Whether the frame is the source, pixel by pixel."""
        return self == Geometry.whole(self.source, orientation=self.orientation)

    def made_at(self, longest: int | None) -> bool:
        """Whether the picture in the frame has the size of what it shows, with a longest side at most for a number."""
        (x, y, right, bottom), (left, top, last, end) = self.region, self.box
        scale = min(1.0, longest / max(right - x, bottom - y)) if longest else 1.0
        return (round((right - x) * scale), round((bottom - y) * scale)) == (last - left, end - top)

    @property
    def full(self) -> PixelBox:
        """The whole pixels of the source that the frame shows: where `undo` puts its picture."""
        return _inward(self.region)

    def onto(self, region: Box) -> PixelBox:
        """Returns the whole pixels of the frame that lie within a region of the source."""
        return _inward(_mapped(region, self.region, self.box))

    def then(self, after: Geometry) -> Geometry:
        """Returns this map followed by one whose source is this one's frame; padding of both stays padding."""
        a, b = after.region, self.box
        seen = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
        # Inward: a pixel that is half padding is none of the picture.
        box = _inward(_mapped(seen, after.region, after.box))
        left, top, right, bottom = _mapped(_mapped(box, after.box, after.region), self.box, self.region)
        region = (round(left, 6), round(top, 6), round(right, 6), round(bottom, 6))
        return Geometry(self.source, region, after.frame, box, self.orientation)

    def undo(self, picture: Image.Image) -> Image.Image:
        """Returns a picture of the frame's size as the source has it: `full` of its pixels, padding cut off (Lanczos).

        Its pixels lie on those of the source.
        """
        from PIL import Image

        left, top, right, bottom = self.full
        # Cut first: Pillow's filter would reach beyond the box it resizes, into the padding.
        inside = picture.crop(self.box)
        onto = _mapped(self.full, self.region, (0, 0, *inside.size))
        box = (max(0.0, onto[0]), max(0.0, onto[1]), min(onto[2], inside.width), min(onto[3], inside.height))
        size = (right - left, bottom - top)
        return inside if size == inside.size else inside.resize(size, Image.Resampling.LANCZOS, box=box)


def _mapped(box: Box, source: Box, target: Box) -> Box:
    """x' = target.left + (x - source.left) · target.width / source.width, y alike."""
    across, down = ((target[i + 2] - target[i]) / (source[i + 2] - source[i]) for i in (0, 1))
    left, top, right, bottom = (v - source[i % 2] for i, v in enumerate(box))
    return (target[0] + left * across, target[1] + top * down, target[0] + right * across, target[1] + bottom * down)


def _inward(box: Box) -> PixelBox:
    left, top, right, bottom = box
    return math.ceil(left - _EXACT), math.ceil(top - _EXACT), math.floor(right + _EXACT), math.floor(bottom + _EXACT)


@dataclass(frozen=True)
class Fitted:
    """A picture of the exact size asked for, what was done to it in words, in order, and the same as a map."""

    image: Image.Image
    operations: tuple[str, ...]
    geometry: Geometry


def fit_to(
    image: Image.Image,
    size: Size,
    how: Fit = "crop",
    *,
    mixing: bool = True,
    background: tuple[int, int, int] | None = (255, 255, 255),
    focus: tuple[float, float] = (0.5, 0.5),
) -> Fitted:
    """Returns the picture at exactly `size`.

    Args:
        size: width and height in pixels.
        how: `crop` cuts to the aspect, `pad` adds `background`, or the mirrored picture for None, `stretch` distorts.
        mixing: Lanczos over the whole footprint of a pixel; False takes the nearest pixel, so that label maps
            keep their colours.
        focus: where in the picture a crop is centred, 0 to 1 from left and top.
    """
    if image.size == size:
        return Fitted(image, (), Geometry.whole(size))
    from PIL import Image

    whole = Geometry.whole(image.size).region
    region = crop_box(image.size, size, focus) if how == "crop" else whole
    operations = []
    if region != whole:
        left, top, right, bottom = region
        operations.append(f"cropped to {right - left:.0f}x{bottom - top:.0f} at {left:.0f},{top:.0f}")
    inner = inner_size(image.size, size) if how == "pad" else size
    if inner != image.size:
        # Exact in integers: a change of size alone distorts nothing.
        distorts = how == "stretch" and image.width * size[1] != image.height * size[0]
        verb, by = "stretched" if distorts else "resized", "Lanczos" if mixing else "nearest"
        operations.append(f"{verb} to {inner[0]}x{inner[1]} ({by})")
    filter_ = Image.Resampling.LANCZOS if mixing else Image.Resampling.NEAREST
    # The crop is part of the resampling: a box of fractions of pixels loses no border to rounding.
    made, box = image.resize(inner, filter_, box=region), middle_box(inner, size)
    if inner != size:
        with_ = "its mirror image" if background is None else "{:02x}{:02x}{:02x}".format(*background)
        operations.append(f"padded to {size[0]}x{size[1]} with {with_}")
        made = _padded(made.convert("RGB"), size, background)
    return Fitted(made, tuple(operations), Geometry(image.size, region, size, box))


def _padded(image: Image.Image, size: Size, background: tuple[int, int, int] | None) -> Image.Image:
    from PIL import Image

    if background is None:
        return mirrored_around(image, size)
    canvas = Image.new("RGB", size, background)
    canvas.paste(image, middle_box(image.size, size))
    return canvas


def crop_box(size: Size, wanted: Size, focus: tuple[float, float] = (0.5, 0.5)) -> Box:
    """Returns left, top, right, bottom of the largest part of `size` that has the aspect of `wanted`."""
    scale = min(size[0] / wanted[0], size[1] / wanted[1])
    # Rounding may carry a product a hair beyond the picture, which Pillow refuses.
    width, height = min(wanted[0] * scale, size[0]), min(wanted[1] * scale, size[1])
    # A focus near a border moves the crop only as far as the picture reaches.
    left = min(max(focus[0] * size[0] - width / 2, 0.0), size[0] - width)
    top = min(max(focus[1] * size[1] - height / 2, 0.0), size[1] - height)
    return (left, top, left + width, top + height)


def kept_share(size: Size, wanted: Size) -> float:
    """Returns the share of a picture's area, 0 to 1, that a crop to the aspect of `wanted` keeps."""
    left, top, right, bottom = crop_box(size, wanted)
    return (right - left) * (bottom - top) / (size[0] * size[1])


def enlargement(size: Size, wanted: Size, how: Fit) -> float:
    """Returns by which factor a fit enlarges the picture; below 1 it shrinks it."""
    ratios = (wanted[0] / size[0], wanted[1] / size[1])
    # Padding fits the whole picture in, cropping fills the whole frame.
    return min(ratios) if how == "pad" else max(ratios)


def at_most(size: Size, longest: int | None) -> Size:
    """Returns a size of the same shape whose longer side has at most `longest` pixels; the size itself for None."""
    if longest is None or max(size) <= longest:
        return size
    return max(1, round(size[0] * longest / max(size))), max(1, round(size[1] * longest / max(size)))


def inner_size(size: Size, wanted: Size) -> Size:
    """Returns the size of the whole picture within a padded one of `wanted`."""
    scale = min(wanted[0] / size[0], wanted[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def middle_box(inner: Size, size: Size) -> PixelBox:
    """Returns where a size lies in the middle of a larger one."""
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    return left, top, left + inner[0], top + inner[1]


def mirrored(pixels: NDArray[_T], size: Size) -> NDArray[_T]:
    """Returns H×W×C values in the middle of a larger picture that goes on mirrored; see `middle_box`.

    The pixels at the border are not repeated, as with PyTorch's reflection padding.
    """
    import numpy as np

    height, width = pixels.shape[:2]
    left, top, right, bottom = middle_box((width, height), size)
    # Farther than the picture reaches NumPy mirrors it again and again.
    around = ((top, size[1] - bottom), (left, size[0] - right), (0, 0))
    return pixels if (width, height) == size else np.pad(pixels, around, mode="reflect")


def mirrored_around(image: Image.Image, size: Size) -> Image.Image:
    """Returns what `mirrored` makes of an RGB picture."""
    import numpy as np
    from PIL import Image

    return image if image.size == size else Image.fromarray(mirrored(np.asarray(image), size))
