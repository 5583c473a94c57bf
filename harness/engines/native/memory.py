"""How many images fit into a device's memory, and which errors say that they did not."""

from __future__ import annotations

import os
import re
from pathlib import Path

import torch

from harness.catalog.types import Architecture

# Read by torch when it first takes memory. Pages of 2 MB: Linux clears each when it is first touched, and of 4 kB that
# takes a tenth of a U-Net's time.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

_LARGEST_BATCH = 16
"""Twice as many are a tenth faster on an H100; of every set's last batch as many are drawn in vain."""
_CPU_MAPS = 128 << 20
"""Bytes of maps at once on a core: of more, layers are larger than what the allocator keeps, and it asks anew."""
_GPU_MAPS = 2 << 30
"""The same on a GPU: with PyTorch's own, within 4 GB."""
_SHARE = 0.5
_CGROUP = Path("/sys/fs/cgroup")
_LIMIT_FILES = ("max", "current", "stat")
_MEMINFO = Path("/proc/meminfo")

# The allocator's words on Linux and on Windows, and all that oneDNN says when it gets no memory.
_WORDS = ("can't allocate memory", "not enough memory", "could not create a primitive", "could not create a memory")


def lacks_memory(error: BaseException) -> bool:
    """Whether an error of PyTorch means that memory ran out; on CPUs that is a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in str(error) for words in _WORDS)


def needed(architecture: Architecture, size: tuple[int, int]) -> int:
    """Returns about how many bytes one image of `size` (width, height) takes while it is drawn, beside the weights."""
    # Peaks of resident memory (docs/how-to/sizes.md), in maps of ngf·W·H floats: U-Nets shrink with their first layer.
    maps = 2 if architecture.netG.startswith("unet") else 4
    return maps * architecture.ngf * size[0] * size[1] * 4


def fitting_batch(architecture: Architecture, size: tuple[int, int], free: int | None) -> int:
    """Returns how many images of `size` (width, height) are translated at once.

    Args:
        free: bytes that are free for a CPU's batch; None is a GPU, where it must not hang on what else it holds.
    """
    if free is None:
        return max(1, min(_LARGEST_BATCH, _GPU_MAPS // needed(architecture, size)))
    # A layer at full size holds ngf·W·H floats, and all feature maps of a forward pass together are below 12 of those.
    per_image = 12 * architecture.ngf * size[0] * size[1] * 4
    most = min(_LARGEST_BATCH, int(_SHARE * free / per_image))
    return max(1, min(most, _CPU_MAPS // needed(architecture, size)))


def free_on(device: torch.device) -> int:
    """Bytes that are free on a device now."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()


def free_memory() -> int:
    """Bytes of main memory that this program may still take; a cautious guess where the system does not tell."""
    known = [found for found in (_available(), _left_in_container()) if found is not None]
    return min(known) if known else 2 << 30


def _available() -> int | None:
    """With Linux's file cache, which gives way to programs; `SC_AVPHYS_PAGES` counts it as taken."""
    if _MEMINFO.exists():
        told = re.search(r"^MemAvailable:\s+(\d+) kB", _MEMINFO.read_text(encoding="ascii"), re.MULTILINE)
        if told:
            return int(told[1]) << 10
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def _left_in_container() -> int | None:
    """What a container's limit leaves (cgroup v2): beyond it a program is killed and gets no error to answer."""
    try:
        limit, used, stat = ((_CGROUP / f"memory.{name}").read_text(encoding="ascii") for name in _LIMIT_FILES)
    except OSError:
        return None
    if not limit.strip().isdigit():  # `max`: no limit
        return None
    cache = re.search(r"^inactive_file (\d+)$", stat, re.MULTILINE)
    return max(0, int(limit) - int(used) + int(cache[1] if cache else 0))
