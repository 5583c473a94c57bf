"""What an interrupted test had translated is taken over by the same test; see `harness.keeping`."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from harness.engines.devices import kind_of
from harness.engines.job import Translation
from harness.files import sha256_of
from harness.keeping import Pieces, kept_pieces, key_of
from harness.provision.installed import clone_state
from harness.sets.item import Item
from harness.testing.recording import Assignment
from harness.workspace import Workspace

_OF_CUDA = ("- CUDA", "- NVCC", "- CuDNN", "- Magma")  # the GPU's name, and cuDNN's version with it, are told apart


@dataclass(frozen=True)
class Translated:
    """The images of a run that are whole, those of an earlier going among them.

    Attributes:
        keys: of each item by its name: the picture's hash, and the name, from which its noise follows.
    """

    pieces: Pieces
    keys: Mapping[str, str]

    def missing(self, items: tuple[Item, ...], images: Path) -> tuple[Item, ...]:
        """Puts what is whole into the run's `images/` and returns the items that are left to translate.

        One is left always: an engine that ran tells what it is, how it was called and what it mended.
        """
        *others, last = items
        left = tuple(item for item in others if self.pieces.take(self.keys[item.name], images) is None)
        # Pictures are written by several threads: the last may be whole before the others are.
        return left if left and self.pieces.take(self.keys[last.name], images) is not None else (*left, last)

    def pictures(self, left: tuple[Item, ...], images: Path) -> Generator[Translation, None, None]:
        """Yields what was put into the run's `images/`: all but the items that are left to translate."""
        for name in self.keys.keys() - {item.name for item in left}:
            # What is made of these afterwards, such as `full/`, has its folder already.
            found = sorted(images.glob(f"*/{escape(name)}.png"))
            yield Translation(name, {path.parent.name: np.asarray(Image.open(path)) for path in found})

    def keep(self, name: str, pictures: Mapping[str, Path]) -> None:
        """Keeps an item's pictures, given by their kind."""
        files = {f"{kind}/{name}.png": path for kind, path in pictures.items()}
        self.pieces.keep(self.keys[name], {"name": name}, files)


def nothing_of(work: Assignment) -> Translated:
    """Returns that nothing of a run is whole, nor to be kept."""
    return Translated(Pieces(), _keys(work))


@contextmanager
def translated(workspace: Workspace, work: Assignment) -> Iterator[Translated]:
    """Yields what is whole of a run that goes to `results/`; nothing where equal pictures cannot be promised."""
    facts = deciding(workspace, work)
    if facts is None:
        yield nothing_of(work)
        return
    with kept_pieces(workspace.results, work.selection.name, **facts) as pieces:
        yield Translated(pieces, _keys(work))


def _keys(work: Assignment) -> dict[str, str]:
    return {facts["name"]: key_of(name=facts["name"], sha256=facts["sha256"]) for facts in work.selection.facts}


def deciding(workspace: Workspace, work: Assignment) -> dict[str, Any] | None:
    """Returns what makes every image of a run what it is on this machine, beside its own picture and name.

    No path is among it. None where equal pictures cannot be promised: of lower precision, whose cost is measured on
    the first images, and of an edited clone of the authors' code.
    """
    import torch

    request = work.request
    upstream = clone_state(workspace) if request.engine == "official" else None
    if request.native.precision != "fp32" or (upstream is not None and upstream.dirty):
        return None
    return {
        **contents(work),
        "threads": torch.get_num_threads(),
        **machine_of(work.device),
        "batch_size": request.native.batch_size if work.device != "cpu" else None,  # which moves no bit of a CPU's
        "upstream": upstream.commit if upstream else None,
    }


def contents(work: Assignment) -> dict[str, Any]:
    """Returns what makes every image of a run what it is on any machine, beside its own picture and name."""
    request = work.request
    return {
        "job": "test",
        "weights": sha256_of(work.generator.weights),
        "architecture": asdict(work.generator.architecture),
        "engine": request.engine,
        "native": asdict(replace(work.native, batch_size=None)) if request.engine == "native" else None,
        "mode": request.mode,
        "seed": request.seed,
        "size": work.size,
        "preprocessing": asdict(work.preprocessing) if work.preprocessing else None,
        "direction": work.selection.direction,
        "paired": work.selection.paired,
    }


def machine_of(device: str) -> dict[str, Any]:
    """Returns what only this machine decides: others that differ in it may differ in the last bit of a picture."""
    import torch

    return {
        "device": device,
        "gpu": kind_of(device) if device != "cpu" else None,
        "processor": torch.backends.cpu.get_cpu_capability(),
        "torch": _build(torch.__config__.show()),
    }


def _build(told: str) -> str:
    """PyTorch's build without its lines of CUDA, which stand there for those alone to whom a GPU is shown."""
    return "\n".join(line for line in told.splitlines() if not line.strip().startswith(_OF_CUDA))
