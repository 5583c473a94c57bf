"""Convolutions that give a trained generator's values sooner on a CPU; the network can only translate from then on."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.engines.native.winograd import WinogradConv, suits

_MOST_NARROW = 4
"""oneDNN computes 16 output channels at once: of 4 pixels with at most so many each, they are all in use."""


class PackedConv(nn.Module):
    """A trained convolution, plain or transposed, with its weights in oneDNN's own order; the same bits.

    PyTorch would put them in that order again for each batch: 0.2 GB of a `unet_256`.
    """

    def __init__(self, plain: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        kind = "convolution_transpose" if plain.transposed else "convolution"
        self._pack = getattr(torch.ops.mkldnn, f"_reorder_{kind}_weight")
        self._convolve = getattr(torch.ops.mkldnn, f"_{kind}_pointwise")
        places = (plain.padding, plain.output_padding) if plain.transposed else (plain.padding,)
        self._geometry = (*places, plain.stride, plain.dilation, plain.groups)
        self._weight, self._bias = plain.weight.detach(), plain.bias

    def forward(self, x: Tensor) -> Tensor:
        weight = self._weight  # of this moment: several batches may be under way
        if not weight.is_mkldnn:  # the order hangs on the map's size, which nothing tells before
            weight = self._weight = self._pack(weight, *self._geometry, x.shape)
        result: Tensor = self._convolve(x, weight, self._bias, *self._geometry, "none", [], "")
        return result


def hasten(network: nn.Module) -> None:
    """Replaces the convolutions that can be computed faster."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d | nn.ConvTranspose2d):
                setattr(module, name, _hastened(child))


def _hastened(plain: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    if isinstance(plain, nn.Conv2d) and suits(plain):
        return WinogradConv(plain)
    if plain.out_channels <= _MOST_NARROW and _shape(plain) in _LAST_LAYERS:
        return nn.Sequential(_packed(two_by_two(plain)), nn.PixelShuffle(2))
    return _packed(plain)


def _packed(plain: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    return PackedConv(plain) if torch.backends.mkldnn.is_available() else plain  # type: ignore[no-untyped-call]


def two_by_two(last: nn.Conv2d | nn.ConvTranspose2d) -> nn.Conv2d:
    """Returns a last layer as a convolution whose channels are squares of four pixels, for a `PixelShuffle(2)`.

    Args:
        last: 4x4 that doubles the map, or 7x7 without padding, of which the result has even sides.
    """
    weight = last.weight.detach()
    if last.transposed:
        # y[2i + a] = sum over d of x[i + d - 1] w[3 + a - 2d], of those that w has: the others are zeros around it
        around = functional.pad(weight.transpose(0, 1), (1, 1, 1, 1))
        parts = [around[:, :, a : a + 5 : 2, b : b + 5 : 2].flip(2, 3) for a in (0, 1) for b in (0, 1)]
    else:
        # y[2i + a] = sum over d of x[2i + d] w[d - a]
        parts = [functional.pad(weight, (b, 1 - b, a, 1 - a)) for a in (0, 1) for b in (0, 1)]
    squares = torch.stack(parts, 1).flatten(0, 1)  # (K, 4, C, ., .) to (4 K, C, ., .)
    step, padding = (1, 1) if last.transposed else (2, 0)
    conv = nn.Conv2d(squares.shape[1], len(squares), squares.shape[2], step, padding, device="meta")
    conv.weight = nn.Parameter(squares.contiguous(memory_format=torch.channels_last))
    conv.bias = None if last.bias is None else nn.Parameter(last.bias.detach().repeat_interleave(4))
    return conv


def _shape(plain: nn.Conv2d | nn.ConvTranspose2d) -> tuple[object, ...]:
    return plain.transposed, plain.kernel_size, plain.stride, plain.padding


_LAST_LAYERS = {(True, (4, 4), (2, 2), (1, 1)), (False, (7, 7), (1, 1), (0, 0))}
