"""The generator of a test: what it says of weights that are not what was brought."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness.catalog.lookup import find_model
from harness.catalog.types import Model
from harness.errors import WeightsError
from harness.fetch.lockfile import LockFile
from harness.files import sha256_of
from harness.testing.loading import load_generator
from harness.workspace import Workspace
from tests.weights.state_dicts import RESNET, state_dict_of


@pytest.fixture
def model() -> Model:
    return replace(find_model("cyclegan/sat2map"), architecture=RESNET)


@pytest.fixture
def workspace(tmp_path: Path, model: Model) -> Workspace:
    """A workspace with weights as they were brought."""
    made = Workspace(tmp_path)
    path = made.weights(model.family, model.name)
    path.parent.mkdir(parents=True)
    torch.save(state_dict_of(RESNET), path)
    LockFile(made.lock_file).record("downloaded", f"weights {model.id}", "http://x", 1, sha256_of(path))
    return made


def test_weights_as_they_were_brought_need_no_word(workspace: Workspace, model: Model) -> None:
    assert load_generator(workspace, model).difference_from_catalog() is None


def test_installed_weights_that_changed_are_told(workspace: Workspace, model: Model) -> None:
    path = workspace.weights(model.family, model.name)
    torch.save({key: tensor * 2 for key, tensor in state_dict_of(RESNET).items()}, path)
    told = load_generator(workspace, model).difference_from_catalog() or ""
    assert told.startswith(f"`{path}` changed since it was brought")
    assert load_generator(workspace, model, path).difference_from_catalog() is None  # named, it is the user's own


def test_weights_for_other_channels_are_refused_before_any_work(workspace: Workspace, model: Model) -> None:
    path = workspace.root / "four.pth"
    torch.save(state_dict_of(replace(RESNET, input_nc=4)), path)
    with pytest.raises(WeightsError, match=r"four\.pth`: these weights turn 4 channels into 3; pictures here have 3"):
        load_generator(workspace, model, path)
