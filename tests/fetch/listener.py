"""A `Progress` that remembers what it was told."""

from __future__ import annotations

from contextlib import AbstractContextManager

from harness.progress import Silent, Step


class Listener(Silent):
    """Remembers the labels of steps, talk, warnings, and all of them in their order."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.talk: list[str] = []
        self.warned: list[str] = []
        self.said: list[str] = []

    def step(self, label: str, total: float | None = None, unit: str = "images") -> AbstractContextManager[Step]:
        self.labels.append(label)
        self.said.append(label)
        return super().step(label, total, unit)

    def say(self, message: str) -> None:
        self.talk.append(message)
        self.said.append(message)

    def warn(self, message: str, hint: str | None = None) -> None:
        self.warned.append(message)
        self.said.append(message)
