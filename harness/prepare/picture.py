"""Prepares one file of the user: reads, cuts into tiles, draws by recipe, joins with its target, writes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from PIL import Image

from harness.documents import typed
from harness.errors import ImageError
from harness.files import sha256_of
from harness.images.geometry import Geometry, Size, at_most, middle_box
from harness.images.opening import Opened
from harness.images.pairing import join_ab
from harness.images.png import write_png
from harness.keeping import Pieces, key_of, same_file
from harness.prepare.recipes.base import Drawn, Recipe, Settings
from harness.prepare.sources import Source
from harness.sets.test_set import Refusal, SetImage

# Pixels of the longer side on the contact sheet.
_THUMBNAIL = 240

SOURCE_SIDE = 640
"""Pixels of the longer side of what is kept of a source, to be shown beside a run's full-size output."""


@dataclass(frozen=True)
class Recipes:
    """How inputs and targets are drawn, and on which side of a pair the input stands."""

    input: Recipe
    target: Recipe
    settings: Settings
    input_left: bool


@dataclass(frozen=True)
class Task:
    """One file to prepare.

    Attributes:
        phase: folder of the set its pictures go to.
        earlier: what an earlier run with the same settings made of a file of this name.
        earlier_folder: that run's set, if there was one.
    """

    name: str
    phase: str
    source: Source
    target: Source | None
    earlier: tuple[SetImage, ...]
    earlier_folder: Path


@dataclass(frozen=True)
class Outcome:
    """The pictures made of a file, or the reason why there are none.

    Attributes:
        reused: whether an earlier set had them.
        taken: whether they were made before this preparation was cut.
    """

    images: tuple[SetImage, ...] = ()
    refusal: Refusal | None = None
    reused: bool = False
    taken: bool = False


def prepare_one(task: Task, recipes: Recipes, folder: Path, pieces: Pieces) -> Outcome:
    """Makes a file's pictures in the set's folder; whatever is wrong with the file is answered, not raised."""
    try:
        content = task.source.read()
        target = task.target.read() if task.target else None
        # Hashes of the bytes as they lie there, before anything is done: they tell an unchanged file next time.
        facts = SetImage(
            task.name,
            f"{task.phase}/{task.name}.png",
            task.source.shown,
            hashlib.sha256(content).hexdigest(),
            (0, 0),
            target=task.target.shown if task.target else None,
            target_sha256=hashlib.sha256(target).hexdigest() if target is not None else None,
        )
        earlier = _reused(task, facts, folder)
        if earlier is not None:
            return earlier
        key = key_of(**asdict(facts))  # names and both files' hashes; what is the same for all names the pieces
        before = pieces.take(key, folder)
        if before is not None:
            return Outcome(typed(tuple[SetImage, ...], before), taken=True)
        made = _made(task, recipes, folder, facts, content=content, target=target)
        written = [name for image in made.images for name in (image.output, *_beside(image))]
        pieces.keep(key, [asdict(image) for image in made.images], {name: folder / name for name in written})
        return made
    except ImageError as error:
        return Outcome(refusal=Refusal(task.source.shown, error.message))


def tile_boxes(size: Size, tile: Size) -> list[tuple[int, int, int, int]]:
    """Returns left, top, right, bottom of the whole tiles a picture holds, centred; none if it holds fewer than two."""
    columns, rows = size[0] // tile[0], size[1] // tile[1]
    if columns * rows < 2:
        return []
    left, top, *_ = middle_box((columns * tile[0], rows * tile[1]), size)
    corners = [(left + c * tile[0], top + r * tile[1]) for r in range(rows) for c in range(columns)]
    return [(x, y, x + tile[0], y + tile[1]) for x, y in corners]


def _made(
    task: Task, recipes: Recipes, folder: Path, facts: SetImage, *, content: bytes, target: bytes | None
) -> Outcome:
    opened = recipes.input.read(content, recipes.settings)
    # By the size as stored upright: `--size own` is about the user's picture, not about a reduced reading of it.
    settings = recipes.settings.for_picture(opened.size_before)
    partner = _partner(task, target, recipes)
    # Other sizes are brought together by fitting; tiles are cut before that.
    if settings.tiles and partner is not None and partner.size_before != opened.size_before:
        raise ImageError("and its target have different sizes; tiles of both would show different places")
    images = []
    for suffix, piece, other in _pieces(opened, partner, settings):
        drawn, name = recipes.input.draw(piece, settings), f"{task.name}{suffix}"
        if other is not None:
            drawn = _answered(drawn, recipes.target.draw(other, settings))
        picture, target_name = drawn.image, facts.target
        if drawn.target is not None:
            picture = join_ab(*((picture, drawn.target) if recipes.input_left else (drawn.target, picture)))
            target_name = facts.target or facts.source
        output = _free(folder / task.phase / f"{name}.png")
        write_png(output, picture)
        image = replace(
            facts,
            name=name,
            output=f"{task.phase}/{output.name}",
            size_before=drawn.size_before,
            operations=drawn.operations,
            geometry=drawn.geometry,
            warnings=drawn.warnings,
            target=target_name,
            foreign=drawn.foreign,
            # Of the file, not of the pixels: another encoder writes another file, and runs record files.
            output_sha256=sha256_of(output),
        )
        _save_thumbnail(piece.image, folder / thumbnail_of(name))
        if source_of(name) in _beside(image):
            _save_source(piece, drawn.geometry, folder / source_of(name))
        images.append(image)
    return Outcome(tuple(images))


def thumbnail_of(name: str) -> str:
    """Where the contact sheet's picture of a file before preparation is, relative to the set's folder."""
    return f"sheet/{name}.jpg"


def source_of(name: str) -> str:
    """Where the part of the user's picture that a prepared one shows is kept, small, relative to the set's folder."""
    return f"source/{name}.jpg"


def _beside(image: SetImage) -> list[str]:
    """The files of a picture beside its own; of a source that is the picture itself none is kept."""
    kept = image.geometry is not None and not image.geometry.changes_nothing
    return [thumbnail_of(image.name), *([source_of(image.name)] if kept else [])]


def _partner(task: Task, content: bytes | None, recipes: Recipes) -> Opened | None:
    if task.target is None or content is None:
        return None
    try:
        return recipes.target.read(content, recipes.settings)
    except ImageError as error:
        raise ImageError(f"its target `{task.target.shown}` {error.message}", error.hint) from error


def _pieces(opened: Opened, partner: Opened | None, settings: Settings) -> list[tuple[str, Opened, Opened | None]]:
    """The tiles of a picture and of its target, or both whole; a tiled set suffixes every name, so none collide."""
    if not settings.tiles:
        return [("", opened, partner)]
    boxes = tile_boxes(opened.size_before, settings.size)
    if not boxes:
        return [("-tile0", opened, partner)]
    return [
        (f"-tile{n}", _cut(opened, box), _cut(partner, box) if partner is not None else None)
        for n, box in enumerate(boxes)
    ]


def _cut(opened: Opened, box: tuple[int, int, int, int]) -> Opened:
    size, said = (box[2] - box[0], box[3] - box[1]), f"cut out at {box[0]},{box[1]}"
    cut = Geometry(opened.image.size, box, size, (0, 0, *size))
    return replace(
        opened,
        image=opened.image.crop(box),
        size_before=size,
        geometry=opened.geometry.then(cut),
        operations=(*opened.operations, said),
    )


def _answered(drawn: Drawn, answer: Drawn) -> Drawn:
    """An input with the target that was drawn of a file of its own."""
    size, box = answer.image.size, answer.geometry.box
    return replace(
        drawn,
        operations=(*drawn.operations, *(f"target: {operation}" for operation in answer.operations)),
        warnings=(*drawn.warnings, *(f"target: {w}" for w in answer.warnings), *_shape_warning(drawn, answer)),
        # Of a frame where the target is padded more, the part that shows both.
        geometry=drawn.geometry.then(Geometry(size, box, size, box)),
        target=answer.image,
    )


def _shape_warning(drawn: Drawn, answer: Drawn) -> tuple[str, ...]:
    (width, height), (other_width, other_height) = drawn.size_before, answer.size_before
    # 2 %: scans and exports round sides by a few pixels.
    if abs(width * other_height / (height * other_width) - 1) < 0.02:
        return ()
    return (f"{width}x{height} and its target {other_width}x{other_height} differ in shape: they may not line up",)


def _reused(task: Task, facts: SetImage, folder: Path) -> Outcome | None:
    """Takes over the pictures of an earlier run if neither file changed since."""
    if not task.earlier:
        return None
    images = []
    for old in task.earlier:
        wanted = replace(old, output=f"{task.phase}/{old.name}.png")
        if (old.sha256, old.target_sha256) != (facts.sha256, facts.target_sha256):
            return None
        try:
            if sha256_of(task.earlier_folder / old.output) != old.output_sha256:  # somebody changed it
                return None
            same_file(task.earlier_folder / old.output, folder / wanted.output)
            for name in _beside(old):
                same_file(task.earlier_folder / name, folder / name)
        except OSError:
            return None
        images.append(wanted)
    return Outcome(tuple(images), reused=True)


def _free(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be a second name of an earlier set's file
    return path


def _save_source(piece: Opened, geometry: Geometry, path: Path) -> None:
    """Of a facade set upright it shows where that was looked for: its perspective is not undone."""
    # From the file, by way of what was opened of it, perhaps smaller.
    shown = geometry.region if geometry.source == piece.geometry.source else piece.geometry.region
    _save_thumbnail(piece.image.crop(piece.geometry.onto(shown)), path, SOURCE_SIDE)


def _save_thumbnail(picture: Image.Image, path: Path, longest: int = _THUMBNAIL) -> None:
    # Rows of a palette are small numbers, 1 to 30, and would all be black: times 20 they can be told apart.
    shown = picture.point([min(255, v * 20) for v in range(256)]) if picture.mode == "L" else picture
    size = at_most(picture.size, longest)
    small = shown.convert("RGB").resize(size, Image.Resampling.HAMMING, reducing_gap=1.0)
    small.save(_free(path), format="JPEG", quality=85)
