"""What every metric asks of the two pictures it is given, and how it walks over large ones in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.images.geometry import PixelBox

_T = TypeVar("_T", bound=np.generic)
Picture = NDArray[np.uint8]
"""Height × width × 3, uint8, 0 to 255, RGB."""

_STRIP_PIXELS = 1 << 18  # 3 MB of int32 differences at a time, which a core's cache holds


def check_pair(a: Picture, b: Picture, smallest_side: int = 1) -> None:
    """Raises ValueError unless both are uint8 RGB pictures of one shape, with sides of at least `smallest_side`."""
    for picture in (a, b):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"expected uint8 of height × width × 3, got {picture.dtype} of {picture.shape}")
    if a.shape != b.shape:
        raise ValueError(f"the pictures differ in size: {a.shape[1]}×{a.shape[0]} and {b.shape[1]}×{b.shape[0]}")
    if min(a.shape[:2]) < smallest_side:
        raise ValueError(f"{a.shape[1]}×{a.shape[0]} pixels are too few: each side needs {smallest_side} at least")


def inside(picture: NDArray[_T], box: PixelBox | None) -> NDArray[_T]:
    """Returns what of a picture lies in a box, as a view; all of it for None."""
    return picture if box is None else picture[box[1] : box[3], box[0] : box[2]]


def differences(a: Picture, b: Picture) -> Iterator[NDArray[np.int32]]:
    """Yields a - b by strips of rows, as int32: in uint8 the difference would wrap around."""
    rows = max(1, _STRIP_PIXELS // max(1, a.shape[1]))
    for top in range(0, a.shape[0], rows):
        yield a[top : top + rows].astype(np.int32) - b[top : top + rows]
