"""Reproduces the official pix2pix and CycleGAN results and takes them to anybody's own images.

The verbs of the command line are here too: `harness.setup`, `prepare_images`, `test`, `train`; each `Run` has
its `metrics`, each `Training` its `losses`. They are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from harness.version import __version__

if TYPE_CHECKING:
    from harness.api import Losses as Losses
    from harness.api import Metrics as Metrics
    from harness.api import Run as Run
    from harness.api import Training as Training
    from harness.api import prepare_images as prepare_images
    from harness.api import setup as setup
    from harness.api import test as test
    from harness.api import train as train

_API = {"Losses", "Metrics", "Run", "Training", "prepare_images", "setup", "test", "train"}
__all__ = ["Losses", "Metrics", "Run", "Training", "__version__", "prepare_images", "setup", "test", "train"]


def __getattr__(name: str) -> Any:
    if name in _API:
        return getattr(importlib.import_module("harness.api"), name)
    raise AttributeError(f"module `harness` has no attribute `{name}`")
