"""Normalisation and dropout that treat every image of a batch as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

Noise = torch.Generator | np.random.RandomState
"""Ours of one image, or Torch7's at the place where it comes to that image."""

_generators: ContextVar[Sequence[Noise]] = ContextVar("dropout generators")


@contextmanager
def dropout_from(generators: Sequence[Noise]) -> Iterator[None]:
    """Inside, dropout draws each image's noise from its own CPU generator, in the order of the batch."""
    token = _generators.set(generators)
    try:
        yield
    finally:
        _generators.reset(token)


def normalise_images(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Normalises each channel of each image of (N, C, H, W) by its own mean and variance, in x's memory layout.

    `F.instance_norm` computes the same, but turns channels-last batches on a CPU around and back, which takes four
    times as long; PyTorch's own batch norm is quick there, but sums all of a large map in one float.
    """
    if x.device.type != "cpu" or not x.is_contiguous(memory_format=torch.channels_last):
        return functional.instance_norm(x, weight=weight, bias=bias, eps=eps)
    y = torch.empty_like(x)
    for image, normal in zip(x.chunk(len(x)), y.chunk(len(y)), strict=True):  # (1, C, H, W)
        mean, variance = _statistics(image)
        # y = w (x - mean) / sqrt(var + eps) + b = scale x + shift
        scale = (variance + eps).rsqrt_() if weight is None else weight * (variance + eps).rsqrt_()
        shift = -mean * scale if bias is None else bias - mean * scale
        torch.addcmul(shift[:, None, None], image, scale[:, None, None], out=normal)
    return y


def _statistics(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance, (C,), of (1, C, H, W), channels last: of each column, then of those.

    20 times as exact as one sum over 128x128 pixels. A column's are those of a "channel" to PyTorch's batch norm,
    which reads (1, W · C, H, 1) twice and writes nothing.
    """
    _, channels, height, width = image.shape
    columns = image.permute(0, 2, 3, 1).reshape(1, height, 1, width * channels).permute(0, 3, 1, 2)
    means, variances = (of.view(width, channels) for of in torch.batch_norm_update_stats(columns, None, None, 0.0))
    mean = means.mean(0)
    return mean, variances.mean(0) + (means - mean).square_().mean(0)


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


class BottleneckNorm(ImageBatchNorm):
    """The norm on the innermost map, which the Lua original had until March 2017.

    Of one value a channel the mean is that value itself: what is left is the bias, whatever the picture. PyTorch
    refuses to compute it; Torch7 did.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.by_image and x.shape[2:].numel() == 1:
            return torch.zeros_like(x) + self.bias[:, None, None]
        return super().forward(x)


def _kept(noise: Noise, shape: tuple[int, ...]) -> Tensor:
    """What a dropout of one half keeps: float32 of ones and zeros, drawn in row-major order."""
    if isinstance(noise, torch.Generator):
        return torch.empty(shape).bernoulli_(0.5, generator=noise)
    # `THRandom.c` of torch7 draws 2**32 numbers; `uniform() <= 0.5` keeps a value.
    return torch.from_numpy((noise.randint(0, 2**32, shape, np.uint32) <= 2**31).astype(np.float32))


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
        noise = torch.cat([_kept(g, shape) for g in _generators.get()])
        # What stays is doubled, so that a layer's expected sum is that without dropout.
        return x * noise.mul_(2).to(x.device, x.dtype, non_blocking=True)


def set_mode(network: nn.Module, mode: str) -> None:
    """Puts a generator into one of the three modes; see `harness.engines.job.Mode`."""
    network.eval()
    for module in network.modules():
        if isinstance(module, ImageBatchNorm):
            module.by_image = mode != "eval"
        elif isinstance(module, ImageDropout):
            module.live = mode == "paper"
