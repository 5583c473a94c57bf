"""A model one trained oneself at work on held-out pictures: what its layers answer, what its discriminator says, and
the same pictures by trainings in which something was left out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from harness.catalog.types import Model
from harness.engines.inputs import read_halves
from harness.engines.job import Job
from harness.engines.native.colour import colours_of
from harness.engines.native.generator import Translator, load_generator
from harness.engines.native.layers import set_mode
from harness.engines.native.networks import ResnetBlock, build_discriminator
from harness.engines.native.pixels import to_tensor
from harness.errors import RunError
from harness.explain.network import receptive_field
from harness.explain.pictures import address
from harness.runs.trained import find_model, training_of
from harness.runs.training_record import TrainedModel, TrainingRecord
from harness.sets.finding import default_set
from harness.sets.item import Item
from harness.sets.selection import select
from harness.weights.reading import read_state_dict
from harness.workspace import Workspace

PICTURES = 3
_MADE, _UNSURE, _REAL = (np.array(c, dtype=np.float32) for c in ((178, 24, 43), (247, 247, 247), (33, 102, 172)))
_COVER = 0.6
_ANSWER_SIDE = 96
_IDLE = {"name", "dataroot", "checkpoints_dir", "num_threads"}


@dataclass(frozen=True)
class Level:
    """How strongly one layer answers to a picture: the mean over its channels, as a picture."""

    kind: str
    channels: int
    side: int
    picture: str


@dataclass(frozen=True)
class Verdicts:
    """What the discriminator says of each patch: 0 made, 1 real; `square` is one patch, (left, upper, side)."""

    real: str
    made: str
    real_mean: float
    made_mean: float
    map: int
    side: int
    square: tuple[int, int, int]


@dataclass(frozen=True)
class Column:
    """A training beside others: what differs in its options, its numbers at the last epoch, what it draws then."""

    name: str
    differs: str
    epoch: int
    ssim: float | None
    psnr: float | None
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class AtWork:
    """What a trained model does on held-out pictures."""

    name: str
    epoch: int
    input: str
    output: str
    target: str | None
    levels: tuple[Level, ...]
    verdicts: Verdicts | None
    inputs: tuple[str, ...]
    targets: tuple[str | None, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class _Trained:
    """A model with the training that made it."""

    model: Model
    folder: Path
    record: TrainingRecord
    entry: TrainedModel

    def weights(self, network: str, epoch: int) -> Path:
        return self.folder / "checkpoints" / f"{epoch}_net_{network}.pth"

    @property
    def last(self) -> int:
        return int(self.record.plan["epochs"])

    def translator(self, items: tuple[Item, ...], epoch: int) -> Translator:
        return Translator(self.job(items, epoch), "cpu", "fp32", compile_=False, batch_size=1)

    def job(self, items: tuple[Item, ...], epoch: int) -> Job:
        side, aside = self.model.crop_size, Path(tempfile.gettempdir())  # a translator alone writes nothing
        return Job(
            self.weights(self.entry.network, epoch), self.model.architecture, items, self.model.direction, "paper", 0,
            "cpu", (side, side), aside, aside / "log.txt",
        )  # fmt: skip


def at_work(workspace: Workspace, model: Model, beside: Sequence[str] = ()) -> AtWork | None:
    """Runs a trained model on a few held-out pictures of its dataset; None for a model that was not trained here.

    Args:
        beside: names of trainings on the same pictures in the same direction, e.g. with other weights of the losses.

    Raises:
        RunError: a training to set beside learnt from other pictures, or the model was not trained here.
        UnknownNameError: there is no such training.
        TestSetError: the dataset is gone.
    """
    own = _trained(workspace, model)
    if own is None:
        if beside:
            raise RunError(
                f"`{model.id}` was not trained here: nothing can be set beside it", "harness models --installed"
            )
        return None
    others = [_comparable(workspace, own, name) for name in beside]
    items = select(default_set(workspace, model), model).limited(PICTURES).items
    size = (model.crop_size, model.crop_size)
    pairs = [_halves(item, size, model) for item in items]
    source, target = pairs[0]
    columns = tuple(_column(one, own if others else None, others, items, pairs) for one in (own, *others))
    drawn = _draw(own, own.entry.epoch, items[:1], pairs[:1])[0]
    return AtWork(
        name=items[0].name,
        epoch=own.entry.epoch,
        input=address(source),
        output=address(drawn),
        target=address(target) if target else None,
        levels=_levels(own, items, source),
        verdicts=_verdicts(own, source, target, drawn),
        inputs=tuple(address(a) for a, _ in pairs),
        targets=tuple(address(b) if b else None for _, b in pairs),
        columns=columns if others else (),
    )


def _trained(workspace: Workspace, model: Model) -> _Trained | None:
    found = training_of(workspace, model)
    return _Trained(model, *found) if found else None


def _comparable(workspace: Workspace, own: _Trained, name: str) -> _Trained:
    other = _trained(workspace, find_model(workspace, name))
    if other is None:
        raise RunError(f"`{name}` was not trained here: it cannot be set beside `{own.model.name}`", "harness models")
    facts = [(t.record.dataset["digest"], t.model.direction, t.model.crop_size) for t in (own, other)]
    if facts[0] != facts[1]:
        raise RunError(
            f"`{name}` learnt from other pictures, in another direction or at another size than `{own.model.name}`",
            f"harness train --dataset {own.record.dataset['reference']} with other options",
        )
    return other


def _halves(item: Item, size: tuple[int, int], model: Model) -> tuple[Image.Image, Image.Image | None]:
    halves = read_halves(item, size, model.architecture)
    if not item.paired:
        return halves[0], halves[0] if model.architecture.colorizes else None
    return (halves[0], halves[1]) if model.direction == "AtoB" else (halves[1], halves[0])


def _draw(
    trained: _Trained, epoch: int, items: tuple[Item, ...], pairs: Sequence[tuple[Image.Image, Any]]
) -> list[Image.Image]:
    colours, translator = colours_of(trained.model.architecture), trained.translator(items, epoch)
    drawn = []
    for item, (source, _) in zip(items, pairs, strict=True):
        inputs = colours.inputs([source])
        outputs = translator.translate(inputs.clone(), [item.name])
        drawn.append(Image.fromarray(colours.pixels(inputs, outputs)[0].numpy()))
    return drawn


def _column(
    trained: _Trained,
    first: _Trained | None,
    others: Sequence[_Trained],
    items: tuple[Item, ...],
    pairs: Sequence[tuple[Image.Image, Any]],
) -> Column:
    last: dict[str, Any] = next(
        (r["last"] for r in trained.record.results if r["network"] == trained.entry.network), {}
    )
    drawn = _draw(trained, trained.last, items, pairs) if first else []
    return Column(
        trained.model.name, _difference(trained, [first, *others] if first else []), trained.last,
        last.get("ssim"), last.get("psnr"), tuple(address(d) for d in drawn),
    )  # fmt: skip


def _difference(trained: _Trained, among: Sequence[_Trained]) -> str:
    """Returns the options in which trainings differ, as this one has them; switches only where they are on."""
    options = [_options(t) for t in among]
    keys = {key for one in options for key in one if any(one.get(key) != other.get(key) for other in options)}
    own = {key: value for key, value in _options(trained).items() if key in keys and value is not False}
    said = (key if value is True else f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in sorted(own.items()))  # fmt: skip
    return ", ".join(said)


def _options(trained: _Trained) -> dict[str, Any]:
    options = {key: value for key, value in trained.record.plan["options"].items() if key not in _IDLE}
    return {**options, "without_skips": trained.record.without_skips}


def _levels(trained: _Trained, items: tuple[Item, ...], source: Image.Image) -> tuple[Level, ...]:
    network = load_generator(trained.job(items, trained.entry.epoch))
    set_mode(network, "deterministic")
    levels: list[Level] = []

    def keep(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        strength = output[0].abs().mean(0).numpy()
        scaled = (strength / max(float(np.percentile(strength, 99)), 1e-9)).clip(0, 1) * 255
        picture = Image.fromarray(scaled.astype(np.uint8)).resize(
            (_ANSWER_SIDE, _ANSWER_SIDE), Image.Resampling.NEAREST
        )
        levels.append(Level(type(module).__name__, output.shape[1], output.shape[2], address(picture)))

    inside = {m for block in network.modules() if isinstance(block, ResnetBlock) for m in block.modules()}
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | ResnetBlock) and (
            module not in inside or isinstance(module, ResnetBlock)
        ):
            module.register_forward_hook(keep)
    with torch.inference_mode():
        network(colours_of(trained.model.architecture).inputs([source]))
    return tuple(levels)


def _verdicts(
    trained: _Trained, source: Image.Image, target: Image.Image | None, drawn: Image.Image
) -> Verdicts | None:
    """The patches of a real and of a made picture as the discriminator of that epoch judges them."""
    cyclic = trained.record.family == "cyclegan"
    path = trained.weights(trained.entry.network.replace("G", "D"), trained.entry.epoch)
    if not path.is_file() or target is None or trained.model.architecture.colorizes:
        return None
    options = trained.record.plan["options"]
    network = build_discriminator(
        options["netD"], 3 if cyclic else 6, options["ndf"], options["n_layers_D"], options["norm"]
    )
    network.load_state_dict(read_state_dict(path))
    set_mode(network, "paper")
    maps = []
    with torch.inference_mode():
        for judged in (target, drawn):
            seen = to_tensor([judged], 3) if cyclic else torch.cat([to_tensor([p], 3) for p in (source, judged)], 1)
            answer = network(seen)[0, 0]
            # vanilla answers logits; lsgan is taught 0 and 1 themselves.
            maps.append(torch.sigmoid(answer) if options["gan_mode"] == "vanilla" else answer.clamp(0, 1))
    field, middle = receptive_field(network), maps[0].shape[0] // 2
    first, _ = field.square(middle)
    return Verdicts(
        real=address(_covered(target, maps[0].numpy())),
        made=address(_covered(drawn, maps[1].numpy())),
        real_mean=float(maps[0].mean()),
        made_mean=float(maps[1].mean()),
        map=maps[0].shape[0],
        side=target.width,
        square=(first, first, field.size),
    )


def _covered(picture: Image.Image, verdicts: np.ndarray) -> Image.Image:
    """The picture under its verdicts: red where it is taken for made, blue where for real."""
    share = np.abs(verdicts - 0.5)[..., None] * 2
    ends = np.where(verdicts[..., None] < 0.5, _MADE, _REAL)
    colours = (_UNSURE * (1 - share) + ends * share).astype(np.uint8)
    cover = Image.fromarray(colours).resize(picture.size, Image.Resampling.NEAREST)
    return Image.blend(picture.convert("RGB"), cover, _COVER)
