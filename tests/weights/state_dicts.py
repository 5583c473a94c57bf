"""Small state dicts for tests: with the keys of the official networks, seeded, a few kilobytes each."""

from __future__ import annotations

import torch

from harness.catalog.types import Architecture
from harness.weights.networks import expected_shapes

UNET = Architecture("unet_128", "batch", None, ngf=2)
RESNET = Architecture("resnet_6blocks", "instance", False, ngf=2)


def state_dict_of(architecture: Architecture) -> dict[str, torch.Tensor]:
    """Seeded random tensors under the architecture's keys."""
    generator = torch.Generator().manual_seed(3)
    return {
        key: torch.zeros((), dtype=torch.int64) if not shape else torch.randn(shape, generator=generator)
        for key, shape in expected_shapes(architecture).items()
    }


def with_old_statistics(state_dict: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Adds what InstanceNorm saved before torch 0.4 behind each inner convolution of a ResNet."""
    old = dict(state_dict)
    last = max(int(key.split(".")[1]) for key in state_dict)
    for key, tensor in state_dict.items():
        parent, place, name = key.rsplit(".", 2)
        if name == "bias" and key != f"model.{last}.bias":
            layer = f"{parent}.{int(place) + 1}"
            old |= {f"{layer}.running_mean": tensor * 0, f"{layer}.running_var": tensor * 0 + 1}
    return old
