"""The HED network: the published layout of its weights, what other files are told, and how its answer is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from harness.errors import TestSetError, WeightsError
from harness.prepare.hed import HedNetwork, lines_of, load_hed
from harness.prepare.planning import plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import carry_out
from harness.workspace import Workspace
from tests.images.pictures import noise


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Weights whose answer follows the first stage alone: a difference of neighbouring pixels."""
    state = {key: torch.zeros_like(tensor) for key, tensor in HedNetwork().state_dict().items()}
    state["netVggOne.0.weight"][0, :, 1, 1:] = torch.tensor([1.0, -1.0])
    state["netVggOne.2.weight"][0, 0, 1, 1] = 1.0
    state["netScoreOne.weight"][0, 0] = 0.1
    state["netCombine.0.weight"][0, 0] = 1.0
    state["netCombine.0.bias"] -= 5.0
    return state


def saved(state: dict[str, torch.Tensor], path: Path) -> Path:
    torch.save(state, path)
    return path


def test_keys_are_those_of_the_published_port() -> None:
    shapes = {key: tuple(tensor.shape) for key, tensor in HedNetwork().state_dict().items()}
    assert len(shapes) == 2 * (13 + 5 + 1)
    assert shapes["netVggOne.0.weight"] == (64, 3, 3, 3)
    assert shapes["netVggTwo.1.weight"] == (128, 64, 3, 3)
    assert shapes["netVggFiv.5.weight"] == (512, 512, 3, 3)
    assert shapes["netScoreThr.weight"] == (1, 256, 1, 1)
    assert shapes["netCombine.0.weight"] == (1, 5, 1, 1)


@pytest.mark.parametrize("prefix", ["net", "module"])
def test_both_published_spellings_load_and_a_step_becomes_one_line(
    tmp_path: Path, state: dict[str, torch.Tensor], prefix: str
) -> None:
    renamed = {key.replace("net", prefix, 1): tensor for key, tensor in state.items()}
    hed = load_hed(saved(renamed, tmp_path / "hed.pth"))
    pixels = np.zeros((48, 64, 3), dtype=np.uint8)
    pixels[:, :32] = 255
    answer = hed.probabilities(pixels)
    assert answer.shape == (48, 64)
    assert int(answer[24, 1:-1].argmax()) == 30
    lines = hed.draw(pixels)
    assert lines[8:40].sum(axis=1).tolist() == [1] * 32


def test_channels_reach_the_trunk_as_blue_green_red(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    blue = {key: tensor.clone() for key, tensor in state.items()}
    blue["netVggOne.0.weight"][0, 1:] = 0
    hed = load_hed(saved(blue, tmp_path / "hed.pth"))
    pixels = np.zeros((16, 32, 3), dtype=np.uint8)
    pixels[:, :16, 0] = 255
    assert np.ptp(hed.probabilities(pixels)[:, 1:-1]) < 1e-6
    assert np.ptp(hed.probabilities(pixels[..., ::-1].copy())[:, 1:-1]) > 0.5


def test_a_broad_ridge_becomes_one_line_and_specks_go() -> None:
    rows, columns = np.mgrid[:64, :64]
    ridge = np.exp(-(((rows - columns) / 4.0) ** 2)).astype(np.float32)
    ridge[5:7, 50:52] = 0.9
    lines = lines_of(ridge)
    assert 50 <= lines.sum() <= 70
    assert not lines[:10, 45:].any()
    assert np.abs(rows - columns)[lines].max() <= 1


def test_another_file_is_named_and_refused(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    lacking = {key: tensor for key, tensor in state.items() if key != "netCombine.0.bias"}
    with pytest.raises(WeightsError, match=r"not the HED network: 1 missing: `netCombine\.0\.bias`"):
        load_hed(saved(lacking, tmp_path / "a.pth"))
    with pytest.raises(WeightsError, match="1 unexpected: `extra`"):
        load_hed(saved(state | {"extra": torch.zeros(1)}, tmp_path / "b.pth"))
    with pytest.raises(WeightsError, match=r"netScoreOne\.weight 2×64×1×1 in place of 1×64×1×1"):
        load_hed(saved(state | {"netScoreOne.weight": torch.zeros(2, 64, 1, 1)}, tmp_path / "c.pth"))
    (tmp_path / "page.pth").write_text("<!doctype html>")
    with pytest.raises(WeightsError):
        load_hed(tmp_path / "page.pth")


def test_edges_are_drawn_by_the_file_given(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    hed = saved(state, tmp_path / "hed.pth")
    (tmp_path / "shoes").mkdir()
    noise(64, 64, 1).save(tmp_path / "shoes" / "a.png")
    workspace = Workspace(tmp_path / "w")
    plan = plan_images(
        workspace, PrepareRequest(folder=tmp_path / "shoes", to="edges", as_="photo", size=(64, 64), hed=hed)
    )
    assert "edges drawn by HED" in " ".join(plan.sentences())
    (image,) = carry_out(workspace, plan).test_set.images
    assert any("by HED" in operation for operation in image.operations)
    with pytest.raises(TestSetError, match="draws edges from photos"):
        plan_images(workspace, PrepareRequest(folder=tmp_path / "shoes", model="horse2zebra", hed=hed))
