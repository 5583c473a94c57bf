"""The only module that writes to the terminal: results on stdout, talk and progress on stderr."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, ClassVar, TextIO

from rich import progress as bars
from rich.console import Console as RichConsole
from rich.filesize import decimal
from rich.table import Column, Table
from rich.text import Text

from harness.errors import HarnessError, UnknownNameError
from harness.progress import Step
from harness.redacting import visible
from harness.web.language import Language, language, spoken

# Often enough to see that something moves, seldom enough that a night's log can be read.
_SECONDS_BETWEEN_LINES = 5.0
# A line of a table in a file or pipe is never folded.
_ANY_WIDTH = 10_000
_OUTPUT_HINT = "look where `>` leads; what the command wrote to files is whole"

size_text = decimal
"""Says a number of bytes as people do, in decimal units."""


class _RateColumn(bars.ProgressColumn):
    def render(self, task: bars.Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


class _BarStep:
    def __init__(self, bar: bars.Progress, task: Any) -> None:
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
        # A clock that nobody sets back.
        now = time.monotonic()
        if now - self._told < _SECONDS_BETWEEN_LINES:
            return
        self._told = now
        of = f" of {self._total:.0f}" if self._total else ""
        rate = self._done / (now - self._begun)
        self._console.say(f"{self._label}: {self._done:.0f}{of} {self._unit}, {rate:.1f}/s")

    def expect(self, total: float | None) -> None:
        self._total = total


class ReaderGone(Exception):
    """Whoever read standard output has heard enough, e.g. `head`: no error of anybody."""


class _ErrorStream(RichConsole):
    def on_broken_pipe(self) -> None:
        """Nobody hears the talk any more; rich would end the program."""
        give_up(sys.stderr)


def give_up(stream: TextIO | Any) -> None:
    """Leads a stream that took no more into nothing, or Python would fail over it once more when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        # The descriptor itself, for Python's own flush at the end writes there too, whatever `sys.stdout` is by then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class StandardOutput(io.TextIOWrapper):
    """Standard output whose failures are told apart from those of any other file or pipe.

    Writing raises ReaderGone where nobody reads any more, HarnessError where it is closed or leads to a full disk.
    """

    closed_by_shell = False

    def write(self, text: str) -> int:
        # A result that nobody can read must not end with exit code 0.
        if self.closed_by_shell:
            raise HarnessError("standard output is closed: the result cannot be told", _OUTPUT_HINT)
        with self._translated():
            return super().write(text)

    def flush(self) -> None:
        with self._translated():
            super().flush()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Before the error is told: the stream still holds the text, and would fail again at exit.
            give_up(self)
            if isinstance(error, BrokenPipeError):
                raise ReaderGone from error
            raise HarnessError(f"standard output takes no more: {error.strerror or error}", _OUTPUT_HINT) from error


def prepare_streams() -> None:
    """Makes both streams safe in any locale: a terminal replaces what it cannot show, files and pipes get UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="replace")
    told = sys.stdout
    if isinstance(told, io.TextIOWrapper):
        # `sys.__stdout__` keeps the old wrapper alive, which would close the buffer if it were let go.
        sys.stdout = StandardOutput(told.buffer, told.encoding, told.errors, line_buffering=told.line_buffering)
    else:
        # Python found no descriptor 1 when it began (`>&-`), so there is nothing to wrap.
        sys.stdout = StandardOutput(io.BytesIO(), "utf-8", "replace")
        sys.stdout.closed_by_shell = True


class Console:
    """Talk, progress and results of one command; implements `harness.progress.Progress`.

    Names of files come from anywhere: letters that a terminal would obey are shown as `\\u001b` and the like.

    Attributes:
        language: what `--lang` said, whichever command it was said to.
    """

    language: ClassVar[str | None] = None

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        # Without soft wrapping rich breaks lines at the width of the terminal, and paths in two.
        self._err = _ErrorStream(stderr=True, highlight=False, soft_wrap=True)

    def _tell(self, *parts: Text | str) -> None:
        line = Text.assemble(*(visible(part) if isinstance(part, str) else part for part in parts))
        try:
            self._err.print(line)
        except OSError:  # a full disk behind `2>`; the result matters more
            give_up(sys.stderr)

    @property
    def words(self) -> Language:
        """What it speaks; English where the variable names a language that there is not, which the command refuses."""
        try:
            return spoken(self.language)
        except UnknownNameError:
            return language("en")

    def say(self, message: str) -> None:
        """See `Progress.say`; a line on stderr, unless `--quiet`."""
        if not self.quiet:
            self._tell(self.words.message(message))

    def warn(self, message: str, hint: str | None = None) -> None:
        """See `Progress.warn`; shown even with `--quiet`."""
        self._tell_marked("warning: ", "yellow", message, hint)

    def error(self, error: HarnessError) -> None:
        """An error's message and hint."""
        self._tell_marked("error: ", "bold red", error.message, error.hint)

    def _tell_marked(self, mark: str, style: str, message: str, hint: str | None) -> None:
        self._tell(Text(self.words.message(mark), style=style), self.words.message(message))
        if hint:
            self._tell(self.words.message("hint: "), self.words.message(hint))

    @contextmanager
    def step(self, label: str, total: float | None = None, unit: str = "images") -> Iterator[Step]:
        """See `Progress.step`: a bar on a terminal, plain lines in a log, nothing with `--quiet`."""
        # In a log a bar would leave a line for each of its steps.
        if self.quiet or not self._err.is_terminal:
            self.say(label)
            yield _LineStep(self, label, total, unit)
            return
        counted: list[bars.ProgressColumn] = (
            [bars.DownloadColumn(), bars.TransferSpeedColumn()]
            if unit == "bytes"
            else [bars.MofNCompleteColumn(), _RateColumn()]
        )
        # Names of files may hold `[…]`, which rich would take for its markup.
        columns = [
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            *counted,
            bars.TimeRemainingColumn(),
        ]
        with bars.Progress(*columns, console=self._err) as bar:
            yield _BarStep(bar, bar.add_task(visible(self.words.message(label)), total=total))

    def result(self, text: str) -> None:
        """A line of the command's result, on stdout."""
        self.raw(self.words.message(text))

    def raw(self, text: str) -> None:
        """The same for what is no message: a document, a table, what another program reads."""
        sys.stdout.write(visible(text) + "\n")
        # What reads the other end, a script or a pager, is not to wait for more.
        sys.stdout.flush()

    def document(self, document: Any) -> None:
        """The command's result as one JSON document on stdout."""
        # NaN is no JSON: a document that strict readers refuse is our fault, and should be found here.
        pieces = json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False).iterencode(document)
        # A piece is a word or a bracket. Of a million images, the text of all at once would take a gigabyte.
        while text := "".join(islice(pieces, 100_000)):
            sys.stdout.write(visible(text))
        self.raw("")

    def table(self, headers: list[str], rows: list[list[str]]) -> None:
        """A plain table on stdout; cells are folded where a terminal is too narrow, a file or pipe gets whole lines."""
        said = self.words.message
        table = Table(
            *(Column(Text(said(h)), overflow="fold") for h in headers), box=None, pad_edge=False, header_style=""
        )
        for row in rows:
            # As Text, so that no cell is read as markup.
            table.add_row(*(Text(visible(said(cell))) for cell in row))
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _ANY_WIDTH
        # Letters that are two cells wide, as Chinese ones, are counted by rich.
        printer = RichConsole(file=io.StringIO(), width=width, color_system=None)
        with printer.capture() as captured:
            printer.print(table)
        self.raw("\n".join(line.rstrip() for line in captured.get().splitlines()))

    def facts(self, title: str, facts: list[tuple[str, str]]) -> None:
        """A title and under it a line a fact on stdout, labels aligned; empty facts are left out."""
        kept = [(self.words.message(label), self.words.message(fact)) for label, fact in facts if fact]
        width = max(len(label) for label, _ in kept)
        self.raw(title)
        for label, fact in kept:
            for number, line in enumerate(fact.splitlines()):
                self.raw(f"  {'' if number else label:<{width}}  {line}")
