"""The fast 3x3 convolution gives what the plain one gives, at every size, and only where it suits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.catalog.types import Architecture
from harness.engines.native.winograd import LEAST_CHANNELS, WinogradConv, hasten
from harness.weights.networks import build_generator


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("height", "width"), [(18, 18), (3, 5), (9, 16), (7, 34)])
def test_it_computes_the_plain_convolution(height: int, width: int, bias: bool) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(5, 7, 3, bias=bias)
    x = torch.randn(3, 5, height, width)
    with torch.inference_mode():
        exact = plain.double()(x.double())
        result = WinogradConv(plain.float())(x)
    assert result.shape == exact.shape
    torch.testing.assert_close(result.double(), exact, atol=2e-5, rtol=0)


def test_only_wide_3x3_convolutions_are_replaced() -> None:
    wide = LEAST_CHANNELS // 4
    for net, ngf, expected in (("resnet_6blocks", wide, 12), ("resnet_6blocks", wide // 2, 0), ("unet_128", 64, 0)):
        network = build_generator(Architecture(net, "instance", False, ngf=ngf))
        hasten(network)
        assert sum(isinstance(m, WinogradConv) for m in network.modules()) == expected


def test_a_hastened_generator_draws_the_same() -> None:
    torch.manual_seed(0)
    network = build_generator(Architecture("resnet_6blocks", "instance", False, ngf=LEAST_CHANNELS // 4)).eval()
    x = torch.randn(2, 3, 40, 48)
    with torch.inference_mode():
        plain = network(x)
        hasten(network)
        assert float((network(x) - plain).abs().max()) < 1 / 255
