"""`harness models`: the pretrained models and what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.console import Console
from harness.cli.facts import show_facts, size_text
from harness.cli.options import json_option, quiet_option
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.catalog.types import Model

_EPILOG = """
\b
Examples:
  harness models --family pix2pix
  harness models facades_label2photo
  harness models --installed --json
"""


@click.command("models", epilog=_EPILOG)
@click.argument("name", required=False)
@click.option("--family", type=click.Choice(["pix2pix", "cyclegan"]), help="Only the models of one method.")
@click.option("--installed", is_flag=True, help="Only the models whose weights are in the workspace.")
@json_option
@quiet_option
@click.pass_obj
def command(
    workspace: Workspace, name: str | None, family: str | None, installed: bool, as_json: bool, quiet: bool
) -> None:
    """List the pretrained models and what is installed; with NAME, say all about one and how to run it."""
    from harness.catalog.models import MODELS
    from harness.runs.trained import find_model, trained_models

    console = Console(quiet)
    if name is not None:
        if family or installed:
            raise click.UsageError("--family and --installed choose from the list; leave them out with NAME")
        _show_one(console, workspace, find_model(workspace, name), as_json)
        return
    own = [model for model, _ in trained_models(workspace).values()]
    chosen = [
        (model, _weights(workspace, model)) for model in (*MODELS.values(), *own) if family in {None, model.family}
    ]
    chosen = [(model, path) for model, path in chosen if path or not installed]
    if as_json:
        console.document({"format": 1, "models": [_document(model, path) for model, path in chosen]})
        return
    if not chosen:
        console.talk(f"no weights are installed in `{workspace.root}`")
        console.talk("hint: harness setup --model facades_label2photo")
        return
    _show_list(console, chosen)


def _weights(workspace: Workspace, model: Model) -> Path | None:
    from harness.provision.installed import installed_weights

    return installed_weights(workspace, model)


def _show_list(console: Console, chosen: list[tuple[Model, Path | None]]) -> None:
    from harness.catalog.licences import origin

    rows = [
        [
            model.id,
            f"{model.input_domain} → {model.output_domain}",
            model.architecture.netG,
            _size(model, path),
            "yes" if path else "-",
            "yours" if model.own else origin(model.licence),
        ]
        for model, path in chosen
    ]
    console.table(["model", "what → what", "network", "size", "installed", "trained on pictures from"], rows)
    console.talk("hint: `harness models NAME` says all about one; no licence is stated for any of the weights")


def _show_one(console: Console, workspace: Workspace, model: Model, as_json: bool) -> None:
    from harness.catalog.citations import citations_of
    from harness.catalog.domains import DOMAINS

    path = _weights(workspace, model)
    if as_json:
        console.document({"format": 1, **_document(model, path)})
        return
    short = _short(model)
    takes, makes = DOMAINS[model.input_domain], DOMAINS[model.output_domain]
    facts = [
        ("takes", f"{takes.id}: {takes.description}"),
        ("makes", f"{makes.id}: {makes.description}"),
        ("network", _network(model)),
        ("picture size", _picture_size(model)),
        ("dataset", f"{_dataset(model)}, tested on `{model.split}`, direction {model.direction}"),
        ("weights", str(path) if path else "not installed"),
        ("size", _size(model, path)),
        ("address", model.url),
        ("SHA-256", model.sha256 or "not published: recorded on first sight and checked from then on"),
        ("licence", model.licence),
        ("note", model.note),
        ("source", model.source),
        ("published", _published(model)),
        ("bring it", "" if model.own else f"harness setup --model {short}"),
        ("its dataset", "" if model.own else f"harness setup --dataset {model.family}/{model.dataset}"),
        ("test it", f"harness test --model {short}"),
        ("your pictures", f"harness test --model {short} --dataset FOLDER"),
        ("cite", "\n".join(citation.bibtex for citation in citations_of(model))),
    ]
    show_facts(console, model.id, facts)


def _document(model: Model, path: Path | None) -> dict[str, Any]:
    from dataclasses import asdict

    from harness.catalog.citations import citations_of
    from harness.catalog.published_scores import scores_of

    return {
        "id": model.id,
        **asdict(model),
        "installed": path is not None,
        "weights": str(path) if path else None,
        "published_scores": [asdict(score) for score in scores_of(model)],
        "bibtex": [citation.bibtex for citation in citations_of(model)],
    }


def _dataset(model: Model) -> str:
    return model.dataset if model.own else f"{model.family}/{model.dataset}"


def _short(model: Model) -> str:
    """The bare name where it means this model, else `family/name`."""
    from harness.catalog.lookup import find_model

    return model.name if model.own or find_model(model.name) == model else model.id


def _size(model: Model, path: Path | None) -> str:
    from harness.catalog.models import about_bytes

    if path:
        return size_text(path.stat().st_size)
    size = about_bytes(model)
    if size is None:
        return "?"
    return size_text(size) if size == model.size_bytes else f"~{size_text(size)}"


def _network(model: Model) -> str:
    a = model.architecture
    dropout = {True: "dropout", False: "no dropout", None: "dropout unknown"}[a.use_dropout]
    return f"{a.netG}, {a.norm} norm, {dropout}, {a.ngf} filters, {a.input_nc} to {a.output_nc} channels"


def _picture_size(model: Model) -> str:
    multiple = model.architecture.multiple_of
    return f"{model.crop_size}×{model.crop_size} pixels; others must be multiples of {multiple} (`harness test --size`)"


def _published(model: Model) -> str:
    from harness.catalog.published_scores import PROTOCOLS, scores_of

    return "\n".join(
        f"{score.metric} {score.value:g} ({_whose(score.weights)}; {PROTOCOLS[score.protocol]}; {score.source})"
        for score in scores_of(model)
    )


def _whose(weights: str) -> str:
    return {"official": "these very weights", "paper": "the paper's weights"}.get(weights, f"weights of: {weights}")
