"""Which device a run uses: `auto`, `cpu`, `cuda` or `cuda:N` against what this machine has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.errors import DeviceError


def resolve_device(asked: str) -> str:
    """Returns `cpu`, `cuda` or `cuda:N` for what was asked; `auto` takes the first GPU where there is one.

    Raises:
        DeviceError: no such device, or this PyTorch cannot use it.
    """
    if asked == "cpu":
        return asked
    named = re.fullmatch(r"cuda(?::(\d+))?", asked)
    if named is None and asked != "auto":
        raise DeviceError(f"`{asked}` is no device", "use `--device auto`, `cpu`, `cuda` or `cuda:N`")
    # Late: it takes seconds, and `cpu` needs none of it.
    import torch

    # A driver too old for this PyTorch shows its GPUs, and yet none can be used.
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if named is None:
        return "cuda" if count else "cpu"
    if not count:
        raise DeviceError(f"`{asked}` was asked for, but {_why_no_cuda(torch.version.cuda)}", "use `--device cpu`")
    # N counts the visible ones: CUDA_VISIBLE_DEVICES numbers them anew from 0.
    if int(named[1] or 0) >= count:
        raise DeviceError(
            f"`{asked}` was asked for, but this machine shows {count} GPU{'s' if count > 1 else ''}",
            f"use `--device cuda:{count - 1}`",
        )
    return asked


def resolve_devices(asked: Sequence[str]) -> list[str]:
    """Returns what several devices are that share pictures.

    Raises:
        DeviceError: one of them is none, or they would draw one picture differently.
    """
    found = [resolve_device(device) for device in asked]
    kinds = dict.fromkeys(kind_of(device) for device in found)
    if len(kinds) > 1:
        raise DeviceError(
            f"`{','.join(asked)}` are of several kinds ({', '.join(kinds)}), which draw a picture with other last bits",
            "name devices of one kind",
        )
    return found


def kind_of(device: str) -> str:
    """Returns `cpu`, or the name of a GPU and the version of the library that computes there."""
    import torch

    if device == "cpu":
        return device
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return f"{torch.cuda.get_device_name(device)}, cuDNN {cudnn}"


def _why_no_cuda(built_for: str | None) -> str:
    if built_for is None:
        return "this PyTorch is built without CUDA (one with it: https://pytorch.org/get-started)"
    return f"PyTorch (built for CUDA {built_for}) finds no usable GPU or driver"
