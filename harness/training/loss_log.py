"""`losses.csv`: one row an iteration that was told, and what is left of it after a cut."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.files import written_aside

FILE = "losses.csv"
_BEFORE_VALUES = ("iteration", "epoch", "batch", "rate", "seconds")
_WHOLE = {"iteration", "epoch", "batch"}


def read_losses(path: Path) -> list[dict[str, Any]]:
    """Returns the rows as numbers by column, without those a power cut has damaged; none where there is no file."""
    if not path.is_file():
        return []
    # A cut may leave zeros, or half of a character; such rows are no numbers and fall out below.
    text = path.read_text(encoding="utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1]  # the last number of a line without its end may lack digits
    header, *rows = [row for row in csv.reader(whole.splitlines()) if row] or [[]]
    if tuple(header[: len(_BEFORE_VALUES)]) != _BEFORE_VALUES:
        return []
    return [told for row in rows if len(row) == len(header) and (told := _numbers(header, row))]


def _numbers(header: list[str], row: list[str]) -> dict[str, Any] | None:
    try:
        return {name: int(value) if name in _WHOLE else float(value) for name, value in zip(header, row, strict=True)}
    except ValueError:
        return None


class LossLog:
    """The file while a training writes it; takes losses as `harness.engines.official.training.train` tells them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._last = 0

    def go_on_after(self, iteration: int) -> list[dict[str, Any]]:
        """Drops what comes after an iteration, which is done again, and returns the rest as it was told."""
        # `train.py` goes on from its last state, and tells what it had done after that once more.
        rows = [row for row in read_losses(self._path) if row["iteration"] <= iteration]
        self._path.unlink(missing_ok=True)
        if not rows:
            return []
        with written_aside(self._path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            # repr() of a float is the shortest text that reads back as the same number.
            writer.writerows([list(rows[0]), *(map(repr, row.values()) for row in rows)])
        self._last = rows[-1]["iteration"]
        return [
            {
                **{key: row[key] for key in _BEFORE_VALUES},
                "losses": {k: v for k, v in row.items() if k not in _BEFORE_VALUES},
            }
            for row in rows
        ]

    def add(self, told: Mapping[str, Any]) -> bool:
        """Appends a row; returns whether it is new and not told once more, in case it was not heard before a cut."""
        if told["iteration"] <= self._last:
            return False
        self._last = told["iteration"]
        row = {key: told[key] for key in _BEFORE_VALUES} | told["losses"]
        new = not self._path.is_file()
        # Opened for each row, so that a kill loses none that was told.
        with self._path.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerows([*([list(row)] if new else []), map(repr, row.values())])
        return True
