"""The mean of the training targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.catalog.types import Architecture, Direction, Model
from harness.runs.trained import mean_target_of
from harness.sets.trainable import find_data
from harness.training.averaging import save_mean_target
from harness.workspace import Workspace

RESNET = Architecture("resnet_6blocks", "instance", use_dropout=False)


def model(direction: Direction, reference: str) -> Model:
    return Model(
        family="pix2pix", name="mine", url="", architecture=RESNET,
        direction=direction, dataset=reference, split="test", input_domain="own_a", output_domain="own_b",
        crop_size=32, licence="", source="results/mine/training.json", own=True,
    )  # fmt: skip


@pytest.mark.parametrize(("direction", "left"), [("AtoB", 32), ("BtoA", 0)])
def test_it_is_the_mean_of_the_target_halves_as_they_are_saved(
    workspace: Workspace, tmp_path: Path, direction: Direction, left: int
) -> None:
    generator = np.random.default_rng(1)
    every = [generator.integers(0, 256, (32, 64, 3), dtype=np.uint8) for _ in range(5)]
    for part in ("train", "test"):
        for i, pixels in enumerate(every if part == "train" else every[:2]):
            path = tmp_path / "pairs" / part / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    data = find_data(workspace, str(tmp_path / "pairs"), "pix2pix")
    mine = model(direction, data.reference)
    path = save_mean_target(workspace, mine, data)
    assert path == workspace.results / "mine" / "mean-target-mine.png"
    found = mean_target_of(workspace, mine)
    assert found is not None
    mean = np.mean([pixels[:, left : left + 32].astype(float) for pixels in every], axis=0)
    assert np.abs(found[0] - mean).max() <= 1.5, "saving truncates, a mean is rounded"
    assert found[1] == "the mean of the targets of 5 training pictures, in place of every output"


def test_a_model_without_one_has_none(workspace: Workspace) -> None:
    assert mean_target_of(workspace, model("AtoB", "x")) is None
