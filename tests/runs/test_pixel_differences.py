"""Pixel differences are counted as a person would count them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.runs.pixel_differences import PixelDifference, difference_of


def draw(images: Path, pixels: np.ndarray) -> None:
    (images / "output").mkdir(parents=True)
    Image.fromarray(pixels).save(images / "output" / "x.png")


def compared(folder: Path, first: np.ndarray, second: np.ndarray) -> PixelDifference:
    for name, pixels in (("a", first), ("b", second)):
        draw(folder / name, pixels)
    return difference_of(folder / "a", folder / "b", "output", "x")


def test_differences_between_two_pictures(tmp_path: Path) -> None:
    first = np.zeros((4, 5, 3), np.uint8)
    second = first.copy()
    second[0, 0] = (0, 255, 0)
    second[1, 1] = (5, 0, 0)
    found = compared(tmp_path, first, second)
    assert (found.kind, found.name, found.max, found.problem) == ("output", "x", 255, None)
    assert found.mean == pytest.approx(260 / 60)
    assert found.share_different == pytest.approx(2 / 20)


@pytest.mark.parametrize(("levels", "verdict"), [(0, "identical"), (1, "within tolerance"), (2, "different")])
def test_one_level_is_what_rounding_makes(tmp_path: Path, levels: int, verdict: str) -> None:
    first = np.full((4, 4, 3), 100, np.uint8)
    second = first.copy()
    second[2, 3, 1] -= levels
    assert compared(tmp_path, first, second).verdict == verdict


def test_what_cannot_be_compared_is_different_and_says_why(tmp_path: Path) -> None:
    found = compared(tmp_path, np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
    assert (found.verdict, found.problem) == ("different", "their sizes are 4x4 and 5x4")
    (tmp_path / "b" / "output" / "x.png").write_bytes(b"no picture")
    found = difference_of(tmp_path / "a", tmp_path / "b", "output", "x")
    assert found.verdict == "different" and "of the second: `output/x.png` is damaged" in str(found.problem)
    (tmp_path / "a" / "output" / "x.png").unlink()
    found = difference_of(tmp_path / "a", tmp_path / "b", "output", "x")
    assert found.problem == "of the first: `output/x.png` is missing"
