"""A workspace with the stand-in for the authors' code, and small pairs to train on."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture
from tests.upstream_standin import check_out, make_standin

SMALL = (
    *("--netG", "unet_32", "--ngf", "2", "--load_size", "36", "--crop_size", "32"),
    *("--n_epochs", "1", "--n_epochs_decay", "1", "--pool_size", "3"),
)


@pytest.fixture(scope="session")
def standin_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    url, commit = make_standin(tmp_path_factory.mktemp("standin") / "repository")
    return check_out(url, commit, tmp_path_factory.mktemp("clone") / "today")


@pytest.fixture
def workspace(tmp_path: Path, standin_clone: Path) -> Workspace:
    made = Workspace(tmp_path / "ws")
    made.third_party.mkdir(parents=True)
    (made.third_party / "pytorch-CycleGAN-and-pix2pix").symlink_to(standin_clone)
    return made


@pytest.fixture
def pairs(workspace: Workspace) -> Path:
    """Five pairs to train on, two held out, in the workspace's `datasets/pairs`."""
    folder = workspace.datasets / "pairs"
    for part, count in (("train", 5), ("test", 2)):
        for number in range(count):
            save_pair(folder / part / f"{part} {number}.png", 32)
    return folder


@pytest.fixture
def unpaired(workspace: Workspace) -> Path:
    folder = workspace.datasets / "unpaired"
    for part, count in (("trainA", 3), ("trainB", 4), ("testA", 2), ("testB", 1)):
        for number in range(count):
            save_picture(folder / part / f"{number}.png", 40, 32)
    return folder
