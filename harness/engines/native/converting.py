"""A generator of the Lua original as a file for the PyTorch repository, as far as its U-Net can hold it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from harness.catalog.types import Architecture
from harness.errors import WeightsError
from harness.weights.layers import set_mode
from harness.weights.networks import build_generator, expected_shapes, unet_places
from harness.weights.reading import read_weights

_RUN_IT = "run it as it is: harness test --model lua/NAME --weights FILE.t7"


@dataclass(frozen=True)
class Conversion:
    """Tensors that the official U-Net loads.

    Attributes:
        lost: what the official network has no place for, or does otherwise, in words.
        difference: the greatest between both networks without dropout, on seeded noise, in levels of 255.
    """

    architecture: Architecture
    state_dict: dict[str, torch.Tensor]
    lost: tuple[str, ...]
    difference: float


def convert_for_pytorch(path: Path) -> Conversion:
    """Returns a generator of the Lua original for the PyTorch repository's `unet_128` or `unet_256`.

    A bias before a norm cancels where the picture's own statistics are taken, and goes into the running mean.

    Raises:
        WeightsError: the file cannot be read, is of the PyTorch repository already, or holds what cannot be said there.
    """
    weights = read_weights(path)
    a = weights.architecture
    if a is None:
        raise WeightsError(f"`{path}` is no file of the Lua original", "name a `.t7` file")
    target = Architecture(a.netG, a.norm, a.use_dropout, a.ngf, a.input_nc, a.output_nc)
    if a.bottleneck_norm:
        raise WeightsError(
            f"`{path}` cannot be converted: a norm follows its innermost convolution, which the official U-Net has not",
            _RUN_IT,
        )
    if not target.official:
        raise WeightsError(f"`{path}` cannot be converted: the official code has no `{a.netG}`", _RUN_IT)
    state, homeless = _moved(a, weights.state_dict)
    wanted = expected_shapes(target)
    kept = {key: _behind_nothing(state[key], shape) for key, shape in wanted.items()}
    return Conversion(target, kept, tuple(_lost(a, target, homeless)), _difference(a, weights.state_dict, target, kept))


def _moved(a: Architecture, plain: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], list[torch.Tensor]]:
    """The tensors with biases in the norms that follow them, and the biases that no norm follows."""
    state, homeless = dict(plain), []
    for level, places in enumerate(unet_places(a, a.multiple_of.bit_length() - 1)):
        for conv, norm in ((places.down, places.down_norm), (places.up, places.up_norm)):
            if norm:
                state[f"{norm}.running_mean"] = state[f"{norm}.running_mean"] - state[f"{conv}.bias"]
            elif level or conv == places.down:  # the official outermost up-convolution has a bias
                homeless.append(state[f"{conv}.bias"])
    return state, homeless


def _behind_nothing(tensor: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """An encoder-decoder's up-convolution as one that meets skipped features, which come first, with zeros."""
    if tuple(tensor.shape) == shape:
        return tensor
    return torch.cat([torch.zeros(shape[0] - len(tensor), *shape[1:]), tensor])


def _lost(a: Architecture, target: Architecture, homeless: list[torch.Tensor]) -> list[str]:
    levels = a.multiple_of.bit_length() - 1
    official = replace(target, use_dropout=True)  # which the file does not tell, so that it is taken for granted
    ours, theirs = ([n for n in range(levels) if one.drops_out(n, levels)] for one in (a, official))
    said = []
    largest = max(float(bias.abs().max()) for bias in homeless)
    if largest:
        said.append(
            f"the biases of the first and of the innermost convolution have no place there (up to {largest:.1g}); all "
            "others are in the norms or kept"
        )
    if ours != theirs:
        said.append(f"dropout is at levels {theirs} there, at {ours} in the Lua original (0 is the outermost)")
    if not a.skips:
        said.append("the encoder-decoder becomes a U-Net whose skip connections meet weights of zero")
    return said


@torch.inference_mode()
def _difference(
    a: Architecture, plain: dict[str, torch.Tensor], target: Architecture, kept: dict[str, torch.Tensor]
) -> float:
    noise = torch.rand(1, a.input_nc, a.multiple_of, a.multiple_of, generator=torch.Generator().manual_seed(0)) * 2 - 1
    drawn = []
    for architecture, state in ((a, plain), (target, kept)):
        network = build_generator(architecture)
        network.load_state_dict(state)
        set_mode(network, "deterministic")
        drawn.append(network(noise.clone()))
    return float((drawn[0] - drawn[1]).abs().max()) * 127.5
