"""BibTeX of the papers a result must cite: the method's and the datasets'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

from harness.catalog.datasets import DATASETS
from harness.catalog.types import Dataset, Model


@dataclass(frozen=True)
class Citation:
    """A paper to cite, with where upstream gives its BibTeX."""

    id: str
    bibtex: str
    source: str


def _citations() -> dict[str, Citation]:
    # A file of its own, so that BibTeX can be read and pasted as it is.
    text = (files("harness.catalog") / "citations.bib").read_text(encoding="utf-8")
    # A comment `% id: source` above each entry, which ends with a brace on a line of its own.
    entries = re.findall(r"^% (\w+): (.+)\n(@(?:.|\n)+?^\})$", text, re.MULTILINE)
    return {id_: Citation(id_, bibtex, source) for id_, source, bibtex in entries}


CITATIONS = _citations()


def citations_of(entry: Model | Dataset) -> tuple[Citation, ...]:
    """Returns the papers to cite for a model or a dataset, the method's first."""
    dataset = entry if isinstance(entry, Dataset) else DATASETS.get(entry.dataset_id)
    # The Lua original is pix2pix itself.
    method = "pix2pix" if entry.family == "lua" else entry.family
    return tuple(CITATIONS[key] for key in (method, *(dataset.citations if dataset else ())))
