"""A model one trained oneself at work on held-out pictures: what its layers answer, what its discriminator says, and
the same pictures by trainings in which something was left out."""

from __future__ import annotations

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
from harness.engines.job import Job, NativeSettings
from harness.engines.native.colour import colours_of
from harness.engines.native.generator import Translator, load_generator
from harness.engines.native.pixels import to_tensor
from harness.errors import RunError
from harness.explain.network import receptive_field
from harness.explain.pictures import address
from harness.runs.trained import find_model, training_of
from harness.runs.training_record import TrainedModel, TrainingRecord
from harness.sets.finding import default_set
from harness.sets.item import Item
from harness.sets.selection import select
from harness.testing.loading import Generator
from harness.weights.layers import set_mode
from harness.weights.networks import ResnetBlock, build_discriminator
from harness.weights.reading import read_state_dict
from harness.workspace import Workspace

PICTURES = 3
# Red, white and blue of ColorBrewer's RdBu, which colour-blind readers can tell apart.
_MADE, _UNSURE, _REAL = (np.array(c, dtype=np.float32) for c in ((178, 24, 43), (247, 247, 247), (33, 102, 172)))
# The colours' share: enough to be read, and the picture still shows through.
_COVER = 0.6
# Pixels on the page; nearest neighbours, so that a map of 2×2 shows four squares.
_ANSWER_SIDE = 96
# Options in which trainings always differ.
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
    """What the discriminator says of each patch: 0 made, 1 real; `square` is one patch, (first, size) in pixels."""

    real: str
    made: str
    real_mean: float
    made_mean: float
    map: int
    side: int
    square: tuple[int, int]


@dataclass(frozen=True)
class Column:
    """A training beside others: what differs in its options, its numbers at the last epoch, what it draws then."""

    name: str
    differs: str
    ssim: float | None
    psnr: float | None
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class AtWork:
    """What a trained model does on held-out pictures, `output` on the first, trainings in `columns` on each."""

    name: str
    epoch: int
    output: str
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

    def job(self, epoch: int) -> Job:
        generator = Generator(self.model, self.weights(self.entry.network, epoch), self.model.architecture)
        return generator.lone_job("paper", (self.model.crop_size,) * 2)


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
    # The model itself stands first, for comparison; alone it needs no table.
    compared = [own, *(_comparable(workspace, own, name) for name in beside)] if beside else []
    items = select(default_set(workspace, model), model).limited(PICTURES).items
    pairs = [_halves(item, model) for item in items]
    names = [item.name for item in items]
    sources, targets = zip(*pairs, strict=True)
    # At the chosen epoch; the columns are all of the last one, which every training has.
    drawn = _draw(own, own.entry.epoch, names[:1], sources[:1])[0]
    return AtWork(
        name=names[0],
        epoch=own.entry.epoch,
        output=address(drawn),
        levels=_levels(own, sources[0]),
        verdicts=_verdicts(own, sources[0], targets[0], drawn),
        inputs=tuple(map(address, sources)),
        targets=tuple(target and address(target) for target in targets),
        columns=tuple(_column(one, compared, names, sources) for one in compared),
    )


def _trained(workspace: Workspace, model: Model) -> _Trained | None:
    found = training_of(workspace, model)
    return _Trained(model, *found) if found else None


def _comparable(workspace: Workspace, own: _Trained, name: str) -> _Trained:
    other = _trained(workspace, find_model(workspace, name))
    if other is None:
        raise RunError(f"`{name}` was not trained here: it cannot be set beside `{own.model.name}`", "harness models")
    # Contents, way and size: other numbers would tell of the pictures, not of what was left out.
    facts = [(t.record.dataset["digest"], t.model.direction, t.model.size, t.model.preprocessing) for t in (own, other)]
    if facts[0] != facts[1]:
        raise RunError(
            f"`{name}` learnt from other pictures, in another direction or at another size than `{own.model.name}`",
            f"harness train --dataset {own.record.dataset['reference']} with other options",
        )
    return other


def _halves(item: Item, model: Model) -> tuple[Image.Image, Image.Image | None]:
    """Returns input and target at the model's size; the photo itself is the target of a model that colorizes."""
    halves = read_halves(item, model.size, model.architecture, model.preprocessing)
    if not item.paired:
        return halves[0], halves[0] if model.architecture.colorizes else None
    return (halves[0], halves[1]) if model.direction == "AtoB" else (halves[1], halves[0])


def _draw(trained: _Trained, epoch: int, names: Sequence[str], sources: Sequence[Image.Image]) -> list[Image.Image]:
    colours = colours_of(trained.model.architecture)
    translator = Translator(trained.job(epoch), "cpu", NativeSettings(batch_size=1))
    drawn = []
    for name, source in zip(names, sources, strict=True):
        inputs = colours.inputs([source])
        drawn.append(Image.fromarray(colours.pixels(inputs, translator.translate(inputs, [name]))[0].numpy()))
    return drawn


def _column(
    trained: _Trained, compared: Sequence[_Trained], names: Sequence[str], sources: Sequence[Image.Image]
) -> Column:
    results = {result["network"]: result["last"] for result in trained.record.results}
    last = results.get(trained.entry.network, {})
    pictures = map(address, _draw(trained, int(trained.record.plan["epochs"]), names, sources))
    differs = _difference(trained, compared)
    return Column(trained.model.name, differs, last.get("ssim"), last.get("psnr"), tuple(pictures))


def _difference(trained: _Trained, among: Sequence[_Trained]) -> str:
    """Returns the options in which trainings differ, as this one has them; switches only where they are on."""
    options = [_options(t) for t in among]
    said = []
    # The same key may be absent elsewhere: that is a difference, too.
    for key, value in sorted(_options(trained).items()):
        if value is not False and any(other.get(key) != value for other in options):
            said.append(key if value is True else f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}")
    return ", ".join(said)


def _options(trained: _Trained) -> dict[str, Any]:
    options = {key: value for key, value in trained.record.plan["options"].items() if key not in _IDLE}
    record = trained.record
    # What no option of `train.py` says.
    return {**options, "without_skips": record.without_skips, "discriminator": record.discriminator}


def _levels(trained: _Trained, source: Image.Image) -> tuple[Level, ...]:
    network = load_generator(trained.job(trained.entry.epoch))
    # Dropout would scatter zeros over what a layer answers.
    set_mode(network, "deterministic")
    levels: list[Level] = []

    def keep(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        strength = output[0].abs().mean(0).numpy()  # (height, width), over the channels
        # The strongest hundredth may not darken the rest.
        scaled = (strength / max(float(np.percentile(strength, 99)), 1e-9)).clip(0, 1) * 255
        picture = Image.fromarray(scaled.astype(np.uint8)).resize((_ANSWER_SIDE,) * 2, Image.Resampling.NEAREST)
        levels.append(Level(type(module).__name__, output.shape[1], output.shape[2], address(picture)))

    # A block of a ResNet answers as one; what is inside of it does not.
    blocks = [module for module in network.modules() if isinstance(module, ResnetBlock)]
    inside = {module for block in blocks for module in block.modules()} - {*blocks}
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | ResnetBlock) and module not in inside:
            module.register_forward_hook(keep)
    with torch.inference_mode():
        network(colours_of(trained.model.architecture).inputs([source]))
    return tuple(levels)


def _verdicts(
    trained: _Trained, source: Image.Image, target: Image.Image | None, drawn: Image.Image
) -> Verdicts | None:
    """The patches of a real and of a made picture as the discriminator of that epoch judges them."""
    # G is judged by D, G_A by D_A: upstream names them alike.
    path = trained.weights(trained.entry.network.replace("G", "D"), trained.entry.epoch)
    untrained = trained.record.discriminator == "none"
    if not path.is_file() or untrained or target is None or trained.model.architecture.colorizes:
        return None
    cyclic = trained.record.family == "cyclegan"
    options = trained.record.plan["options"]
    # Channels: RGB alone, or input and output beside each other.
    network = build_discriminator(
        options["netD"], 3 if cyclic else 6, options["ndf"], options["n_layers_D"], options["norm"]
    )
    network.load_state_dict(read_state_dict(path))
    # As it judged in training: batch statistics of the picture before it.
    set_mode(network, "paper")
    covered, means = [], []
    for judged in (target, drawn):
        # CycleGAN's sees the picture alone, pix2pix's beside the input it was made from: (1, 3 or 6, H, W).
        seen = torch.cat([to_tensor([picture], 3) for picture in ((judged,) if cyclic else (source, judged))], 1)
        with torch.inference_mode():
            # (map, map)
            answer = network(seen)[0, 0]
        # vanilla answers logits; lsgan is taught 0 and 1 themselves.
        share = torch.sigmoid(answer) if options["gan_mode"] == "vanilla" else answer.clamp(0, 1)
        covered.append(address(_covered(judged, share.numpy())))
        means.append(float(share.mean()))
    field, patches = receptive_field(network), len(share)
    (real, made), (real_mean, made_mean) = covered, means
    square = field.square(patches // 2)[0], field.size
    return Verdicts(real, made, real_mean, made_mean, patches, target.width, square)


def _covered(picture: Image.Image, verdicts: np.ndarray) -> Image.Image:
    """The picture under its verdicts: red where it is taken for made, blue where for real."""
    # (H, W, 1): 0 undecided, 1 certain.
    share = np.abs(verdicts - 0.5)[..., None] * 2
    # (H, W, 3), the colour of the side it leans to.
    ends = np.where(verdicts[..., None] < 0.5, _MADE, _REAL)
    colours = (_UNSURE * (1 - share) + ends * share).astype(np.uint8)
    cover = Image.fromarray(colours).resize(picture.size, Image.Resampling.NEAREST)
    return Image.blend(picture.convert("RGB"), cover, _COVER)
