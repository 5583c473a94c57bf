"""Backbones with random weights, saved as the real ones are, and the libraries that load them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from harness.catalog.backbones import BACKBONES
from harness.weights.perceptual import import_library


@pytest.fixture(scope="session")
def perceptual_libraries() -> None:
    """Imports them as harness does: beside another build of torch, torchvision must be mended first."""
    for name in ("torch_fidelity", "torchmetrics.functional.image.dists", "lpips", "DISTS_pytorch"):
        import_library(name)


@pytest.fixture(scope="session")
def backbones(perceptual_libraries: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The three files by the catalog's names, in the old format that the published ones have."""
    folder = tmp_path_factory.mktemp("backbones") / "checkpoints"
    folder.mkdir()
    torch.manual_seed(1)
    states = {"inception": _inception(), "alexnet": _torchvision("alexnet"), "vgg16": _torchvision("vgg16")}
    paths = {name: folder / BACKBONES[name].file for name in states}
    for name, state in states.items():
        torch.save(state, paths[name], _use_new_zipfile_serialization=False)
    return paths


def _inception() -> dict[str, Any]:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    with pytest.MonkeyPatch.context() as patch:  # it cannot be made without loading something
        patch.setattr(torch, "load", lambda *_, **__: {})
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
        network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path="nothing")
    return _lively(network.state_dict())


def _torchvision(name: str) -> dict[str, Any]:
    import torchvision

    with torch.device("meta"):
        shapes = {
            key: value.shape for key, value in getattr(torchvision.models, name)(weights=None).state_dict().items()
        }
    features = {key: torch.empty(shape) for key, shape in shapes.items() if key.startswith("features")}
    # No metric looks at the classifier: one number, repeated, keeps the file small.
    rest = {key: torch.zeros(1).expand(shape) for key, shape in shapes.items() if key not in features}
    return _lively(features) | rest


def _lively(state: dict[str, Any]) -> dict[str, Any]:
    """Weights of He et al. 2015, with which a signal neither dies nor explodes on its way."""
    for key, value in state.items():
        if value.ndim == 4:
            value.normal_(0, (2 / value[0].numel()) ** 0.5)
        elif key.endswith("bias") and value.is_floating_point():
            value.normal_(0, 0.05)
    return state
