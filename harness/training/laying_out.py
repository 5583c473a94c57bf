"""Training pictures as the authors' loaders read them: what a test would show of them, under numeric ASCII names."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from harness.catalog.preprocessing import Size
from harness.catalog.types import Family
from harness.engines.inputs import cut_from_the_middle
from harness.errors import ImageError, TestSetError
from harness.files import sha256_of
from harness.images.opening import open_picture, open_rgb
from harness.images.pairing import looks_single, split_ab
from harness.images.png import write_png
from harness.parallel import default_workers, in_order
from harness.progress import Progress
from harness.runs.training_record import TrainingRecord
from harness.sets.trainable import TrainingData
from harness.training.checks import digest_of
from harness.training.foreseeing import architecture_of_options, preprocessing_of

# One row on the page; a CycleGAN's two generators share it.
SAMPLES = 4
_THEIR_FORMATS = ("PNG", "JPEG", "PPM", "BMP", "TIFF")
"""What the authors' loaders look for; Pillow reads more, but not every Pillow does."""


@dataclass(frozen=True)
class Staged:
    """What was laid out.

    Attributes:
        pictures: folder (`train`, `trainA` …) -> name below the dataset and size of each picture in it, of one half
            where they are pairs; in the order of their numbers.
        refused: file below the dataset -> why it cannot be used.
        warnings: what the user should know of the pictures.
        digest: SHA-256 over names and contents of the training pictures, refused ones too.
    """

    pictures: dict[str, list[tuple[str, Size]]]
    refused: dict[str, str]
    warnings: tuple[str, ...]
    digest: str

    @property
    def counts(self) -> dict[str, int]:
        return {folder: len(pictures) for folder, pictures in self.pictures.items()}


@dataclass(frozen=True)
class Sample:
    """A picture that a generator draws after each epoch; `name` is that of the dataset's file."""

    network: str
    name: str
    input: Path
    target: Path | None


def stage(data: TrainingData, family: Family, folder: Path, progress: Progress) -> Staged:
    """Lays the training pictures out in `folder`, opened as a test opens them.

    One is linked where the authors' loader reads the very same pixels, else it is written as a PNG. Pairs become two
    folders of halves where the family learns without pairs. The order is that of the names, so that a training that
    goes on finds every picture under the same number.

    Raises:
        TestSetError: fewer than two can be used.
    """
    # Left by a cut. It removes links to the user's pictures, and never follows them.
    shutil.rmtree(folder, ignore_errors=True)
    pictures: dict[str, list[tuple[str, Size]]] = {}
    refused: dict[str, str] = {}
    narrow: list[str] = []
    hashes: list[tuple[str, str]] = []
    for part in data.parts:
        # CycleGAN learns from pairs as from two heaps of pictures.
        halves = data.kind == "pairs" and family == "cyclegan"
        # Where their loaders look: `aligned` and `colorization` in `train`, `unaligned` in `trainA` and `trainB`.
        names = [f"{part}A", f"{part}B"] if halves else ["train" if data.kind == "photos" else part]
        targets = [folder / name for name in names]
        for target in targets:
            target.mkdir(parents=True)
        listed: list[tuple[str, Size]] = []
        files = data.pictures(part)
        with progress.step(f"looking at the pictures of `{part}`", len(files)) as step:
            lay = partial(_lay_one, targets=targets, kind=data.kind)
            for file, (sha256, laid) in zip(files, in_order(lay, enumerate(files, 1), default_workers()), strict=True):
                step.advance()
                shown = file.relative_to(data.folder).as_posix()
                # Refused ones too: a picture that is mended between two goings on changes what is trained on.
                hashes.append((shown, sha256))
                if isinstance(laid, str):
                    refused[shown] = laid
                    continue
                # Below the part, since two folders in it may hold files of one name.
                listed.append((file.relative_to(data.folder / part).as_posix(), laid))
                # Upstream cuts any picture in two and trains on the halves, without a word.
                if data.kind == "pairs" and looks_single((2 * laid[0], laid[1])):
                    narrow.append(shown)
        pictures |= dict.fromkeys(names, listed)
    short = next((name for name, listed in pictures.items() if len(listed) < 2), None)
    if short:
        first = next((f": `{name}`: {why}" for name, why in refused.items()), "")
        raise TestSetError(
            f"of the pictures for `{short}` in `{data.folder}` fewer than two can be used{first}",
            "mend them, or make pairs anew: harness prepare-images FOLDER --targets FOLDER --split 80/10/10",
        )
    warnings = []
    if narrow:
        warnings.append(f"{len(narrow)} pictures look like single ones, not like A and B side by side: `{narrow[0]}`")
    return Staged(pictures, refused, tuple(warnings), digest_of(hashes))


def _lay_one(numbered: tuple[int, Path], *, targets: Sequence[Path], kind: str) -> tuple[str, Size | str]:
    """The hash of a picture, and its size, of one half of a pair, or why it cannot be used."""
    number, file = numbered
    sha256 = ""
    try:
        sha256 = sha256_of(file)
        # Their loaders sort by name, and pass over endings they do not list: `.JPG` is in, `.Jpg` and `.webp` are not.
        return sha256, _lay(file, [target / f"{number:06d}.png" for target in targets], kind)
    except ImageError as error:
        return sha256, error.message
    except OSError as error:
        return sha256, f"cannot be read: {error.strerror or error}"


def _lay(file: Path, targets: Sequence[Path], kind: str) -> Size:
    """Lays one picture out, its halves where there are two targets; returns its size, or that of a half."""
    picture = open_picture(file)
    # (A, B), left and right, or the one picture
    halves = split_ab(picture.image) if kind == "pairs" else (picture.image,)
    if len(targets) == 2:
        for half, target in zip(halves, targets, strict=True):
            write_png(target, half)
    elif picture.untouched and _is_known(file):
        try:
            targets[0].symlink_to(file.resolve())  # their loaders go by the ending, Pillow by the content
        except OSError:  # Windows without the right to make links
            shutil.copyfile(file, targets[0])
    else:
        # Their `Image.open(path).convert("RGB")` ignores the EXIF rotation, makes transparency black and 16 bits white.
        write_png(targets[0], picture.image)
    return halves[0].size


def _is_known(file: Path) -> bool:
    """Whether any Pillow can open the file, also one that a plugin was not told to."""
    try:
        with Image.open(file, formats=_THEIR_FORMATS):
            return True
    except (OSError, SyntaxError, ValueError):
        return False


def stage_samples(data: TrainingData, record: TrainingRecord, options: Mapping[str, Any], folder: Path) -> list[Sample]:
    """Writes a few inputs, and targets where there are pairs, as the networks see pictures.

    They are of the held-out pictures where there are any. The names of the files tell which generator draws them.

    Args:
        options: as the parser of `train.py` has them.
    """
    ways = {"G_A": True, "G_B": False} if record.family == "cyclegan" else {"G": record.direction == "AtoB"}
    made = []
    for network, forward in ways.items():
        # Of pictures without pairs G_A draws from those of A, G_B from those of B.
        side = "AB"[not forward]
        parts = [data.chosen_on or "", *data.parts] if data.has_targets else [f"test{side}", f"train{side}"]
        files = _spread(next(filter(None, map(data.pictures, parts)), []), SAMPLES // len(ways))
        for number, file in enumerate(files, 1):
            try:
                source, target = _shown(file, data.kind, options, forward=forward)
            except ImageError:  # training pictures that cannot be used are named, and nothing is held out here
                continue
            saved = {}
            for kind, picture in (("input", source), ("target", target)):
                if picture is not None:
                    saved[kind] = folder / kind / f"{network}-{number}.png"
                    saved[kind].parent.mkdir(parents=True, exist_ok=True)
                    write_png(saved[kind], picture)
            made.append(Sample(network, file.stem, saved["input"], saved.get("target")))
    return made


def _shown(
    file: Path, kind: str, options: Mapping[str, Any], *, forward: bool
) -> tuple[Image.Image, Image.Image | None]:
    """Input and target of a sample; the input of a photo to colour has its lightness and no colour."""
    picture = open_rgb(file)
    halves = split_ab(picture) if kind == "pairs" else (picture,)
    multiple = architecture_of_options(options).multiple_of
    scaled, size = preprocessing_of(options).sampled(halves[0].size, multiple)
    # Cut in the middle as tests are: a random cut would be another picture after every epoch.
    source, *rest = (cut_from_the_middle(half, scaled, size) for half in halves)
    if kind == "photos":
        lab = rgb2lab(np.asarray(source))  # (H, W, 3): L 0 to 100, then the two axes of colour
        lab[..., 1:] = 0
        return Image.fromarray((lab2rgb(lab) * 255).round().astype(np.uint8)), source
    if not rest:
        return source, None
    return (source, rest[0]) if forward else (rest[0], source)


def _spread(files: Sequence[Path], count: int) -> list[Path]:
    # Spread over the list: neighbours are often of one place or one film.
    return [files[i * len(files) // count] for i in range(count)] if len(files) > count else list(files)
