"""A generator of the Lua original, told from the graph in its file and turned into tensors under the official keys.

Mirrors `models.lua` of phillipi/pix2pix at 89ff2a81ce441fbe1f1b13eca463b87f1e539df8, whose graphs `train.lua` saves as
`nn.*` from a processor and as `cudnn.*` from a GPU.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from harness.catalog.types import Architecture
from harness.errors import WeightsError
from harness.weights.networks import DEEPEST, expected_shapes, unet_places
from harness.weights.torch7 import Lua, Tensor, read_torch7

_GENERATOR: Final = "name the file that `train.lua` saves as `latest_net_G.t7`"
_DOWN, _UP, _NORM, _JOIN = "SpatialConvolution", "SpatialFullConvolution", "SpatialBatchNormalization", "JoinTable"
_GEOMETRY: Final[dict[str, float]] = {"kW": 4, "kH": 4, "dW": 2, "dH": 2, "padW": 1, "padH": 1, "groups": 1}
_SETTINGS: Final[dict[str, dict[str, float]]] = {
    _DOWN: _GEOMETRY,
    _UP: {**_GEOMETRY, "adjW": 0, "adjH": 0},
    _NORM: {"eps": 1e-5},
    "LeakyReLU": {"negval": 0.2},
    "ReLU": {"threshold": 0, "val": 0},
    "Dropout": {"p": 0.5},
    _JOIN: {"dimension": 2},
    "Tanh": {},
}
"""What the native network computes; a layer that says otherwise is refused."""

_Node = tuple[str, tuple[int, ...]]
"""A layer's kind, and the positions of the nodes it takes in."""


class _Foreign(Exception):
    """How a file differs from those of the Lua original."""


def read_lua_generator(path: Path) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """Returns a generator's architecture and its tensors, float32, for a network of the official layout.

    Torch7's networks take and make blue, green, red, and join a level's own features before the skipped ones. Their
    filters are put into the official order, so that the network takes red, green, blue and computes the same.

    Raises:
        WeightsError: the file cannot be read, or is another network, such as a discriminator.
    """
    root = read_torch7(path)
    try:
        graph, layers = _graph(root)
        architecture = _architecture(graph, layers)
        for number, (found, wanted) in enumerate(zip_longest(graph, _official_graph(architecture))):
            if found != wanted:
                raise _Foreign(f"has {_said(found)} as node {number} where the Lua original has {_said(wanted)}")
        with np.errstate(all="ignore"):  # what becomes infinite is refused like what was
            return architecture, _state(architecture, list(layers.values()))
    except _Foreign as error:
        raise WeightsError(f"`{path}` {error}", _GENERATOR) from error


def _graph(root: Any) -> tuple[list[_Node], dict[int, Lua]]:
    """The nodes in the order in which they run, the input first, and the modules of those that have one by position."""
    if not isinstance(root, Lua) or root.kind != "nn.gModule":
        raise _Foreign(f"holds {_named(root)}; a generator (`nn.gModule`) was expected")
    places = [_table(node, "data") for node in _table(root, "forwardnodes").sequence()]
    position = {place: number for number, place in enumerate(places)}
    modules = {number: place.get("module") for number, place in enumerate(places)}
    layers = {number: module for number, module in modules.items() if isinstance(module, Lua)}
    # The keys 1, 2, … of `mapindex` are the parents in the order of the inputs.
    inputs = [tuple(position.get(p, -1) for p in _table(place, "mapindex").sequence()) for place in places]
    return [(_kind(layers[n]) if n in layers else "", taken) for n, taken in enumerate(inputs)], layers


def _table(owner: Any, name: str) -> Lua:
    found = owner.get(name) if isinstance(owner, Lua) else None
    if not isinstance(found, Lua):
        raise _Foreign(f"holds a graph without `{name}`")
    return found


def _named(root: Any) -> str:
    if not isinstance(root, Lua):
        return f"a {type(root).__name__.lower()}"
    modules = root.get("modules")
    last = modules.sequence()[-1:] if isinstance(modules, Lua) else []
    if root.kind == "nn.Sequential" and last and str(getattr(last[0], "kind", "")).endswith(".Sigmoid"):
        return "a discriminator"
    return f"a `{root.kind}`" if root.kind else "a table"


def _kind(module: Lua) -> str:
    """The class without its package; raises _Foreign for one, or a setting of one, that `models.lua` has not."""
    kind = module.kind.rpartition(".")[2].replace("SpatialConvolutionMM", _DOWN)
    if kind not in _SETTINGS:
        raise _Foreign(f"has a layer `{module.kind}`, which no generator of the Lua original has")
    for name, wanted in _SETTINGS[kind].items():
        if module.get(name, wanted) != wanted:
            raise _Foreign(f"has a `{module.kind}` with `{name}` {module.get(name)}; the Lua original has {wanted}")
    if kind == "Dropout" and module.get("v2") is not True:
        raise _Foreign("has a `nn.Dropout` of version 1, which scales at test time; the Lua original has version 2")
    return kind


def _architecture(graph: list[_Node], layers: dict[int, Lua]) -> Architecture:
    kinds = [kind for kind, _ in graph]
    levels, ups = kinds.count(_DOWN), [number for number, kind in enumerate(kinds) if kind == _UP]
    if not 3 <= levels <= DEEPEST or len(ups) != levels:
        raise _Foreign(f"has {levels} convolutions down and {len(ups)} up; a generator has as many, 3 to {DEEPEST}")
    after_innermost = len(kinds) - kinds[::-1].index(_DOWN)
    (ngf, taken, *_), (_, made, *_) = (_shape(layers[number]) for number in (kinds.index(_DOWN), ups[-1]))
    if (taken, made) not in {(3, 3), (1, 2)} or not ngf:
        raise _Foreign(f"takes {taken} channels and makes {made}; the Lua original 3 and 3, or 1 and 2 (colorization)")
    # Up-convolution, norm and dropout follow each other.
    # Counted from the outermost level, as the native network counts: ups begin at the innermost.
    drops = tuple(levels - 1 - up for up, number in enumerate(ups) if "Dropout" in kinds[number + 2 : number + 3])
    return Architecture(
        f"unet_{2**levels}", "batch", bool(drops), ngf, taken, made, code="lua", biased=True, skips=_JOIN in kinds,
        dropout_levels=tuple(sorted(drops)), bottleneck_norm=kinds[after_innermost : after_innermost + 1] == [_NORM],
    )  # fmt: skip


def _official_graph(a: Architecture) -> Iterator[_Node]:
    """The graph that `models.lua` makes: a chain, joined with earlier places, so that only one order can run."""
    levels, here, ends = int(math.log2(a.multiple_of)), 0, []
    yield "", ()

    def chain(*kinds: str) -> Iterator[_Node]:
        nonlocal here
        for kind in kinds:
            yield kind, (here,)
            here += 1

    for level in range(levels):
        yield from chain(*["LeakyReLU"][: level > 0], _DOWN)
        if 0 < level < levels - 1 or (level and a.bottleneck_norm):
            yield from chain(_NORM)
        ends.append(here)
    for level in reversed(range(1, levels)):
        yield from chain("ReLU", _UP, _NORM, *["Dropout"][: a.drops_out(level, levels)])
        if a.skips:
            yield _JOIN, (here, ends[level - 1])
            here += 1
    yield from chain("ReLU", _UP, "Tanh", "")


def _said(node: _Node | None) -> str:
    return "nothing" if node is None else f"`{node[0] or 'no layer'}` after {', '.join(map(str, node[1])) or 'nothing'}"


def _state(a: Architecture, layers: list[Lua]) -> dict[str, torch.Tensor]:
    """The parameters; of the graph's chain, norms come downwards first, then upwards, like the convolutions."""
    wanted = expected_shapes(a)
    kinds = [_kind(layer) for layer in layers]
    of = {kind: [layer for layer, k in zip(layers, kinds, strict=True) if k == kind] for kind in (_DOWN, _UP, _NORM)}
    places = list(unet_places(a, len(of[_DOWN])))
    norms = [p.down_norm for p in places if p.down_norm] + [p.up_norm for p in reversed(places) if p.up_norm]
    keys = {_DOWN: [p.down for p in places], _UP: [p.up for p in reversed(places)], _NORM: norms}
    state: dict[str, np.ndarray] = {}
    for kind, names in keys.items():
        for key, layer in zip(names, of[kind], strict=True):
            for name in ("weight", "bias", *(("running_mean", "running_var") if kind == _NORM else ())):
                state[f"{key}.{name}"] = _values(layer, name, wanted[f"{key}.{name}"])
    if a.skips:
        for place in places[:-1]:  # JoinTable{inside, skip} becomes cat([skip, inside])
            inside, skip = np.split(state[f"{place.up}.weight"], 2)
            state[f"{place.up}.weight"] = np.concatenate([skip, inside])
    if a.input_nc == 3:  # blue, green, red; lightness and colour axes have one order only
        first, last = places[0].down, places[0].up
        state[f"{first}.weight"] = state[f"{first}.weight"][:, ::-1]
        state[f"{last}.weight"], state[f"{last}.bias"] = state[f"{last}.weight"][:, ::-1], state[f"{last}.bias"][::-1]
    found = {key: torch.from_numpy(np.array(values, np.float32)) for key, values in state.items()}
    return found | {key: torch.tensor(0) for key, shape in wanted.items() if shape == ()}


def _shape(layer: Lua) -> tuple[int, ...]:
    """(out, in, 4, 4), of up-convolutions (in, out, 4, 4); old files hold (out, in x 4 x 4)."""
    weight = layer.get("weight")
    shape = weight.shape if isinstance(weight, Tensor) else ()
    return (shape[0], shape[1] // 16, 4, 4) if len(shape) == 2 else shape if len(shape) == 4 else (0, 0)


def _values(layer: Lua, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A parameter in its shape, as a view; a layer may be without a bias, and an old norm without a variance."""
    tensor = layer.get(name)
    if name == "running_var" and tensor is None and layer.get("running_std"):
        # Version 1 kept 1 / sqrt(variance + eps).
        return _values(layer, "running_std", shape) ** -2.0 - _SETTINGS[_NORM]["eps"]
    if name == "bias" and (tensor is None or (isinstance(tensor, Tensor) and tensor.storage is None)):
        return np.zeros(shape, np.float32)
    held = tensor.storage if isinstance(tensor, Tensor) else None
    # A matrix is what convolutions were in old files. A stride of 0 would make few numbers many.
    shapes = {shape, (shape[0], math.prod(shape[1:]))}
    if held is None or tensor.shape not in shapes or held.count < math.prod(shape):
        found = " x ".join(map(str, getattr(tensor, "shape", ()))) or "nothing"
        raise _Foreign(f"has a `{layer.kind}` whose `{name}` is {found} where {' x '.join(map(str, shape))} belong")
    if held.dtype.kind != "f":
        raise _Foreign(f"has a `{layer.kind}` whose `{name}` are no floating-point numbers")
    return tensor.array().reshape(shape)  # type: ignore[no-any-return]
