from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim as reference
from scipy.ndimage import gaussian_filter

from harness.metrics.ms_ssim import ms_ssim
from harness.metrics.pairs import Picture
from tests.metrics.drawn import flat, noise


def theirs(a: Picture, b: Picture) -> float:
    x, y = (torch.from_numpy(p.copy()).permute(2, 0, 1)[None].double() for p in (a, b))
    return float(reference(x, y, data_range=255))


@pytest.mark.parametrize(("height", "width"), [(161, 161), (256, 256), (163, 250), (511, 180)])
def test_it_is_what_pytorch_msssim_computes(height: int, width: int) -> None:
    smooth = gaussian_filter(noise(1, height, width).astype(float), (9, 9, 0))
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 255
    for strength in (10, 60):
        noisy = smooth + np.random.default_rng(2).normal(0, strength, smooth.shape)
        a, b = (p.clip(0, 255).astype(np.uint8) for p in (smooth, noisy))
        assert ms_ssim(a, b) == pytest.approx(theirs(a, b), abs=1e-5)


def test_pictures_that_contradict_each_other_count_as_0_as_they_do_there() -> None:
    a = noise(3, 176, 176)
    assert ms_ssim(a, 255 - a) == pytest.approx(theirs(a, 255 - a), abs=1e-5) == 0


def test_identical_pictures_give_1() -> None:
    assert ms_ssim(noise(4, 200, 200), noise(4, 200, 200)) == pytest.approx(1, abs=1e-12)
    assert ms_ssim(flat(7, 161, 161), flat(7, 161, 161)) == pytest.approx(1, abs=1e-12)
