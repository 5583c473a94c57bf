"""Puts an explanation together: a model's networks, the statements, and the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.catalog.types import Model
from harness.demo.demo_weights import ARCHITECTURE
from harness.engines.native.networks import build_discriminator, build_generator
from harness.explain.drawing import Drawing, draw
from harness.explain.network import Field, Network, receptive_field, take_apart
from harness.explain.pictures import make_pictures
from harness.explain.statements import CHAPTERS, QUESTIONS
from harness.explain.texts import explain_language, formula_html
from harness.explain.work import at_work
from harness.files import write_text
from harness.runs.trained import find_model
from harness.web.language import Language
from harness.web.render import render_page
from harness.workspace import Workspace

DEFAULT_MODEL = "pix2pix/facades_label2photo"
_VARIANTS = (("pixel", "pixel", 0), ("n_layers 1", "n_layers", 1), ("basic", "basic", 3), ("n_layers 5", "n_layers", 5))

_LEAST_JUDGED = 128
"""Pixels a side; of smaller pictures the deepest discriminator leaves nothing to normalise."""


@dataclass(frozen=True)
class Variant:
    """A discriminator; `square` is what the middle verdict sees of the example, (left, upper, side) in pixels."""

    name: str
    network: Network
    field: Field

    @property
    def map(self) -> int:
        return self.network.layers[-1].shape[1]

    @property
    def square(self) -> tuple[int, int, int]:
        first, _ = self.field.square(self.map // 2)
        return first, first, self.field.size


@dataclass(frozen=True)
class Explanation:
    """One model's networks, ready to be printed or drawn."""

    model: Model
    generator: Network
    drawing: Drawing
    variants: tuple[Variant, ...]

    @property
    def basic(self) -> Variant:
        return next(v for v in self.variants if v.name == "basic")


def explain(workspace: Workspace, model: str | None = None) -> Explanation:
    """Builds a model's networks, of the catalog or trained here, and takes them apart.

    Raises:
        UnknownNameError: there is no such model.
    """
    entry = find_model(workspace, model or DEFAULT_MODEL)
    a = entry.architecture
    side = entry.crop_size
    with torch.device("meta"):
        generator = build_generator(a)
    network = take_apart(generator, (a.input_nc, side, side))
    # pix2pix's discriminator sees input and output, CycleGAN's the output alone.
    channels = a.output_nc + (0 if entry.family == "cyclegan" else a.input_nc)
    judged = max(side, _LEAST_JUDGED)
    variants = []
    for name, kind, layers in _VARIANTS:
        with torch.device("meta"):
            built = build_discriminator(kind, channels, layers=layers, norm=a.norm)
        variants.append(Variant(name, take_apart(built, (channels, judged, judged)), receptive_field(built)))
    return Explanation(entry, network, draw(network), tuple(variants))


def values(explanation: Explanation) -> dict[str, object]:
    """What the texts leave open, measured on the networks."""
    basic = explanation.basic
    return {
        "field": basic.field.size,
        "step": basic.field.step,
        "map": basic.map,
        "side": explanation.model.crop_size,
    }


def facts(explanation: Explanation, words: Language) -> list[tuple[str, str]]:
    """The model's table of facts: label and value."""
    model, a = explanation.model, explanation.model.architecture
    pairs = {
        "network": f"{a.netG}, ngf {a.ngf}",
        "norm": a.norm,
        "dropout": words.text("yes" if a.use_dropout else "no"),
        "parameters": words.localised(f"{explanation.generator.parameters:,}"),
        "skips": words.localised(str(len(explanation.generator.skips))),
        "input": model.input_domain,
        "output": model.output_domain,
        "direction": model.direction,
    }
    return [(words.text(f"fact.{key}"), value) for key, value in pairs.items()]


def page_path(workspace: Workspace, model: Model, lang: str) -> Path:
    """Where the page of a model lies; other languages than English carry their code."""
    suffix = "" if lang == "en" else f".{lang}"
    return workspace.results / f"explain-{model.family}-{model.name}{suffix}.html"


def write_explanation(
    workspace: Workspace, model: str | None = None, lang: str = "en", beside: Sequence[str] = ()
) -> Path:
    """Writes the page, one file that needs nothing beside it, and returns its path.

    Args:
        beside: trainings on the same pictures to set beside the model, see `harness.explain.work.at_work`.
    """
    words = explain_language(lang)
    explanation = explain(workspace, model)
    work = at_work(workspace, explanation.model, beside)
    pictures = make_pictures()
    target = page_path(workspace, explanation.model, lang)
    html = render_page(
        "explain.html.j2", words, package="harness.explain", styles=("explain.css",),
        e=explanation, pictures=pictures, chapters=CHAPTERS, questions=QUESTIONS, values=values(explanation),
        facts=facts(explanation, words), formula=formula_html, ngf=ARCHITECTURE.ngf, work=work,
        data={"digits": words.digits, "strings": {}},
    )  # fmt: skip
    write_text(target, html)
    return target
