"""Brings pictures to an exact size: crop, pad or stretch, smooth for photos and without mixing for label maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

Fit = Literal["crop", "pad", "stretch"]
Size = tuple[int, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Fitted:
    """A picture of the exact size asked for, and what was done to it in words, in order."""

    image: Image.Image
    operations: tuple[str, ...]


def fit_to(
    image: Image.Image,
    size: Size,
    how: Fit = "crop",
    *,
    mixing: bool = True,
    background: tuple[int, int, int] = (255, 255, 255),
    focus: tuple[float, float] = (0.5, 0.5),
) -> Fitted:
    """Returns the picture at exactly `size`.

    Args:
        size: width and height in pixels.
        how: `crop` cuts to the aspect, `pad` adds `background`, `stretch` distorts.
        mixing: Lanczos over the whole footprint of a pixel; False takes the nearest pixel, so that label maps
            keep their colours.
        focus: where in the picture a crop is centred, 0 to 1 from left and top.
    """
    if image.size == size:
        return Fitted(image, ())
    if how == "pad":
        return _padded(image, size, mixing=mixing, background=background)
    whole = _whole(image)
    box = crop_box(image.size, size, focus) if how == "crop" else whole
    operations = []
    if box != whole:
        operations.append(
            "cropped to {:.0f}x{:.0f} at {:.0f},{:.0f}".format(box[2] - box[0], box[3] - box[1], *box[:2])
        )
    return Fitted(_resized(image, size, box, mixing=mixing), (*operations, _told(image, size, how, mixing=mixing)))


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


def _padded(image: Image.Image, size: Size, *, mixing: bool, background: tuple[int, int, int]) -> Fitted:
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas = Image.new("RGB", size, background)
    canvas.paste(_resized(image.convert("RGB"), inner, _whole(image), mixing=mixing), (left, top))
    operations = [_told(image, inner, "pad", mixing=mixing)] if inner != image.size else []
    if inner != size:
        operations.append(
            f"padded to {size[0]}x{size[1]} with {background[0]:02x}{background[1]:02x}{background[2]:02x}"
        )
    return Fitted(canvas, tuple(operations))


def _whole(image: Image.Image) -> Box:
    return (0.0, 0.0, float(image.width), float(image.height))


def _resized(image: Image.Image, size: Size, box: Box, *, mixing: bool) -> Image.Image:
    filter_ = Image.Resampling.LANCZOS if mixing else Image.Resampling.NEAREST
    # The crop is part of the resampling: a box of fractions of pixels loses no border to rounding.
    return image.resize(size, filter_, box=box)


def _told(image: Image.Image, size: Size, how: Fit, *, mixing: bool) -> str:
    # Exact in integers: a change of size alone distorts nothing.
    verb = "stretched" if how == "stretch" and image.width * size[1] != image.height * size[0] else "resized"
    return f"{verb} to {size[0]}x{size[1]} ({'Lanczos' if mixing else 'nearest'})"
