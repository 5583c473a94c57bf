"""Reproduces the official pix2pix and CycleGAN results and takes them to anybody's own images.

The verbs of the command line are here too: `setup`, `prepare_images`, `test`, `train`, `compare`, `verify`,
`make_report`, `run_sweep`; each `Run` has its `metrics`, each `Training` its `losses`. They are imported when first
used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# The one import here: `import harness` is on the way of every command, and of `--help`.
from harness.version import __version__

# Spelt out for type checkers and editors, which do not follow `__getattr__`; each name as itself is a re-export.
if TYPE_CHECKING:
    from harness.api import Compared as Compared
    from harness.api import Losses as Losses
    from harness.api import Metrics as Metrics
    from harness.api import Run as Run
    from harness.api import Training as Training
    from harness.api import Verified as Verified
    from harness.api import compare as compare
    from harness.api import make_report as make_report
    from harness.api import prepare_images as prepare_images
    from harness.api import run_sweep as run_sweep
    from harness.api import setup as setup
    from harness.api import test as test
    from harness.api import train as train
    from harness.api import verify as verify
    from harness.training.remaking import Pages as Pages

__all__ = [
    "Compared",
    "Losses",
    "Metrics",
    "Pages",
    "Run",
    "Training",
    "Verified",
    "__version__",
    "compare",
    "make_report",
    "prepare_images",
    "run_sweep",
    "setup",
    "test",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("harness.api"), name)
    raise AttributeError(f"module `harness` has no attribute `{name}`")


def __dir__() -> list[str]:
    return __all__  # what is imported when first used is told before, too
