"""Checks of the programs and libraries that harness runs on."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import locale
import platform
import shutil
import subprocess
import sys
import webbrowser

from harness.doctor.check import Check

# `hashlib.file_digest`, `datetime.UTC` and `typing.Self` came with it.
_OLDEST_PYTHON = (3, 11)
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_INSTALL_TORCH = "pip install torch torchvision, as https://pytorch.org/get-started tells for this machine"


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    """Python itself."""
    if version < _OLDEST_PYTHON:
        return Check("Python", "bad", f"{version[0]}.{version[1]} is too old", "install Python 3.11 or newer")
    return Check("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def check_torch() -> Check:
    """PyTorch, by importing it: a broken installation shows only then."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check("PyTorch", "bad", f"cannot be imported: {error}", _INSTALL_TORCH)
    return Check("PyTorch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads")


def check_torchvision() -> Check:
    """torchvision, by its metadata: beside another build of torch it cannot be imported, which the engine mends."""
    try:
        # Importing it beside another build of torch fails for operators that the scripts never use.
        return Check("torchvision", "ok", importlib.metadata.version("torchvision"))
    except importlib.metadata.PackageNotFoundError:
        return Check("torchvision", "warn", "missing; the official engine needs it", _INSTALL_TORCH)


def check_gpu() -> Check:
    """Whether PyTorch sees a GPU, and whether there is one it does not see."""
    try:
        import torch
    except (ImportError, OSError):
        return Check("GPU", "warn", "not looked for: PyTorch cannot be imported", _INSTALL_TORCH)
    if torch.cuda.is_available():
        found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
        names = ", ".join(f"{gpu.name} ({gpu.total_memory / 1e9:.0f} GB)" for gpu in found)
        return Check("GPU", "ok", f"{names}, CUDA {torch.version.cuda}")
    # NVIDIA's own tool comes with the driver, whatever PyTorch was built for.
    if shutil.which("nvidia-smi") is None:
        return Check("GPU", "ok", "none; the CPU does all the work")
    built = torch.version.cuda
    # The usual reasons: a wheel for the CPU, or one that is newer than the driver.
    why = f"is built for CUDA {built}, which this driver does not run" if built else "is built without CUDA"
    return Check("GPU", "warn", f"an NVIDIA driver is there, but PyTorch {why}", _INSTALL_TORCH)


def check_git() -> Check:
    """The git binary."""
    mend = "install it: https://git-scm.com/downloads"
    found = shutil.which("git")
    if found is None:
        return Check("git", "bad", "not on PATH; the authors' code cannot be cloned", mend)
    try:
        # A git that is there may be a stub, as on macOS without the developer tools.
        told = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("git", "bad", f"`{found}` does not run: {error}", mend)
    return Check("git", "ok", told.stdout.strip().removeprefix("git version "))


def check_browser() -> Check:
    """What `harness open` shows pages with."""
    # A browser by name first: `webbrowser` may offer a text browser, which shows no report.
    found = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        try:
            found = getattr(webbrowser.get(), "name", "the system's browser")
        except webbrowser.Error:
            mend = "copy `results/` to a machine with a browser, or install one, e.g. `apt-get install chromium`"
            return Check("browser", "warn", "none; `harness open` can only print the link", mend)
    return Check("browser", "ok", str(found))


def check_locale(encoding: str | None = None) -> Check:
    """Whether file names and texts in every script survive."""
    found = encoding or locale.getpreferredencoding(do_setlocale=False)
    if found.lower().replace("-", "") == "utf8":
        return Check("text encoding", "ok", found)
    mend = "set PYTHONUTF8=1" if platform.system() == "Windows" else "export PYTHONUTF8=1 LC_ALL=C.UTF-8"
    return Check("text encoding", "warn", f"{found}; names outside of it may break", mend)


def check_heif() -> Check:
    """The optional reader of HEIC photos."""
    if importlib.util.find_spec("pillow_heif") is None:
        return Check("HEIC photos", "warn", "cannot be read", "pip install 'pix2pix-harness[heif]'")
    return Check("HEIC photos", "ok", f"pillow-heif {importlib.metadata.version('pillow-heif')}")
