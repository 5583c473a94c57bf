"""Convolutions that are computed faster give what the plain ones give, in every batch, and only where they suit."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
import torch
from torch import nn

from harness.catalog.types import Architecture
from harness.engines.native.hastening import PackedConv, hasten, two_by_two
from harness.engines.native.winograd import LEAST_CHANNELS, WinogradConv
from harness.weights.networks import build_generator

WIDE = LEAST_CHANNELS // 4


def _generator(net: str, ngf: int) -> nn.Module:
    torch.manual_seed(0)
    network = build_generator(Architecture(net, "instance", False, ngf=ngf)).eval()
    return network.to(memory_format=torch.channels_last)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_a_packed_convolution_gives_the_same_bits_at_every_size(
    kind: type[nn.Conv2d | nn.ConvTranspose2d], bias: bool
) -> None:
    torch.manual_seed(0)
    plain = kind(32, 48, 4, 2, 1, bias=bias).to(memory_format=torch.channels_last)
    packed = PackedConv(plain)
    with torch.inference_mode():
        for shape in ((2, 32, 16, 16), (1, 32, 16, 16), (3, 32, 6, 10)):
            x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
            assert torch.equal(packed(x), plain(x))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("plain", "shape"), [(nn.ConvTranspose2d, (2, 5, 7, 9)), (nn.Conv2d, (2, 5, 14, 18))], ids=["4x4 up", "7x7"]
)
def test_squares_of_pixels_are_the_last_layers_own(
    plain: type[nn.Conv2d | nn.ConvTranspose2d], shape: tuple[int, ...], bias: bool
) -> None:
    torch.manual_seed(0)
    last = plain(5, 3, *((4, 2, 1) if plain is nn.ConvTranspose2d else (7,)), bias=bias).double()
    with torch.inference_mode():
        x = torch.randn(shape, dtype=torch.float64)
        torch.testing.assert_close(nn.PixelShuffle(2)(two_by_two(last)(x)), last(x))


@pytest.mark.parametrize(
    ("net", "ngf", "kinds"),
    [
        ("resnet_6blocks", WIDE, {WinogradConv: 12, PackedConv: 6, nn.PixelShuffle: 1}),
        ("resnet_6blocks", WIDE // 2, {PackedConv: 18, nn.PixelShuffle: 1}),
        ("unet_128", 64, {PackedConv: 14, nn.PixelShuffle: 1}),
    ],
)
def test_every_convolution_is_replaced_by_what_suits_it(net: str, ngf: int, kinds: dict[type, int]) -> None:
    network = _generator(net, ngf)
    hasten(network)
    found = Counter(type(m) for m in network.modules())
    assert {kind: found[kind] for kind in kinds} == kinds
    assert not found[nn.Conv2d] and not found[nn.ConvTranspose2d]


@pytest.mark.parametrize("net", ["resnet_6blocks", "unet_256"])
def test_a_hastened_generator_draws_the_same_in_every_batch(net: str) -> None:
    plain = _generator(net, WIDE)
    quick = copy.deepcopy(plain)
    hasten(quick)
    side = 256 if net == "unet_256" else 64
    x = torch.randn(8, 3, side, side).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        alone = torch.cat([quick(image.clone(memory_format=torch.channels_last)) for image in x.split(1)])
        assert float((plain(x.clone()) - alone).abs().max()) < 1 / 255
        for size in (3, 5, 8):
            assert torch.equal(quick(x[:size].clone()), alone[:size]), size
