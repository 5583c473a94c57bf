"""Pictures made just now with the package's own weights: draws of dropout, other modes, and cut skip connections."""

from __future__ import annotations

import base64
import io
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn

from harness.demo.demo_weights import ARCHITECTURE, DIRECTION, demo_weights
from harness.demo.scenes import Scene, draw_scene
from harness.engines.job import Job, Mode
from harness.engines.native.generator import Translator
from harness.engines.native.networks import UnetBlock
from harness.engines.native.pixels import to_pixels, to_tensor

SAMPLES = 4
_SPREAD_SCALE = 4
_SEED, _INDEX = 20_000, 3  # a scene of the demo, which the generator was not trained on
_NAME = "example"


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
    inputs = to_tensor([Image.fromarray(scene.label)], 3)
    live = _translator("paper")
    draws = [live.translate(inputs.clone(), [_NAME], sample) for sample in range(SAMPLES)]
    deviation = torch.stack(draws).std(0, correction=0).mean(1)[0] * 127.5
    spread = (deviation * _SPREAD_SCALE).clamp(0, 255).to(torch.uint8).numpy()
    samples = tuple(Picture("picture.sample", _drawn(draw), n + 1) for n, draw in enumerate(draws))
    shown = Picture("picture.spread", address(Image.fromarray(spread)))
    return Pictures(
        example=address(Image.fromarray(scene.label)),
        samples=(*_pair(scene), *samples, shown),
        states=_states(inputs, draws[0]),
        spread=float(deviation.mean()),
    )


def _pair(scene: Scene) -> tuple[Picture, Picture]:
    return (
        Picture("picture.input", address(Image.fromarray(scene.label))),
        Picture("picture.target", address(Image.fromarray(scene.photo))),
    )


def _states(inputs: torch.Tensor, first: torch.Tensor) -> tuple[Picture, ...]:
    def one(mode: Mode) -> str:
        return _drawn(_translator(mode).translate(inputs.clone(), [_NAME]))

    cut = _translator("paper")
    _cut_skips(cut._network)
    return (
        Picture("picture.sample", _drawn(first), 1),
        Picture("picture.deterministic", one("deterministic")),
        Picture("picture.eval", one("eval")),
        Picture("picture.cut", _drawn(cut.translate(inputs.clone(), [_NAME]))),
    )


def _cut_skips(network: nn.Module) -> None:
    """Sets to zero what the U-Net's blocks hand across; what comes up from below stays."""

    def without(channels: int, _: nn.Module, __: Any, output: torch.Tensor) -> torch.Tensor:
        kept = output.clone()
        kept[:, :channels] = 0
        return kept

    for block in network.modules():
        if isinstance(block, UnetBlock) and not block.outermost:
            first = next(m for m in block.modules() if isinstance(m, nn.Conv2d))
            block.register_forward_hook(partial(without, first.in_channels))


def _translator(mode: Mode) -> Translator:
    aside = Path(tempfile.gettempdir())  # a translator alone writes nothing
    job = Job(demo_weights(), ARCHITECTURE, (), DIRECTION, mode, 0, "cpu", (256, 256), aside, aside / "log.txt")
    return Translator(job, "cpu", "fp32", compile_=False, batch_size=1)


def _drawn(output: torch.Tensor) -> str:
    return address(Image.fromarray(to_pixels(output)[0].numpy()))


def address(picture: Image.Image) -> str:
    """Returns a picture as a PNG inside a data address."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
