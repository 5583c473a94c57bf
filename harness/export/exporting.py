"""`harness export`: builds the graph, compares its pictures with the native engine's, and only then writes the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from PIL import Image
from torch import nn

from harness.demo.demo_generator import find_generator
from harness.engines.job import Job, Mode, NativeSettings
from harness.engines.native.colour import colours_of
from harness.engines.native.generator import Translator
from harness.engines.native.generator import load_generator as load_network
from harness.engines.seeds import image_seed
from harness.errors import EngineError, WorkspaceError
from harness.export.graph import Shape, build_graph
from harness.export.masks import RECIPE, as_torch_draws, torch_masks
from harness.export.some_pictures import some_inputs
from harness.files import sha256_of, written_aside
from harness.images.geometry import Size
from harness.progress import Progress, Silent, Step
from harness.testing.loading import Generator
from harness.version import __version__
from harness.weights.layers import ImageDropout, dropout_from, set_mode
from harness.workspace import Workspace

PICTURES = 8
"""Compared before a file is written: each norm and each mask is in every one of them."""
MOST_LEVELS, MOST_SHARE = 1, 0.01
"""What an exact export may differ by: one level of 255, where truncation falls on two sides of a whole number, in a
hundredth of the values. Running statistics in place of the picture's own differ by tens of levels everywhere."""
MOST_MEAN = 1.0
"""Levels of 255 that 16-bit weights may change a picture by on the average."""


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What to export, and how.

    Attributes:
        model: a catalog model, one that was trained here, or `demo`.
        output: the file to write.
        mode: see `harness.engines.job.Mode`; in `paper` the dropout's masks are further inputs.
        weights: a generator to export in place of the installed one.
        size: width and height in pixels; by default the model's. A ResNet takes any other, too.
        half_weights: whether weights are stored with 16 bits, half the size and no longer exact.
    """

    model: str
    output: Path
    mode: Mode = "paper"
    weights: Path | None = None
    size: Size | None = None
    half_weights: bool = False


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """How far ONNX Runtime's pictures lie from the native engine's.

    Attributes:
        pictures: how many were compared, `of` which set.
        largest, mean: greatest and mean absolute difference, in levels of 255 of the saved pictures.
        share: of the values that differ, 0 to 1.
        runtime: what computed the exported side.
    """

    pictures: int
    of: str
    largest: int
    mean: float
    share: float
    runtime: str

    def sentence(self) -> str:
        """Returns it in words."""
        return (
            f"{self.pictures} pictures ({self.of}): at most {self.largest}/255 from the native engine, "
            f"{self.share:.3%} of the values differ ({self.runtime})"
        )


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that was written, the shape of its input, those of its masks, and its certificate."""

    path: Path
    generator: Generator
    size: Size
    masks: tuple[tuple[int, ...], ...]
    certificate: Certificate


def export(workspace: Workspace, request: ExportRequest, progress: Progress | None = None) -> Exported:
    """Writes a generator as an ONNX file with its certificate.

    Raises:
        EngineError: the file would draw other pictures than the native engine; none is written.
        WeightsError, UnknownNameError: see `find_generator`.
        WorkspaceError: the file is there already.
    """
    progress = progress or Silent()
    if request.output.exists():
        raise WorkspaceError(f"`{request.output}` exists already", "name another file with `-o`")
    generator = find_generator(workspace, request.model, request.weights)
    size = generator.canvas(request.size)
    job = generator.lone_job(request.mode, size)
    network = load_network(job)
    set_mode(network, request.mode)
    masks = mask_shapes(network, (generator.architecture.input_nc, size[1], size[0]))
    model = build_graph(network, *_shapes(generator, size, masks), half_weights=request.half_weights)
    of, inputs = some_inputs(workspace, generator.model, size, PICTURES)
    with progress.step("comparing with the native engine", len(inputs)) as step:
        certificate = replace(certify(model, job, inputs, masks, step), of=of)
    refuse_inexact(certificate, generator, half_weights=request.half_weights)
    if masks and not as_torch_draws():
        progress.warn("this build of PyTorch draws dropout otherwise than the file's `masks` say: draw them with torch")
    described = _described(model, generator, request, certificate)
    with written_aside(request.output) as draft:
        draft.write_bytes(described.SerializeToString())
    return Exported(path=request.output, generator=generator, size=size, masks=masks, certificate=certificate)


def mask_shapes(network: nn.Module, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Returns (C, H, W) of each live dropout for a picture of `shape`, in the order of the computation."""
    found: list[tuple[int, ...]] = []
    dropouts = [module for module in network.modules() if isinstance(module, ImageDropout) and module.live]
    hooks = [m.register_forward_hook(lambda _, __, y: found.append(tuple(y.shape[1:]))) for m in dropouts]
    with torch.inference_mode(), dropout_from([torch.Generator()]):
        network(torch.zeros(1, *shape))
    for hook in hooks:
        hook.remove()
    return tuple(found)


def _shapes(generator: Generator, size: Size, masks: Sequence[tuple[int, ...]]) -> tuple[Shape, Shape, list[Shape]]:
    """Shapes of input, output and masks with names for what is free: the batch, and a ResNet's sides."""
    a = generator.architecture
    free = not a.netG.startswith("unet")  # a U-Net's masks and lowest maps fit one size
    sides: Shape = ("height", "width") if free else (size[1], size[0])
    shapes: list[Shape] = [("batch", m[0], "mask_height", "mask_width") if free else ("batch", *m) for m in masks]
    return ("batch", a.input_nc, *sides), ("batch", a.output_nc, *sides), shapes


def certify(
    model: ModelProto,
    job: Job,
    inputs: Sequence[tuple[str, Image.Image]],
    masks: Sequence[tuple[int, ...]],
    step: Step | None = None,
) -> Certificate:
    """Returns how far a graph's pictures lie from the native engine's, both saved as `harness test` saves them."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    translator, colours = Translator(job, "cpu", NativeSettings(batch_size=1)), colours_of(job.architecture)
    differences: list[NDArray[np.int16]] = []
    for name, picture in inputs:
        x = colours.inputs([picture])  # (1, C, H, W)
        drawn = torch_masks(image_seed(job.seed, name), masks)
        feeds = {"input": x.numpy()} | {f"mask_{n}": mask[None] for n, mask in enumerate(drawn, 1)}
        ours = colours.pixels(x, translator.translate(x, [name]))
        theirs = colours.pixels(x, torch.from_numpy(session.run(["output"], feeds)[0]))
        differences.append(np.abs(ours.numpy().astype(np.int16) - theirs.numpy().astype(np.int16)))
        if step:
            step.advance()
    apart = np.stack(differences)
    return Certificate(
        pictures=len(inputs),
        of="",
        largest=int(apart.max()),
        mean=round(float(apart.mean()), 5),
        share=round(float((apart > 0).mean()), 7),
        runtime=f"ONNX Runtime {onnxruntime.__version__}, CPU",
    )


def refuse_inexact(certificate: Certificate, generator: Generator, *, half_weights: bool) -> None:
    """Raises EngineError for a graph that draws other pictures than the native engine."""
    exact = certificate.largest <= MOST_LEVELS and certificate.share <= MOST_SHARE
    if exact or (half_weights and certificate.mean <= MOST_MEAN):
        return
    raise EngineError(
        f"the export of `{generator.model.id}` is not what the model draws, and was not written: "
        f"{certificate.sentence()}; at most {MOST_LEVELS}/255 in {MOST_SHARE:.0%} may differ",
        "please report it with the model's weights; `--half-weights` allows a mean difference of 1/255"
        if not half_weights
        else "leave out `--half-weights`",
    )


def _described(model: ModelProto, generator: Generator, request: ExportRequest, certificate: Certificate) -> ModelProto:
    lab = generator.architecture.colorizes
    facts = {
        "model": generator.model.id,
        "weights_sha256": sha256_of(generator.weights),
        "mode": request.mode,
        "direction": generator.model.direction,
        "input": "(N, 1, H, W), L / 50 - 1 of CIELAB" if lab else "(N, C, H, W), RGB, v / 127.5 - 1 of 0 to 255",
        "output": "(N, 2, H, W), a / 110 and b / 110" if lab else "(N, C, H, W), RGB in [-1, 1], saved by truncation",
        "weights": "16 bits" if request.half_weights else "32 bits",
        "licence": generator.model.licence,
        "certificate": json.dumps(asdict(certificate)),
        "harness": __version__,
    }
    if any(value.name.startswith("mask_") for value in model.graph.input):
        facts["masks"] = RECIPE
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=value)
    return model
