"""What is drawn of tensors that no script of the authors draws."""

from __future__ import annotations

import numpy as np
import torch

from harness.engines.native.pixels import SPREAD_SCALE, spread_map, spread_of


def test_spread_maps_are_rounded() -> None:
    draws = [torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(n)) * 0.1 for n in range(4)]
    deviation = np.stack([d.numpy() for d in draws]).astype(np.float64).std(axis=0).mean(axis=1) * 127.5
    levels = spread_map(spread_of(draws)).numpy()
    assert levels.shape == (2, 16, 16) and levels.dtype == np.uint8
    assert np.abs(levels - deviation * SPREAD_SCALE).max() <= 0.501
    assert abs(levels.mean() / (deviation * SPREAD_SCALE).mean() - 1) < 0.005, "cut off, it is some 4 % low"
