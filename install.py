"""Makes `.venv` and installs harness there, on any system and without make: `python install.py`.

On Linux the package index has PyTorch with CUDA only, about 2.8 GB to download. Where no GPU is seen, PyTorch comes
from its authors' index of CPU wheels instead, 0.2 GB; where that does not answer, from the package index after all.
Needs nothing but Python: this file runs before anything is installed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import threading
import urllib.request
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
PATIENCE_S = 4.0  # a name server that is gone keeps a program waiting longer than any socket's own limit
# What a driver leaves behind: NVIDIA's own module, its devices, and the one that Windows lends to Linux beside it.
GPU_SIGNS = ("/proc/driver/nvidia/version", "/dev/nvidia0", "/usr/lib/wsl/lib/nvidia-smi")

# Downloads, from the wheels' sizes: torch 2.13.0 for Python 3.11 on x86-64 and what it requires. All else is 0.14 GB,
# and 0.31 GB with what tests and docs need.
SAID = {
    "installed": "PyTorch is there already",
    "cpu": "PyTorch comes without CUDA from {index}: about 0.2 GB to download",
    "cuda": "PyTorch comes with CUDA from the package index: about 2.8 GB to download",
    "plain": "PyTorch comes from the package index: about 0.2 GB to download",
    "fallback": "{index} does not answer: PyTorch comes from the package index, which may bring CUDA, about 2.8 GB "
    "to download",
}


def sees_gpu(signs: tuple[str, ...] = GPU_SIGNS) -> bool:
    """Whether an NVIDIA driver is here; asks no library, as there is none yet."""
    return shutil.which("nvidia-smi") is not None or any(Path(sign).exists() for sign in signs)


def answers(index: str, patience_s: float = PATIENCE_S) -> bool:
    """Whether an index serves torch within some seconds, looking up its name included."""
    heard = threading.Event()

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{index}/torch/", timeout=patience_s) as answer:  # noqa: S310  # our constant
                if answer.status == 200:
                    heard.set()
        except (OSError, HTTPException):  # no network, a proxy's refusal, an answer that is no HTTP
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(patience_s)
    return heard.is_set()


def choose(asked: str, *, linux: bool, gpu: bool, index: str = CPU_WHEELS) -> str:
    """Returns which of `SAID` is meant by `--torch`; SystemExit where what was insisted on is not to be had."""
    if not linux:  # the package index has no CUDA for macOS and Windows
        if asked == "cuda":
            raise SystemExit(
                "error: no CUDA in the package index for this system\nhint: https://pytorch.org/get-started"
            )
        return "plain"
    if asked == "cuda" or (asked == "auto" and gpu):
        return "cuda"
    if answers(index):
        return "cpu"
    if asked == "cpu":
        raise SystemExit(f"error: {index} does not answer\nhint: check network and proxy, or leave out `--torch cpu`")
    return "fallback"


def python_of(venv: Path) -> Path:
    """The interpreter of a virtual environment, as its system lays it out."""
    return venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def has_torch(python: Path) -> bool:
    """Whether both packages are installed there, whatever their build."""
    question = "import importlib.metadata as m; m.version('torch'), m.version('torchvision')"
    return subprocess.run([str(python), "-c", question], stderr=subprocess.DEVNULL, check=False).returncode == 0


def pip(python: Path, *arguments: str) -> int:
    """Runs pip, without its progress where nobody watches, and returns its exit code."""
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    return subprocess.run([str(python), "-m", "pip", "install", *quiet, *arguments], cwd=ROOT, check=False).returncode


def make_venv(venv: Path) -> Path:
    """Makes a virtual environment unless it is there, and returns its interpreter; SystemExit where Python cannot."""
    python = python_of(venv)
    if not python.exists() and subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False).returncode:
        hint = "on Debian and Ubuntu: apt install python3-venv"
        raise SystemExit(f"error: Python could not make a virtual environment\nhint: {hint}")
    return python


def install(python: Path, source: str, requirement: list[str], index: str = CPU_WHEELS) -> int:
    """Installs PyTorch from its source, then harness and the rest, and returns pip's exit code."""
    constraints = ["--constraint", "constraints.txt"]
    if source == "cpu":
        # Without its requirements, which the package index has in the versions that are tested together.
        code = pip(python, "--no-deps", "--index-url", index, *constraints, "torch", "torchvision")
        if code:
            print(SAID["fallback"].format(index=index), flush=True)
    if "--editable" in requirement:  # development and CI: every file by its hash; torch's build depends on the machine
        code = pip(python, "--require-hashes", "--no-deps", "--requirement", "requirements-dev.txt")
        if code:
            return code
    return pip(python, *constraints, *requirement)


def main(arguments: list[str] | None = None) -> int:
    """Installs as the command line says and returns an exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  # whatever Python a machine has reads this file
        raise SystemExit(f"error: harness needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    parser = argparse.ArgumentParser(description="Make .venv and install harness there.")
    parser.add_argument(
        "--dev", action="store_true", help="what tests and docs need too; changes of the code take effect"
    )
    parser.add_argument("--torch", choices=["auto", "cpu", "cuda"], default="auto",
                        help="auto: without CUDA where no GPU is seen (Linux)")  # fmt: skip
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="the folder to make")
    asked = parser.parse_args(arguments)
    python = make_venv(asked.venv)
    pip(python, "--upgrade", "pip")
    linux = sys.platform.startswith("linux")
    source = "installed" if has_torch(python) else choose(asked.torch, linux=linux, gpu=sees_gpu())
    print(f"{SAID[source].format(index=CPU_WHEELS)}; all else: {'0.3' if asked.dev else '0.1'} GB", flush=True)
    code = install(python, source, ["--editable", ".[dev]"] if asked.dev else ["."])
    if code == 0:
        print(f"installed: {python.with_name('harness')}")
    return code


if __name__ == "__main__":
    sys.exit(main())
