"""JSON documents that carry a format: read and checked against the types they stand for, written aside.

A record may come from another machine and from anybody's hand. What leaves `Document.load` has the types that the
code expects, numbers that are finite and text that can be written again.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

from harness.errors import HarnessError, WorkspaceError
from harness.files import write_json

_T = TypeVar("_T")
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}
# What reading and building may raise on a file of any content; RecursionError is that of JSON nested without end.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, WorkspaceError)


@dataclass(frozen=True, kw_only=True)
class Document:
    """One kind of file.

    Attributes:
        newest: the format that is written; it and all older ones are read.
        error: what is raised.
        missing, bring: message and hint where there is none, of `{folder}` and `{name}`.
        mend: the hint where the file is damaged.
    """

    newest: int
    error: type[HarnessError]
    missing: str
    bring: str
    mend: str

    def load(self, path: Path, build: Callable[[dict[str, Any]], _T]) -> _T:
        """Returns what `build` makes of the file's content without its format; a ValueError of it means damage.

        Raises:
            HarnessError: `error`, where the file is missing, damaged or of a newer format.
        """
        with self._translated(path):
            content = _read(path)
            # A file without a format was not written by us.
            found = typed(int, content.pop("format", None), "format")
        # Before the content is looked at: what a newer version writes may be of other types.
        if not 1 <= found <= self.newest:
            raise self.error(f"`{path}` has format {found}, this harness reads up to {self.newest}", "update harness")
        with self._translated(path):
            return build(content)

    @contextmanager
    def _translated(self, path: Path) -> Iterator[None]:
        try:
            yield
        # Missing and damaged are two things for the user: one is brought, the other mended.
        except FileNotFoundError:
            place = {"folder": path.parent, "name": path.name}
            raise self.error(self.missing.format(**place), self.bring.format(**place)) from None
        except _DAMAGE as error:
            raise self.error(f"`{path}` is damaged: {error}", self.mend) from error

    def save(self, path: Path, content: dict[str, Any]) -> None:
        """Writes the file, its format first."""
        write_json(path, {"format": self.newest, **content})


def _read(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    # Python reads NaN, 1e999 and halves of surrogate pairs, which no page and no strict reader of JSON takes: numbers
    # that are none are damage, of the letters, bytes of a name that were no UTF-8, question marks are left.
    plain = json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    content: dict[str, Any] = typed(dict[str, Any], json.loads(plain))
    return content


def typed(hint: Any, value: Any, place: str = "it") -> Any:
    """Returns a JSON value as the type `hint` says, lists as tuples and objects as dataclasses where it says so.

    Raises:
        ValueError: it is something else; the message names the place inside the document.
    """
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is Any:
        return value
    if kind in {Union, types.UnionType}:
        return _one_of(inner, value, place)
    # By the type itself, for True == 1 and 1.0 == 1 in Python.
    if kind is Literal and any(type(value) is type(word) and value == word for word in inner):
        return value
    if kind in {list, tuple} and isinstance(value, list):
        each = inner if Ellipsis not in inner and kind is tuple else (inner[0],) * len(value)
        if len(each) == len(value):
            return kind(typed(h, v, f"{place}[{i}]") for i, (h, v) in enumerate(zip(each, value, strict=True)))
    if kind is Path and isinstance(value, str):
        return Path(value)
    if isinstance(value, dict) and kind in {dict, Mapping}:
        return {key: typed(inner[1], v, f"{place}.{key}") for key, v in value.items()}
    if isinstance(value, dict) and (is_dataclass(kind) or is_typeddict(kind)):
        return _built(kind, value, place)
    # JSON may leave the point of 1.0 out; `type`, for a bool is an int to isinstance.
    if kind is float and type(value) is int:
        return value
    if kind in _NAMES and type(value) is kind:
        return value
    raise ValueError(f"`{place}` is {_shown(value)}, where {_expected(hint)} was expected")


def _one_of(hints: tuple[Any, ...], value: Any, place: str) -> Any:
    said = ""
    for hint in hints:
        try:
            return typed(hint, value, place)
        except ValueError as error:
            # The first reading is the likeliest, its complaint the clearest: `X | None` says what is wrong with X.
            said = said or str(error)
    raise ValueError(said)


def _built(kind: Any, value: dict[str, Any], place: str) -> Any:
    """A dataclass, or a dict that has at least the keys a TypedDict requires; what else stands there is let be."""
    hints = _hints(kind)
    at = "" if place == "it" else f"{place}."
    found = {key: typed(hint, value[key], f"{at}{key}") for key, hint in hints.items() if key in value}
    lacking = [key for key in _required(kind) if key not in value]
    if lacking:
        raise ValueError(f"`{at}{lacking[0]}` is missing")
    # A TypedDict keeps keys it does not know: open dicts of a record may come from a newer version of the same format.
    return {**value, **found} if is_typeddict(kind) else kind(**found)


# Resolving annotations is slow, and a record has a dict an image.
_hints = cache(get_type_hints)


@cache
def _required(kind: Any) -> tuple[str, ...]:
    if is_typeddict(kind):
        return tuple(sorted(kind.__required_keys__))
    return tuple(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)


def _expected(hint: Any) -> str:
    kind = get_origin(hint) or hint
    if kind is Literal:
        return " or ".join(f"`{word}`" for word in get_args(hint))
    return _NAMES.get(kind, "a list" if kind in {list, tuple} else "an object")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"
