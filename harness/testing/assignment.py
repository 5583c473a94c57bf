"""What a run is to do, once everything about it has been decided."""

from __future__ import annotations

from dataclasses import dataclass

from harness.sets.selection import Selection
from harness.testing.loading import Generator
from harness.testing.request import Plan


@dataclass(frozen=True)
class Assignment:
    """A generator, the pictures it is to translate, how, and on which resolved device."""

    generator: Generator
    selection: Selection
    plan: Plan
    device: str

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height the engine brings inputs to, None for each picture's own."""
        if self.plan.size == "own":
            return None
        side = self.generator.model.crop_size
        return self.plan.size or (side, side)
