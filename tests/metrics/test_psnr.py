from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from harness.metrics import pairs
from harness.metrics.psnr import psnr
from tests.metrics.drawn import flat, noise


def test_equals_scikit_image() -> None:
    a, b = noise(1), noise(2)
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=255), abs=1e-9)


def test_does_not_wrap_around_in_uint8() -> None:
    assert psnr(flat(0), flat(200)) == pytest.approx(10 * math.log10(255**2 / 40_000))


def test_is_infinite_for_identical_pictures() -> None:
    assert psnr(noise(1), noise(1)) == math.inf


def test_strips_do_not_change_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = psnr(noise(1), noise(2))
    monkeypatch.setattr(pairs, "_STRIP_PIXELS", 100)
    assert psnr(noise(1), noise(2)) == whole


@given(st.integers(0, 255), st.integers(0, 255))
def test_is_symmetric_and_not_below_that_of_black_and_white(a: int, b: int) -> None:
    assert psnr(flat(a), flat(b)) == psnr(flat(b), flat(a)) >= 0


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (noise(1), noise(2, 40, 55), "56×40 and 55×40"),
        (noise(1).astype(np.float64) / 127.5 - 1, noise(2), "expected uint8 .* got float64"),
        (noise(1)[..., 0], noise(2)[..., 0], r"got uint8 of \(40, 56\)"),
    ],
)
def test_other_sizes_ranges_and_channels_are_refused(a: np.ndarray, b: np.ndarray, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        psnr(a, b)
