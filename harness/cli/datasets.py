"""`harness datasets`: the official datasets and what is installed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from harness.catalog.citations import citations_of
from harness.catalog.datasets import DATASETS
from harness.catalog.domains import DOMAINS
from harness.catalog.licences import origin
from harness.catalog.lookup import find_dataset
from harness.catalog.models import MODELS
from harness.catalog.types import Dataset
from harness.cli.console import Console, size_text
from harness.cli.options import catalog_options, not_with_name
from harness.workspace import Workspace

_EPILOG = """
\b
Examples:
  harness datasets --family cyclegan
  harness datasets facades
  harness datasets --installed --json
"""
_LAYOUTS = {
    "paired": "paired: A and B side by side in one picture, A on the left",
    "unpaired": "unpaired: pictures of A and of B in folders of their own",
    "single": "single: pictures of one kind",
}


@click.command("datasets", epilog=_EPILOG)
@catalog_options("datasets", "that are in the workspace")
@click.pass_obj
def command(
    workspace: Workspace, *, name: str | None, family: str | None, installed: bool, as_json: bool, quiet: bool
) -> None:
    """List the official datasets and what is installed; with NAME, say all about one and how to use it."""
    # Not for `--help`: it brings all that reads sets.
    from harness.sets.finding import installed_dataset

    console = Console(quiet=quiet)
    if name is not None:
        not_with_name(family, installed)
        dataset = find_dataset(name)
        folder = installed_dataset(workspace, dataset)
        if as_json:
            console.document({"format": 1, **_document(dataset, folder)})
        else:
            console.facts(dataset.id, _facts(dataset, folder))
        return
    # `family` is None without `--family`, and then in every one of these sets.
    listed = [dataset for dataset in DATASETS.values() if family in {None, dataset.family}]
    # A folder is there or None; with `--installed` only the first are kept.
    chosen = [(entry, folder) for entry in listed if (folder := installed_dataset(workspace, entry)) or not installed]
    if as_json:
        console.document({"format": 1, "datasets": [_document(entry, folder) for entry, folder in chosen]})
    elif not chosen:
        console.talk(f"no official dataset is installed in `{workspace.root}`")
        # As talk: stdout stays empty where nothing is installed, for scripts that count its lines.
        console.talk("hint: harness setup --dataset facades")
    else:
        headers = ["dataset", "A | B", "layout", "pictures", "archive", "installed", "pictures from"]
        console.table(headers, [_row(entry, folder) for entry, folder in chosen])
        console.talk("hint: `harness datasets NAME` says all about one")


def _row(entry: Dataset, folder: Path | None) -> list[str]:
    size = size_text(entry.size_bytes) if entry.size_bytes else "?"
    domains, there = f"{entry.domain_a} | {entry.domain_b}", "yes" if folder else "-"
    return [entry.id, domains, entry.layout, _splits(entry), size, there, origin(entry.licence)]


def _facts(dataset: Dataset, folder: Path | None) -> list[tuple[str, str]]:
    a, b = DOMAINS[dataset.domain_a], DOMAINS[dataset.domain_b]
    models = _models_of(dataset)
    return [
        ("A", f"{a.id}: {a.description}"),
        ("B", f"{b.id}: {b.description}"),
        ("layout", _LAYOUTS[dataset.layout]),
        ("pictures", _splits(dataset)),
        ("tile", f"{dataset.tile[0]}×{dataset.tile[1]} pixels" if dataset.tile else ""),
        ("folder", str(folder) if folder else "not installed"),
        ("archive", size_text(dataset.size_bytes) if dataset.size_bytes else "size not known"),
        ("address", dataset.url if dataset.downloadable else ""),
        ("SHA-256", dataset.sha256 or "not published: recorded on first sight and checked from then on"),
        ("licence", dataset.licence),
        ("note", dataset.note),
        ("source", dataset.source),
        ("models", ", ".join(models)),
        ("bring it", f"harness setup --dataset {dataset.id}{'' if dataset.downloadable else ' --from-file ARCHIVE'}"),
        ("test on it", f"harness test --model {models[0]}" if models else ""),
        ("cite", "\n".join(citation.bibtex for citation in citations_of(dataset))),
    ]


def _document(dataset: Dataset, folder: Path | None) -> dict[str, Any]:
    return {
        "id": dataset.id,
        **asdict(dataset),
        "installed": folder is not None,
        "folder": str(folder) if folder else None,
        "models": _models_of(dataset),
        "bibtex": [citation.bibtex for citation in citations_of(dataset)],
    }


def _models_of(dataset: Dataset) -> list[str]:
    return [m.id for m in MODELS.values() if m.dataset_id == dataset.id]


def _splits(dataset: Dataset) -> str:
    # The authors published no number for some archives; none is guessed here.
    return ", ".join(f"{split} {count or '?'}" for split, count in dataset.splits.items())
