"""Pictures, run folders and measurements the tests of this room make for themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from harness.metrics.measure import Measurement
from harness.metrics.pairs import Picture
from harness.metrics.protocol import protocol_document
from harness.metrics.registry import find_metrics
from harness.metrics.rows import Row, Rows
from harness.metrics.statistics import summarise


def noise(seed: int, height: int = 40, width: int = 56) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def flat(level: int, height: int = 32, width: int = 32) -> Picture:
    return np.full((height, width, 3), level, np.uint8)


def save(images: Path, folder: str, name: str, picture: Picture) -> Path:
    path = images / folder / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


def run_images(images: Path, count: int, folders: tuple[str, ...] = ("input", "output", "target")) -> list[str]:
    """Writes `count` random pictures a folder and returns their names."""
    names = [f"{i:04d}" for i in range(count)]
    for seed, name in enumerate(names):
        for k, folder in enumerate(folders):
            save(images, folder, name, noise(10 * seed + k))
    return names


def measurement(**columns: list[float]) -> Measurement:
    """A measurement of images called 0, 1, 2 … with these values."""
    count = len(next(iter(columns.values())))
    return Measurement(
        columns=tuple(columns),
        rows=Rows.of(Row(str(i), {name: values[i] for name, values in columns.items()}) for i in range(count)),
        summary={name: summarise(values) for name, values in columns.items()},
        baselines={},
        protocol=protocol_document(find_metrics(columns)),
    )
