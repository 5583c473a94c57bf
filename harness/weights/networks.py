"""The official generators and discriminators, state-dict-compatible: the same keys, shapes and arithmetic.

Mirrors models/networks.py of junyanz/pytorch-CycleGAN-and-pix2pix at 2a7afba2895d52556dd5dfe07e8555ef657ced6f
(BSD licence; Jun-Yan Zhu, Taesung Park and others). Normalisation and dropout are layers of our own, which hold
the same parameters and know how to treat each image of a batch as if it were alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from harness.catalog.types import Architecture, Norm
from harness.errors import WeightsError
from harness.weights.layers import BottleneckNorm, ImageBatchNorm, ImageDropout, ImageInstanceNorm

Shapes = dict[str, tuple[int, ...]]

MOST_FILTERS = 8
"""The widest layers of a U-Net have this many times `ngf` filters."""
DEEPEST = 16
"""More levels than any U-Net has: its pictures would be 65,536 pixels wide."""


def _norm(norm: Norm, channels: int) -> nn.Module:
    if norm == "batch":
        return ImageBatchNorm(channels)
    if norm == "instance":
        return ImageInstanceNorm(channels)
    return nn.Identity()


def _has_bias(norm: Norm) -> bool:
    """Convolutions before a normalisation have a bias with instance norm only, also where there is no norm at all."""
    return norm == "instance"


class UnetBlock(nn.Module):
    """One level of a U-Net: down, the levels below, up, and the skip connection around it all.

    The first layer, a leaky ReLU, works in place on the block's input, so the skip connection carries its result,
    as it does upstream.
    """

    def __init__(self, a: Architecture, level: int, levels: int, below: UnetBlock | None) -> None:
        """`level` 0 is the outermost of so many; the innermost has nothing `below`."""
        super().__init__()
        self.joins = a.skips and level > 0
        bias = a.biased or _has_bias(a.norm)
        # ngf, 2 ngf, 4 ngf, then 8 ngf down to the map of H/2^levels
        inner = a.ngf * min(2**level, MOST_FILTERS)
        outer = a.ngf * min(2 ** (level - 1), MOST_FILTERS) if level else a.output_nc
        # (N, outer, H, W) -> (N, inner, H/2, W/2): kernel 4, stride 2, padding 1 halve exactly
        down: list[nn.Module] = [nn.Conv2d(outer if level else a.input_nc, inner, 4, 2, 1, bias=bias)]
        if level:
            down.insert(0, nn.LeakyReLU(0.2, inplace=True))
        if level and below is not None:  # at the bottom a picture may be 1x1, which no other norm survives
            down.append(_norm(a.norm, inner))
        elif level and a.bottleneck_norm:
            down.append(BottleneckNorm(inner))
        # With skips, the block below returns its input beside its own result.
        width = 2 * inner if below is not None and a.skips else inner
        up: list[nn.Module] = [nn.ReLU(inplace=True)]
        # (N, width, H/2, W/2) -> (N, outer, H, W)
        up.append(nn.ConvTranspose2d(width, outer, 4, 2, 1, bias=bias or not level))
        up.append(_norm(a.norm, outer) if level else nn.Tanh())
        if a.drops_out(level, levels):
            up.append(ImageDropout())
        self.model = nn.Sequential(*down, *([] if below is None else [below]), *up)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside: torch.Tensor = self.model(x)  # (N, outer, H, W), as x
        return torch.cat([x, inside], 1) if self.joins else inside  # (N, 2 outer, H, W)


class _Chain(nn.Module):
    """A network that is one chain of layers, called `model` as the authors call it."""

    model: nn.Module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.model(x)
        return result


class UnetGenerator(_Chain):
    """A U-Net of `downs` halvings: `unet_256` has 8, `unet_128` 7. (N, C, H, W) in [-1, 1] to the same."""

    def __init__(self, a: Architecture, downs: int) -> None:
        super().__init__()
        block: UnetBlock | None = None
        for level in range(downs - 1, 0, -1):
            block = UnetBlock(a, level, downs, block)
        self.model = UnetBlock(a, 0, downs, block)


class ResnetBlock(nn.Module):
    """Two 3x3 convolutions and the sum with the input: y = x + F(x), both (N, width, H, W)."""

    def __init__(self, width: int, norm: Norm, *, dropout: bool) -> None:
        super().__init__()

        def half() -> list[nn.Module]:
            return [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=_has_bias(norm)), _norm(norm, width)]

        between = [nn.ReLU(inplace=True), *([ImageDropout()] if dropout else [])]
        self.conv_block = nn.Sequential(*half(), *between, *half())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = x + self.conv_block(x)
        return result


class ResnetGenerator(_Chain):
    """Johnson et al.'s generator with `blocks` residual blocks. (N, C, H, W) in [-1, 1] to the same."""

    def __init__(self, a: Architecture, blocks: int) -> None:
        super().__init__()
        bias, ngf = _has_bias(a.norm), a.ngf
        # c7s1-ngf, d2ngf, d4ngf, R4ngf x blocks, u2ngf, ungf, c7s1-out in the CycleGAN paper's words
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(a.input_nc, ngf, 7, bias=bias)]
        layers += [_norm(a.norm, ngf), nn.ReLU(inplace=True)]
        for width in (ngf, 2 * ngf):
            layers += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), _norm(a.norm, 2 * width), nn.ReLU(inplace=True)]
        layers += [ResnetBlock(4 * ngf, a.norm, dropout=bool(a.use_dropout)) for _ in range(blocks)]
        for width in (4 * ngf, 2 * ngf):
            # (N, width, h, w) -> (N, width/2, 2h, 2w); without the output padding it would be 2h - 1
            up = nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1, bias=bias)
            layers += [up, _norm(a.norm, width // 2), nn.ReLU(inplace=True)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, a.output_nc, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)


class PatchDiscriminator(_Chain):
    """`basic` (3 layers, 70x70 patches) and `n_layers`: (N, C, H, W) to one decision a patch, (N, 1, h, w)."""

    def __init__(self, input_nc: int, ndf: int = 64, layers: int = 3, norm: Norm = "batch") -> None:
        super().__init__()
        bias = _has_bias(norm)
        # each 4x4 convolution of stride 2 halves the picture; the last two, of stride 1, take one pixel off it
        parts: list[nn.Module] = [nn.Conv2d(input_nc, ndf, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        widths = [ndf * min(2**level, 8) for level in range(layers + 1)]
        for level in range(1, layers + 1):
            stride = 1 if level == layers else 2
            parts.append(nn.Conv2d(widths[level - 1], widths[level], 4, stride, 1, bias=bias))
            parts += [_norm(norm, widths[level]), nn.LeakyReLU(0.2, inplace=True)]
        self.model = nn.Sequential(*parts, nn.Conv2d(widths[-1], 1, 4, 1, 1))


class PixelDiscriminator(nn.Module):
    """`pixel`: one decision a pixel, by 1x1 convolutions."""

    def __init__(self, input_nc: int, ndf: int = 64, norm: Norm = "batch") -> None:
        super().__init__()
        bias = _has_bias(norm)
        self.net = nn.Sequential(
            nn.Conv2d(input_nc, ndf, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, 2 * ndf, 1, bias=bias),
            _norm(norm, 2 * ndf),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * ndf, 1, 1, bias=bias),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.net(x)
        return result


def build_generator(architecture: Architecture) -> nn.Module:
    """Returns an untrained generator; raises WeightsError for a `netG` that names no architecture."""
    unet = re.fullmatch(r"unet_(\d+)", architecture.netG)
    if unet and int(unet[1]).bit_count() == 1 and int(unet[1]) >= 4:
        return UnetGenerator(architecture, int(unet[1]).bit_length() - 1)
    resnet = re.fullmatch(r"resnet_(\d+)blocks", architecture.netG)
    if resnet:
        return ResnetGenerator(architecture, int(resnet[1]))
    raise WeightsError(f"`{architecture.netG}` is no generator", "unet_128, unet_256, resnet_6blocks, resnet_9blocks")


def expected_shapes(architecture: Architecture) -> Shapes:
    """Returns the shape of every tensor in a state dict, by key; raises WeightsError as `build_generator` does."""
    with torch.device("meta"):  # shapes alone: no memory is taken, nothing is drawn
        return {key: tuple(tensor.shape) for key, tensor in build_generator(architecture).state_dict().items()}


@dataclass(frozen=True)
class Places:
    """Keys of one level of a U-Net: the convolution on the way down, that on the way up, and the norms after them."""

    down: str
    down_norm: str | None
    up: str
    up_norm: str | None


def unet_places(a: Architecture, downs: int) -> Iterator[Places]:
    """Yields the keys of each level, the outermost first, as `Sequential` numbers them."""
    prefix = "model.model"
    yield Places(f"{prefix}.0", None, f"{prefix}.3", None)
    for level in range(1, downs):
        prefix += ".1.model" if level == 1 else ".3.model"
        innermost = level == downs - 1
        normed = not innermost or a.bottleneck_norm
        # Leaky ReLU, convolution, norm; the levels below; ReLU, convolution, norm.
        up = 3 + normed + (not innermost)
        yield Places(f"{prefix}.1", f"{prefix}.2" if normed else None, f"{prefix}.{up}", f"{prefix}.{up + 1}")


def build_discriminator(netD: str, input_nc: int, ndf: int = 64, layers: int = 3, norm: Norm = "batch") -> nn.Module:
    """Returns an untrained discriminator: `basic`, `n_layers` or `pixel`."""
    if netD == "pixel":
        return PixelDiscriminator(input_nc, ndf, norm)
    if netD in {"basic", "n_layers"}:
        return PatchDiscriminator(input_nc, ndf, 3 if netD == "basic" else layers, norm)
    raise WeightsError(f"`{netD}` is no discriminator", "basic, n_layers, pixel")
