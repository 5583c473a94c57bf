"""One small strip an image: its pictures side by side in square cells, which the page cuts apart again.

A single file a row keeps a page of ten thousand images light; names are row numbers, never a user's.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from harness.files import written_aside
from harness.images.geometry import PixelBox
from harness.parallel import default_workers, in_order
from harness.progress import Progress

# Pixels a side, half of what most models draw.
CELL = 128
FOLDER = "thumbs"
DIFFERENCE_TOP = 128
"""Levels of mean absolute difference that the brightest colour stands for, in every run alike."""

# Every 32nd colour of `inferno` by Nathaniel Smith and Stéfan van der Walt (CC0), perceptually uniform. 9×3 uint8.
_INFERNO = np.frombuffer(bytes.fromhex("000004 1f0c48 550f6d 88226a ba3655 e35933 f98c0a f9c932 fcffa4"), np.uint8)
# By sum s of three channels, 0..765: min(255, s / 3 · 255 / DIFFERENCE_TOP).
_LEVELS = np.minimum(np.arange(3 * 255 + 1) * (255 / 3 / DIFFERENCE_TOP), 255).astype(np.uint8)
_COLOURS_OF_SUMS: NDArray[np.uint8] = np.stack(
    [np.interp(_LEVELS, np.linspace(0, 255, 9), band) for band in _INFERNO.reshape(9, 3).T], axis=1
).astype(np.uint8)
"""The colour of each sum of the three channels' absolute differences, 766×3 uint8."""


def strip_path(row: int) -> str:
    """Returns a strip's path below the run's folder; at most a thousand a folder."""
    return f"{FOLDER}/{row // 1000:03d}/{row:05d}.webp"


def write_strips(
    run: Path, names: Mapping[int, str], kinds: Sequence[str], progress: Progress, boxes: Mapping[str, PixelBox]
) -> None:
    """Writes the strips that are missing or older than their pictures, on all cores.

    Those of other rows stay: a run's own page and its comparisons list different ones of very many.

    Args:
        names: of the images, by their rows in the run.
        boxes: of padded pictures, by name, where the picture lies: differences are of that alone.
    """
    with progress.step("Thumbnails", len(names)) as step:
        for _ in in_order(partial(_write_strip, run, kinds, boxes), names.items(), default_workers()):
            step.advance()


def _write_strip(run: Path, kinds: Sequence[str], boxes: Mapping[str, PixelBox], numbered: tuple[int, str]) -> None:
    row, name = numbered
    target = run / strip_path(row)
    sources = [run / "images" / kind / f"{name}.png" for kind in kinds if kind != "difference"]
    if not _fresh(target, sources, len(kinds)):
        save_webp(target, strip(run / "images", name, kinds, boxes.get(name)))


def write_strip(
    target: Path, pictures: Mapping[str, NDArray[np.uint8]], kinds: Sequence[str], box: PixelBox | None = None
) -> None:
    """Writes a strip while its pictures, H×W×3 or H×W by their kind, are in memory."""
    shown = {kind: Image.fromarray(picture).convert("RGB") for kind, picture in pictures.items() if kind in kinds}
    save_webp(target, _side_by_side(shown, kinds, box))


def save_webp(target: Path, picture: Image.Image, quality: int = 75) -> None:
    """Writes a picture as WebP, aside and then renamed."""
    encoded = encode(picture, quality)
    with written_aside(target) as temporary:
        temporary.write_bytes(encoded)


def _fresh(target: Path, sources: Sequence[Path], cells: int) -> bool:
    try:
        written = target.stat().st_mtime_ns
        # Newer than its strip: the picture was made again since.
        if any(source.stat().st_mtime_ns > written for source in sources if source.exists()):
            return False
        with Image.open(target) as image:
            # Another number of cells: since then a kind was added, such as the spread of samples.
            return image.size == (cells * CELL, CELL)
    except OSError:
        return False


def strip(images: Path, name: str, kinds: Sequence[str], box: PixelBox | None = None) -> Image.Image:
    """Returns an image's pictures side by side, each in a square cell; a missing picture's cell stays clear."""
    read = {kind: read_picture(images, kind, name) for kind in kinds if kind != "difference"}
    return _side_by_side({kind: picture for kind, picture in read.items() if picture is not None}, kinds, box)


def _side_by_side(pictures: dict[str, Image.Image], kinds: Sequence[str], box: PixelBox | None) -> Image.Image:
    drawn = _difference_of(pictures.get("output"), pictures.get("target"), box) if "difference" in kinds else None
    shown = pictures | ({"difference": drawn} if drawn else {})
    cells = {kind: _fitted(picture) for kind, picture in shown.items()}
    # An alpha channel costs bytes in every strip; only corners that stay empty need one.
    full = len(cells) == len(kinds) and all(cell.size == (CELL, CELL) for cell in cells.values())
    sheet = Image.new("RGB" if full else "RGBA", (CELL * len(kinds), CELL))
    for place, kind in enumerate(kinds):
        if cell := cells.get(kind):
            sheet.paste(cell, (place * CELL + (CELL - cell.width) // 2, (CELL - cell.height) // 2))
    return sheet


def read_picture(images: Path, kind: str, name: str, box: PixelBox | None = None) -> Image.Image | None:
    """Returns one picture as bare RGB without any metadata, or None if it cannot be read.

    `difference` is made of output and target: the mean absolute difference over RGB, in colours of a fixed scale,
    inside the box where there is one.
    """
    if kind == "difference":
        return _difference_of(read_picture(images, "output", name), read_picture(images, "target", name), box)
    try:
        with Image.open(images / kind / f"{name}.png") as image:
            # Made anew from bare pixels: `convert` would carry profile, EXIF and text along into files people send.
            return Image.fromarray(np.asarray(image.convert("RGB")))
    # SyntaxError is how Pillow reports a broken PNG.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _difference_of(output: Image.Image | None, target: Image.Image | None, box: PixelBox | None) -> Image.Image | None:
    if output is None or target is None or output.size != target.size:
        return None
    if box is None:
        return difference(output, target)
    black = Image.new("RGB", output.size)
    black.paste(difference(output.crop(box), target.crop(box)), box)
    return black


def difference(first: Image.Image, second: Image.Image) -> Image.Image:
    """Returns the mean absolute difference over RGB in colours, black for none; see `DIFFERENCE_TOP`."""
    # H×W, 0..765: beyond uint8, hence the wider type.
    red, green, blue = (np.asarray(band, np.uint16) for band in ImageChops.difference(first, second).split())
    levels = red + green + blue
    return Image.fromarray(_COLOURS_OF_SUMS[levels])


def _fitted(picture: Image.Image) -> Image.Image:
    scale = CELL / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    # Enlarged, a tiny picture shows its pixels; a gap of 1 takes whole factors by averages, which is six times as fast.
    return picture.resize(size, Image.Resampling.BICUBIC if scale < 1 else Image.Resampling.NEAREST, reducing_gap=1)


def encode(picture: Image.Image, quality: int | None) -> bytes:
    """Returns a picture as WebP of a quality in 1..100, or losslessly as PNG for None; never any metadata."""
    stream = io.BytesIO()
    if quality is None:
        picture.save(stream, "PNG")
    else:
        # Of 0 to 6: lower is faster, higher makes smaller files.
        picture.save(stream, "WEBP", quality=quality, method=2)
    return stream.getvalue()
