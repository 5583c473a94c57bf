"""Pictures to tensors and back exactly as upstream's loader and `tensor2im` do it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from PIL import Image

from harness.engines.native.torch7_scaling import Loaded, Unrounded

SPREAD_SCALE = 4
"""A spread map's grey level is this many times the standard deviation of the samples, in levels of 255."""


def to_tensor(pictures: Sequence[Loaded], channels: int) -> torch.Tensor:
    """Returns (N, channels, H, W) float32 in [-1, 1]; one channel is Pillow's luma, as upstream's grey option."""
    floats = [p.values for p in pictures if isinstance(p, Unrounded)]
    if floats:  # as `data/donkey_folder.lua` of the Lua original computes it
        return torch.from_numpy(np.stack(floats)).permute(0, 3, 1, 2).mul(2).sub_(1)
    plain = [p for p in pictures if isinstance(p, Image.Image)]
    arrays = [np.asarray(p.convert("L"))[:, :, None] if channels == 1 else np.asarray(p) for p in plain]
    stacked = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2)  # N, H, W, C to N, C, H, W
    # ToTensor, then Normalize(0.5, 0.5), in their order: (v/255 - 0.5) / 0.5 rounds otherwise than 2v/255 - 1
    return stacked.to(torch.float32).div_(255).sub_(0.5).div_(0.5)


def to_pixels(tensor: torch.Tensor) -> torch.Tensor:
    """Returns (N, H, W, 3) uint8 on the CPU; the values of `tensor2im`, which truncates: (N, C, H, W) in [-1, 1]."""
    # (x + 1) / 2 · 255, cut off and not rounded: 63 of 256 levels come back one lower, as in their files
    scaled = tensor.to(torch.float32).add(1).div_(2).mul_(255).to(torch.uint8)
    if scaled.shape[1] == 1:
        scaled = scaled.expand(-1, 3, -1, -1)
    return scaled.permute(0, 2, 3, 1).cpu()


def spread_of(draws: Sequence[torch.Tensor]) -> torch.Tensor:
    """Returns (N, H, W), in levels of 255: the samples' standard deviation, mean over the channels.

    Args:
        draws: (N, C, H, W) in [-1, 1] a sample.
    """
    stacked = torch.stack([draw.to(torch.float32) for draw in draws])  # S, N, C, H, W
    return stacked.std(0, correction=0).mean(1) * 127.5


def spread_map(spread: torch.Tensor) -> torch.Tensor:
    """Returns a spread as grey levels, (N, H, W) uint8 on the CPU; rounded, since no script of the authors draws it."""
    return (spread * SPREAD_SCALE).round().clamp(0, 255).to(torch.uint8).cpu()


def as_upstream_saves(picture: Loaded, channels: int) -> Image.Image:
    """Returns an input or target as upstream would save it: through the tensor and back, 63 of 256 levels one lower."""
    if isinstance(picture, Image.Image):
        # Level by level: floats of a large picture would take twelve times its memory.
        plain = picture.convert("L" if channels == 1 else "RGB")
        return plain.point(_levels_as_saved() * len(plain.getbands())).convert("RGB")
    return Image.fromarray(to_pixels(to_tensor([picture], channels))[0].numpy())


@cache
def _levels_as_saved() -> list[int]:
    every = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels: list[int] = to_pixels(to_tensor([every], 1))[0, 0, :, 0].tolist()
    return levels
