"""Prepares one picture of a set: reads, draws by recipe, joins with its target, writes."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from harness.errors import ImageError
from harness.images.pairing import join_ab
from harness.prepare.recipes.base import Drawn, Recipe, Settings
from harness.prepare.sources import Source
from harness.testset import Refusal, SetImage


@dataclass(frozen=True)
class Recipes:
    """How inputs and targets are drawn, and on which side of a pair the input stands."""

    input: Recipe
    target: Recipe
    settings: Settings
    input_left: bool


@dataclass(frozen=True)
class Task:
    """One picture to make.

    Attributes:
        output: where it goes, relative to the set's folder.
        earlier: what an earlier run with the same settings made of a file of this name, and its folder.
    """

    name: str
    output: str
    source: Source
    target: Source | None
    earlier: tuple[Path, SetImage] | None = None


@dataclass(frozen=True)
class Outcome:
    """A picture made, or the reason why not."""

    image: SetImage | None
    refusal: Refusal | None = None
    reused: bool = False


def prepare_one(task: Task, recipes: Recipes, folder: Path) -> Outcome:
    """Makes one picture in the set's folder; whatever is wrong with its files is answered, not raised."""
    try:
        content = task.source.read()
        target = task.target.read() if task.target else None
        sha256 = hashlib.sha256(content).hexdigest()
        target_sha256 = hashlib.sha256(target).hexdigest() if target is not None else None
        made = _reused(task, sha256, target_sha256, folder)
        if made is not None:
            return Outcome(made, reused=True)
        drawn = recipes.input.draw(content, recipes.settings)
        partner = _partner(task, target, recipes)
    except ImageError as error:
        return Outcome(None, Refusal(task.source.shown, error.message))
    picture, operations, warnings = drawn.image, drawn.operations, drawn.warnings
    if partner is not None:
        operations += tuple(f"target: {o}" for o in partner.operations)
        warnings += tuple(f"target: {w}" for w in partner.warnings) + _shape_warning(drawn, partner)
    other = partner.image if partner is not None else drawn.target
    if other is not None:
        picture = join_ab(picture, other) if recipes.input_left else join_ab(other, picture)
    _save(picture, folder / task.output)
    shown_target = task.target.shown if task.target else task.source.shown if drawn.target is not None else None
    return Outcome(
        SetImage(
            task.name, task.output, task.source.shown, sha256, drawn.size_before, operations, shown_target,
            warnings=warnings, target_sha256=target_sha256,
        )
    )  # fmt: skip


def _partner(task: Task, content: bytes | None, recipes: Recipes) -> Drawn | None:
    if task.target is None or content is None:
        return None
    try:
        return recipes.target.draw(content, recipes.settings)
    except ImageError as error:
        raise ImageError(f"its target `{task.target.shown}` {error.message}", error.hint) from error


def _shape_warning(drawn: Drawn, partner: Drawn) -> tuple[str, ...]:
    (width, height), (other_width, other_height) = drawn.size_before, partner.size_before
    if abs(width * other_height / (height * other_width) - 1) < 0.02:
        return ()
    said = f"{width}x{height} and its target {other_width}x{other_height} differ in shape: they may not line up"
    return (said,)


def _reused(task: Task, sha256: str, target_sha256: str | None, folder: Path) -> SetImage | None:
    """Takes over the picture of an earlier run if neither file changed since."""
    if task.earlier is None:
        return None
    old_folder, old = task.earlier
    if (old.sha256, old.target_sha256, old.output) != (sha256, target_sha256, task.output):
        return None
    path = folder / task.output
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old_folder / old.output, path)
    except OSError:
        try:
            shutil.copyfile(old_folder / old.output, path)
        except OSError:
            return None
    return old


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, format="PNG", compress_level=6)
