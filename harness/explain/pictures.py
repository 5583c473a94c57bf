"""Pictures made just now with the package's own weights: draws of dropout, other modes, and cut skip connections."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn

from harness.catalog.types import Architecture, Direction
from harness.demo.demo_weights import ARCHITECTURE, DIRECTION, demo_weights
from harness.demo.scenes import draw_scene
from harness.engines.job import Job, Mode, NativeSettings
from harness.engines.native.generator import Translator
from harness.engines.native.pixels import spread_map, spread_of, to_pixels, to_tensor
from harness.weights.networks import UnetBlock

SAMPLES = 4
_SEED, _INDEX = 20_000, 3  # a scene of the demo, which the generator was not trained on


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

    example: str
    samples: tuple[Picture, ...]
    states: tuple[Picture, ...]
    spread: float


def make_pictures() -> Pictures:
    """Translates one drawn label map in several ways on the CPU; about a second."""
    scene = draw_scene(_SEED, _INDEX)
    label = Image.fromarray(scene.label)
    inputs = to_tensor([label], 3)  # (1, 3, 256, 256) in [-1, 1]

    def drawn(mode: Mode, sample: int = 0, change: Callable[[nn.Module], None] | None = None) -> torch.Tensor:
        job = cpu_job(demo_weights(), ARCHITECTURE, DIRECTION, mode)
        # A network of its own for each picture: the one with cut skips is of no more use.
        translator = Translator(job, "cpu", NativeSettings(batch_size=1))
        if change:
            change(translator._network)
        return translator.translate(inputs.clone(), ["example"], sample)

    draws = [drawn("paper", sample) for sample in range(SAMPLES)]
    # Standard deviation over the draws, in levels of 255, of each pixel.
    spread = spread_of(draws)
    samples = tuple(Picture("picture.sample", _address(draw), n) for n, draw in enumerate(draws, 1))
    given = Picture("picture.input", address(label)), Picture("picture.target", address(Image.fromarray(scene.photo)))
    return Pictures(
        example=given[0].address,
        samples=(*given, *samples, Picture("picture.spread", address(Image.fromarray(spread_map(spread)[0].numpy())))),
        states=(
            samples[0],
            Picture("picture.deterministic", _address(drawn("deterministic"))),
            Picture("picture.eval", _address(drawn("eval"))),
            Picture("picture.cut", _address(drawn("paper", change=_cut_skips))),
        ),
        spread=float(spread.mean()),
    )


def _cut_skips(network: nn.Module) -> None:
    """Sets to zero what the U-Net's blocks hand across; what comes up from below stays."""

    def without(channels: int, _: nn.Module, __: Any, output: torch.Tensor) -> torch.Tensor:
        kept = output.clone()
        # A block answers [its input, what came up] along the channels: (1, C_in + C_up, H, W).
        kept[:, :channels] = 0
        return kept

    for block in network.modules():
        if isinstance(block, UnetBlock) and block.joins:
            # As many channels as its first convolution takes in.
            first = next(m for m in block.modules() if isinstance(m, nn.Conv2d))
            block.register_forward_hook(partial(without, first.in_channels))


def cpu_job(weights: Path, architecture: Architecture, direction: Direction, mode: Mode, side: int = 256) -> Job:
    """Returns what a translator is asked that stands alone, on the CPU, and writes nothing."""
    return Job(
        weights=weights,
        architecture=architecture,
        items=(),
        direction=direction,
        mode=mode,
        seed=0,
        device="cpu",
        size=(side, side),
        log=Path(tempfile.gettempdir()),  # never touched
    )


def _address(output: torch.Tensor) -> str:
    return address(Image.fromarray(to_pixels(output)[0].numpy()))


def address(picture: Image.Image) -> str:
    """Returns a picture as a PNG inside a data address."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
