"""Joins A and B side by side as the official aligned datasets have them, and splits them again."""

from __future__ import annotations

from PIL import Image

from harness.errors import ImageError

PAIR_ASPECT = 1.2
"""Two halves side by side that are together narrower than this by their height are most likely a single picture."""


def looks_single(size: tuple[int, int]) -> bool:
    """Whether a picture of this width and height is most likely no pair of A and B."""
    return size[0] < PAIR_ASPECT * size[1]


def join_ab(a: Image.Image, b: Image.Image) -> Image.Image:
    """Returns A left and B right in one RGB picture; raises ImageError when their sizes differ."""
    if a.size != b.size:
        raise ImageError(f"A is {a.width}x{a.height} and B is {b.width}x{b.height}; a pair needs equal sizes")
    joined = Image.new("RGB", (2 * a.width, a.height))
    joined.paste(a, (0, 0))
    joined.paste(b, (a.width, 0))
    return joined


def half_size(pair: tuple[int, int]) -> tuple[int, int]:
    """Returns width and height of each half of a pair; ImageError for an odd width, whose halves would differ."""
    if pair[0] % 2:
        raise ImageError(f"is a pair {pair[0]} pixels wide, which has no two equal halves")
    return pair[0] // 2, pair[1]


def split_ab(pair: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Returns A and B of a pair; raises ImageError for an odd width, whose halves would differ."""
    half, _ = half_size(pair.size)
    return pair.crop((0, 0, half, pair.height)), pair.crop((half, 0, pair.width, pair.height))
