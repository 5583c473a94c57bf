"""Pictures made just now with the package's own weights: draws of dropout, other modes, and cut skip connections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from PIL import Image
from torch import nn

from harness.demo.demo_generator import demo_generator
from harness.demo.scenes import UNSEEN, draw_scene
from harness.engines.job import Mode, NativeSettings
from harness.engines.native.generator import Translator
from harness.engines.native.pixels import spread_map, spread_of, to_pixels, to_tensor
from harness.web.render import picture_address
from harness.weights.networks import UnetBlock

address = partial(picture_address, optimize=True)
"""Makes a data address of a picture, a PNG as small as can be."""

SAMPLES = 4


@dataclass(frozen=True)
class Picture:
    """A picture for the page: the key of its caption, `number` for numbered ones, and its PNG as a data address."""

    key: str
    address: str
    number: int = 0


@dataclass(frozen=True)
class Pictures:
    """What the small generator drew.

    Attributes:
        spread: mean standard deviation between the samples, in levels of 255.
    """

    samples: tuple[Picture, ...]
    states: tuple[Picture, ...]
    spread: float


def make_pictures() -> Pictures:
    """Translates one drawn label map in several ways on the CPU; about a second."""
    scene = draw_scene(UNSEEN, 3)
    label = Image.fromarray(scene.label)
    inputs = to_tensor([label], 3)  # (1, 3, 256, 256) in [-1, 1]
    generator = demo_generator()

    def drawn(mode: Mode, sample: int = 0, *, cut: bool = False) -> torch.Tensor:
        # A network of its own for each picture: the one with cut skips is of no more use.
        translator = Translator(generator.lone_job(mode, label.size), "cpu", NativeSettings(batch_size=1))
        if cut:
            _cut_skips(translator._network)
        return translator.translate(inputs, ["example"], sample)

    def shown(key: str, drawn: torch.Tensor, number: int = 0) -> Picture:
        return Picture(key, address(Image.fromarray(to_pixels(drawn)[0].numpy())), number)

    draws = [drawn("paper", sample) for sample in range(SAMPLES)]
    # Standard deviation over the draws, in levels of 255, of each pixel.
    spread = spread_of(draws)
    samples = tuple(shown("picture.sample", draw, n) for n, draw in enumerate(draws, 1))
    given = Picture("picture.input", address(label)), Picture("picture.target", address(Image.fromarray(scene.photo)))
    return Pictures(
        samples=(*given, *samples, Picture("picture.spread", address(Image.fromarray(spread_map(spread)[0].numpy())))),
        states=(
            samples[0],
            shown("picture.deterministic", drawn("deterministic")),
            shown("picture.eval", drawn("eval")),
            shown("picture.cut", drawn("paper", cut=True)),
        ),
        spread=float(spread.mean()),
    )


def _cut_skips(network: nn.Module) -> None:
    """Sets to zero what the U-Net's blocks hand across; what comes up from below stays."""

    def without(_: nn.Module, given: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        kept = output.clone()
        # A block answers [its input, what came up] along the channels: (1, C_in + C_up, H, W).
        kept[:, : given[0].shape[1]] = 0
        return kept

    for block in network.modules():
        if isinstance(block, UnetBlock) and block.joins:
            block.register_forward_hook(without)
