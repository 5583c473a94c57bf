"""`harness models`: the pretrained models and what is installed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from harness.catalog.citations import citations_of
from harness.catalog.domains import DOMAINS
from harness.catalog.licences import origin
from harness.catalog.lookup import find_model as find_in_catalog
from harness.catalog.models import MODELS, about_bytes
from harness.catalog.published_scores import scores_of
from harness.catalog.types import Model
from harness.cli import options
from harness.cli.console import Console, size_text
from harness.files import sha256_of
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness models --family pix2pix
  harness models facades_label2photo
  harness models --installed --json
""")
# None: weights of U-Nets do not tell whether they were trained with it.
_DROPOUT = {True: "dropout", False: "no dropout", None: "dropout unknown"}


@click.command("models", epilog=_EPILOG)
@options.catalog("models", "whose weights are in the workspace")
def command(
    workspace: Workspace, console: Console, /, *, name: str | None, family: str | None, installed: bool, as_json: bool
) -> None:
    """List the pretrained models and what is installed; with NAME, say all about one and how to run it."""
    from harness.provision.installed import installed_weights
    from harness.runs.trained import find_model, trained_models

    if name is not None:
        options.not_with_name(family, installed)
        model = find_model(workspace, name)
        path = installed_weights(workspace, model)
        if as_json:
            console.document({"format": 1, **_document(model, path)})
        else:
            console.facts(model.id, _facts(workspace, model, path))
        return
    own = [model for model, _ in trained_models(workspace).values()]
    listed = [model for model in (*MODELS.values(), *own) if family in {None, model.family}]
    chosen = [(model, path) for model in listed if (path := installed_weights(workspace, model)) or not installed]
    if as_json:
        console.document({"format": 1, "models": [_document(model, path) for model, path in chosen]})
    elif not chosen:
        console.say(f"no weights are installed in `{workspace.root}`")
        console.say("hint: harness setup --model facades_label2photo")
    else:
        headers = ["model", "what → what", "network", "size", "installed", "trained on pictures from"]
        console.table(headers, [_row(model, path) for model, path in chosen])
        console.say("hint: `harness models NAME` says all about one; no licence is stated for any of the weights")


def _row(model: Model, path: Path | None) -> list[str]:
    whence = "yours" if model.own else origin(model.licence)
    what = f"{model.input_domain} → {model.output_domain}"
    there = "-" if path is None else "yes" if _as_large(model, path) else "not official"
    return [model.id, what, model.architecture.netG, _size(model, path), there, whence]


def _as_large(model: Model, path: Path) -> bool:
    """Whether a file has the size of the official one; another network has another. `models NAME` looks into it."""
    size = about_bytes(model)
    return model.own or size is None or abs(path.stat().st_size - size) < size / 50


def _facts(workspace: Workspace, model: Model, path: Path | None) -> list[tuple[str, str]]:
    # The bare name where it means this model, else `family/name`.
    short = model.name if model.own or find_in_catalog(model.name) == model else model.id
    dataset = model.dataset if model.own else model.dataset_id
    takes, makes = DOMAINS[model.input_domain], DOMAINS[model.output_domain]
    a, side, made = model.architecture, model.crop_size, model.preprocessing
    network = f"{a.netG}, {a.norm} norm, {_DROPOUT[a.use_dropout]}, {a.ngf} filters"
    # A training's own way, such as `scale_width`, has no one size to name.
    usual = f"as in its training, `--preprocess {made.how}`" if made else f"{side}×{side} pixels"
    size = f"{usual}; others must be multiples of {a.multiple_of} (`harness test --size`)"
    return [
        ("takes", f"{takes.id}: {takes.description}"),
        ("makes", f"{makes.id}: {makes.description}"),
        ("network", f"{network}, {a.input_nc} to {a.output_nc} channels"),
        ("picture size", size),
        ("dataset", f"{dataset}, tested on `{model.split}`, direction {model.direction}"),
        ("weights", str(path) if path else "not installed"),
        ("not official", _difference(workspace, model) if path else ""),
        ("size", _size(model, path)),
        ("address", model.url),
        ("SHA-256", model.sha256 or "not published: recorded on first sight and checked from then on"),
        ("licence", model.licence),
        ("note", model.note),
        ("source", model.source),
        ("published", _published(workspace, model)),
        ("bring it", "" if model.own else f"harness setup --model {short}"),
        ("its dataset", "" if model.own else f"harness setup --dataset {dataset}"),
        ("test it", f"harness test --model {short}"),
        ("your pictures", f"harness test --model {short} --dataset FOLDER"),
        ("cite", "\n".join(citation.bibtex for citation in citations_of(model))),
    ]


def _difference(workspace: Workspace, model: Model) -> str:
    """What sets the installed file apart from the official one, empty where nothing is known to."""
    from harness.errors import WeightsError
    from harness.provision.installed import installed_weights
    from harness.testing.loading import load_generator

    try:
        found = load_generator(workspace, model).difference_from_catalog()
    except WeightsError as error:
        return error.message
    path = installed_weights(workspace, model)
    if found or model.own or path is None or model.sha256 is None:
        return found or ""
    sha256 = sha256_of(path)
    return "" if sha256 == model.sha256 else f"its SHA-256 is {sha256}, the official file's {model.sha256}"


def _document(model: Model, path: Path | None) -> dict[str, Any]:
    return {
        "id": model.id,
        **asdict(model),
        "installed": path is not None,
        "weights": str(path) if path else None,
        "published_scores": [asdict(score) for score in scores_of(model)],
        "bibtex": [citation.bibtex for citation in citations_of(model)],
    }


def _size(model: Model, path: Path | None) -> str:
    size = path.stat().st_size if path else about_bytes(model)
    if size is None:
        return "?"
    # Sizes of other weights of this network stand for what is not known.
    return size_text(size) if path or size == model.size_bytes else f"~{size_text(size)}"


def _published(workspace: Workspace, model: Model) -> str:
    """Each published number beside what the newest run that measured it gives, and what sets the two apart."""
    # Not for lists and `--help`: it brings all that reads runs.
    from harness.report.published import measured_runs, published_rows

    runs = measured_runs(workspace, model.id)
    lines = []
    for row in published_rows(model.id):
        score, column, here = row.score, row.column, "not measured here"
        for name, measurement in runs if column else ():
            if column and (total := measurement.totals.get(column.name)):
                here = f"here {total.value:.{column.decimals}f} ({name})"
                break
        lines.append(f"{score.label} {score.text}, {here}: {score.method}, {score.whose}; {score.how}; {score.source}")
        lines.append(f"  what sets it apart: {score.evaluation.difference}")
    return "\n".join(lines)
