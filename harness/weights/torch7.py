"""Files that Lua Torch saved (`.t7`), as tables, objects and tensors; only NumPy is needed, and nothing is executed.

The format has no document. It is written by `File.lua` (objects and their back references), `generic/Tensor.c` and
`generic/Storage.c` of github.com/torch/torch7, in bytes or as text by `lib/TH/THDiskFile.c`.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from harness.errors import WeightsError
from harness.weights.container import AGAIN

_NIL, _NUMBER, _STRING, _TABLE, _OBJECT, _BOOLEAN, _OLD_FUNCTION, _OLDER_FUNCTION, _FUNCTION = range(9)
_REFERENCED = {_TABLE, _OBJECT, _OLDER_FUNCTION, _FUNCTION}
_VALUES = re.compile(r"torch\.(?:Cuda)?(Byte|Char|Short|Int|Long|Float|Double|Half|)(Tensor|Storage)")
_TYPES = {"Byte": "u1", "Char": "i1", "Short": "<i2", "Int": "<i4", "Long": "<i8", "Float": "<f4", "Double": "<f8"}
_TYPES |= {"Half": "<f2", "": "<f4"}  # CudaTensor, without a type in its name, holds float32

# A generator of 8 levels nests 175 objects; Python itself gives up at about 1000 calls.
_DEEPEST: Final = 400
_MOST_OBJECTS: Final = 500_000
_MOST_DIMENSIONS: Final = 16


class _Damaged(Exception):
    """What cannot be read, said without the file's name."""


@dataclass(eq=False)
class Lua:
    """A Lua table, an object of a Torch class, or a function, whose code is passed over.

    Each equals itself alone: tables and objects are keys of other tables, too.

    Attributes:
        kind: the class, such as `nn.gModule`; empty for a plain table, `function` for a function.
        fields: values by key; whole numbers are int, a key that is true or false is `("boolean", key)`.
    """

    kind: str = ""
    version: int = 0
    fields: dict[Any, Any] = field(default_factory=dict)

    def get(self, key: Any, default: Any = None) -> Any:
        """Returns a field, `default` where it is nil."""
        found = self.fields.get(key)
        return default if found is None else found

    def sequence(self) -> list[Any]:
        """Returns the values under 1, 2, 3, … up to the first that is missing."""
        found: list[Any] = []
        while (value := self.fields.get(len(found) + 1)) is not None:
            found.append(value)
        return found


@dataclass(eq=False)
class Storage:
    """A row of numbers that tensors are views of; binary ones stay in the file until they are asked for."""

    dtype: np.dtype[Any]
    count: int
    path: Path
    place: int
    values: np.ndarray | None = None

    def array(self) -> np.ndarray:
        """Returns all of it, (count,), mapped into memory; writing there does not change the file."""
        if self.values is not None:
            return self.values
        if not self.count:
            return np.empty(0, self.dtype)
        # Copy on write: in memory only what is read of a file of 200 MB and more.
        return np.memmap(self.path, self.dtype, "c", self.place, (self.count,))


@dataclass(eq=False)
class Tensor:
    """A view of a storage; `offset` and `strides` count elements and are within it."""

    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    offset: int = 0
    storage: Storage | None = None

    def array(self) -> np.ndarray:
        """Returns the view, not a copy; (0,) for an empty tensor, as `clearState` leaves them."""
        if self.storage is None or not self.shape:
            return np.empty(0, np.float32)
        values = self.storage.array()
        strides = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, strides)


def read_torch7(path: Path) -> Any:
    """Returns the object in a file: None, bool, float, str, `Lua`, `Tensor` or `Storage`.

    Bytes or text, little endian. How wide a C `long` was on the machine that wrote it, 8 bytes or 4 (Windows and
    systems of 32 bits), stands nowhere: what reads to the end of the file, and not beyond, is right.

    Raises:
        WeightsError: it cannot be read, is cut off, or claims what it does not hold.
    """
    problems: dict[int, str] = {}
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            text = data[1:2] == b"\n"
            # Text has numbers of any width.
            for long in (8,) if text else (8, 4):
                parser = _Text(data, path, long) if text else _Bytes(data, path, long)
                try:
                    return parser.whole()
                except (_Damaged, ValueError, OverflowError) as error:
                    problems[parser.at] = str(error)
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read the weights `{path}`: {error}", AGAIN) from error
    furthest = max(problems)
    raise WeightsError(
        f"`{path}` is damaged, cut off or no file of Lua Torch: {problems[furthest]} at byte {furthest:,}", AGAIN
    )


class _Bytes:
    """The binary form; `at` is where reading goes on."""

    def __init__(self, data: mmap.mmap, path: Path, long: int) -> None:
        self.data, self.path, self.long, self.at = data, path, long, 0
        self.known: dict[int, Any] = {}
        self.objects = 0

    def whole(self) -> Any:
        found = self.object(0)
        if self.at != len(self.data):
            raise _Damaged(f"{len(self.data) - self.at:,} bytes after the end")
        return found

    def object(self, depth: int) -> Any:
        """One call a level of nesting, so that `_DEEPEST` bounds the stack."""
        self.objects += 1
        if depth > _DEEPEST or self.objects > _MOST_OBJECTS:
            raise _Damaged("more objects, or deeper ones, than any network has")
        kind = self.integer()
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return float(self.numbers("<f8", 1)[0])
        if kind == _STRING:
            return self.string()
        if kind == _BOOLEAN:
            return self.integer() == 1
        if kind not in _REFERENCED | {_OLD_FUNCTION}:
            raise _Damaged(f"there is no type {kind}")
        # Each table or object is written once; later ones of the same index refer to it. Old functions have no index.
        index = self.integer() if kind in _REFERENCED else -self.objects
        if index in self.known:
            return self.known[index]
        # What is being made is known before its parts are: they may refer to it.
        made: Lua | Storage | Tensor = Lua("" if kind == _TABLE else "function")
        if kind == _OBJECT:
            made = self.instance()
        self.known[index] = made
        if isinstance(made, Tensor):
            made.storage = _within(made, self.object(depth + 1))
        elif kind == _TABLE:
            for _ in range(self.counted(self.integer())):
                key = self.object(depth + 1)
                made.fields[_as_key(key)] = self.object(depth + 1)  # type: ignore[union-attr]
        elif isinstance(made, Lua):
            if kind != _OBJECT:
                self.raw(self.integer())  # Lua's byte code; what follows are the values it has closed over
            body = self.object(depth + 1)
            if not isinstance(body, Lua) or body.kind:
                raise _Damaged(f"an object of class `{made.kind[:40]}` that is no table")
            made.fields = body.fields
        return made

    def instance(self) -> Lua | Storage | Tensor:
        """An object up to its body: its class, or numbers, or the shape of a tensor."""
        name, version = self.string(), 0
        if found := re.fullmatch(r"V (\d{1,9})", name):
            name, version = self.string(), int(found[1])
        values = _VALUES.fullmatch(name)
        if not values:
            return Lua(name, version)
        if values[2] == "Storage":
            dtype = np.dtype(f"<i{self.long}" if values[1] == "Long" else _TYPES[values[1]])
            return self.values(dtype, self.counted(self.longs(1)[0]))
        dimensions = self.integer()
        if not 0 <= dimensions <= _MOST_DIMENSIONS:
            raise _Damaged(f"a tensor of {dimensions} dimensions")
        shape, strides, (first,) = self.longs(dimensions), self.longs(dimensions), self.longs(1)
        # Lua counts from 1.
        return Tensor(shape, strides, first - 1)

    def counted(self, count: int) -> int:
        """`count` of things that take a byte or more each."""
        if not 0 <= count <= len(self.data) - self.at:
            raise _Damaged(f"{count:,} values claimed, {len(self.data) - self.at:,} bytes left")
        return count

    def string(self) -> str:
        return self.raw(self.integer()).decode("utf-8", "surrogateescape")

    def integer(self) -> int:
        return int(self.numbers("<i4", 1)[0])

    def longs(self, count: int) -> tuple[int, ...]:
        return tuple(int(n) for n in self.numbers(f"<i{self.long}", count))

    def raw(self, count: int) -> bytes:
        start = self.at
        self.at += self.counted(count)
        return self.data[start : self.at]

    def numbers(self, dtype: str, count: int) -> np.ndarray:
        return np.frombuffer(self.raw(count * np.dtype(dtype).itemsize), dtype)

    def values(self, dtype: np.dtype[Any], count: int) -> Storage:
        place = self.at
        self.at += self.counted(count * dtype.itemsize)
        return Storage(dtype, count, self.path, place)


class _Text(_Bytes):
    """The form for people: a line for each row of numbers; strings and bytes as they are, then a line's end."""

    def raw(self, count: int) -> bytes:
        found = super().raw(count)
        self.at += count > 0 and self.data[self.at : self.at + 1] == b"\n"
        return found

    def numbers(self, dtype: str, count: int) -> np.ndarray:
        if not count:
            return np.empty(0, dtype)
        end = self.data.find(b"\n", self.at)
        words = self.data[self.at : end].split() if end >= 0 else []
        if len(words) != count:
            raise _Damaged(f"{count:,} numbers expected, {len(words):,} found")
        found = np.array(words).astype(np.float64 if "f" in dtype else np.int64)
        self.at = end + 1
        with np.errstate(over="ignore"):  # infinite, as C reads it
            return found.astype(dtype)

    def values(self, dtype: np.dtype[Any], count: int) -> Storage:
        place = self.at
        found = np.frombuffer(self.raw(count), dtype) if dtype.itemsize == 1 else self.numbers(dtype.str, count)
        return Storage(dtype, count, self.path, place, found)


def _within(tensor: Tensor, storage: Any) -> Storage | None:
    """A tensor's storage, in which all of the view lies."""
    if storage is None and not tensor.shape:
        return None
    if not isinstance(storage, Storage):
        raise _Damaged("a tensor without a storage")
    if min((*tensor.shape, *tensor.strides, tensor.offset)) < 0:
        raise _Damaged("a tensor with a negative size, stride or offset")
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    if tensor.offset > storage.count or (tensor.shape and 0 not in tensor.shape and last >= storage.count):
        raise _Damaged(f"a tensor that reaches beyond its storage of {storage.count:,} numbers")
    return storage


def _as_key(key: Any) -> Any:
    """Python's True is 1; Lua's is not."""
    if isinstance(key, bool):
        return ("boolean", key)
    return int(key) if isinstance(key, float) and key.is_integer() else key
