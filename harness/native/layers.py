"""Normalisation and dropout that treat every image of a batch as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import nn
from torch.nn import functional

from harness.translation import Mode

_generators: ContextVar[Sequence[torch.Generator]] = ContextVar("dropout generators")


@contextmanager
def dropout_from(generators: Sequence[torch.Generator]) -> Iterator[None]:
    """Inside, dropout draws each image's noise from its own CPU generator, in the order of the batch."""
    token = _generators.set(generators)
    try:
        yield
    finally:
        _generators.reset(token)


class ImageBatchNorm(nn.BatchNorm2d):
    """Batch norm as a batch of one sees it: each image is normalised by its own mean and variance.

    `F.instance_norm` with the batch norm's affine weights is that very computation; upstream tests in train mode
    with one image a batch. With `by_image` off it uses the running statistics, as `--eval` does.
    """

    by_image = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.by_image:
            return functional.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)
        return functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
        )


class ImageDropout(nn.Module):
    """Dropout of one half with every image's noise from a generator of its own.

    The noise is drawn on the CPU in (C, H, W) order as PyTorch's own CPU dropout of a single image draws it, so
    that neither batch nor device nor memory layout changes it.
    """

    live = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.live:
            return x
        shape = (1, *x.shape[1:])
        noise = torch.cat([torch.empty(shape).bernoulli_(0.5, generator=g) for g in _generators.get()])
        return x * noise.mul_(2).to(x.device, x.dtype, non_blocking=True)


def set_mode(network: nn.Module, mode: Mode) -> None:
    """Puts a generator into one of the three modes; see `harness.translation.Mode`."""
    network.eval()
    for module in network.modules():
        if isinstance(module, ImageBatchNorm):
            module.by_image = mode != "eval"
        elif isinstance(module, ImageDropout):
            module.live = mode == "paper"
