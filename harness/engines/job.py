"""What both engines are asked and what they answer, so that neither needs to know the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.catalog.types import Architecture, Direction
from harness.sets.item import Item

Mode = Literal["paper", "deterministic", "eval"]
"""`paper`: batch statistics of the one image and live, seeded dropout; `deterministic`: the same without
dropout; `eval`: running statistics, no dropout."""


@dataclass(frozen=True)
class Job:
    """A translation of some images by one generator.

    Attributes:
        size: width and height in pixels every input is brought to, or None for each picture's own size.
        seed: base of all randomness of the run.
        device: `cpu`, `cuda` or `cuda:N`, already resolved.
        output: an empty folder; the engine writes `input/NAME.png`, `output/NAME.png` and, for paired items,
            `target/NAME.png` there: 8-bit RGB, as upstream's `tensor2im` writes them (truncation).
        log: file that receives everything the engine prints.
    """

    weights: Path
    architecture: Architecture
    items: tuple[Item, ...]
    direction: Direction
    mode: Mode
    seed: int
    device: str
    size: tuple[int, int] | None
    output: Path
    log: Path


@dataclass(frozen=True)
class Answer:
    """What an engine says it did, for the run's record.

    Attributes:
        options: options given to the official script, or settings of the native engine.
        shims: each thing mended from outside, in words.
        durations: seconds by step, e.g. `stage`, `translate`, `collect`.
    """

    engine: Literal["official", "native"]
    options: tuple[str, ...]
    shims: tuple[str, ...]
    durations: dict[str, float]
    extra: dict[str, Any] = field(default_factory=dict)
