"""Keys and shapes that the official generators save, without building a network.

Source: `models/networks.py` of the pinned PyTorch repository, `UnetGenerator` and `ResnetGenerator`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.catalog.types import Architecture, Norm

Shapes = dict[str, tuple[int, ...]]
_Entry = tuple[str, tuple[int, ...]]

MOST_FILTERS = 8
"""The widest layers of a U-Net have this many times `ngf` filters."""
DEEPEST = 16
"""More levels than any U-Net has: its pictures would be 65,536 pixels wide."""


def expected_shapes(architecture: Architecture) -> Shapes:
    """Returns the shape of every tensor in a state dict of this architecture, by key.

    Raises:
        ValueError: `netG` is neither `unet_N` nor `resnet_Nblocks`.
    """
    kind, _, depth = architecture.netG.partition("_")
    if kind == "unet" and depth.isdigit():
        return dict(_unet(architecture, int(depth).bit_length() - 1))
    if kind == "resnet" and depth.removesuffix("blocks").isdigit():
        return dict(_resnet(architecture, int(depth.removesuffix("blocks"))))
    raise ValueError(f"no generator is called {architecture.netG}")


def _conv(key: str, shape: tuple[int, int, int, int], bias: int | None) -> Iterator[_Entry]:
    yield f"{key}.weight", shape
    if bias is not None:
        yield f"{key}.bias", (bias,)


def _norm(key: str, norm: Norm, channels: int) -> Iterator[_Entry]:
    if norm == "batch":
        for name in ("weight", "bias", "running_mean", "running_var"):
            yield f"{key}.{name}", (channels,)
        # A count, hence a tensor of no dimensions.
        yield f"{key}.num_batches_tracked", ()


@dataclass(frozen=True)
class Places:
    """Keys of one level of a U-Net: the convolution on the way down, that on the way up, and the norms after them."""

    down: str
    down_norm: str | None
    up: str
    up_norm: str | None


def unet_places(a: Architecture, downs: int) -> Iterator[Places]:
    """Yields the keys of each level, the outermost first, as `Sequential` numbers them."""
    prefix = "model.model"
    yield Places(f"{prefix}.0", None, f"{prefix}.3", None)
    for level in range(1, downs):
        prefix += ".1.model" if level == 1 else ".3.model"
        innermost = level == downs - 1
        normed = not innermost or a.bottleneck_norm
        # Leaky ReLU, convolution, norm; the levels below; ReLU, convolution, norm.
        up = 3 + normed + (not innermost)
        yield Places(f"{prefix}.1", f"{prefix}.2" if normed else None, f"{prefix}.{up}", f"{prefix}.{up + 1}")


def _unet(a: Architecture, downs: int) -> Iterator[_Entry]:
    """Level 0 is the outermost block; each holds the next one between its way down and its way up."""
    biased = a.biased or a.norm == "instance"
    # Filters of each level, the outermost first: ngf, 2 ngf, 4 ngf, 8 ngf, 8 ngf …
    inner = [a.ngf * min(2**level, MOST_FILTERS) for level in range(downs)]
    # A skip puts as many channels beside those from below; the innermost level has nothing below.
    joined = 2 if a.skips else 1
    for level, places in enumerate(unet_places(a, downs)):
        outer, wide = inner[level - 1] if level else a.output_nc, inner[level]
        taken = wide if level == downs - 1 else wide * joined
        # (out, in, 4, 4) downwards, (in, out, 4, 4) upwards; the outermost up-convolution is never followed by a norm
        # and always has a bias.
        yield from _conv(places.down, (wide, outer if level else a.input_nc, 4, 4), wide if biased else None)
        if places.down_norm:
            yield from _norm(places.down_norm, a.norm, wide)
        yield from _conv(places.up, (taken, outer, 4, 4), outer if biased or not level else None)
        if places.up_norm:
            yield from _norm(places.up_norm, a.norm, outer)


def _resnet(a: Architecture, blocks: int) -> Iterator[_Entry]:
    """Filters of 7 pixels, two layers down, the blocks, two up, filters of 7, at the places `Sequential` gives them."""
    n, after = a.ngf, 10 + blocks
    inside = (1, 6 if a.use_dropout else 5)
    # Each convolution that a norm follows: where it stands, its place there, its shape and what it makes.
    layers: list[tuple[str, int, tuple[int, int, int, int], int]] = [
        ("model", 1, (n, a.input_nc, 7, 7), n),
        ("model", 4, (2 * n, n, 3, 3), 2 * n),
        ("model", 7, (4 * n, 2 * n, 3, 3), 4 * n),
        *((f"model.{b}.conv_block", place, (4 * n, 4 * n, 3, 3), 4 * n) for b in range(10, after) for place in inside),
        ("model", after, (4 * n, 2 * n, 3, 3), 2 * n),
        ("model", after + 3, (2 * n, n, 3, 3), n),
    ]
    for parent, place, shape, made in layers:
        yield from _conv(f"{parent}.{place}", shape, made if a.norm == "instance" else None)
        yield from _norm(f"{parent}.{place + 1}", a.norm, made)
    yield from _conv(f"model.{after + 7}", (a.output_nc, n, 7, 7), a.output_nc)
