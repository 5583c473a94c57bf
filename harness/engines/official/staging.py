"""A job's pictures as plain 8-bit RGB PNGs under numeric ASCII names, and its weights where their script looks.

Upstream names outputs by stem only, skips unknown extensions and cannot write some names; staging takes all that away.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.engines.inputs import Framing, bicubic, checked_items, gathered, sized_halves
from harness.engines.job import Job
from harness.errors import ImageError
from harness.images.geometry import mirrored_around
from harness.images.pairing import join_ab
from harness.images.png import write_png
from harness.progress import Progress
from harness.sets.item import Item
from harness.weights.reading import read_weights

EXPERIMENT = "harness"
PHASE = "test"


@dataclass(frozen=True)
class StagedImage:
    """One picture their script will read, and its name there."""

    stem: str
    item: Item


@dataclass(frozen=True)
class Stage:
    """The temporary folders of one run and the manifest that maps staged stems back to items."""

    root: Path
    images: tuple[StagedImage, ...]
    paired: bool
    colorizes: bool = False

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def staged(self) -> Path:
        """Where pictures lie: `aligned` and `colorization` read the phase's folder, `single` the root and all below."""
        return self.data / PHASE if self.paired or self.colorizes else self.data

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def pictures(self) -> Path:
        """Where upstream writes its pictures: `RESULTS/NAME/PHASE_EPOCH/images`."""
        return self.results / EXPERIMENT / f"{PHASE}_latest" / "images"


def plan_stage(job: Job, root: Path) -> Stage:
    """Returns the manifest of a job that makes sense; nothing is written yet.

    Raises:
        EngineError: no items, pairs and single pictures mixed, or a name twice.
        WorkspaceError: a name that no file can have.
    """
    paired = checked_items(job.items, job.architecture)
    # As wide as the last number, so that their sorting by name keeps the order.
    digits = max(6, len(str(len(job.items))))
    images = (StagedImage(f"{number:0{digits}d}", item) for number, item in enumerate(job.items, 1))
    return Stage(root, tuple(images), paired, job.architecture.colorizes)


def stage_images(job: Job, stage: Stage, progress: Progress) -> dict[str, Framing]:
    """Writes every picture of the manifest and returns how each stem's, or each half of it, was framed.

    Raises:
        ImageError: pictures that cannot be read; all are named.
    """
    stage.staged.mkdir(parents=True)
    framed: dict[str, Framing] = {}
    problems: list[ImageError] = []

    def stage_one(image: StagedImage) -> Framing | ImageError:
        try:
            return _write_picture(image.item, stage.staged / f"{image.stem}.png", job)
        except ImageError as error:
            return error

    with (
        progress.step("staging", total=len(stage.images)) as step,
        # Decoding and resizing let go of the interpreter; the script's process starts on the other cores meanwhile.
        ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool,
    ):
        for image, outcome in zip(stage.images, pool.map(stage_one, stage.images), strict=True):
            if isinstance(outcome, ImageError):
                problems.append(outcome)
            else:
                framed[image.stem] = outcome
            step.advance()
    if problems:
        raise gathered(problems)
    return framed


def stage_weights(weights: Path, stage: Stage) -> list[str]:
    """Puts the generator into a private checkpoints folder, where their script may write, and returns the shims.

    What their script cannot load as it is, e.g. keys that begin with `module.`, gets a mended copy.

    Raises:
        WeightsError: the file is missing or holds no state dict.
    """
    read = read_weights(weights)
    target = stage.checkpoints / EXPERIMENT / "latest_net_G.pth"
    target.parent.mkdir(parents=True)
    if read.mended:
        torch.save(read.state_dict, target)
        return [f"mended copy of the weights: {what}" for what in read.mended]
    try:
        target.symlink_to(weights.resolve())
    except OSError:  # Windows without the right to make links
        shutil.copyfile(weights, target)
    return []


def _write_picture(item: Item, target: Path, job: Job) -> Framing:
    halves, framed = sized_halves(bicubic, item, job.size, job.architecture, job.preprocessing)
    halves = tuple(mirrored_around(half, framed.frame) for half in halves)
    write_png(target, join_ab(*halves) if item.paired else halves[0])
    return framed
