"""The small generator that comes with the package, trained with the official `train.py` on drawn scenes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from harness.catalog.types import Architecture
from harness.errors import WeightsError
from harness.nearness.profile import Profile, load_profile

MODEL: Final = "pix2pix/facades_label2photo"
"""What it stands in for."""

WEIGHTS_SHA256: Final = "7f9e5be9b9bcd3f7107c96d3d58697edcc35e0aad41f7d7ae6b1a4453488d324"
"""Of `weights/latest_net_G.pth`; `weights/training.json` says how the file was made."""

ARCHITECTURE: Final = Architecture("unet_256", "batch", use_dropout=True, ngf=12)
"""12 filters in the first layer instead of the official 64, or the file would not fit into a package."""


def demo_weights() -> Path:
    """Returns the checkpoint's path: an official pix2pix `unet_256` of `--ngf 12`, labels to photos.

    Raises:
        WeightsError: the file is missing or is not the one that was trained.
    """
    path = Path(__file__).parent / "weights" / "latest_net_G.pth"
    hint = "pip install --force-reinstall --no-deps pix2pix-harness"
    if not path.is_file():
        raise WeightsError(f"the demo's weights are missing: `{path}`", hint)
    # Weights are a program's input: what is not the file that was trained is not run.
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise WeightsError(f"`{path}` is damaged: expected sha256 {WEIGHTS_SHA256}, got {found}", hint)
    return path


def demo_profile() -> Profile:
    """Returns what the label maps look like that the generator was trained on, for nearness."""
    return load_profile(Path(__file__).parent / "weights" / "profile-facade_label.json")
