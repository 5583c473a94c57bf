"""The only module that writes to the terminal: results on stdout, talk and progress on stderr."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console as RichConsole
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from harness.errors import HarnessError
from harness.progress import Step

_SECONDS_BETWEEN_LINES = 5.0

size_text = decimal
"""Says a number of bytes as people do, in decimal units."""


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


class _BarStep:
    def __init__(self, bar: RichProgress, task: Any) -> None:
        self._bar, self._task = bar, task

    def advance(self, amount: float = 1) -> None:
        self._bar.advance(self._task, amount)

    def expect(self, total: float | None) -> None:
        self._bar.update(self._task, total=total)


class _LineStep:
    """Progress for logs: a line every few seconds, with what is done and the rate."""

    def __init__(self, console: Console, label: str, total: float | None, unit: str) -> None:
        self._console, self._label, self._total, self._unit = console, label, total, unit
        self._done = 0.0
        self._begun = self._told = time.monotonic()

    def advance(self, amount: float = 1) -> None:
        self._done += amount
        now = time.monotonic()
        if now - self._told < _SECONDS_BETWEEN_LINES:
            return
        self._told = now
        of = f" of {self._total:.0f}" if self._total else ""
        rate = self._done / (now - self._begun)
        self._console.talk(f"{self._label}: {self._done:.0f}{of} {self._unit}, {rate:.1f}/s")

    def expect(self, total: float | None) -> None:
        self._total = total


def write_any_letter() -> None:
    """Makes both streams safe in any locale: a terminal replaces what it cannot show, files and pipes get UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="replace")


class Console:
    """Talk, progress and results of one command; implements `harness.progress.Progress`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._err = RichConsole(stderr=True, highlight=False, soft_wrap=True)

    def talk(self, message: str) -> None:
        """A line on stderr, unless `--quiet`."""
        if not self.quiet:
            self._err.print(Text(message))

    def say(self, message: str) -> None:
        """See `Progress.say`."""
        self.talk(message)

    def warn(self, message: str, hint: str | None = None) -> None:
        """See `Progress.warn`; shown even with `--quiet`."""
        self._err.print(Text("warning: ", style="yellow") + Text(message))
        if hint:
            self._err.print(Text(f"hint: {hint}"))

    def error(self, error: HarnessError) -> None:
        """An error's message and hint."""
        self._err.print(Text("error: ", style="bold red") + Text(error.message))
        if error.hint:
            self._err.print(Text(f"hint: {error.hint}"))

    @contextmanager
    def step(self, label: str, total: float | None = None, unit: str = "images") -> Iterator[Step]:
        """See `Progress.step`: a bar on a terminal, plain lines in a log, nothing with `--quiet`."""
        if self.quiet or not self._err.is_terminal:
            self.talk(label)
            yield _LineStep(self, label, total, unit)
            return
        counted: list[ProgressColumn] = (
            [DownloadColumn(), TransferSpeedColumn()] if unit == "bytes" else [MofNCompleteColumn(), _RateColumn()]
        )
        columns = [TextColumn("{task.description}", markup=False), BarColumn(), *counted, TimeRemainingColumn()]
        with RichProgress(*columns, console=self._err) as bar:
            yield _BarStep(bar, bar.add_task(label, total=total))

    def result(self, text: str) -> None:
        """A line of the command's result, on stdout."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def document(self, document: Any) -> None:
        """The command's result as one JSON document on stdout."""
        self.result(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))

    def table(self, headers: list[str], rows: list[list[str]]) -> None:
        """A plain table on stdout, columns aligned by width in terminal cells."""
        from rich.cells import cell_len

        widths = [max(cell_len(row[i]) for row in [headers, *rows]) for i in range(len(headers))]
        for row in [headers, *rows]:
            cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
            self.result("  ".join(cells).rstrip())

    def facts(self, title: str, facts: list[tuple[str, str]]) -> None:
        """A title and under it a line a fact on stdout, labels aligned; empty facts are left out."""
        kept = [(label, fact) for label, fact in facts if fact]
        width = max(len(label) for label, _ in kept)
        self.result(title)
        for label, fact in kept:
            for number, line in enumerate(fact.splitlines()):
                self.result(f"  {'' if number else label:<{width}}  {line}")
