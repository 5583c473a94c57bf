"""Single convolutions of the generators at ngf 64 and 256x256, plain and computed in other ways, by turns.

    OMP_NUM_THREADS=1 python benchmarks/convolutions.py [--rounds 15]

Processor time an image, the least and the median of the rounds: it waits for nobody, though caches are shared. The last
layers are computed as four pixels a step (`two_by_two`); of the U-Net's 4x4 convolutions of stride 2, which the native
engine leaves as they are, it shows what Winograd's algorithm would take in time and in memory for its weights.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.engines.native.hastening import PackedConv, two_by_two
from harness.engines.native.winograd import WinogradConv

IMAGES = 2
LAST = ((nn.ConvTranspose2d(128, 3, 4, 2, 1), 128), (nn.Conv2d(64, 3, 7), 262))
UP, DOWN = ((256, 64, 64), (512, 128, 32), (1024, 256, 16)), ((64, 128, 128), (128, 256, 64), (256, 512, 32))


def by_turns(name: str, plain: Callable[[], Tensor], other: Callable[[], Tensor], rounds: int, note: str = "") -> None:
    """Prints what both take, and the greatest difference of their results."""
    difference, taken = float((plain() - other()).abs().max()), {plain: [], other: []}
    for _ in range(rounds):
        for way in (plain, other):
            begin = time.process_time()
            way()
            taken[way].append((time.process_time() - begin) / IMAGES * 1000)
    told = "   ".join(f"{min(times):6.2f} (median {statistics.median(times):6.2f}) ms" for times in taken.values())
    print(f"{name:32} {told}   differ by {difference:.1e}{note}", flush=True)


def last_layer(last: nn.Conv2d | nn.ConvTranspose2d, side: int, rounds: int) -> None:
    """Compares a last layer with one of four pixels a step."""
    x = torch.randn(IMAGES, last.in_channels, side, side).contiguous(memory_format=torch.channels_last)
    plain = PackedConv(last.to(memory_format=torch.channels_last))
    squares = nn.Sequential(PackedConv(two_by_two(last)), nn.PixelShuffle(2))
    by_turns(f"last layer, {last.kernel_size[0]}x{last.kernel_size[1]}", lambda: plain(x), lambda: squares(x), rounds)


def of_stride_two(layer: nn.Conv2d | nn.ConvTranspose2d, side: int, rounds: int) -> None:
    """Compares a 4x4 convolution of stride 2 with Winograd's of the 3x3 that holds it."""
    x = torch.randn(IMAGES, layer.in_channels, side, side).contiguous(memory_format=torch.channels_last)
    layer, up = layer.to(memory_format=torch.channels_last), layer.transposed
    if up:
        three = two_by_two(layer)
        three.padding = (0, 0)
    else:  # 2x2 of the four phases as channels, in a 3x3 whose last row and column are zeros
        three = nn.Conv2d(4 * layer.in_channels, layer.out_channels, 3, bias=False)
        three.weight = nn.Parameter(functional.pad(functional.pixel_unshuffle(layer.weight, 2), (0, 1, 0, 1)))
    plain, quick = PackedConv(layer), WinogradConv(three)

    def winograd() -> Tensor:
        around = functional.pad(x, (1, 1, 1, 1))
        if up:
            return functional.pixel_shuffle(quick(around), 2)
        return quick(functional.pad(functional.pixel_unshuffle(around, 2), (0, 1, 0, 1)))

    name = f"{'up' if up else 'down'} {layer.in_channels} to {layer.out_channels}, {side}x{side}"
    by_turns(name, lambda: plain(x), winograd, rounds, f", weights {quick.products.numel() * 4 >> 20} MiB")


@torch.inference_mode()
def main() -> None:
    """Prints a line a layer: plain, then the other way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    for last, side in LAST:
        last_layer(last, side, rounds)
    for kind, widths in ((nn.ConvTranspose2d, UP), (nn.Conv2d, DOWN)):
        for wide_in, wide_out, side in widths:
            of_stride_two(kind(wide_in, wide_out, 4, 2, 1, bias=False), side, rounds)


if __name__ == "__main__":
    main()
