"""A recipe of three rows followed on a few small pairs, with the stand-in for the authors' code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.catalog import reproductions
from harness.catalog.reproductions import RECIPES, Recipe, Table, Variant
from harness.reproduce.reproducing import reproduce
from harness.reproduce.reproduction import ReproduceRequest, Reproduction
from harness.workspace import Workspace
from tests.training.conftest import SMALL, Listening, save_pairs, standin_clone, workspace_with  # noqa: F401

ABLATION = RECIPES["ablation"]
OPTIONS = (*SMALL, "--ndf", "2")
REQUEST = ReproduceRequest(
    target="ablation",
    dataset="pairs",
    seeds=2,
    options=OPTIONS,
    palette="facades",
    device="cpu",
    command=("harness", "reproduce", "ablation", "--dataset", "pairs"),
)


def short() -> Recipe:
    """Of the ablation L1, both losses, and a patch that pictures of 32 pixels are too small for."""
    kept = {"l1", "l1-cgan", "patch-286"}
    table = ABLATION.tables[0]
    patches = ABLATION.tables[2]
    rows = [tuple(row for row in t.rows if row.variant in {*kept, None}) for t in (table, patches)]
    variants: tuple[Variant, ...] = tuple(v for v in ABLATION.variants if v.id in kept)
    tables = (Table("objective", rows[0], table.reference), Table("patch", rows[1], patches.reference))
    return replace(ABLATION, variants=variants, tables=tables)


@dataclass(frozen=True)
class Made:
    workspace: Workspace
    folder: Path
    made: Reproduction
    progress: Listening


@pytest.fixture(scope="module")
def short_recipe() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(reproductions.RECIPES, "ablation", short())
        yield


@pytest.fixture(scope="module")
def made(standin_clone: Path, tmp_path_factory: pytest.TempPathFactory, short_recipe: None) -> Made:  # noqa: F811
    """`ablation-pairs` of two seeds; nobody changes it."""
    workspace = workspace_with(standin_clone, tmp_path_factory.mktemp("reproduced") / "ws")
    save_pairs(workspace)
    progress = Listening()
    found = reproduce(workspace, REQUEST, progress)
    return Made(workspace, workspace.run(found.name), found, progress)
