"""Two small domains, drawn: `walls` (upright stripes of warm colours under a bright sky) and `drawings` (lines)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from harness.nearness.palette import Picture
from harness.nearness.profile import Profile, build_profile

SIDE = 64


def wall(seed: int) -> Picture:
    generator = np.random.default_rng(seed)
    picture = np.empty((SIDE, SIDE, 3))
    base = generator.uniform(90, 150) + np.array([30, 10, -20]) * generator.uniform(0.6, 1.4)
    stripes = np.sign(np.sin(np.arange(SIDE) / generator.uniform(1.5, 2.5) + generator.uniform(0, 6)))
    picture[:] = base + generator.uniform(25, 45) * stripes[None, :, None]
    sky = int(generator.uniform(8, 20))
    picture[:sky] = np.array([170, 200, 240]) + generator.normal(0, 8)
    texture = gaussian_filter(generator.normal(0, 12, picture.shape), (0.7, 0.7, 0))
    return (picture + texture).clip(0, 255).astype(np.uint8)


def drawing(seed: int) -> Picture:
    generator = np.random.default_rng(seed)
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for _ in range(int(generator.integers(4, 9))):
        row, column = generator.integers(0, SIDE - 2, 2)
        picture[row : row + 2, : int(generator.integers(20, SIDE))] = 0
        picture[int(generator.integers(0, 30)) :, column : column + 2] = 0
    return picture


def saved(folder: Path, count: int, first: int = 0) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed:03d}.png" for seed in range(first, first + count)]
    for seed, path in enumerate(paths, first):
        Image.fromarray(wall(seed)).save(path)
    return paths


@pytest.fixture(scope="session")
def walls(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    paths = saved(tmp_path_factory.mktemp("walls"), 60)
    return build_profile(paths, "wall", {"dataset": "test/walls"})
