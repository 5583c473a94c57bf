"""Writes files as Lua Torch does, and generators as `models.lua` of phillipi/pix2pix makes them, with a forward pass.

Nothing here is taken from the reader: a second view of the same format and of the same network.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

NIL, NUMBER, STRING, TABLE, OBJECT, BOOLEAN, OLD_FUNCTION, OLDER_FUNCTION, FUNCTION = range(9)
KINDS = {"f4": "Float", "f8": "Double", "f2": "Half", "i8": "Long", "i4": "Int", "i2": "Short", "i1": "Char"}
KINDS |= {"u1": "Byte"}


class Table:
    """A table of pairs; a key may be anything, a table too."""

    def __init__(self, pairs=()):
        self.pairs = list(pairs.items()) if isinstance(pairs, dict) else list(pairs)

    def __getitem__(self, key):
        return next(value for k, value in self.pairs if k is key or (isinstance(key, (str, int)) and k == key))

    def put(self, key, value):
        self.pairs = [(k, v) for k, v in self.pairs if k != key] + [(key, value)]


class Thing(Table):
    """An object of a class; `version` None writes no version, as Torch did before it had them."""

    def __init__(self, kind, pairs=(), version=1):
        super().__init__(pairs)
        self.kind, self.version = kind, version


class Function:
    """A function: byte code, and the values it has closed over."""

    def __init__(self, code=b"\x1bLJ\x02", upvalues=(), type_=FUNCTION):
        self.code, self.upvalues, self.type = code, Table(enumerate(upvalues, 1)), type_


class View:
    """A tensor over an array that is its storage; `cuda` for the names of tensors on a GPU."""

    def __init__(self, storage, shape, strides=None, offset=0, cuda=False):
        self.storage, self.shape, self.offset, self.cuda = storage, tuple(shape), offset, cuda
        plain = [int(np.prod(self.shape[i + 1 :])) for i in range(len(self.shape))]
        self.strides = plain if strides is None else strides


class Writer:
    """Bytes, or text, of one object; `long` is the size of a C long."""

    def __init__(self, text=False, long=8):
        self.text, self.long, self.out, self.known, self.kept = text, long, bytearray(), {}, []

    def row(self, values, code):
        values = list(values)
        if self.text:
            words = [f"{v:.17g}" if code in "fde" else str(int(v)) for v in values]
            self.out += (" ".join(words) + "\n").encode() if values else b""
        else:
            self.out += struct.pack(f"<{len(values)}{code}", *values)

    def longs(self, values):
        self.row(values, "q" if self.long == 8 else "i")

    def raw(self, data):
        self.row([len(data)], "i")
        self.out += data + (b"\n" if self.text and data else b"")

    def new(self, type_, thing):
        """Type and index; whether it is the first time, so that the rest must follow."""
        self.row([type_], "i")
        first = id(thing) not in self.known
        self.row([self.known.setdefault(id(thing), len(self.known) + 1)], "i")
        self.kept.append(thing)
        return first

    def class_(self, kind, version=1):
        if version is not None:
            self.raw(f"V {version}".encode())
        self.raw(kind.encode())

    def write(self, thing):
        if thing is None:
            self.row([NIL], "i")
        elif isinstance(thing, bool):
            self.row([BOOLEAN, thing], "i") if not self.text else [self.row([v], "i") for v in (BOOLEAN, thing)]
        elif isinstance(thing, (int, float)):
            self.row([NUMBER], "i")
            self.row([thing], "d")
        elif isinstance(thing, (str, bytes)):
            self.row([STRING], "i")
            self.raw(thing.encode() if isinstance(thing, str) else thing)
        elif isinstance(thing, Function):
            self.function(thing)
        elif isinstance(thing, np.ndarray):
            self.write(View(np.ascontiguousarray(thing).ravel(), thing.shape))
        elif isinstance(thing, View):
            self.tensor(thing)
        elif isinstance(thing, Thing):
            if self.new(OBJECT, thing):
                self.class_(thing.kind, thing.version)
                body = Table()
                body.pairs = thing.pairs
                self.write(body)
        elif self.new(TABLE, thing):
            self.row([len(thing.pairs)], "i")
            for key, value in thing.pairs:
                self.write(key)
                self.write(value)
        return bytes(self.out)

    def function(self, thing):
        if thing.type == OLD_FUNCTION:
            self.row([OLD_FUNCTION], "i")
        elif not self.new(thing.type, thing):
            return
        self.raw(thing.code)
        self.write(thing.upvalues)

    def tensor(self, view):
        if not self.new(OBJECT, view):
            return
        kind = "Cuda" if view.cuda else KINDS[view.storage.dtype.str[1:]] if view.storage is not None else "Float"
        self.class_(f"torch.{kind}Tensor")
        self.row([len(view.shape)], "i")
        self.longs(view.shape)
        self.longs(view.strides)
        self.longs([view.offset + 1])
        if view.storage is None:
            self.write(None)
        elif self.new(OBJECT, view.storage):
            self.class_(f"torch.{kind}Storage")
            self.longs([view.storage.size])
            self.storage(view.storage)

    def storage(self, values):
        if self.text and values.itemsize == 1:
            self.out += values.tobytes() + (b"\n" if values.size else b"")
        elif self.text or values.dtype == np.int64:
            self.longs(values) if values.dtype == np.int64 else self.row(values, values.dtype.char)
        else:
            self.out += values.tobytes()


def save(path: Path, thing, *, text=False, long=8) -> Path:
    path.write_bytes(Writer(text, long).write(thing))
    return path


def _conv(up, taken, made, rng, flat):
    shape = (taken, made, 4, 4) if up else (made, taken, 4, 4)
    fields = {"kW": 4, "kH": 4, "dW": 2, "dH": 2, "padW": 1, "padH": 1, "nInputPlane": taken, "nOutputPlane": made}
    fields |= {"adjW": 0, "adjH": 0} if up else {}
    fields |= {"weight": _part(rng.normal(0, 0.2, shape), flat), "bias": _part(rng.normal(0, 0.1, made), flat)}
    return Thing("nn.SpatialFullConvolution" if up else "nn.SpatialConvolution", fields)


def _norm(width, rng, flat):
    fields = {"eps": 1e-5, "momentum": 0.1, "affine": True}
    fields |= {"weight": _part(rng.normal(1, 0.1, width), flat), "bias": _part(rng.normal(0, 0.1, width), flat)}
    fields["running_mean"] = rng.normal(0, 0.1, width).astype(np.float32)
    fields["running_var"] = rng.uniform(0.5, 1.5, width).astype(np.float32)
    return Thing("nn.SpatialBatchNormalization", fields, version=2)


def _part(values, flat):
    """A tensor over the one storage of all parameters, as `getParameters` leaves them."""
    offset = sum(map(len, flat))
    flat.append(values.astype(np.float32).ravel())
    return (values.shape, offset)


def make_generator(levels=5, ngf=2, channels=(3, 3), *, skips=True, bottleneck=False, dropouts=3, cudnn=False, seed=0):
    """A `gModule` as `defineG_unet` (or, without skips, `defineG_encoder_decoder`) of so many levels makes it."""
    rng, flat = np.random.default_rng(seed), []
    places = [Table({"annotations": Table(), "forwardNodeId": 1, "mapindex": Table()})]
    width = [ngf * min(2**level, 8) for level in range(levels)]

    def add(module, *inputs):
        place = Table({"module": module, "forwardNodeId": len(places) + 1} if module else {"annotations": Table()})
        order = list(enumerate(inputs, 1))
        place.put("mapindex", Table([*order, *((parent, number) for number, parent in order)]))
        places.append(place)
        return place

    here, ends = places[0], []
    for level in range(levels):
        if level:
            here = add(Thing("nn.LeakyReLU", {"negval": 0.2, "inplace": True}), here)
        here = add(_conv(False, width[level - 1] if level else channels[0], width[level], rng, flat), here)
        if 0 < level < levels - 1 or (level and bottleneck):
            here = add(_norm(width[level], rng, flat), here)
        ends.append(here)
    for level in reversed(range(levels)):
        relu = Thing("nn.ReLU", {"threshold": 0, "val": 0, "inplace": True})
        made = width[level - 1] if level else channels[1]
        taken = width[level] * (2 if skips and level < levels - 1 else 1)
        here = add(_conv(True, taken, made, rng, flat), add(relu, here))
        if level:
            here = add(_norm(made, rng, flat), here)
            if levels - 1 - level < dropouts:
                here = add(Thing("nn.Dropout", {"p": 0.5, "v2": True}), here)
            if skips:
                here = add(Thing("nn.JoinTable", {"dimension": 2}), here, ends[level - 1])
    add(None, add(Thing("nn.Tanh"), here))
    storage = np.concatenate(flat)
    for module in (place["module"] for place in places if "module" in dict(_named(place))):
        for key, value in module.pairs:
            if isinstance(value, tuple):
                module.put(key, View(storage, value[0], offset=value[1], cuda=cudnn))
        if cudnn and module.kind.split(".")[1] not in {"LeakyReLU", "JoinTable", "Dropout"}:
            module.kind = module.kind.replace("nn.", "cudnn.")
    nodes = [Thing("nngraph.Node", {"id": id_, "data": place, "visited": False}) for id_, place in enumerate(places, 1)]
    modules = Table(enumerate((p["module"] for p in places[1:-1]), 1))
    root = Thing("nn.gModule", {"modules": modules, "forwardnodes": Table(enumerate(nodes, 1)), "outnode": nodes[-1]})
    nodes[0].put("children", Table([(1, nodes[1]), (nodes[1], 1)]))
    nodes[1].put("parents", Table({1: nodes[0]}))  # a circle
    return root


def _named(table):
    return [(k, v) for k, v in table.pairs if isinstance(k, str)]


def modules_of(root):
    return [module for _, module in root["modules"].pairs]


def array(tensor):
    """The numbers of a `View` that is contiguous, or of an array."""
    if isinstance(tensor, np.ndarray):
        return torch.from_numpy(tensor)
    size = int(np.prod(tensor.shape))
    return torch.from_numpy(tensor.storage[tensor.offset : tensor.offset + size].reshape(tensor.shape))


def forward(root, image, mode="train", layer=None):
    """What Torch7 computes: (1, C, H, W) in, in the network's own channel order; running statistics to `evaluate`.

    `layer` computes one module in place of `plain_layer`, which has no dropout.
    """
    values, here = {}, None
    for _, node in root["forwardnodes"].pairs:
        place = node["data"]
        fields = dict(_named(place))
        parents = [parent for key, parent in fields["mapindex"].pairs if isinstance(key, int)]
        inputs = [values[id(p)] for p in parents] or [image]
        module = fields.get("module")
        here = (layer or plain_layer)(module, inputs, mode) if module else inputs[0]
        values[id(place)] = here
    return here


def plain_layer(module, inputs, mode):
    kind, x, get = module.kind.split(".")[1], inputs[0], module.__getitem__
    if kind == "SpatialConvolution":
        return functional.conv2d(x, array(get("weight")), array(get("bias")), 2, 1)
    if kind == "SpatialFullConvolution":
        return functional.conv_transpose2d(x, array(get("weight")), array(get("bias")), 2, 1)
    if kind == "SpatialBatchNormalization":
        mean, var = array(get("running_mean")), array(get("running_var"))
        if mode == "train":
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        scaled = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        return scaled * array(get("weight"))[:, None, None] + array(get("bias"))[:, None, None]
    if kind == "JoinTable":
        return torch.cat(inputs, 1)
    return {"LeakyReLU": lambda v: functional.leaky_relu(v, 0.2), "ReLU": torch.relu, "Tanh": torch.tanh,
            "Dropout": lambda v: v}[kind](x)  # fmt: skip
