"""A workspace with the stand-in for the authors' code, small pairs to train on, and one finished training."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.progress import Silent
from harness.runs.training_record import TrainingRecord
from harness.training.starting import train
from harness.training.train_request import TrainRequest
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture
from tests.upstream_standin import check_out, make_standin

SMALL = (
    *("--netG", "unet_32", "--ngf", "2", "--load_size", "36", "--crop_size", "32"),
    *("--n_epochs", "1", "--n_epochs_decay", "1", "--pool_size", "3"),
)
WARM_UP = 4
"""Iterations of the stand-in before the first that counts: three are timed, after one that is not."""

OPTIONS: dict[str, Any] = {
    "netG": "unet_256",
    "netD": "basic",
    "n_layers_D": 3,
    "norm": "batch",
    "no_dropout": False,
    "ngf": 64,
    "input_nc": 3,
    "output_nc": 3,
    "preprocess": "resize_and_crop",
    "load_size": 286,
    "crop_size": 256,
    "batch_size": 1,
    "n_epochs": 100,
    "n_epochs_decay": 100,
    "lr": 0.0002,
    "lr_policy": "linear",
    "ndf": 64,
}
"""What the parser of `train.py` makes of no options, in part."""


class Listening(Silent):
    """Keeps what is said and which steps are begun, and stops by hand, once, at an iteration or a step."""

    def __init__(self, stop_at: int | None = None, stop_in: str | None = None, skip: int = 0) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.stop_at, self.stop_in, self.skip = stop_at, stop_in, skip
        self.done = 0

    def say(self, message: str) -> None:
        self.said.append(message)

    def warn(self, message: str, hint: str | None = None) -> None:
        self.warned += [message, hint or ""]

    @contextmanager
    def step(self, label: str, total: float | None = None, unit: str = "images") -> Iterator[Any]:
        if self.stop_in and self.stop_in in label:
            self.skip -= 1
            if self.skip < 0:
                self.stop_in = None
                raise KeyboardInterrupt
        self.counted = label == "training"
        yield self

    def advance(self, amount: float = 1) -> None:
        self.done += int(amount) if self.counted else 0
        if self.stop_at is not None and self.done >= self.stop_at:
            self.stop_at = None
            raise KeyboardInterrupt

    def expect(self, total: float | None) -> None:
        return


@dataclass(frozen=True)
class Finished:
    """A training that has ended, and what was said meanwhile; nobody changes it."""

    workspace: Workspace
    folder: Path
    record: TrainingRecord
    progress: Listening


def losses(folder: Path) -> list[dict[str, str]]:
    with (folder / "losses.csv").open(encoding="utf-8", newline="") as stream:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]


def page_document(folder: Path) -> dict[str, Any]:
    page = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1])["document"])


def save_pairs(workspace: Workspace) -> Path:
    """Five pairs to train on, two held out, in the workspace's `datasets/pairs`."""
    folder = workspace.datasets / "pairs"
    for part, count in (("train", 5), ("test", 2)):
        for number in range(count):
            save_pair(folder / part / f"{part} {number}.png", 32)
    return folder


def workspace_with(standin_clone: Path, root: Path) -> Workspace:
    made = Workspace(root)
    made.third_party.mkdir(parents=True)
    (made.third_party / "pytorch-CycleGAN-and-pix2pix").symlink_to(standin_clone)
    return made


def made_record(family: str = "pix2pix", **fields: Any) -> TrainingRecord:
    """A training's record that nobody made."""
    known: dict[str, Any] = {"name": "mine", "harness_version": "0", "command": (), "started": "", "state": "starting"}
    known |= {"family": family, "direction": "AtoB", "preset": "paper", "options": (), "dataset": {}, "device": "cpu"}
    known |= {"processes": 1, "seed": 0, "keep": 10, "upstream": {}, "versions": {}}
    return TrainingRecord(**(known | fields))


@pytest.fixture(scope="session")
def standin_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    url, commit = make_standin(tmp_path_factory.mktemp("standin") / "repository")
    return check_out(url, commit, tmp_path_factory.mktemp("clone") / "today")


@pytest.fixture
def workspace(tmp_path: Path, standin_clone: Path) -> Workspace:
    return workspace_with(standin_clone, tmp_path / "ws")


@pytest.fixture
def pairs(workspace: Workspace) -> Path:
    return save_pairs(workspace)


@pytest.fixture
def unpaired(workspace: Workspace) -> Path:
    folder = workspace.datasets / "unpaired"
    for part, count in (("trainA", 3), ("trainB", 4), ("testA", 2), ("testB", 1)):
        for number in range(count):
            save_picture(folder / part / f"{number}.png", 40, 32)
    return folder


@pytest.fixture(scope="session")
def finished(standin_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """`pairs-pix2pix-001` on `datasets/pairs`, in a workspace of its own."""
    workspace = workspace_with(standin_clone, tmp_path_factory.mktemp("finished") / "ws")
    save_pairs(workspace)
    progress = Listening()
    request = TrainRequest(dataset="pairs", options=SMALL, command=("harness", "train", "-d", "pairs"))
    record = train(workspace, request, progress)
    return Finished(workspace, workspace.run(record.name), record, progress)
