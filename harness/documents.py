"""JSON documents that carry a format: read and checked against the types they stand for, written aside.

A record may come from another machine and from anybody's hand. What leaves `Document.load` has the types that the
code expects, numbers that are finite and text that can be written again.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from itertools import repeat
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
    content: dict[str, Any] = typed(dict[str, Any], parsed(path.read_text(encoding="utf-8")))
    return content


def parsed(text: str) -> Any:
    """Returns what a JSON text says; raises ValueError where a number of it is none.

    Python reads NaN, 1e999 and halves of surrogate pairs, which no page and no strict reader of JSON takes: of the
    letters, bytes of a name that were no UTF-8, question marks are left.
    """
    document = _DECODER.decode(text)
    # Read from UTF-8, only an escape can make half a pair.
    if "\\u" in text:
        plain = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        return json.loads(plain)
    return document


def _finite(number: str) -> float:
    found = float(number)
    if not math.isfinite(found):
        raise ValueError(f"{number} is no number of JSON")
    return found


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


class _Misfit(ValueError):
    """A value of another type: `inside` is its place, gathered from the inside out."""

    def __init__(self, said: str, inside: str = "") -> None:
        super().__init__(said)
        self.said, self.inside = said, inside


def typed(hint: Any, value: Any, place: str = "it") -> Any:
    """Returns a JSON value as the type `hint` says, lists as tuples and objects as dataclasses where it says so.

    Raises:
        ValueError: it is something else; the message names the place inside the document.
    """
    try:
        return _reader(hint)(value)
    except _Misfit as misfit:
        raise ValueError(f"`{f'{place}{misfit.inside}'.removeprefix('it.')}` {misfit.said}") from None


def fields_of(value: Any) -> dict[str, Any]:
    """Returns a dataclass's fields as they are: `asdict` copies what is in them, `vars` leaves a dict in the object."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


_Reader = Callable[[Any], Any]


@cache
def _reader(hint: Any) -> _Reader:
    """What reads values of a type, made once: a record has an object an image, and they may be a million."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is Any:
        return lambda value: value
    if kind in {Union, types.UnionType}:
        return _reader_of_one([_reader(each) for each in inner if each is not type(None)], none=type(None) in inner)
    if is_dataclass(kind) or is_typeddict(kind):
        return _reader_of_fields(kind)
    if kind is Path:
        text = _reader(str)
        return lambda value: Path(text(value))
    if kind in {list, tuple, dict, Mapping}:
        return _reader_of_all(hint, kind, inner)
    # Compared by the type itself, for True == 1 and 1.0 == 1 in Python; JSON may leave the point of 1.0 out.
    words = [(type(word), word) for word in inner] if kind is Literal else None
    kinds = {float, int} if kind is float else {kind}

    def read(value: Any) -> Any:
        if type(value) in kinds if words is None else (type(value), value) in words:
            return value
        raise _misfit(hint, value)

    return read


def _reader_of_all(hint: Any, kind: Any, inner: tuple[Any, ...]) -> _Reader:
    """A list, a tuple or a dict, each value of which has a type."""
    if kind in {dict, Mapping}:
        each = _reader(inner[1])

        def read_dict(value: Any) -> Any:
            if not isinstance(value, dict):
                raise _misfit(hint, value)
            try:
                return {key: each(one) for key, one in value.items()}
            except _Misfit:
                raise _placed(value, repeat(each), value.values()) from None

        return read_dict
    fixed = len(inner) if kind is tuple and Ellipsis not in inner else None
    readers = [_reader(one) for one in inner] if fixed else repeat(_reader(inner[0]))

    def read_list(value: Any) -> Any:
        if not isinstance(value, list) or fixed not in {None, len(value)}:
            raise _misfit(hint, value)
        try:
            # One reader may be repeated without end.
            return kind([reader(one) for reader, one in zip(readers, value, strict=False)])
        except _Misfit:
            raise _placed(range(len(value)), readers, value) from None

    return read_list


def _reader_of_one(readers: list[_Reader], *, none: bool) -> _Reader:
    def read(value: Any) -> Any:
        # First, for nothing has to be said of it then: of a million images it is what most do not have.
        if value is None and none:
            return None
        misfits = []
        for each in readers:
            try:
                return each(value)
            except _Misfit as misfit:
                misfits.append(misfit)
        # The first reading is the likeliest, its complaint the clearest: `X | None` says what is wrong with X.
        raise misfits[0]

    return read


def _reader_of_fields(kind: Any) -> _Reader:
    """A dataclass, or a dict that has at least the keys a TypedDict requires; what else stands there is let be."""
    readers = {key: _reader(hint) for key, hint in get_type_hints(kind).items()}
    if is_typeddict(kind):
        required = sorted(kind.__required_keys__)
    else:
        required = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]

    def read_fields(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _misfit(kind, value)
        try:
            found = {key: reader(value[key]) for key, reader in readers.items() if key in value}
        except _Misfit:
            known = [key for key in readers if key in value]
            raise _placed(known, [readers[key] for key in known], [value[key] for key in known]) from None
        for key in required:
            if key not in found:
                raise _Misfit("is missing", f".{key}")
        # A TypedDict keeps keys it does not know: open dicts of a record may come from a newer version of its format.
        return {**value, **found} if is_typeddict(kind) else kind(**found)

    return read_fields


def _placed(places: Iterable[str | int], readers: Iterable[_Reader], values: Iterable[Any]) -> _Misfit:
    """The first value that does not fit its reader, its key or number added to its place.

    Looked for once something is wrong: of a million objects that are right, nobody keeps count of places.
    """
    for place, reader, value in zip(places, readers, values, strict=False):
        try:
            reader(value)
        except _Misfit as misfit:
            at = f"[{place}]" if isinstance(place, int) else f".{place}"
            return _Misfit(misfit.said, at + misfit.inside)
    raise AssertionError("every value fits")


def _misfit(hint: Any, value: Any) -> _Misfit:
    return _Misfit(f"is {_shown(value)}, where {_expected(hint)} was expected")


def _expected(hint: Any) -> str:
    kind = get_origin(hint) or hint
    if kind is Literal:
        return " or ".join(f"`{word}`" for word in get_args(hint))
    return _NAMES.get(kind, "a list" if kind in {list, tuple} else "an object")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"
