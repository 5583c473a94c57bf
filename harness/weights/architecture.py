"""The architecture of a generator, told from the keys and shapes of its state dict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch

from harness.catalog.types import Architecture, Norm
from harness.errors import WeightsError
from harness.weights.networks import DEEPEST, Shapes, expected_shapes
from harness.weights.reading import read_weights, without_instance_statistics

_GENERATOR_BESIDE = "use the file of the generator: `latest_net_G.pth`, for CycleGAN `latest_net_G_A.pth` or `_G_B.pth`"
_NAME_IT = "name the weights of a pix2pix or CycleGAN generator; `harness models` lists the official ones"
# What may differ, in words, and where an architecture says it.
_FACTS = {"code": "code", "network": "netG", "skip connections": "skips", "norm": "norm", "dropout": "use_dropout"}
_FACTS |= {"filters (ngf)": "ngf", "input channels": "input_nc", "output channels": "output_nc"}
_TRACKED = ".num_batches_tracked"  # torch before 0.4.1 did not save it, and load_state_dict adds it


def infer_architecture(state_dict: Mapping[str, torch.Tensor]) -> Architecture:
    """Returns the architecture that a state dict fits, key by key and shape by shape.

    `netG` may be a depth the official scripts have no name for, such as `unet_512` or `resnet_4blocks`
    (`Architecture.official` tells). Of a U-Net's dropout nothing is in the keys: `use_dropout` is None.

    Raises:
        WeightsError: a discriminator, another network, a variant of the official one that its code cannot load, or one
            for other channels than pictures have.
    """
    shapes = shapes_of(without_instance_statistics(state_dict))
    discriminator = _discriminator(shapes)
    if discriminator:
        raise WeightsError(f"these weights are a discriminator ({discriminator}), not a generator", _GENERATOR_BESIDE)
    # The first convolution tells them apart: a U-Net's filters are 4×4; a ResNet pads at place 0 and sees 7×7 pixels.
    if _is_conv(shapes, "model.model.0.weight", 4):
        found = _unet(shapes)
    elif _is_conv(shapes, "model.1.weight", 7):
        found = _resnet(shapes)
    else:
        first = ", ".join(f"`{key}`" for key in list(shapes)[:3])
        raise WeightsError(f"these weights are another network: its keys begin {first}", _NAME_IT)
    # What was told from a few keys is held against all of them: upstream's own loader would end in an AttributeError.
    difference = compare_keys(state_dict, expected_shapes(found))
    if difference:
        raise WeightsError(
            f"these weights are nearly a {found.netG} with {found.norm} norm, but {difference}", _NAME_IT
        )
    if {found.input_nc, found.output_nc} - {1, 3} and (found.input_nc, found.output_nc) != (1, 2):
        raise WeightsError(
            f"these weights turn {found.input_nc} channels into {found.output_nc}; pictures here have 3 (colour) or 1 "
            "(grey), and colorization turns 1 into 2",
            _NAME_IT,
        )
    return found


def architecture_of(path: Path) -> Architecture:
    """Returns the architecture of a weights file; see `infer_architecture`.

    Raises:
        WeightsError: the file is unusable or holds no generator; the message names it.
    """
    weights = read_weights(path)
    try:
        # Of a `.t7` the graph was read, which says more than keys can.
        return weights.architecture or infer_architecture(weights.state_dict)
    except WeightsError as error:
        raise WeightsError(f"`{path}`: {error.message}", error.hint) from error


def difference_between(expected: Architecture, found: Architecture) -> str:
    """Returns what differs in words, empty where nothing does; unknown dropout differs from nothing."""
    facts = ((label, getattr(expected, name), getattr(found, name)) for label, name in _FACTS.items())
    return "; ".join(
        f"{label} {wanted} expected, {is_} found"
        for label, wanted, is_ in facts
        if wanted != is_ and None not in (wanted, is_)
    )


def compare_keys(state_dict: Mapping[str, torch.Tensor], expected: Mapping[str, tuple[int, ...] | torch.Tensor]) -> str:
    """Returns one message with every key that is missing, unexpected or of another shape, empty where all fit.

    `expected` is a state dict or its shapes.
    """
    found = shapes_of(without_instance_statistics(state_dict))
    wanted = shapes_of(expected)
    missing = [key for key in wanted if key not in found and not key.endswith(_TRACKED)]
    unexpected = [key for key in found if key not in wanted]
    other = [
        f"{key} {_times(found[key])} in place of {_times(wanted[key])}"
        for key in wanted
        if key in found and found[key] != wanted[key]
    ]
    groups = (("missing", missing), ("unexpected", unexpected), ("of another shape", other))
    return "; ".join(f"{len(keys)} {label}: {_some(keys)}" for label, keys in groups if keys)


def shapes_of(tensors: Mapping[str, tuple[int, ...] | torch.Tensor]) -> Shapes:
    """Returns the shape of every tensor by key."""
    return {key: tuple(t.shape) if isinstance(t, torch.Tensor) else tuple(t) for key, t in tensors.items()}


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"


def _some(keys: list[str], most: int = 4) -> str:
    return ", ".join(f"`{key}`" for key in keys[:most]) + (" …" if len(keys) > most else "")


def _is_conv(shapes: Shapes, key: str, side: int) -> bool:
    return shapes.get(key, ())[2:] == (side, side)


def _discriminator(shapes: Shapes) -> str | None:
    """Both kinds end in one channel: PatchGAN in 4×4 filters after a first one at `model.0`, PixelGAN in 1×1."""
    if _is_conv(shapes, "net.0.weight", 1):
        return "PixelGAN"
    if _is_conv(shapes, "model.0.weight", 4):
        last = [shape for shape in shapes.values() if len(shape) == 4][-1]
        if last[0] == 1:
            layers = sum(1 for shape in shapes.values() if len(shape) == 4) - 2
            return f"PatchGAN with {layers} layers"
    return None


def _norm(shapes: Shapes, conv: str, norm: str) -> Norm:
    """Norm of a layer from its convolution's bias and the norm layer's own tensors."""
    biased, weighted, tracked = f"{conv}.bias" in shapes, f"{norm}.weight" in shapes, f"{norm}.running_mean" in shapes
    # Upstream gives a convolution a bias before instance norm alone, which has no weights of its own.
    if weighted and (biased or not tracked):
        raise WeightsError(
            "these weights have norm layers that the official networks have not: affine instance norm, or batch norm "
            "without running statistics",
            _NAME_IT,
        )
    if weighted:
        return "batch"
    return "instance" if biased else "none"


def _sizes(ngf: int, inputs: int, outputs: int) -> tuple[int, int, int]:
    # 0 of anything is no network's: comparing with 1 says which tensor is empty or missing.
    return ngf or 1, inputs or 1, outputs or 1


def _unet(shapes: Shapes) -> Architecture:
    prefix, levels = "model.model.1.model", 2
    # A level lies at place 1 of the outermost block, at 3 of every other, after ReLU, convolution and norm.
    while f"{prefix}.3.model.1.weight" in shapes and levels < DEEPEST:
        prefix, levels = f"{prefix}.3.model", levels + 1
    # The innermost block ends in the only norm that every depth has at a known place.
    norm = _norm(shapes, f"{prefix}.3", f"{prefix}.4")
    # (ngf, input_nc, 4, 4), and of the transposed convolution (2 ngf, output_nc, 4, 4)
    first, last = shapes["model.model.0.weight"], shapes.get("model.model.3.weight", (0, 0))
    return Architecture(f"unet_{2**levels}", norm, None, *_sizes(first[0], first[1], last[1]))


def _resnet(shapes: Shapes) -> Architecture:
    layers = [re.fullmatch(r"model\.(\d+)\.conv_block\.(\d+)\.weight", key) for key, s in shapes.items() if len(s) == 4]
    blocks = {found[1] for found in layers if found}
    # A block is padding, convolution at 1, norm, ReLU, dropout or not, padding, convolution at 6 or 5.
    places = {int(found[2]) for found in layers if found}
    if 0 in places:
        raise WeightsError(
            "these weights are a ResNet whose blocks pad with zeros; the official networks pad by reflection", _NAME_IT
        )
    norm = _norm(shapes, "model.1", "model.2")
    # 10 places before the blocks; the last convolution is the eighth after them.
    first, last = shapes["model.1.weight"], shapes.get(f"model.{17 + len(blocks)}.weight", (0,))
    dropout = 6 in places if places else None
    return Architecture(f"resnet_{len(blocks)}blocks", norm, dropout, *_sizes(first[0], first[1], last[0]))
