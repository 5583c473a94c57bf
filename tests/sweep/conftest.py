"""A workspace with pairs in three parts, two models of the catalog, and the stand-in for the authors' code."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalog.types import Architecture
from harness.progress import Progress
from harness.sweep.sweeping import SweepRequest, Swept, run_sweep
from harness.workspace import Workspace
from tests.engines.native.conftest import save_generator
from tests.pictures import save_pair
from tests.training.conftest import standin_clone, workspace_with  # noqa: F401

RULE = """
[choose]
metric = "ssim"
on = "val"
report = "test"
"""
TESTS = """
models = ["facades_label2photo"]
datasets = ["pairs"]
seeds = [0, 1]
[test]
engine = "native"
mode = ["paper", "deterministic"]
size = 32
"""
TRAININGS = """
[train.tiny]
direction = "BtoA"
keep = 1
[train.tiny.options]
netG = "unet_32"
ngf = [2, 3]
ndf = 2
load_size = 36
crop_size = 32
n_epochs = 1
n_epochs_decay = 0
pool_size = 3
"""


def sweep_workspace(clone: Path, root: Path) -> Workspace:
    workspace = workspace_with(clone, root)
    for part, count in (("train", 3), ("val", 5), ("test", 5)):
        for number in range(count):
            save_pair(workspace.datasets / "pairs" / part / f"{part} {number}.png", 32)
    weights = workspace.weights("pix2pix", "facades_label2photo")
    weights.parent.mkdir(parents=True)
    save_generator(weights, Architecture("unet_32", "batch", True, ngf=2))
    return workspace


def swept(workspace: Workspace, text: str, progress: Progress | None = None, name: str = "sizes", **asked) -> Swept:
    """Runs a sweep of this text."""
    file = workspace.root / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return run_sweep(workspace, SweepRequest(file=file, device="cpu", **asked), progress)


@pytest.fixture
def workspace(standin_clone: Path, tmp_path: Path) -> Workspace:  # noqa: F811
    return sweep_workspace(standin_clone, tmp_path / "ws")
