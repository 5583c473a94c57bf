"""Tiny generators with seeded weights, and jobs for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.catalog.types import Architecture
from harness.engines.job import Job, Mode
from harness.sets.item import Item
from tests.generators import save_generator
from tests.pictures import save_pair, save_picture

UNET = Architecture("unet_128", "batch", True, ngf=4)
RESNET = Architecture("resnet_6blocks", "instance", False, ngf=4)


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    """A function that makes a job of `count` pictures; every call has an output folder of its own."""
    made = iter(range(1000))

    def make(
        architecture: Architecture = UNET,
        count: int = 5,
        size: tuple[int, int] | None = (128, 128),
        mode: Mode = "paper",
        paired: bool = False,
        seed: int = 7,
    ) -> Job:
        save = save_pair if paired else save_picture
        paths = [save(tmp_path / "pictures" / f"{'pair' if paired else 'single'}-{i}.png") for i in range(count)]
        weights = tmp_path / f"{architecture.netG}-{architecture.norm}.pth"
        if not weights.exists():
            save_generator(weights, architecture)
        output = tmp_path / f"out-{next(made)}"
        output.mkdir()
        items = tuple(Item(p.stem, p, paired) for p in paths)
        return Job(weights, architecture, items, "BtoA", mode, seed, "cpu", size, output / "log.txt")

    return make
