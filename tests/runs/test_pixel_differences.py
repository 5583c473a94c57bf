"""Pixel differences are counted as a person would count them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import RunError
from harness.runs.pixel_differences import compare_folders


def test_differences_between_two_folders(tmp_path: Path) -> None:
    first = np.zeros((4, 5, 3), np.uint8)
    second = first.copy()
    second[0, 0] = (0, 255, 0)
    second[1, 1] = (5, 0, 0)
    for folder, pixels in (("a", first), ("b", second)):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / "x.png")
    (found,) = compare_folders(tmp_path / "a", tmp_path / "b", ["x"])
    assert (found.name, found.max) == ("x", 255)
    assert found.mean == pytest.approx(260 / 60)
    assert found.share_different == pytest.approx(2 / 20)


def test_missing_and_unequal_pictures_are_named(tmp_path: Path) -> None:
    for folder, size in (("a", 4), ("b", 5)):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (size, 4)).save(tmp_path / folder / "x.png")
    with pytest.raises(RunError, match="`x` has the size 4x4 in one run and 5x4"):
        compare_folders(tmp_path / "a", tmp_path / "b", ["x"])
    with pytest.raises(RunError, match=r"y\.png"):
        compare_folders(tmp_path / "a", tmp_path / "b", ["y"])
