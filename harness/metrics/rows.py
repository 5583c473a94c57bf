"""What was measured of a run's images, kept by column: eight bytes a number, so that a million images fit."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 10_000  # numbers that become Python's own, 32 bytes each, at a time


@dataclass(frozen=True)
class Row:
    """One image: a value for each column; infinity is the PSNR of a picture equal to its reference."""

    name: str
    values: dict[str, float]


@dataclass(frozen=True, eq=False)
class Rows(Sequence[Row]):
    """All images in order; a row is made when it is asked for. `columns` are (n,) float64 each."""

    names: tuple[str, ...]
    columns: Mapping[str, NDArray[np.float64]]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Rows:
        """Returns rows that have the same columns each."""
        every = tuple(rows)
        columns = every[0].values if every else ()
        return cls(tuple(r.name for r in every), {c: np.array([r.values[c] for r in every], float) for c in columns})

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> Row | Rows:
        if isinstance(place, slice):
            return Rows(self.names[place], {name: values[place] for name, values in self.columns.items()})
        return Row(self.names[place], {name: float(values[place]) for name, values in self.columns.items()})

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Rows)
            and self.names == other.names
            and self.columns.keys() == other.columns.keys()
            and all(np.array_equal(values, other.columns[name]) for name, values in self.columns.items())
        )

    def in_order_of(self, names: Sequence[str]) -> Rows:
        """Returns the rows of these names, in their order; raises KeyError for one that is not there."""
        if tuple(names) == self.names:
            return Rows(tuple(names), self.columns)
        places = {name: place for place, name in enumerate(self.names)}
        order = [places[name] for name in names]
        return Rows(tuple(names), {name: values[order] for name, values in self.columns.items()})

    def lists(self, columns: Sequence[str]) -> Iterator[tuple[float, ...]]:
        """Yields the rows' values of some columns as Python's floats."""
        for start in range(0, len(self), _AT_ONCE):
            yield from zip(*(self.columns[c][start : start + _AT_ONCE].tolist() for c in columns), strict=True)


class Table:
    """Numbers of images that come in any order, as many of each; NaN where there is none."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns, self._names, self._numbers = tuple(columns), list[str](), array("d")

    def __len__(self) -> int:
        return len(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        """The images, in the order in which they came."""
        return tuple(self._names)

    def add(self, name: str, values: Mapping[str, float]) -> None:
        """Adds an image."""
        self._names.append(name)
        self._numbers.extend(values.get(column, math.nan) for column in self._columns)

    def extend(self, rows: Rows) -> None:
        """Adds images."""
        self._names.extend(rows.names)
        table = np.full((len(rows), len(self._columns)), math.nan)
        for place, column in enumerate(self._columns):
            if column in rows.columns:
                table[:, place] = rows.columns[column]
        self._numbers.frombytes(table.tobytes())

    def rows(self, names: Sequence[str]) -> Rows:
        """Returns the rows of these names, in their order.

        Raises:
            KeyError: one was not added.
            ValueError: one was added twice.
        """
        if len(set(self._names)) < len(self):
            twice = next(name for name, times in Counter(self._names).items() if times > 1)
            raise ValueError(f"it has two rows of the name `{twice}`")
        table = np.frombuffer(self._numbers).reshape(len(self), len(self._columns))
        # (columns, n), each column of its own: nobody who keeps one keeps all.
        every = {name: values.copy() for name, values in zip(self._columns, table.T, strict=True)}
        return Rows(self.names, every).in_order_of(names)
