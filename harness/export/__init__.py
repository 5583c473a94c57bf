"""A generator as an ONNX file that draws the pixels of the native engine, and proves it before it is written."""

from __future__ import annotations

from importlib.util import find_spec

from harness.errors import HarnessError


def check_installed() -> None:
    """Raises HarnessError where the packages of the extra `export` are missing."""
    missing = [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise HarnessError(f"an export needs {' and '.join(missing)}", "pip install 'pix2pix-harness[export]'")
