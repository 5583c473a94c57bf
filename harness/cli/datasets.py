"""`harness datasets`: the official datasets and what is installed."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from harness.catalog.citations import citations_of
from harness.catalog.datasets import DATASETS
from harness.catalog.domains import DOMAINS
from harness.catalog.licences import origin
from harness.catalog.lookup import find_dataset
from harness.catalog.models import MODELS
from harness.catalog.types import Dataset
from harness.cli import options
from harness.cli.console import Console, size_text
from harness.cli.options import NEW_FILE, option
from harness.errors import UnknownNameError, quoted
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.sets.finding import FoundSet

_EPILOG = options.examples("""
  harness datasets --family cyclegan
  harness datasets facades
  harness datasets --installed --json
  harness datasets my_facades --profile my_facades.profile.json
""")
_LAYOUTS = {
    "paired": "paired: A and B side by side in one picture, A on the left",
    "unpaired": "unpaired: pictures of A and of B in folders of their own",
    "single": "single: pictures of one kind",
}


@click.command("datasets", epilog=_EPILOG)
@options.catalog("datasets", "that are in the workspace")
@option(
    "--profile",
    metavar="FILE",
    type=NEW_FILE,
    help="Write what NAME's training pictures look like, in numbers, for `harness prepare-images --profile`.",
)
@option("--side", type=click.Choice(["A", "B"]), help="Which of its pictures. Default: the inputs.")
def command(
    workspace: Workspace,
    console: Console,
    /,
    *,
    name: str | None,
    family: str | None,
    installed: bool,
    as_json: bool,
    profile: Path | None,
    side: Literal["A", "B"] | None,
) -> None:
    """List the official datasets and what is installed; with NAME, of yours too, all about one."""
    # Not for `--help`: it brings all that reads sets.
    from harness.sets.finding import find_set, installed_dataset

    if profile is not None or side is not None:
        if name is None or profile is None:
            raise click.UsageError("--profile FILE and --side need the NAME of a set")
        _write_profile(console, find_set(workspace, name), profile, side)
        return
    if name is not None:
        options.not_with_name(family, installed)
        own = _own(workspace, name)
        if own is not None:
            title, facts, document = own.name, _own_facts(own), _own_document(own)
        else:
            dataset = find_dataset(name)
            folder = installed_dataset(workspace, dataset)
            title, facts, document = dataset.id, _facts(dataset, folder), _document(dataset, folder)
        if as_json:
            console.document({"format": 1, **document})
        else:
            console.facts(title, facts)
        return
    # `family` is None without `--family`, and then in every one of these sets.
    listed = [dataset for dataset in DATASETS.values() if family in {None, dataset.family}]
    # A folder is there or None; with `--installed` only the first are kept.
    chosen = [(entry, folder) for entry in listed if (folder := installed_dataset(workspace, entry)) or not installed]
    if as_json:
        console.document({"format": 1, "datasets": [_document(entry, folder) for entry, folder in chosen]})
    elif not chosen:
        console.say(f"no official dataset is installed in `{workspace.root}`")
        # As talk: stdout stays empty where nothing is installed, for scripts that count its lines.
        console.say("hint: harness setup --dataset facades")
    else:
        headers = ["dataset", "A | B", "layout", "pictures", "archive", "installed", "pictures from"]
        console.table(headers, [_row(entry, folder) for entry, folder in chosen])
        console.say("hint: `harness datasets NAME` says all about one")


def _write_profile(console: Console, found: FoundSet, file: Path, side: Literal["A", "B"] | None) -> None:
    from harness.nearness.profile import save_profile
    from harness.prepare.nearness import profile_of

    made = profile_of(found, side, console)
    save_profile(file, made)
    console.result(f"`{file}`: {made.provenance['used']} pictures of `{made.domain}`, in numbers")
    console.say(f"hint: harness prepare-images FOLDER --profile {shlex.quote(str(file))}")


def _own(workspace: Workspace, name: str) -> FoundSet | None:
    """The set of one's own that the name means, as everywhere: a prepared one before the official, a folder after."""
    from harness.sets.finding import find_set

    try:
        found = find_set(workspace, name)
    except UnknownNameError:
        # An official dataset that is not installed is told of all the same.
        if any(name in {key, entry.name} for key, entry in DATASETS.items()):
            return None
        raise
    return None if found.kind == "official" else found


def _own_facts(found: FoundSet) -> list[tuple[str, str]]:
    made = found.test_set
    if made is None:
        layout = ", ".join(found.layout.parts) or found.layout.kind
        hint = f"harness prepare-images {shlex.quote(found.reference)}" if found.must_be_prepared else ""
        return [("folder", str(found.folder)), ("layout", layout), ("make it a set", hint)]
    counts = Counter(image.output.split("/")[0] for image in made.images)
    near = made.nearness
    judged = (
        f"{near['verdict']}, {near['distance']:.3f} from `{near['domain']}`"
        if near
        else f"not judged: {made.unjudged}"
        if made.unjudged
        else "not judged"
    )
    tested = f"harness test --model {made.model} --dataset {quoted(found.reference)}" if made.model else ""
    return [
        ("A | B", " | ".join(domain or "-" for domain in made.domains)),
        ("layout", _LAYOUTS[made.layout]),
        ("pictures", ", ".join(f"{part} {count}" for part, count in counts.items())),
        ("left out", str(len(made.refused))),
        ("with warnings", str(sum(bool(image.warnings) for image in made.images))),
        ("nearness", judged),
        ("model", made.model or ""),
        ("folder", str(found.folder)),
        ("contact sheet", (found.folder / "index.html").as_uri()),
        ("test on it", tested),
    ]


def _own_document(found: FoundSet) -> dict[str, Any]:
    facts = {"id": found.reference, "kind": found.kind, "folder": str(found.folder), "layout": found.layout.kind}
    return facts | ({"dataset": asdict(found.test_set)} if found.test_set else {})


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
