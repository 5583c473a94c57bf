"""What this machine runs, for the record of a run."""

from __future__ import annotations

import importlib.metadata
import os
import platform

# Those whose release can move a pixel or a digit: convolution, resizing, decoding, SSIM.
_PACKAGES = ("torch", "torchvision", "numpy", "pillow", "scikit-image")


def versions() -> dict[str, str]:
    """Returns the versions that can change a picture or a number: Python, system, packages, CUDA and GPU."""
    # Slow to import, and asked for its version only where a run is made anyway.
    import torch

    found = {"python": platform.python_version(), "system": platform.platform(), "cpu_cores": str(os.cpu_count())}
    found |= {package: importlib.metadata.version(package) for package in _PACKAGES}
    if torch.cuda.is_available():
        found |= {"cuda": torch.version.cuda or "", "gpu": torch.cuda.get_device_name(0)}
    return found
