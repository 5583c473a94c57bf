"""The dropout of the authors' script without torch: which values a seed keeps.

PyTorch's CPU generator is the Mersenne Twister MT19937 seeded with the low 32 bits. `bernoulli_(0.5)` takes two of its
words a value and keeps it where the 53 bits they give are below one half: where bit 20 of the first word is 0.
Found with PyTorch 2.13 on x86; other builds may draw otherwise, which `as_torch_draws` tells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

RECIPE = (
    "mask_1, mask_2 ...: 1 keeps, 0 drops; of one picture they are drawn one after another, (C, H, W) each, from one "
    "MT19937 seeded with the low 32 bits of SHA-256('SEED:NAME')[:8] >> 1 (big-endian): two words a value, kept where "
    "bit 20 of the first is 0"
)


def draw_masks(seed: int, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float32]]:
    """Returns the masks of one picture, 1 or 0, of the given shapes in the order of the computation."""
    twister = np.random.RandomState(seed % 2**32)  # seeds as the reference code's init_genrand, as torch does
    masks = []
    for shape in shapes:
        words = np.frombuffer(twister.bytes(8 * math.prod(shape)), "<u4")
        masks.append((1 - (words[::2] >> 20 & 1)).astype(np.float32).reshape(shape))
    return masks


def torch_masks(seed: int, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float32]]:
    """Returns the same as the native engine draws them in this build of torch."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.empty(shape).bernoulli_(0.5, generator=generator).numpy() for shape in shapes]


def as_torch_draws(seed: int = 20_240_229, shapes: Sequence[tuple[int, ...]] = ((8, 4, 4), (4, 16, 16))) -> bool:
    """Whether this build of torch draws what `draw_masks` says."""
    pairs = zip(draw_masks(seed, shapes), torch_masks(seed, shapes), strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)
