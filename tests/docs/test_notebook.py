"""The notebook runs from top to bottom, offline, and shows what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "quickstart.ipynb"


def test_the_notebook_runs(tmp_path: Path) -> None:
    # In a process of its own: the kernel's client warns and keeps threads, and the kernel must be this Python.
    program = (
        "import sys, nbformat, nbclient\n"
        "notebook = nbformat.read(sys.argv[1], as_version=4)\n"
        "nbclient.NotebookClient(notebook, timeout=240, kernel_name='python3').execute()\n"
        "nbformat.write(notebook, sys.argv[2])\n"
    )
    executed = tmp_path / "executed.ipynb"
    environment = {
        **os.environ,
        "JUPYTER_DATA_DIR": str(tmp_path),
        "IPYTHONDIR": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-c", program, str(NOTEBOOK), str(executed)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    outputs = [c["outputs"] for c in nbformat.read(executed, as_version=4).cells if c["cell_type"] == "code"]
    shown = "".join(str(o.get("data", {})) for cell in outputs for o in cell)
    assert "<Run facades_label2photo-drawn-001: 4 images" in shown
    assert "mean_target" in shown
    assert "image/png" in shown
