"""Keys and shapes that the official generators save, without building a network.

Source: `models/networks.py` of the pinned PyTorch repository, `UnetGenerator` and `ResnetGenerator`.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalog.types import Architecture, Norm

Shapes = dict[str, tuple[int, ...]]
_Entry = tuple[str, tuple[int, ...]]

MOST_FILTERS = 8
"""The widest layers of a U-Net have this many times `ngf` filters."""


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
        yield f"{key}.num_batches_tracked", ()


def _unet(a: Architecture, downs: int) -> Iterator[_Entry]:
    """Level 0 is the outermost block; each holds the next one between its way down and its way up."""
    biased = a.norm == "instance"
    inner = [a.ngf * min(2**level, MOST_FILTERS) for level in range(downs)]
    prefix = "model.model"
    yield from _conv(f"{prefix}.0", (a.ngf, a.input_nc, 4, 4), a.ngf if biased else None)
    yield from _conv(f"{prefix}.3", (a.ngf * 2, a.output_nc, 4, 4), a.output_nc)
    for level in range(1, downs):
        prefix += ".1.model" if level == 1 else ".3.model"
        outer, wide = inner[level - 1], inner[level]
        innermost = level == downs - 1
        up = 3 if innermost else 5
        yield from _conv(f"{prefix}.1", (wide, outer, 4, 4), wide if biased else None)
        if not innermost:
            yield from _norm(f"{prefix}.2", a.norm, wide)
        yield from _conv(f"{prefix}.{up}", (wide if innermost else wide * 2, outer, 4, 4), outer if biased else None)
        yield from _norm(f"{prefix}.{up + 1}", a.norm, outer)


def _resnet(a: Architecture, blocks: int) -> Iterator[_Entry]:
    """Filters of 7 pixels, two layers down, the blocks, two up, filters of 7, at the places `Sequential` gives them."""
    biased = a.norm == "instance"

    def layer(place: int, shape: tuple[int, int, int, int], out: int) -> Iterator[_Entry]:
        yield from _conv(f"model.{place}", shape, out if biased else None)
        yield from _norm(f"model.{place + 1}", a.norm, out)

    n = a.ngf
    yield from layer(1, (n, a.input_nc, 7, 7), n)
    yield from layer(4, (2 * n, n, 3, 3), 2 * n)
    yield from layer(7, (4 * n, 2 * n, 3, 3), 4 * n)
    for block in range(10, 10 + blocks):
        for place in (1, 6 if a.use_dropout else 5):
            key = f"{block}.conv_block.{place}"
            yield from _conv(f"model.{key}", (4 * n, 4 * n, 3, 3), 4 * n if biased else None)
            yield from _norm(f"model.{block}.conv_block.{place + 1}", a.norm, 4 * n)
    after = 10 + blocks
    yield from layer(after, (4 * n, 2 * n, 3, 3), 2 * n)
    yield from layer(after + 3, (2 * n, n, 3, 3), n)
    yield from _conv(f"model.{after + 7}", (a.output_nc, n, 7, 7), a.output_nc)
