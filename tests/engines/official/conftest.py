"""Jobs over tiny pictures, and checked-out stand-ins for the authors' code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.catalog.types import Architecture
from harness.engines.job import Job
from harness.sets.item import Item
from tests.pictures import picture
from tests.upstream_standin import check_out, legacy_commit, make_standin

RESNET = Architecture("resnet_9blocks", "instance", False)
MakeJob = Callable[..., Job]


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_standin(tmp_path_factory.mktemp("standin") / "repository")


@pytest.fixture(scope="session")
def clone(standin: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    url, commit = standin
    return check_out(url, commit, tmp_path_factory.mktemp("clone") / "today")


@pytest.fixture(scope="session")
def legacy_clone(standin: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    url, _ = standin
    return check_out(url, legacy_commit(url), tmp_path_factory.mktemp("clone") / "older")


@pytest.fixture
def make_job(tmp_path: Path) -> MakeJob:
    """Makes a job of small pictures that depend on their names alone; any field can be given."""
    made: list[Path] = []

    def make(names: tuple[str, ...] = ("a", "b", "c"), paired: bool = False, **fields: Any) -> Job:
        side = 64
        folder = tmp_path / f"job{len(made)}"
        made.append(folder)
        (folder / "images").mkdir(parents=True)
        items = []
        for number, name in enumerate(names):
            path = folder / f"source{number}.png"
            picture(name, 2 * side if paired else side, side).save(path)
            items.append(Item(name, path, paired))
        weights = folder / "weights.pth"
        torch.save({"model.1.weight": torch.zeros(4, 3, 7, 7)}, weights)
        known: dict[str, Any] = {
            "weights": weights,
            "architecture": RESNET,
            "items": tuple(items),
            "direction": "AtoB",
            "mode": "paper",
            "seed": 1,
            "device": "cpu",
            "size": (side, side),
            "log": folder / "log.txt",
        }
        return Job(**(known | fields))

    return make
