"""The package's own generator where commands ask for a model: its name is `demo`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.catalog.models import MODELS
from harness.demo.demo_weights import ARCHITECTURE, MODEL, WEIGHTS_SHA256, demo_weights
from harness.runs.trained import find_model
from harness.testing.loading import Generator, load_generator
from harness.workspace import Workspace

DEMO: Final = "demo"
_LICENCE = "BSD-2-Clause, as the package"


def is_demo(generator: Generator) -> bool:
    """Whether a generator is the package's own."""
    return generator.model.sha256 == WEIGHTS_SHA256


def demo_generator() -> Generator:
    """Returns the package's own generator; raises WeightsError where its file is missing or damaged."""
    sketch = replace(MODELS[MODEL], architecture=ARCHITECTURE, sha256=WEIGHTS_SHA256, licence=_LICENCE)
    return Generator(sketch, demo_weights(), ARCHITECTURE)


def find_generator(workspace: Workspace, name: str, weights: Path | None = None) -> Generator:
    """Returns the generator of a model, trained here or of the catalog, or the package's own for `demo`.

    Raises:
        UnknownNameError: there is no such model.
        WeightsError: its weights are not installed, or no generator.
    """
    if name == DEMO and weights is None:
        return demo_generator()
    return load_generator(workspace, find_model(workspace, name), weights)
