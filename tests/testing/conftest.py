"""A workspace with a small generator installed, a set of pairs, and a run of both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.catalog.types import Architecture
from harness.demo.demo_weights import demo_weights
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.workspace import Workspace
from tests.engines.native.conftest import save_generator
from tests.metrics.conftest import backbones, perceptual_libraries  # noqa: F401
from tests.pictures import save_pair, save_picture

MODEL = "pix2pix/facades_label2photo"
RUN, SET = "mine", "pairs"
SIDE = 256


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace every test gets a copy of: run `mine` of the set `pairs`, three images."""
    folder = tmp_path_factory.mktemp("finished")
    workspace = Workspace(folder / "ws")
    weights = workspace.weights(*MODEL.split("/"))
    weights.parent.mkdir(parents=True)
    save_generator(weights, Architecture("unet_256", "batch", True, ngf=2))
    for name in ("a.png", "b.png", "c.png"):
        save_picture(folder / "labels" / name, SIDE, SIDE)
        save_picture(folder / "photos" / name, SIDE, SIDE)
    pairs = PrepareRequest(
        folder=folder / "labels", targets=folder / "photos", model=MODEL, name=SET, size=(SIDE, SIDE)
    )
    prepare_images(workspace, pairs)
    command = ("harness", "test", "--model", MODEL, "--dataset", SET)
    request = TestRequest(
        model=MODEL, dataset=SET, engine="native", device="cpu", size=(SIDE, SIDE), name=RUN, seed=3, command=command
    )
    run_test(workspace, request)
    return workspace.root


@pytest.fixture
def workspace(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy of the finished workspace, which is also the current directory."""
    shutil.copytree(finished, tmp_path / "ws")
    monkeypatch.chdir(tmp_path / "ws")
    return Workspace.locate()


@pytest.fixture
def run(workspace: Workspace) -> Path:
    """The folder of the run."""
    return workspace.run(RUN)


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    """A workspace in which nothing is yet."""
    return Workspace(tmp_path / "ws")


@pytest.fixture
def drawn_run(bare: Workspace, tmp_path: Path) -> Path:
    """The folder of a run of six pairs, enough for intervals, by the generator that comes with the package."""
    for i in range(6):
        save_pair(tmp_path / "pairs" / "test" / f"{i}.png")
    request = TestRequest(
        model="facades_label2photo",
        dataset=str(tmp_path / "pairs"),
        weights=demo_weights(),
        engine="native",
        device="cpu",
        name="mine",
    )
    return run_test(bare, request).folder
