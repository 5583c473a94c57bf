"""A weights file from anywhere, read as tensors and never executed."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.catalog.types import Architecture
from harness.errors import WeightsError
from harness.weights.container import AGAIN, Container, recognise
from harness.weights.lua_graph import read_lua_generator

_GENERATOR = re.compile(r"(model|net|(net_?)?g(en(erator)?)?(_?(a|b|ema|a2b|b2a))?)?", re.IGNORECASE)
_STATE = re.compile(r"_?(model_?)?(state_?dict|weights|params)$", re.IGNORECASE)
"""What trainings call the generator in a checkpoint, alone or before the likes of `_state_dict`."""
_WRAPPERS = ("module.", "_orig_mod.")
_NETWORKS = ("netG.", "generator.", "gen.", "G.")
"""What stands before keys: of DataParallel and `torch.compile`; of trainings that keep all networks in one module."""
# int64 are counts of batches that batch norm has seen.
_DTYPES = {torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64}


@dataclass(frozen=True)
class Weights:
    """Tensors of a weights file and what was mended to get at them, in words.

    A file with `mended` lines cannot be loaded by the official scripts as it is; a cleaned copy can. `architecture` is
    known of files of the Lua original, whose graph shows what the keys of a state dict do not.
    """

    state_dict: dict[str, torch.Tensor]
    mended: tuple[str, ...] = ()
    architecture: Architecture | None = None


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Returns the tensors of a generator's file on the CPU, by the keys the official networks use.

    Reads what `torch.save` wrote in any version since 0.4. Large files are mapped into memory, not copied. See
    `read_weights` for what is mended and what is refused.
    """
    return read_weights(path).state_dict


def read_weights(path: Path) -> Weights:
    """Reads a weights file with `weights_only=True`, so that no code in it can run, or one of Lua Torch.

    What a training keeps around or beside the generator, prefixes of its keys and the running statistics that
    InstanceNorm saved before torch 0.4 are taken away.

    Raises:
        WeightsError: the file is missing, empty, cut off, no weights file, a zip bomb or a pickle of objects, or its
            tensors are NaN, infinite or larger than the file.
    """
    container = recognise(path)
    if container == "torch7":
        architecture, tensors = read_lua_generator(path)
        for key, tensor in tensors.items():
            if not key.endswith(("running_mean", "running_var")):  # never read but in mode `eval`, which checks them
                _refuse_not_finite(path, key, tensor)
        return Weights(tensors, architecture=architecture)
    state_dict, mended = _unwrapped(path, _load(path, container))
    state_dict, prefixes = _without_prefixes(state_dict)
    mended += prefixes
    tensors = {key: _checked(path, key, tensor) for key, tensor in state_dict.items()}
    _refuse_more_than_the_file_holds(path, tensors)
    for key, tensor in tensors.items():
        _refuse_not_finite(path, key, tensor)
    return Weights(without_instance_statistics(tensors), tuple(mended))


def without_instance_statistics(state_dict: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Returns a state dict less the running statistics that InstanceNorm saved before torch 0.4, as upstream does.

    Instance norm has no weight and follows a convolution with a bias.
    Source: `models/base_model.py`, `__patch_instance_norm_state_dict`.
    """
    dropped = set()
    for key in state_dict:
        layer, _, name = key.rpartition(".")
        if (
            name == "running_mean"
            and f"{layer}.weight" not in state_dict
            and f"{_place_before(layer)}.bias" in state_dict
        ):
            dropped |= {f"{layer}.{statistic}" for statistic in ("running_mean", "running_var", "num_batches_tracked")}
    return {key: tensor for key, tensor in state_dict.items() if key not in dropped}


def _place_before(layer: str) -> str:
    """The layer one place earlier in the same `Sequential`."""
    parent, _, place = layer.rpartition(".")
    return f"{parent}.{int(place) - 1}" if place.isdigit() else ""


def _load(path: Path, container: Container) -> Any:
    try:
        # torch maps zip files only; MPS and CUDA tensors come to the CPU wherever they were saved.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=container == "zip")
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        what = f"Python objects (`{found[1]}`)" if found else "something else than tensors"
        raise WeightsError(
            f"`{path}` holds {what}: it was refused and nothing of it was executed",
            "save the generator again with `torch.save(net.state_dict(), FILE)`",
        ) from error
    except Exception as error:
        # The legacy reader meets a damaged file with whatever its bytes happen to mean, assertions too.
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise WeightsError(f"`{path}` is damaged or cut off: {reason}", AGAIN) from error


def _unwrapped(path: Path, loaded: Any) -> tuple[dict[str, Any], list[str]]:
    """The generator's tensors, out of however many wrappings, and what was taken away in words."""
    mended: list[str] = []
    while True:
        if not isinstance(loaded, Mapping) or not loaded:
            kind = "nothing" if isinstance(loaded, Mapping) else f"a {type(loaded).__name__}"
            raise WeightsError(f"`{path}` holds {kind}; a state dict of tensors was expected", AGAIN)
        if not all(isinstance(key, str) for key in loaded):
            raise WeightsError(f"`{path}` holds a dict whose keys are no names; a state dict was expected", AGAIN)
        found = [key for key, value in loaded.items() if _is_generator(key, value)]
        if len(found) > 1:
            raise WeightsError(
                f"`{path}` holds {len(found)} generators: {', '.join(f'`{key}`' for key in found)}",
                f"save the one you mean: `torch.save(torch.load('{path.name}')['{found[0]}'], 'generator.pth')`",
            )
        if not found:
            return dict(loaded), mended
        mended.append(f"taken out of `{found[0]}`")
        loaded = loaded[found[0]]


def _is_generator(key: str, value: Any) -> bool:
    if not key or not _GENERATOR.fullmatch(_STATE.sub("", key)) or not isinstance(value, Mapping):
        return False
    return any(isinstance(inner, torch.Tensor | Mapping) for inner in value.values())


def _without_prefixes(state_dict: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The same with what stands before every key taken away, and without other networks beside the one generator."""
    mended: list[str] = []
    while True:
        # They nest, as in `module.netG.`, so it is asked again until nothing is taken away.
        whole = [p for p in (*_WRAPPERS, *_NETWORKS) if all(key.startswith(p) for key in state_dict)]
        some = [p for p in _NETWORKS if any(key.startswith(p) for key in state_dict)]
        if not whole and (len(some) != 1 or any(key.startswith("model.") for key in state_dict)):
            return state_dict, mended
        prefix = whole[0] if whole else some[0]
        kept = {key.removeprefix(prefix): tensor for key, tensor in state_dict.items() if key.startswith(prefix)}
        beside = f"; {len(state_dict) - len(kept)} other keys left out" if not whole else ""
        mended.append(f"prefix `{prefix}` of the keys taken away{beside}")
        state_dict = kept


def _checked(path: Path, key: str, value: Any) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise WeightsError(
            f"`{path}` holds a {type(value).__name__} as `{key}`; a state dict holds tensors only",
            "save the generator again with `torch.save(net.state_dict(), FILE)`",
        )
    if value.layout != torch.strided or value.device.type != "cpu" or value.dtype not in _DTYPES:
        kind = f"{value.dtype}, {value.layout}, on {value.device}"
        raise WeightsError(f"`{path}` holds `{key}` as {kind}; dense floating-point tensors were expected", AGAIN)
    return value.detach()


def _refuse_more_than_the_file_holds(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    # A tensor of stride 0 takes four bytes in a file and any number in memory.
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    size = path.stat().st_size
    if claimed > size:
        raise WeightsError(f"`{path}` has {size:,} bytes and claims {claimed:,} bytes of tensors: refused", AGAIN)


def _refuse_not_finite(path: Path, key: str, tensor: torch.Tensor) -> None:
    if not tensor.numel() or not tensor.is_floating_point():
        return
    low, high = torch.aminmax(tensor)  # one pass and no copy, and both become NaN where one value is
    if not (torch.isfinite(low) and torch.isfinite(high)):
        what = "NaN" if torch.isnan(low) else "infinite"
        raise WeightsError(
            f"`{path}` has {what} values in `{key}`: a training that diverged, or a damaged file",
            "use an earlier checkpoint of the training, or bring the file again",
        )
