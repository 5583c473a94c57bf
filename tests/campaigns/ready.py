"""A small workspace in which every command has something to do."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Architecture
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.workspace import Workspace
from tests.engines.native.conftest import save_generator
from tests.pictures import save_pair, save_picture
from tests.upstream_standin import check_out, make_standin

MODEL = "pix2pix/facades_label2photo"
COUNT = 6


def make_ready(folder: Path) -> Path:
    """Makes `photos/`, `upstream/`, its `commit`, and `ws/` with weights, clone, sets and the run `mine`."""
    home = Workspace(folder / "ws")
    weights = home.weights(*MODEL.split("/"))
    weights.parent.mkdir(parents=True)
    save_generator(weights, Architecture("unet_256", "batch", True, ngf=1))
    url, commit = make_standin(folder / "upstream")
    (folder / "commit").write_text(commit)
    check_out(url, commit, home.upstream(PYTORCH.id))
    for number in range(COUNT):
        save_picture(folder / "photos" / f"{number}.png", 300, 260)
        save_pair(home.datasets / "pairs" / "test" / f"{number}.png", 256)
        save_pair(home.datasets / "small" / "train" / f"{number}.png", 32)
        save_pair(home.datasets / "small" / "test" / f"{number}.png", 32)
    run_test(home, TestRequest(model=MODEL, dataset="pairs", engine="native", device="cpu", name="mine"))
    return folder


def copied(ready: Path, place: Path) -> Path:
    """Returns a copy of the workspace."""
    shutil.copytree(ready / "ws", place, symlinks=True)
    return place


TESTED = ("test", "--model", MODEL, "--dataset", "pairs", "--device", "cpu", "--quiet")
