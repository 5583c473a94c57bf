"""The generator that comes with the package is the file its papers describe, and fits into the official network."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch

from harness.demo import demo_weights as generator
from harness.demo.demo_weights import ARCHITECTURE, WEIGHTS_SHA256, demo_weights
from harness.demo.training_data import TRAINING_PAIRS, TRAINING_SEED
from harness.errors import WeightsError


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return torch.load(demo_weights(), weights_only=True)


def test_the_file_is_the_one_its_papers_describe():
    path = demo_weights()
    papers = json.loads((path.parent / "training.json").read_text(encoding="utf-8"))
    assert papers["format"] == 1
    assert hashlib.sha256(path.read_bytes()).hexdigest() == WEIGHTS_SHA256 == papers["sha256"]
    assert path.stat().st_size == papers["bytes"]
    assert (papers["pairs"], papers["pairs_seed"]) == (TRAINING_PAIRS, TRAINING_SEED)
    for step in papers["steps"]:
        assert f"--netG {ARCHITECTURE.netG} --direction BtoA --ngf {ARCHITECTURE.ngf} " in step["command"]


def test_the_file_is_small_enough_to_travel_with_the_package():
    assert demo_weights().stat().st_size <= 8_000_000


def test_the_weights_are_plain_cpu_tensors_of_a_unet_256(state):
    assert all(tensor.device.type == "cpu" for tensor in state.values())
    assert all(torch.isfinite(tensor).all() for tensor in state.values())
    convolutions = [tensor for tensor in state.values() if tensor.ndim == 4]
    assert len(convolutions) == 16  # eight down and eight up: 256 pixels to one and back
    assert tuple(convolutions[0].shape) == (ARCHITECTURE.ngf, 3, 4, 4)
    assert any(name.endswith("running_mean") for name in state)  # batch norm


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    broken = tmp_path / "weights" / "latest_net_G.pth"
    broken.parent.mkdir()
    broken.write_bytes(demo_weights().read_bytes()[:-1])
    monkeypatch.setattr(generator, "__file__", str(tmp_path / "generator.py"))
    with pytest.raises(WeightsError, match="damaged"):
        generator.demo_weights()
    broken.unlink()
    with pytest.raises(WeightsError, match="missing"):
        generator.demo_weights()
