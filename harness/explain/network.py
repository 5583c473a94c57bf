"""A network taken apart by running it: its layers, skip connections and receptive field, nothing typed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from harness.engines.native.layers import dropout_from

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
    channels: int


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


_KINDS = {
    "ImageBatchNorm": "BatchNorm2d",
    "ImageDropout": "Dropout",
}
"""Our layers under the names of the official ones they stand for."""


def take_apart(network: nn.Module, shape: tuple[int, int, int]) -> Network:
    """Returns what hooks see while `network` runs once on a meta tensor of (channels, height, width)."""
    recorder = _Recorder()
    handles = list(recorder.attach(network))
    try:
        with torch.no_grad(), dropout_from([torch.Generator()]):
            network.to("meta")(torch.empty((1, *shape), device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    return Network(shape, tuple(recorder.layers), tuple(sorted(recorder.skips, key=lambda s: s.first)))


class _Recorder:
    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.skips: list[Skip] = []
        self._begun: list[int] = []
        self._last: torch.Tensor | None = None

    def attach(self, network: nn.Module) -> Iterator[torch.utils.hooks.RemovableHandle]:
        for name, module in network.named_modules():
            if not list(module.children()):
                yield module.register_forward_hook(self._leaf(name))
            elif not isinstance(module, nn.Sequential):
                yield module.register_forward_pre_hook(self._enter)
                yield module.register_forward_hook(self._leave)

    def _leaf(self, name: str) -> Any:
        def hook(module: nn.Module, _: Any, output: torch.Tensor) -> None:
            self.layers.append(
                Layer(
                    key=name,
                    kind=_KINDS.get(type(module).__name__, type(module).__name__),
                    kernel=_side(module, "kernel_size"),
                    stride=_side(module, "stride"),
                    shape=_shape(output),
                    parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
                )
            )
            self._last = output

        return hook

    def _enter(self, _: nn.Module, __: Any) -> None:
        self._begun.append(len(self.layers))

    def _leave(self, _: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        """A block whose output is not its last layer's has joined something to it: by shape, what and how."""
        first = self._begun.pop()
        if output is self._last or self._last is None:
            return
        joining: Joining = "sum" if output.shape == self._last.shape else "concatenation"
        self.skips.append(Skip(first, len(self.layers) - 1, joining, inputs[0].shape[1]))
        self._last = output


def receptive_field(network: nn.Module) -> Field:
    """Returns what one output of a plain chain of convolutions sees.

    Layer by layer, size grows by (kernel - 1) times the step so far, the step is multiplied by the stride, and padding
    moves the start; the rule of Araujo et al., "Computing Receptive Fields of Convolutional Neural Networks", 2019.
    """
    size, step, start = 1, 1, 0
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            start -= int(module.padding[0]) * step
            size += (module.kernel_size[0] - 1) * step
            step *= module.stride[0]
    return Field(size, step, start)


def _side(module: nn.Module, name: str) -> int | None:
    value = getattr(module, name, None)
    return int(value[0]) if isinstance(value, tuple) else None


def _shape(output: torch.Tensor) -> tuple[int, int, int]:
    _, channels, height, width = output.shape
    return channels, height, width
