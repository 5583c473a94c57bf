"""A pair joined is a pair split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.errors import ImageError
from harness.images.pairing import join_ab, split_ab
from tests.images.pictures import noise


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 5))
def test_split_undoes_join(width: int, height: int, seed: int) -> None:
    a, b = noise(width, height, seed), noise(width, height, seed + 1)
    left, right = split_ab(join_ab(a, b))
    assert np.array_equal(np.asarray(left), np.asarray(a))
    assert np.array_equal(np.asarray(right), np.asarray(b))


def test_a_stands_left() -> None:
    pair = join_ab(Image.new("RGB", (4, 4), (255, 0, 0)), Image.new("RGB", (4, 4), (0, 0, 255)))
    assert pair.getpixel((0, 0)) == (255, 0, 0)
    assert pair.getpixel((7, 3)) == (0, 0, 255)


def test_unequal_halves_are_refused() -> None:
    with pytest.raises(ImageError, match="equal sizes"):
        join_ab(noise(4, 4), noise(5, 4))
    with pytest.raises(ImageError, match="7 pixels wide"):
        split_ab(noise(7, 4))
