"""Names as people type them, found in the catalog."""

from __future__ import annotations

from typing import TypeVar

from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.catalog.types import Dataset, Model
from harness.errors import UnknownNameError

_T = TypeVar("_T", Model, Dataset)


def find_model(name: str) -> Model:
    """Returns the model called `family/name`, or by a bare name: the pix2pix one where several families have it.

    Raises:
        UnknownNameError: there is none; the message suggests the nearest names.
    """
    return _find("model", name, MODELS, "`harness models` lists them")


def find_dataset(name: str) -> Dataset:
    """Returns the dataset called `family/name`, or by a bare name: the pix2pix one where both families have it.

    Raises:
        UnknownNameError: there is none; the message suggests the nearest names.
    """
    return _find("dataset", name, DATASETS, "`harness datasets` lists them")


def _find(kind: str, name: str, known: dict[str, _T], hint: str) -> _T:
    wanted = name.strip()
    # As written first, then the families in the order in which a bare name is meant.
    for key in (wanted, f"pix2pix/{wanted}", f"cyclegan/{wanted}", f"lua/{wanted}"):
        if key in known:
            return known[key]
    # A typo is looked for among names of the form it was written in, else every suggestion would be as far off.
    names = known if "/" in wanted else {entry.name for entry in known.values()}
    raise UnknownNameError(kind, wanted, names, hint)
