"""How to run a test: everything but the model and the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.engines.job import Mode

Engine = Literal["official", "native"]
Size = tuple[int, int] | Literal["own"] | None
"""Width and height in pixels, each picture's own, or None for the model's."""


@dataclass(frozen=True)
class NativeSettings:
    """What only the native engine can be told; see `harness.engines.native.engine.translate`."""

    batch_size: int | None = None
    precision: str = "fp32"
    compile_: bool = False
    samples: int = 1
    devices: Sequence[str] | None = None


@dataclass(frozen=True)
class Plan:
    """How to run.

    Attributes:
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        seed: base of all randomness; each image's own seed is derived from it and the image's name.
    """

    engine: Engine = "official"
    mode: Mode = "paper"
    device: str = "auto"
    seed: int = 0
    size: Size = None
    native: NativeSettings = field(default_factory=NativeSettings)
