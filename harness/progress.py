"""How services speak while they work: a protocol the command line implements and scripts may ignore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Step(Protocol):
    """One long step under way."""

    def advance(self, amount: float = 1) -> None:
        """Counts `amount` more units as done."""

    def expect(self, total: float | None) -> None:
        """Corrects the total, e.g. when a server says how long a download is."""


class Progress(Protocol):
    """What a service may say to whoever started it. Never results: those are returned."""

    def step(self, label: str, total: float | None = None, unit: str = "images") -> AbstractContextManager[Step]:
        """Opens a long step; `unit` is what is counted (`images`, `bytes`, `epochs`)."""

    def say(self, message: str) -> None:
        """One line of talk."""

    def warn(self, message: str, hint: str | None = None) -> None:
        """Something the user should know though the work goes on."""


class _SilentStep:
    def advance(self, amount: float = 1) -> None:
        return

    def expect(self, total: float | None) -> None:
        return


class Silent:
    """A `Progress` that says nothing, the default of every service."""

    @contextmanager
    def step(self, label: str, total: float | None = None, unit: str = "images") -> Iterator[Step]:
        yield _SilentStep()

    def say(self, message: str) -> None:
        return

    def warn(self, message: str, hint: str | None = None) -> None:
        return
