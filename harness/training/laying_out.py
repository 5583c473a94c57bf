"""Training pictures as the authors' loaders read them: every one opened once before, under numeric ASCII names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from harness.catalog.types import Direction, Family
from harness.errors import ImageError, TestSetError
from harness.images.pairing import split_ab
from harness.progress import Progress
from harness.sets.trainable import TrainingData

SAMPLES = 4
_LEAST_ASPECT = 1.2
"""A pair of halves narrower than this by their height is most likely a single picture."""


@dataclass(frozen=True)
class Staged:
    """What was laid out.

    Attributes:
        counts: folder (`train`, `trainA` …) -> pictures in it.
        refused: file below the dataset -> why it cannot be used.
        warnings: what the user should know of the pictures.
    """

    counts: dict[str, int]
    refused: dict[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """A picture that a generator draws after each epoch; `name` is that of the dataset's file."""

    network: str
    name: str
    input: Path
    target: Path | None


def stage(data: TrainingData, family: Family, folder: Path, progress: Progress) -> Staged:
    """Lays the training pictures out in `folder`, linked where they can stay as they are.

    Pairs become two folders of halves where the family learns without pairs. The order is that of the names, so that
    a training that goes on finds every picture under the same number.

    Raises:
        TestSetError: fewer than two can be used.
    """
    shutil.rmtree(folder, ignore_errors=True)
    halves = data.kind == "pairs" and family == "cyclegan"
    counts: dict[str, int] = {}
    refused: dict[str, str] = {}
    narrow: list[str] = []
    for part in data.parts:
        files = data.pictures(part)
        targets = [folder / f"{part}A", folder / f"{part}B"] if halves else [folder / part]
        if data.kind == "photos":
            targets = [folder / "train"]
        for target in targets:
            target.mkdir(parents=True)
        lay = (
            partial(_lay_halves, folders=targets)
            if halves
            else partial(_lay_link, folder=targets[0], pair=data.kind == "pairs")
        )
        with progress.step(f"looking at the pictures of `{part}`", len(files)) as step, _pool() as pool:
            for file, outcome in zip(files, pool.map(_caught(lay), files, range(1, len(files) + 1)), strict=True):
                shown = file.relative_to(data.folder).as_posix()
                if isinstance(outcome, str):
                    refused[shown] = outcome
                elif outcome:
                    narrow.append(shown)
                step.advance()
        counts |= {target.name: sum(1 for _ in target.iterdir()) for target in targets}
    short = next((name for name, count in counts.items() if count < 2), None)
    if short:
        first = next((f": `{name}`: {why}" for name, why in refused.items()), "")
        raise TestSetError(
            f"of the pictures for `{short}` in `{data.folder}` fewer than two can be used{first}",
            "harness prepare-images FOLDER --targets FOLDER --split 80/10/10",
        )
    warnings = []
    if narrow:
        warnings.append(f"{len(narrow)} pictures look like single ones, not like A and B side by side: `{narrow[0]}`")
    return Staged(counts, refused, tuple(warnings))


def stage_samples(data: TrainingData, direction: Direction, family: Family, side: int, folder: Path) -> list[Sample]:
    """Writes a few inputs, and targets where there are pairs, as squares of the size the network is trained on.

    They are of the held-out pictures where there are any.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if family != "cyclegan":
        return _samples(data, "G", direction == "AtoB", SAMPLES, side, folder)
    return [s for n in ("G_A", "G_B") for s in _samples(data, n, n == "G_A", SAMPLES // 2, side, folder)]


def _samples(data: TrainingData, network: str, forward: bool, count: int, side: int, folder: Path) -> list[Sample]:
    letter = "AB"[not forward]
    parts = [data.chosen_on or "", *data.parts] if data.has_targets else [f"test{letter}", f"train{letter}"]
    files = next((found for part in parts if part and (found := data.pictures(part))), [])
    made = []
    for number, file in enumerate(_spread(files, count), 1):
        try:
            with Image.open(file) as opened:
                whole = opened.convert("RGB")
            halves = _halves(whole, data.kind)
        except (OSError, ValueError, ImageError):  # said when the held-out pictures are tested
            continue
        source, target = halves if forward or halves[1] is None else (halves[1], halves[0])
        saved = {}
        for kind, picture in (("input", source), ("target", target)):
            if picture is not None:
                saved[kind] = folder / kind / f"{network}-{number}.png"
                saved[kind].parent.mkdir(exist_ok=True)
                picture.resize((side, side), Image.Resampling.BICUBIC).save(saved[kind])
        made.append(Sample(network, file.stem, saved["input"], saved.get("target")))
    return made


def _halves(whole: Image.Image, kind: str) -> tuple[Image.Image, Image.Image | None]:
    """Input and target, A and B of pairs; the input of a photo to colour has its lightness and no colour."""
    if kind == "pairs":
        return split_ab(whole)
    if kind == "unpaired":
        return whole, None
    lab = rgb2lab(np.asarray(whole))
    lab[..., 1:] = 0
    return Image.fromarray((lab2rgb(lab) * 255).round().astype(np.uint8)), whole


def _spread(files: Sequence[Path], count: int) -> list[Path]:
    return (
        [files[i * len(files) // count] for i in range(min(count, len(files)))] if len(files) >= count else list(files)
    )


def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(8, os.cpu_count() or 1))


def _caught(lay: Callable[[Path, int], bool]) -> Callable[[Path, int], bool | str]:
    def one(file: Path, number: int) -> bool | str:
        try:
            return lay(file, number)
        except ImageError as error:
            return error.message
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            return f"cannot be read as a picture: {error}"

    return one


def _lay_link(file: Path, number: int, folder: Path, pair: bool) -> bool:
    """Links a picture that can be read; returns whether a pair looks like none."""
    with Image.open(file) as picture:
        picture.load()
        width, height = picture.size
    if pair and width < 2:
        raise ImageError("it is 1 pixel wide, which has no two halves")
    target = folder / f"{number:06d}.png"  # their loaders go by the ending, Pillow by the content
    try:
        target.symlink_to(file.resolve())
    except OSError:  # Windows without the right to make links
        shutil.copyfile(file, target)
    return pair and width < _LEAST_ASPECT * height


def _lay_halves(file: Path, number: int, folders: Sequence[Path]) -> bool:
    with Image.open(file) as picture:
        halves = split_ab(picture.convert("RGB"))
    for half, folder in zip(halves, folders, strict=True):
        half.save(folder / f"{number:06d}.png", compress_level=1)
    return halves[0].width * 2 < _LEAST_ASPECT * halves[0].height
