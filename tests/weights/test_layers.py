"""Each image of a batch is treated as if it were alone, and its noise is the noise PyTorch draws for one image."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from harness.weights.layers import ImageBatchNorm, ImageDropout, dropout_from, set_mode


def _batch(count: int = 3) -> torch.Tensor:
    scale = torch.arange(1, count + 1, dtype=torch.float32).view(-1, 1, 1, 1)
    return torch.randn(count, 4, 6, 5, generator=torch.Generator().manual_seed(1)) * scale


def _norm() -> ImageBatchNorm:
    norm = ImageBatchNorm(4)
    for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        assert tensor is not None
        tensor.data.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(2))
    return norm.eval()


@torch.no_grad()
def test_batch_norm_of_a_batch_is_that_of_its_images_alone() -> None:
    x, norm = _batch(), _norm()
    plain = nn.BatchNorm2d(4)
    plain.load_state_dict(norm.state_dict())
    alone = torch.cat([plain.train()(image[None]) for image in x])
    assert torch.equal(norm(x), alone)
    assert not torch.allclose(plain.train()(x), alone, atol=0.1), "naive batching mixes the images"


@torch.no_grad()
def test_eval_uses_the_running_statistics() -> None:
    x, norm = _batch(), _norm()
    plain = nn.BatchNorm2d(4)
    plain.load_state_dict(norm.state_dict())
    set_mode(norm, "eval")
    assert torch.equal(norm(x), plain.eval()(x))


def test_noise_is_what_torch_draws_for_each_image_alone() -> None:
    x = _batch()
    alone = []
    for index, image in enumerate(x):
        torch.manual_seed(100 + index)
        alone.append(functional.dropout(image[None], 0.5, training=True))
    for layout in (torch.contiguous_format, torch.channels_last):
        with dropout_from([torch.Generator().manual_seed(100 + i) for i in range(len(x))]):
            assert torch.equal(ImageDropout()(x.contiguous(memory_format=layout)), torch.cat(alone))


def test_only_the_papers_mode_draws_noise() -> None:
    for mode in ("deterministic", "eval"):
        layer = ImageDropout()
        set_mode(layer, mode)
        assert torch.equal(layer(_batch()), _batch())
