"""What some metrics need beside a run's pictures, found in the workspace: networks, palettes, models that draw back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from harness.catalog.backbones import BACKBONES
from harness.catalog.models import MODELS
from harness.catalog.types import Model
from harness.engines.devices import resolve_device
from harness.engines.inputs import framing
from harness.engines.job import Job, NativeSettings
from harness.errors import HarnessError, MetricError, UnknownNameError
from harness.images.geometry import mirrored
from harness.images.opening import open_rgb
from harness.metrics.meters import ClassColours, Instruments, Metric
from harness.metrics.pairs import Picture, inside
from harness.metrics.palette_accuracy import class_colours
from harness.provision.backbone_files import installed_backbone
from harness.provision.installed import installed_weights
from harness.runs.trained import find_model, training_of
from harness.sets.finding import find_set
from harness.sets.walking import walk
from harness.testing.loading import load_generator
from harness.workspace import Workspace

Draw = Callable[[Picture, str], Picture]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be measured, and what of it the user decides.

    Attributes:
        metrics: those asked for; nothing is looked for that none of them needs.
        model: whose outputs they are.
        reference: the set they were drawn of, as `--dataset` takes it, None for one outside the workspace.
        palette: a name of `class_colours`, for label maps of a domain that is not known.
        evaluator: the model that draws label maps of the drawn photos; by default one of the catalog.
        real: a folder of real pictures to set the outputs against as a set.
        size: width and height of the outputs, to which such pictures are brought.
    """

    metrics: Sequence[Metric]
    model: Model
    reference: str | None = None
    split: str | None = None
    palette: str | None = None
    evaluator: str | None = None
    real: Path | None = None
    size: tuple[int, int] | None = None
    device: str = "auto"


def find_instruments(workspace: Workspace, wanted: Wanted) -> Instruments:
    """Returns what the metrics need; what is not there has its reason.

    Raises:
        UnknownNameError: there is no such palette or evaluator.
        MetricError: the folder of real pictures holds none.
    """
    asked = {metric.name for metric in wanted.metrics}
    device = resolve_device(wanted.device)
    # A metric without its instrument is told as missing; the others are measured all the same.
    lacks: dict[str, tuple[str, str]] = {}

    def found(what: str, look: Callable[[], Draw]) -> Draw | None:
        try:
            return look()
        except HarnessError as error:
            lacks[what] = (error.message, error.hint or "harness doctor")
            return None

    backbones = {}
    for name in [b.id for b in BACKBONES.values() if asked & set(b.metrics)]:
        try:
            backbones[name] = installed_backbone(workspace, BACKBONES[name])
        except HarnessError as error:
            lacks[name] = (error.message, error.hint or "harness setup")
    output, source = _palettes(wanted)
    return Instruments(
        backbones=backbones,
        output_palette=output,
        input_palette=source,
        evaluator=found("evaluator", lambda: _evaluator(workspace, wanted, device))
        if "label_agreement" in asked
        else None,
        reverse=found("reverse", lambda: _reverse(workspace, wanted.model, device)) if "cycle" in asked else None,
        reals=_reals(workspace, wanted) if "inception" in asked else None,
        device=device,
        lacks=lacks,
    )


def _palettes(wanted: Wanted) -> tuple[ClassColours | None, ClassColours | None]:
    """Those of the outputs and of the inputs; a palette that is named is of either, whichever a metric asks for."""
    known = class_colours()
    if wanted.palette is None:
        return known.get(wanted.model.output_domain), known.get(wanted.model.input_domain)
    by_name = {palette.name: palette for palette in known.values()}
    if wanted.palette not in by_name:
        raise UnknownNameError("palette", wanted.palette, by_name)
    return by_name[wanted.palette], by_name[wanted.palette]


def _evaluator(workspace: Workspace, wanted: Wanted, device: str) -> Draw:
    """A model that draws such label maps of such photos: the one named, else the catalog's, installed ones first."""
    model = wanted.model
    if wanted.evaluator is not None:
        return drawing(workspace, find_model(workspace, wanted.evaluator), device)
    way = (model.output_domain, model.input_domain)
    able = [m for m in MODELS.values() if (m.input_domain, m.output_domain) == way]
    if not able:
        raise MetricError("no model of the catalog draws label maps of such photos", "--evaluator MODEL")
    able.sort(key=lambda m: installed_weights(workspace, m) is None)
    return drawing(workspace, able[0], device)


def _reverse(workspace: Workspace, model: Model, device: str) -> Draw:
    """The generator of the other direction: of the same training, or of the same dataset in the catalog."""
    others: Iterable[Model] = MODELS.values()
    made = training_of(workspace, model)
    if made:
        others = [find_model(workspace, trained.name) for trained in made[1].models]
    for other in others:
        if (other.family, other.dataset) == (model.family, model.dataset) and other.direction != model.direction:
            return drawing(workspace, other, device)
    raise MetricError(f"no model translates what `{model.id}` draws back", "harness models --family cyclegan")


def drawing(workspace: Workspace, model: Model, device: str) -> Draw:
    """Returns a model as a function of one picture and its name; dropout, where there is any, is off.

    Raises:
        WeightsError: its weights are not installed.
    """
    from harness.engines.native.colour import colours_of
    from harness.engines.native.generator import Translator

    generator = load_generator(workspace, model)
    job = Job(
        weights=generator.weights,
        architecture=generator.architecture,
        items=(),
        direction=model.direction,
        # A judge must not roll dice: without dropout the same picture gets the same answer.
        mode="deterministic",
        seed=0,
        device=device,
        size=None,
        log=workspace.results,
    )
    translator = Translator(job, device, NativeSettings())
    colours = colours_of(generator.architecture)

    def draw(picture: Picture, name: str) -> Picture:
        # A picture without its padding may be of any size.
        framed = framing((picture.shape[1], picture.shape[0]), None, generator.architecture)
        inputs = colours.inputs([Image.fromarray(mirrored(picture, framed.frame))])  # (1, 3, H, W)
        return inside(colours.pixels(inputs, translator.translate(inputs, [name]))[0].numpy(), framed.box)

    return draw


def _reals(workspace: Workspace, wanted: Wanted) -> Callable[[], Iterator[Picture]] | None:
    """Real pictures of what is drawn: the folder named, else the other side of an unpaired set's own part."""
    folder = wanted.real
    # Only unpaired parts have a side, and the other side holds real pictures of what is drawn.
    if folder is None and wanted.reference and wanted.split and wanted.split[-1:] in {"A", "B"}:
        found = find_set(workspace, wanted.reference, family=wanted.model.family)
        other = found.folder / f"{wanted.split[:-1]}{'B' if wanted.split.endswith('A') else 'A'}"
        folder = other if other.is_dir() else None
    if folder is None:
        return None
    paths = [file.path for file in walk(folder).pictures] if folder.is_dir() else []
    if not paths:
        raise MetricError(f"`{folder}` holds no picture to set the outputs against", "--real FOLDER")

    def opened() -> Iterator[Picture]:
        for path in paths:
            picture = open_rgb(path)
            # To the outputs' size: networks of metrics see scale as content.
            yield np.asarray(picture.resize(wanted.size, Image.Resampling.BICUBIC) if wanted.size else picture)

    return opened
