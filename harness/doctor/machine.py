"""Checks of processor, memory and disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from harness.doctor.check import Check

# Bytes: below it torch, a network and a batch of pictures leave little for anything else.
_LITTLE_RAM = 4e9
# Bytes: the largest datasets have 2.2 and 8.6 GB; the second is not even enough for code and a few weights.
_LITTLE_DISK, _NO_DISK = 5e9, 5e8
_OTHER_FOLDER = "make room, or use another disk with `--workspace DIR`"


def check_cores() -> Check:
    """The processor cores this process may use."""
    # A container or `taskset` may leave fewer than the machine has.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Check("processor", "ok", f"{cores} core{'s' if cores > 1 else ''}")


def check_memory(size: float | None = None) -> Check:
    """The memory, with a container's limit; `size` in bytes, default this machine's."""
    found = memory_bytes() if size is None else size
    if found is None:
        return Check("memory", "ok", "size unknown on this system")
    if found < _LITTLE_RAM:
        mend = "close other programs; use small `--batch-size` and `--size`"
        return Check("memory", "warn", f"{found / 1e9:.1f} GB are little", mend)
    return Check("memory", "ok", f"{found / 1e9:.1f} GB")


def memory_bytes() -> float | None:
    """Returns the bytes of memory, None where the system does not tell."""
    try:
        # Windows has no sysconf, and some systems no such name.
        size = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None
    # A container's limit, version 2 of control groups; the word `max` where there is none.
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return size
    return min(size, float(limit)) if limit.isdigit() else size


def check_disk(folder: Path) -> Check:
    """Room on the disk of the workspace."""
    free = shutil.disk_usage(_existing(folder)).free
    what = f"{free / 1e9:.1f} GB free for `{folder}`"
    if free < _NO_DISK:
        return Check("disk", "bad", what, _OTHER_FOLDER)
    if free < _LITTLE_DISK:
        return Check("disk", "warn", f"{what}: too little for the larger datasets", _OTHER_FOLDER)
    return Check("disk", "ok", what)


def check_writable(folder: Path) -> Check:
    """Whether files can be made in the workspace, or in the nearest folder above it that exists; leaves nothing."""
    try:
        # Permissions do not tell all (read-only mounts, quotas): only writing does.
        with tempfile.TemporaryFile(dir=_existing(folder)):
            return Check("workspace", "ok", f"`{folder}`")
    except OSError as error:
        return Check("workspace", "bad", f"`{folder}` cannot be written: {error.strerror}", "use `--workspace DIR`")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())
