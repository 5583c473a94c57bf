"""Training pictures as the authors' loaders read them: what a test would show of them, under numeric ASCII names."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Laid:
    """One picture of the dataset: its size, of one half of a pair, or why it cannot be used; and its hash."""

    file: Path
    size: Size | None
    sha256: str
    refused: str = ""


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
        for laid in _lay_all(data, part, targets, progress):
            shown = laid.file.relative_to(data.folder).as_posix()
            # Refused ones too: a picture that is mended between two goings on changes what is trained on.
            hashes.append((shown, laid.sha256))
            if laid.size is None:
                refused[shown] = laid.refused
                continue
            # Below the part, since two folders in it may hold files of one name.
            listed.append((laid.file.relative_to(data.folder / part).as_posix(), laid.size))
            # Upstream cuts any picture in two and trains on the halves, without a word.
            if data.kind == "pairs" and looks_single((2 * laid.size[0], laid.size[1])):
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
    digest = hashlib.sha256(json.dumps(hashes, ensure_ascii=False).encode()).hexdigest()
    return Staged(pictures, refused, tuple(warnings), digest)


def _lay_all(data: TrainingData, part: str, targets: Sequence[Path], progress: Progress) -> Iterator[_Laid]:
    files = data.pictures(part)

    def lay(numbered: tuple[int, Path]) -> _Laid:
        number, file = numbered
        sha256 = ""
        try:
            sha256 = sha256_of(file)
            # Their loaders sort by name, and pass over endings they do not list: `.JPG` is in, `.Jpg` and `.webp` are
            # not.
            return _Laid(file, _lay(file, [t / f"{number:06d}.png" for t in targets], data.kind), sha256)
        except ImageError as error:
            return _Laid(file, None, sha256, error.message)
        except OSError as error:
            return _Laid(file, None, sha256, f"cannot be read: {error.strerror or error}")

    with progress.step(f"looking at the pictures of `{part}`", len(files)) as step:
        for laid in in_order(lay, enumerate(files, 1), default_workers()):
            step.advance()
            yield laid


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
    networks = ("G",) if record.family != "cyclegan" else ("G_A", "G_B")
    made = []
    for network in networks:
        forward = record.direction == "AtoB" if network == "G" else network == "G_A"
        # Of pictures without pairs G_A draws from those of A, G_B from those of B.
        files = _spread(_sampled_from(data, "AB"[not forward]), SAMPLES // len(networks))
        for number, file in enumerate(files, 1):
            try:
                source, target = _shown(file, data.kind, options, forward=forward)
            except ImageError:  # training pictures that cannot be used are named, and nothing is held out here
                continue
            saved = {"input": folder / "input" / f"{network}-{number}.png"}
            saved["input"].parent.mkdir(parents=True, exist_ok=True)
            write_png(saved["input"], source)
            if target is not None:
                saved["target"] = folder / "target" / saved["input"].name
                saved["target"].parent.mkdir(exist_ok=True)
                write_png(saved["target"], target)
            made.append(Sample(network, file.stem, saved["input"], saved.get("target")))
    return made


def _sampled_from(data: TrainingData, letter: str) -> list[Path]:
    parts = [data.chosen_on or "", *data.parts] if data.has_targets else [f"test{letter}", f"train{letter}"]
    return next((found for part in parts if part and (found := data.pictures(part))), [])


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
