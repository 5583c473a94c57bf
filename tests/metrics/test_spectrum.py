from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from harness.metrics.spectrum import checkerboard, sharpness
from tests.metrics.drawn import flat, noise


def textured(seed: int = 1, side: int = 128) -> np.ndarray:
    """Detail of all sizes, in the middle of the range."""
    drawn = gaussian_filter(noise(seed, side, side).astype(float), (0.7, 0.7, 0)) - 127.5
    return 127.5 + 0.6 * drawn


def pixels(picture: np.ndarray) -> np.ndarray:
    return np.rint(picture).clip(0, 255).astype(np.uint8)


def test_half_the_contrast_is_6_dB_less_and_the_same_is_0() -> None:
    target = textured()
    assert sharpness(pixels(target), pixels(target)) == 0
    assert sharpness(pixels(127.5 + (target - 127.5) / 2), pixels(target)) == pytest.approx(-6.02, abs=0.1)


def test_blur_lowers_and_noise_raises_it_the_more_the_stronger() -> None:
    target = textured()
    found = [sharpness(pixels(gaussian_filter(target, (s, s, 0))), pixels(target)) for s in (0.0, 0.5, 1.0, 2.0)]
    assert found == sorted(found, reverse=True) and found[0] == 0 and found[-1] < -10
    assert sharpness(pixels(target + np.random.default_rng(4).normal(0, 30, target.shape)), pixels(target)) > 2


@pytest.mark.parametrize("period", [2, 4])
@pytest.mark.parametrize("side", [128, 130])
def test_a_grid_of_2_or_4_pixels_stands_out(period: int, side: int) -> None:
    target = textured(2, side)
    grid = np.zeros((side, side, 1))
    grid[::period, ::period] = 24
    assert abs(checkerboard(pixels(target), pixels(textured(3, side)))) < 2
    assert checkerboard(pixels(target + grid), pixels(target)) > 5


def test_flat_pictures_have_finite_values() -> None:
    for output in (flat(0), flat(255), noise(5, 32, 32)):
        assert np.isfinite([sharpness(output, flat(9)), checkerboard(output, flat(9))]).all()
    assert sharpness(flat(0), flat(9)) == 0
