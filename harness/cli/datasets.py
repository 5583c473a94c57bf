"""`harness datasets`: the official datasets and what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.console import Console
from harness.cli.facts import show_facts, size_text
from harness.cli.options import json_option, quiet_option
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.catalog.types import Dataset

_EPILOG = """
\b
Examples:
  harness datasets --family cyclegan
  harness datasets facades
  harness datasets --installed --json
"""


@click.command("datasets", epilog=_EPILOG)
@click.argument("name", required=False)
@click.option("--family", type=click.Choice(["pix2pix", "cyclegan"]), help="Only the datasets of one method.")
@click.option("--installed", is_flag=True, help="Only the datasets that are in the workspace.")
@json_option
@quiet_option
@click.pass_obj
def command(
    workspace: Workspace, name: str | None, family: str | None, installed: bool, as_json: bool, quiet: bool
) -> None:
    """List the official datasets and what is installed; with NAME, say all about one and how to use it."""
    from harness.catalog.datasets import DATASETS
    from harness.catalog.lookup import find_dataset

    console = Console(quiet)
    if name is not None:
        if family or installed:
            raise click.UsageError("--family and --installed choose from the list; leave them out with NAME")
        _show_one(console, workspace, find_dataset(name), as_json)
        return
    chosen = [(entry, _folder(workspace, entry)) for entry in DATASETS.values() if family in {None, entry.family}]
    chosen = [(entry, folder) for entry, folder in chosen if folder or not installed]
    if as_json:
        console.document({"format": 1, "datasets": [_document(entry, folder) for entry, folder in chosen]})
        return
    if not chosen:
        console.talk(f"no official dataset is installed in `{workspace.root}`")
        console.talk("hint: harness setup --dataset facades")
        return
    _show_list(console, chosen)


def _folder(workspace: Workspace, dataset: Dataset) -> Path | None:
    from harness.sets.finding import installed_dataset

    return installed_dataset(workspace, dataset)


def _show_list(console: Console, chosen: list[tuple[Dataset, Path | None]]) -> None:
    from harness.catalog.licences import origin

    rows = [
        [
            entry.id,
            f"{entry.domain_a} | {entry.domain_b}",
            entry.layout,
            _splits(entry),
            size_text(entry.size_bytes) if entry.size_bytes else "?",
            "yes" if folder else "-",
            origin(entry.licence),
        ]
        for entry, folder in chosen
    ]
    console.table(["dataset", "A | B", "layout", "pictures", "archive", "installed", "pictures from"], rows)
    console.talk("hint: `harness datasets NAME` says all about one")


def _show_one(console: Console, workspace: Workspace, dataset: Dataset, as_json: bool) -> None:
    from harness.catalog.citations import citations_of
    from harness.catalog.domains import DOMAINS

    folder = _folder(workspace, dataset)
    if as_json:
        console.document({"format": 1, **_document(dataset, folder)})
        return
    a, b = DOMAINS[dataset.domain_a], DOMAINS[dataset.domain_b]
    facts = [
        ("A", f"{a.id}: {a.description}"),
        ("B", f"{b.id}: {b.description}"),
        ("layout", _layout(dataset)),
        ("pictures", _splits(dataset)),
        ("tile", f"{dataset.tile[0]}×{dataset.tile[1]} pixels" if dataset.tile else ""),
        ("folder", str(folder) if folder else "not installed"),
        ("archive", size_text(dataset.size_bytes) if dataset.size_bytes else "size not known"),
        ("address", dataset.url if dataset.downloadable else ""),
        ("SHA-256", dataset.sha256 or "not published: recorded on first sight and checked from then on"),
        ("licence", dataset.licence),
        ("note", dataset.note),
        ("source", dataset.source),
        ("models", ", ".join(_models_of(dataset))),
        (
            "bring it",
            f"harness setup --dataset {dataset.id}" + ("" if dataset.downloadable else " --from-file ARCHIVE"),
        ),
        *(("test on it", f"harness test --model {model}") for model in _models_of(dataset)[:1]),
        ("cite", "\n".join(citation.bibtex for citation in citations_of(dataset))),
    ]
    show_facts(console, dataset.id, facts)


def _document(dataset: Dataset, folder: Path | None) -> dict[str, Any]:
    from dataclasses import asdict

    from harness.catalog.citations import citations_of

    return {
        "id": dataset.id,
        **asdict(dataset),
        "installed": folder is not None,
        "folder": str(folder) if folder else None,
        "models": _models_of(dataset),
        "bibtex": [citation.bibtex for citation in citations_of(dataset)],
    }


def _models_of(dataset: Dataset) -> list[str]:
    from harness.catalog.models import MODELS

    return [m.id for m in MODELS.values() if (m.family, m.dataset) == (dataset.family, dataset.name)]


def _splits(dataset: Dataset) -> str:
    return ", ".join(f"{split} {count or '?'}" for split, count in dataset.splits.items())


def _layout(dataset: Dataset) -> str:
    kinds = {
        "paired": "paired: A and B side by side in one picture, A on the left",
        "unpaired": "unpaired: pictures of A and of B in folders of their own",
        "single": "single: pictures of one kind",
    }
    return kinds[dataset.layout]
