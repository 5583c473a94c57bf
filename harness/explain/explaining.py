"""Puts an explanation together: a model's networks, the statements, and the page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import torch
from markupsafe import Markup, escape

from harness.catalog.types import Model
from harness.demo.demo_weights import ARCHITECTURE, MODEL
from harness.explain.drawing import Drawing, draw
from harness.explain.network import Field, Network, receptive_field, take_apart
from harness.explain.pictures import make_pictures
from harness.explain.statements import ANSWERS, CHAPTERS, QUESTIONS
from harness.explain.work import at_work
from harness.provision.installed import installed_weights
from harness.runs.trained import find_model
from harness.testing.loading import load_generator
from harness.web.language import Language, language, spoken
from harness.web.render import render_page, write_pages
from harness.weights.networks import build_discriminator, build_generator
from harness.workspace import Workspace

# The discriminators of the paper's section 4.4: patches of 1, 16, 70 and 286 pixels.
_VARIANTS = (("pixel", "pixel", 0), ("n_layers 1", "n_layers", 1), ("basic", "basic", 3), ("n_layers 5", "n_layers", 5))

_LEAST_JUDGED = 128
"""Pixels a side; of smaller pictures the deepest discriminator leaves nothing to normalise."""


@dataclass(frozen=True)
class Variant:
    """A discriminator; its answer is `map` patches a side."""

    name: str
    network: Network
    field: Field
    map: int


@dataclass(frozen=True)
class Explanation:
    """One model's networks, ready to be printed or drawn.

    Attributes:
        basic: the discriminator of the papers, one of the `variants`.
        installed: whether the networks are those of the installed file.
        difference: a sentence where that file is not the official one.
    """

    model: Model
    generator: Network
    drawing: Drawing
    variants: tuple[Variant, ...]
    basic: Variant
    installed: bool = False
    difference: str | None = None

    @property
    def values(self) -> dict[str, object]:
        """What the texts leave open, measured on the networks."""
        field = self.basic.field
        return {"field": field.size, "step": field.step, "map": self.basic.map, "side": self.model.crop_size}


@cache
def explain_language(code: str) -> Language:
    """Returns the report's language with the texts of `explain` added; raises UnknownNameError as `language` does."""
    base = language(code)
    # Kept apart from the strings that every page has.
    text = (files("harness.explain") / "text" / f"{code}.json").read_text(encoding="utf-8")
    return Language(code, {**base.strings, **json.loads(text)})


def explain(workspace: Workspace, model: str | None = None) -> Explanation:
    """Builds a model's networks, as its installed file has them or as the catalog does, and takes them apart.

    Raises:
        UnknownNameError: there is no such model.
        WeightsError: the installed file holds no generator.
    """
    entry, difference = find_model(workspace, model or MODEL), None
    installed = installed_weights(workspace, entry) is not None
    if installed:  # a file of one's own may be another network
        loaded = load_generator(workspace, entry)
        entry, difference = replace(loaded.model, architecture=loaded.architecture), loaded.difference_from_catalog()
    a, side = entry.architecture, entry.crop_size
    # pix2pix's discriminator sees input and output, CycleGAN's the output alone.
    # (input and output, or output alone) in one tensor: the condition is a concatenation.
    channels = a.output_nc + (0 if entry.family == "cyclegan" else a.input_nc)
    judged = max(side, _LEAST_JUDGED)
    variants = {}
    # Shapes alone are asked for: no weight is ever made.
    with torch.device("meta"):
        generator = take_apart(build_generator(a), (a.input_nc, side, side))
        for name, kind, layers in _VARIANTS:
            built = build_discriminator(kind, channels, layers=layers, norm=a.norm)
            network = take_apart(built, (channels, judged, judged))
            # The last layer is one channel of verdicts, (1, map, map).
            variants[name] = Variant(name, network, receptive_field(built), network.layers[-1].shape[1])
    return Explanation(
        entry, generator, draw(generator), tuple(variants.values()), variants["basic"], installed, difference
    )


def facts(explanation: Explanation, words: Language) -> list[tuple[str, str]]:
    """The model's table of facts: label and value."""
    model, a = explanation.model, explanation.model.architecture
    pairs = {
        "network": f"{a.netG}, ngf {a.ngf}",
        "norm": a.norm,
        "dropout": words.text("yes" if a.use_dropout else "no"),
        "parameters": words.grouped(explanation.generator.parameters),
        "skips": words.localised(str(len(explanation.generator.skips))),
        "input": model.input_domain,
        "output": model.output_domain,
        "direction": model.direction,
        "weights": words.text("weights.installed" if explanation.installed else "weights.catalog"),
    }
    return [(words.text(f"fact.{key}"), value) for key, value in pairs.items()]


def write_explanation(
    workspace: Workspace, model: str | None = None, lang: str | None = None, beside: Sequence[str] = ()
) -> Path:
    """Writes the page, one file a language that needs nothing beside it, and returns its path.

    Args:
        beside: trainings on the same pictures to set beside the model, see `harness.explain.work.at_work`.
    """
    first = spoken(lang)
    explanation = explain(workspace, model)
    told, pictures = explanation.model, make_pictures()
    work = at_work(workspace, told, beside)

    def render(words: Language, pages: Mapping[str, str]) -> str:
        words = explain_language(words.code)
        return render_page(
            "explain.html.j2",
            words,
            package="harness.explain",
            styles=("explain.css",),
            scripts=("field.js",),
            # No script of the page speaks: they copy, change the look and move a patch.
            data={"digits": words.digits, "strings": {}},
            pages=pages,
            e=explanation,
            chapters=CHAPTERS,
            questions=tuple(zip(QUESTIONS, ANSWERS, strict=True)),
            facts=facts(explanation, words),
            formula=_formula,
            pictures=pictures,
            ngf=ARCHITECTURE.ngf,
            work=work,
        )

    # One name a model: it is written over, never piled up.
    target = workspace.results / f"explain-{told.family}-{told.name}.html"
    write_pages(target, first, render)
    return target


def _formula(formula: str) -> Markup:
    """Its `_{…}` are subscripts."""
    return Markup(re.sub(r"_\{(.*?)\}", r"<sub>\1</sub>", str(escape(formula))))  # noqa: S704  # escaped first
