"""A job's pictures as plain 8-bit RGB PNGs under numeric ASCII names, and its weights where their script looks.

Upstream names outputs by stem only, skips unknown extensions and cannot write some names; staging takes all that away.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.errors import EngineError, ImageError
from harness.images.opening import open_rgb
from harness.images.pairing import join_ab, split_ab
from harness.progress import Progress
from harness.translation import Item, Job
from harness.weights.reading import read_weights
from harness.workspace import checked_name

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

    @property
    def data(self) -> Path:
        return self.root / "data"

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
        EngineError: no items, pairs and single pictures mixed, a name twice, or a size the network cannot take.
        WorkspaceError: a name that no file can have.
    """
    paired = _checked_items(job.items)
    if job.size is not None and not _fits(job.size, job.architecture):
        raise EngineError(
            f"size {job.size[0]}x{job.size[1]} does not fit: {_reason(job.architecture)}", _size_hint(job.architecture)
        )
    digits = max(6, len(str(len(job.items))))
    images = (StagedImage(f"{number:0{digits}d}", item) for number, item in enumerate(job.items, 1))
    return Stage(root, tuple(images), paired)


def stage_images(job: Job, stage: Stage, progress: Progress) -> dict[str, tuple[int, int]]:
    """Writes every picture of the manifest and returns each stem's size, of one half if it is a pair.

    Raises:
        ImageError: pictures that cannot be read, or whose own size the network cannot take; all are named.
    """
    folder = stage.data / PHASE if stage.paired else stage.data
    folder.mkdir(parents=True)
    sizes: dict[str, tuple[int, int]] = {}
    problems: list[ImageError] = []

    def stage_one(image: StagedImage) -> tuple[int, int] | ImageError:
        try:
            return _write_picture(image.item, folder / f"{image.stem}.png", job.size, job.architecture)
        except ImageError as error:
            return error

    with (
        progress.step("staging", total=len(stage.images)) as step,
        ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool,
    ):
        for image, outcome in zip(stage.images, pool.map(stage_one, stage.images), strict=True):
            if isinstance(outcome, ImageError):
                problems.append(outcome)
            else:
                sizes[image.stem] = outcome
            step.advance()
    if problems:
        raise _gathered(problems)
    return sizes


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


def _checked_items(items: tuple[Item, ...]) -> bool:
    if not items:
        raise EngineError("there are no pictures to translate", "harness prepare-images FOLDER")
    if len({item.paired for item in items}) > 1:
        raise EngineError("pairs and single pictures cannot be translated in one run", "make two test sets of them")
    # Folded, because two names that differ by case only are one file on Windows and macOS.
    twice = [
        name for name, count in Counter(checked_name(i.name, "picture").casefold() for i in items).items() if count > 1
    ]
    if twice:
        raise EngineError(
            f"two pictures are called {', '.join(f'`{name}`' for name in twice[:5])}", "rename one of them"
        )
    return items[0].paired


def _fits(size: tuple[int, int], architecture: Architecture) -> bool:
    return all(side > 0 and side % architecture.multiple_of == 0 for side in size)


def _reason(architecture: Architecture) -> str:
    multiple = architecture.multiple_of
    if architecture.netG.startswith("unet"):
        halvings = multiple.bit_length() - 1
        return (
            f"a `{architecture.netG}` halves the picture {halvings} times and joins each level with its mirror, "
            f"so width and height must be multiples of {multiple}"
        )
    return f"a `{architecture.netG}` halves the picture twice, so width and height must be multiples of {multiple}"


def _size_hint(architecture: Architecture) -> str:
    return f"use a size whose sides are multiples of {architecture.multiple_of}, or `harness prepare-images FOLDER`"


def _write_picture(
    item: Item, target: Path, size: tuple[int, int] | None, architecture: Architecture
) -> tuple[int, int]:
    try:
        picture = open_rgb(item.path)
        halves = split_ab(picture) if item.paired else (picture,)
    except ImageError as error:
        subject = "" if error.message.startswith(f"`{item.path}`") else f"`{item.path}`: "
        raise ImageError(f"{subject}{error.message}", error.hint) from error
    final = size or halves[0].size
    if not _fits(final, architecture):
        raise ImageError(f"`{item.path}` is {final[0]}x{final[1]}: {_reason(architecture)}", _size_hint(architecture))
    # Bicubic, as upstream's own loader resizes.
    fitted = [h if h.size == final else h.resize(final, Image.Resampling.BICUBIC) for h in halves]
    staged = join_ab(*fitted) if item.paired else fitted[0]
    staged.save(target, compress_level=0)  # read once and thrown away
    return final


def _gathered(errors: list[ImageError]) -> ImageError:
    if len(errors) == 1:
        return errors[0]
    more = [f"and {len(errors) - 5} more"] if len(errors) > 5 else []
    lines = [f"{len(errors)} pictures cannot be used:", *(error.message for error in errors[:5]), *more]
    return ImageError("\n  ".join(lines), errors[0].hint)
