"""What both engines are asked and what they answer, so that neither needs to know the other."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.catalog.preprocessing import Preprocessing
from harness.catalog.types import Architecture, Direction
from harness.images.geometry import Size
from harness.sets.item import Item

Mode = Literal["paper", "deterministic", "eval"]
"""`paper`: batch statistics of the one image and live, seeded dropout; `deterministic`: the same without
dropout; `eval`: running statistics, no dropout."""


@dataclass(frozen=True)
class Job:
    """A translation of some images by one generator.

    Attributes:
        size: width and height in pixels every input is brought to, the longest side it may have, or None for its own.
        preprocessing: with no `size`, how the training of one's own model brought pictures to theirs.
        seed: base of all randomness of the run.
        device: `cpu`, `cuda` or `cuda:N`, already resolved.
        log: file that receives everything the engine prints; what the engine needs meanwhile stands beside it.
    """

    weights: Path
    architecture: Architecture
    items: tuple[Item, ...]
    direction: Direction
    mode: Mode
    seed: int
    device: str
    size: Size | int | None
    log: Path
    preprocessing: Preprocessing | None = None


@dataclass(frozen=True, kw_only=True)
class NativeSettings:
    """What only the native engine can be told.

    Attributes:
        batch_size: images at once; by default chosen from their size, on a CPU from the free memory, too. It changes no
            result of a CPU; a GPU fills up its last batch, since its kernels hang on the size.
        precision: arithmetic; `auto` is the most exact of those the device is fast in.
        compile_: whether to use torch.compile, which pays for thousands of images only.
        samples: outputs drawn an image; with more than one there are their `mean` and `spread` too.
        devices: several devices share the images; by default the job's one.
        lua_seed: the seed whose dropout Torch7 drew through a whole run, to draw it again; None for our own.
        lua_order: names of all pictures of that run in its order; by default the job's.
        tiled: side in pixels of the overlapping tiles that larger pictures are drawn in; `auto` tiles only those that
            do not fit into memory; None draws every picture whole.
        overlap: of neighbouring tiles, in pixels; by default a quarter of their side.
    """

    batch_size: int | None = None
    precision: Literal["fp32", "tf32", "bf16", "fp16", "auto"] = "fp32"
    compile_: bool = False
    samples: int = 1
    devices: tuple[str, ...] | None = None
    lua_seed: int | None = None
    lua_order: tuple[str, ...] = ()
    tiled: int | Literal["auto"] | None = None
    overlap: int | None = None

    def __post_init__(self) -> None:
        # A program's mistake, not a user's: the command line has its own ranges.
        if self.samples < 1 or (self.batch_size or 1) < 1:
            raise ValueError("`samples` and `batch_size` are 1 at least")
        if isinstance(self.tiled, int) and not 0 <= (self.overlap or 0) < self.tiled:
            raise ValueError("tiles are larger than their overlap")


@dataclass(frozen=True)
class Answer:
    """What an engine says it did, for the run's record.

    Attributes:
        left_out: why pictures were not drawn, by their names: for want of memory; all others were.
        options: options given to the official script, or settings of the native engine.
        shims: each thing mended from outside, in words.
        durations: seconds by step, e.g. `stage`, `translate`, `measure`.
    """

    engine: Literal["official", "native"]
    options: tuple[str, ...]
    shims: tuple[str, ...]
    durations: dict[str, float]
    # What the one engine alone can tell, such as versions in the script's own process.
    extra: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Translation:
    """An item that is translated.

    Attributes:
        pictures: by their kind, `input`, `output`, `target` where there is one, `mean` and `spread` of several samples:
            H×W×3 uint8, as upstream's `tensor2im` makes them (truncation); a spread is H×W.
    """

    name: str
    pictures: Mapping[str, NDArray[np.uint8]]


Translating = Generator[Translation, None, Answer]
"""What an engine does: it yields a few translations ahead of whoever takes them, and ends with what it did."""
