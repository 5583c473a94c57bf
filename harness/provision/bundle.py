"""A folder or archive carried to a machine without a network: what it holds of code, weights and datasets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.catalog.backbones import BACKBONES, Backbone
from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.catalog.repositories import REPOSITORIES
from harness.catalog.types import Dataset, Model
from harness.errors import ArchiveError
from harness.fetch.archives import unpack
from harness.progress import Progress
from harness.sets.finding import has_split
from harness.workspace import Workspace

Thing = Model | Dataset | Backbone
# In the order of preference where a bundle holds several.
_SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
_LAYOUT = (
    "a bundle holds `checkpoints/FAMILY/NAME.pth` or `.t7`, `datasets/FAMILY/NAME.zip` or `.tar.gz`, and git "
    f"repositories `{'.git` and `'.join(REPOSITORIES)}.git`; a copy of another workspace is one, too"
)


@dataclass(frozen=True)
class Bundle:
    """What was found in a bundle; `verified` is what came out of an archive, whose checksums were compared."""

    repositories: dict[str, Path]
    things: tuple[tuple[Thing, Path], ...]
    verified: bool


@contextmanager
def opened_bundle(workspace: Workspace, path: Path, progress: Progress, *, verified: bool) -> Iterator[Bundle]:
    """Yields what a bundle holds; an archive is unpacked into the workspace and removed afterwards.

    Args:
        verified: whether the archive's digest was compared; a plain tar wants it.

    Raises:
        ArchiveError: there is no such file, it is broken or hostile, or it holds nothing known.
    """
    if path.is_dir():
        yield _listed(path, verified=False)
        return
    if not path.is_file():
        raise ArchiveError(f"there is no file or folder `{path}`", _LAYOUT)
    # In the workspace, for archives of gigabytes do not fit into every /tmp.
    with tempfile.TemporaryDirectory(prefix=".bundle.", dir=workspace.root) as temporary:
        folder = Path(temporary) / "unpacked"
        # A bundle may consist of one of these alone; then it is content, not a folder that wraps all.
        kept = ("checkpoints", "datasets", "third_party", *(f"{name}.git" for name in REPOSITORIES))
        unpack(path, folder, kept, progress=progress, verified=verified)
        yield _listed(folder, verified=True)


def _listed(folder: Path, *, verified: bool) -> Bundle:
    # As git writes bare mirrors, as a plain clone, or as in a copied workspace.
    found = {name: _first(folder, [f"{name}.git", name, f"third_party/{name}"]) for name in REPOSITORIES}
    repositories = {name: path for name, path in found.items() if path}
    places: list[tuple[Thing, Path | None]] = [
        *((model, _weights(folder, model)) for model in MODELS.values()),
        *((dataset, _dataset(folder, dataset)) for dataset in DATASETS.values()),
        *(
            (network, _first(folder, [f"third_party/backbones/checkpoints/{network.file}"]))
            for network in BACKBONES.values()
        ),
    ]
    things = tuple((thing, path) for thing, path in places if path)
    # A wrong folder rather than an empty bundle: said at once, not as ten things that are missing.
    if not repositories and not things:
        raise ArchiveError(f"`{folder}` holds nothing that is known", _LAYOUT)
    return Bundle(repositories, things, verified)


def _weights(folder: Path, model: Model) -> Path | None:
    stem = f"checkpoints/{model.family}/{model.name}"
    suffix = Workspace(folder).weights(model.family, model.name).suffix
    # Short names for bundles made by hand, and the names of a workspace for copied ones.
    names = [f"{stem}{suffix}", f"{stem}_pretrained/latest_net_G{suffix}"]
    return _first(folder, [*names, *(f"third_party/{name}" for name in names)])


def _dataset(folder: Path, dataset: Dataset) -> Path | None:
    found = _first(folder, [f"datasets/{dataset.family}/{dataset.name}{suffix}" for suffix in _SUFFIXES])
    unpacked = folder / "datasets" / dataset.family / dataset.name
    # The archive before the unpacked folder: only that one can be checked.
    return found or (unpacked if has_split(unpacked, dataset) else None)


def _first(folder: Path, names: list[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).exists()), None)
