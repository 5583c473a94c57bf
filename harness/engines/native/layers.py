"""Normalisation and dropout that treat every image of a batch as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.engines.job import Mode

_generators: ContextVar[Sequence[torch.Generator]] = ContextVar("dropout generators")


@contextmanager
def dropout_from(generators: Sequence[torch.Generator]) -> Iterator[None]:
    """Inside, dropout draws each image's noise from its own CPU generator, in the order of the batch."""
    token = _generators.set(generators)
    try:
        yield
    finally:
        _generators.reset(token)


def normalise_images(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Normalises each channel of each image of (N, C, H, W) by its own mean and variance, in x's memory layout.

    `F.instance_norm` computes the same, but turns channels-last batches on a CPU around and back: measured 2.5 times
    slower than PyTorch's own batch norm image by image, which is what upstream's batches of one go through.
    """
    if x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last):
        # A batch norm over one image takes mean and variance over H and W: y = w (x - mean) / sqrt(var + eps) + b.
        alone = partial(functional.batch_norm, running_mean=None, running_var=None, weight=weight, bias=bias, eps=eps)
        return torch.cat([alone(image, training=True) for image in x.chunk(len(x))])  # N times (1, C, H, W)
    return functional.instance_norm(x, weight=weight, bias=bias, eps=eps)


class ImageInstanceNorm(nn.InstanceNorm2d):
    """Instance norm as upstream makes it: no weights, no running statistics."""

    def forward(self, x: Tensor) -> Tensor:
        return normalise_images(x, None, None, self.eps)


class ImageBatchNorm(nn.BatchNorm2d):
    """Batch norm as a batch of one sees it: each image is normalised by its own mean and variance.

    That is instance norm with the batch norm's affine weights; upstream tests in train mode with one image a batch.
    With `by_image` off it uses the running statistics, as `--eval` does.
    """

    by_image = True

    def forward(self, x: Tensor) -> Tensor:
        if self.by_image:
            return normalise_images(x, self.weight, self.bias, self.eps)
        return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


class ImageDropout(nn.Module):
    """Dropout of one half with every image's noise from a generator of its own.

    The noise is drawn on the CPU in (C, H, W) order as PyTorch's own CPU dropout of a single image draws it, so
    that neither batch nor device nor memory layout changes it.
    """

    live = True

    def forward(self, x: Tensor) -> Tensor:
        if not self.live:
            return x
        shape = (1, *x.shape[1:])  # of one image: 1, C, H, W
        noise = torch.cat([torch.empty(shape).bernoulli_(0.5, generator=g) for g in _generators.get()])
        # What stays is doubled, so that a layer's expected sum is that without dropout.
        return x * noise.mul_(2).to(x.device, x.dtype, non_blocking=True)


def set_mode(network: nn.Module, mode: Mode) -> None:
    """Puts a generator into one of the three modes; see `harness.engines.job.Mode`."""
    network.eval()
    for module in network.modules():
        if isinstance(module, ImageBatchNorm):
            module.by_image = mode != "eval"
        elif isinstance(module, ImageDropout):
            module.live = mode == "paper"
