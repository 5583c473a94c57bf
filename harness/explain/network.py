"""A network taken apart by running it: its layers, skip connections and receptive field, nothing typed in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import nn

from harness.weights.layers import dropout_from

Joining = Literal["concatenation", "sum"]


@dataclass(frozen=True)
class Layer:
    """One leaf module and what left it.

    Attributes:
        key: its name in the state dict, as the official files have it.
        kernel, stride: in pixels, None for layers that have none.
        shape: (channels, height, width) of its output.
        parameters: trainable numbers.
    """

    key: str
    kind: str
    kernel: int | None
    stride: int | None
    shape: tuple[int, int, int]
    parameters: int


@dataclass(frozen=True)
class Skip:
    """A connection around the layers `first` to `last` (positions): joined to the output of `last`."""

    first: int
    last: int
    joining: Joining


@dataclass(frozen=True)
class Network:
    """What one forward pass of a network shows; `input` is (channels, height, width)."""

    input: tuple[int, int, int]
    layers: tuple[Layer, ...]
    skips: tuple[Skip, ...]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    def convolutions(self) -> tuple[int, ...]:
        """Positions of the convolutions and transposed convolutions."""
        return tuple(i for i, layer in enumerate(self.layers) if "Conv" in layer.kind)


@dataclass(frozen=True)
class Field:
    """What one output of a convolutional network sees, in pixels of the input.

    Attributes:
        size: side of the square.
        step: distance between the squares of neighbouring outputs.
        start: left or upper edge of the first output's square; negative where it reaches into the padding.
    """

    size: int
    step: int
    start: int

    def square(self, index: int) -> tuple[int, int]:
        """First and one-past-last pixel that output `index` sees along one side."""
        first = self.start + index * self.step
        return first, first + self.size


# Our layers under the names of the official ones they stand for.
_KINDS = {"ImageBatchNorm": "BatchNorm2d", "BottleneckNorm": "BatchNorm2d", "ImageDropout": "Dropout"}


def take_apart(network: nn.Module, shape: tuple[int, int, int]) -> Network:
    """Returns what hooks see while `network` runs once on a meta tensor of (channels, height, width).

    The hooks stay, and the network has no weights from then on: it is of no more use.
    """
    layers: list[Layer] = []
    skips: list[Skip] = []
    # A stack, since the blocks of a U-Net lie within each other.
    begun: list[int] = []  # positions of the first layers of the blocks that are being run
    last: torch.Tensor | None = None

    def leaf(key: str, module: nn.Module, _: Any, output: torch.Tensor) -> None:
        nonlocal last
        kind, trained = type(module).__name__, (p.numel() for p in module.parameters() if p.requires_grad)
        kernel, stride = None, None
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            kernel, stride = module.kernel_size[0], module.stride[0]
        # (1, C, H, W)
        _, channels, height, width = output.shape
        layers.append(Layer(key, _KINDS.get(kind, kind), kernel, stride, (channels, height, width), sum(trained)))
        last = output

    def enter(_: nn.Module, __: Any) -> None:
        begun.append(len(layers))

    def leave(_: nn.Module, __: Any, output: torch.Tensor) -> None:
        """A block whose output is not its last layer's has joined something to it: by shape, what and how."""
        nonlocal last
        first = begun.pop()
        # The very tensor of the last layer: a plain chain.
        if last is not None and output is not last:
            # A ResNet's block adds and keeps the shape; a U-Net's puts its input's channels beside.
            joining: Joining = "sum" if output.shape == last.shape else "concatenation"
            skips.append(Skip(first, len(layers) - 1, joining))
            last = output

    for name, module in network.named_modules():
        if not list(module.children()):
            module.register_forward_hook(partial(leaf, name))
        elif not isinstance(module, nn.Sequential):
            # A Sequential joins nothing; what is left are blocks and the network itself.
            module.register_forward_pre_hook(enter)
            module.register_forward_hook(leave)
    # Dropout takes a generator for each image of a batch, here of one.
    with torch.no_grad(), dropout_from([torch.Generator()]):
        # On the meta device layers know shapes and compute nothing.
        network.to("meta")(torch.empty((1, *shape), device="meta"))
    return Network(shape, tuple(layers), tuple(sorted(skips, key=lambda skip: skip.first)))


def receptive_field(network: nn.Module) -> Field:
    """Returns what one output of a plain chain of convolutions sees.

    Layer by layer, size grows by (kernel - 1) times the step so far, the step is multiplied by the stride, and padding
    moves the start; the rule of Araujo et al., "Computing Receptive Fields of Convolutional Neural Networks", 2019.
    """
    size, step, start = 1, 1, 0
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            start -= int(module.padding[0]) * step
            # r = r + (k - 1)·j, j = j·s, start = start - p·j, from the input to the output.
            size += (module.kernel_size[0] - 1) * step
            step *= module.stride[0]
    return Field(size, step, start)
