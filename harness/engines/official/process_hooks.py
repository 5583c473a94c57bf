"""What `bootstrap.py` adds to the authors' code where several processes train together, on GPUs or on the CPU.

Loaded by path; knows nothing of harness. Upstream's `init_ddp` knows NVIDIA's backend only.
"""

from __future__ import annotations

import importlib
import os
from typing import Any


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Replaces `init_ddp` and `DistributedDataParallel`, and returns the shims in words; there are no settings."""
    torch: Any = importlib.import_module("torch")
    dist: Any = importlib.import_module("torch.distributed")
    util: Any = importlib.import_module("util.util")
    on_gpu = torch.cuda.is_available()

    def init_ddp() -> Any:
        # Addresses and ranks stand in the environment that torchrun made.
        dist.init_process_group(backend="nccl" if on_gpu else "gloo")
        if not on_gpu:
            return torch.device("cpu")
        device = torch.device(f"cuda:{os.environ['LOCAL_RANK']}")
        torch.cuda.set_device(device)
        return device

    class Parallel(torch.nn.parallel.DistributedDataParallel):  # type: ignore[misc]
        def __init__(self, module: Any, device_ids: Any = None, **named: Any) -> None:
            # pix2pix goes forward twice before it goes back: statistics shared at each would change under the first.
            named["broadcast_buffers"] = False
            # Theirs gives the device's index, which a CPU has not.
            super().__init__(module, device_ids=device_ids if on_gpu else None, **named)

    util.init_ddp, torch.nn.parallel.DistributedDataParallel = init_ddp, Parallel
    return [
        f"process group of {os.environ['WORLD_SIZE']} over {'nccl' if on_gpu else 'gloo'}",
        "the inverted check of --norm syncbatch passed over; each process keeps its own running statistics",
    ]
