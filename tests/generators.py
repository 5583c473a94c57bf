"""Tiny generators of seeded weights, saved as the authors' code would."""

from __future__ import annotations

from pathlib import Path

import torch

from harness.catalog.types import Architecture
from harness.weights.networks import build_generator


def save_generator(path: Path, architecture: Architecture, seed: int = 0) -> Path:
    """Saves a generator as the official code would, with weights large enough that every layer shows in the output."""
    torch.manual_seed(seed)
    network = build_generator(architecture)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3)
    torch.save(network.state_dict(), path)
    return path
