from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from harness.metrics.pairs import Picture
from harness.metrics.ssim import WINDOW, ssim
from tests.metrics.drawn import flat, noise


def oracle(a: Picture, b: Picture) -> float:
    return float(
        structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2
        )
    )


@pytest.mark.parametrize(
    ("height", "width"), [(11, 11), (11, 300), (34, 42), (35, 43), (37, 12), (64, 64), (130, 97), (256, 256)]
)
def test_equals_scikit_image_at_every_size_of_strip(height: int, width: int) -> None:
    a = noise(1, height, width)
    b = (0.6 * a + 0.4 * noise(2, height, width)).astype(np.uint8)
    assert ssim(a, b) == pytest.approx(oracle(a, b), abs=1e-9)


def test_equals_scikit_image_on_smooth_pictures() -> None:
    a = gaussian_filter(noise(3, 80, 90).astype(float), (8, 8, 0)).astype(np.uint8)
    b = (a + np.arange(3, dtype=np.uint8)).astype(np.uint8)
    assert ssim(a, b) == pytest.approx(oracle(a, b), abs=1e-9)


def test_constant_pictures_differ_by_the_luminance_term_alone() -> None:
    c1 = (0.01 * 255) ** 2
    assert ssim(flat(0), flat(200)) == pytest.approx(c1 / (200**2 + c1), abs=1e-12)


def test_identical_pictures_have_one() -> None:
    assert ssim(noise(4), noise(4)) == pytest.approx(1, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(11, 50), st.integers(11, 50))
def test_is_symmetric_and_bounded(first: int, second: int, height: int, width: int) -> None:
    a, b = noise(first, height, width), noise(second, height, width)
    assert ssim(a, b) == pytest.approx(ssim(b, a), abs=1e-12)
    assert -1 <= ssim(a, b) <= 1


def test_a_negative_picture_is_below_zero() -> None:
    assert ssim(noise(5), 255 - noise(5)) < -0.5


def test_pictures_below_the_window_are_refused() -> None:
    with pytest.raises(ValueError, match=f"8×40 pixels are too few: each side needs {WINDOW}"):
        ssim(noise(1, 40, 8), noise(2, 40, 8))
