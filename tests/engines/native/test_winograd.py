"""The fast 3x3 convolution gives what the plain one gives, at every size."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.engines.native.winograd import WinogradConv


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
