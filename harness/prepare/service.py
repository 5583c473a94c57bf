"""`harness prepare-images`: a folder of anybody's pictures becomes a test set the official scripts can read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from harness import __version__
from harness.catalog.types import Direction, Model
from harness.errors import HarnessError, TestSetError
from harness.files import folder_written_aside
from harness.images.geometry import Fit, Size
from harness.images.opening import MAX_PIXELS, WHITE, Colour
from harness.prepare.naming import safe_name, safe_names
from harness.prepare.picture import Outcome, Recipes, Task, prepare_one
from harness.prepare.pool import default_workers, in_order
from harness.prepare.recipes.base import Settings
from harness.prepare.recipes.registry import input_recipe, target_recipe
from harness.prepare.sources import Gathered, Source, gather, match
from harness.progress import Progress, Silent
from harness.testset import Refusal, SetImage, TestSet, load_test_set, save_test_set
from harness.workspace import Workspace

_FAMILIES = {"pix2pix", "cyclegan"}  # folders of `datasets/` that hold the official datasets


@dataclass(frozen=True)
class PreparedSet:
    """A finished set: its folder, what `dataset.json` says, and how many pictures an earlier run had made already."""

    folder: Path
    test_set: TestSet
    reused: int = 0


@dataclass(frozen=True)
class Plan:
    """What a preparation will do, before it does it.

    Attributes:
        files: inputs with their targets, None where there are none.
        refused: files that fell out before any was opened.
    """

    folder: Path
    name: str
    layout: Literal["paired", "single"]
    direction: Direction
    model: str | None
    recipes: Recipes
    files: tuple[tuple[Source, Source | None], ...]
    refused: tuple[Refusal, ...]
    made_by: dict[str, Any]

    def sentences(self) -> list[str]:
        """The plan in words."""
        width, height = self.recipes.settings.size
        where = "test/" if self.layout == "paired" else "testA/"
        said = [f"{len(self.files)} files become pictures of {width}x{height} in `{self.folder / where}`"]
        said.append(f"inputs are taken for {self.recipes.input.explains}")
        if self.layout == "paired":
            side = "left" if self.recipes.input_left else "right"
            said.append(f"targets are taken for {self.recipes.target.explains}")
            said.append(f"the input stands {side} of its target ({self.direction})")
        said += [f"refused: {r.source}: {r.reason}" for r in self.refused]
        return said


def prepare_images(
    workspace: Workspace,
    folder: Path,
    model: Model | None = None,
    targets: Path | None = None,
    name: str | None = None,
    fit: Fit = "crop",
    size: Size | None = None,
    background: Colour = WHITE,
    max_pixels: int = MAX_PIXELS,
    strict: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PreparedSet:
    """Makes `datasets/<name>/` of every usable picture below a folder; see `plan_images` for the arguments.

    A second run makes only what changed. Files that cannot be used stand in `dataset.json` with the reason.

    Args:
        strict: any refusal is an error, and nothing is written.
        workers: threads; by default one a core.

    Raises:
        TestSetError: nothing usable was found, or `strict` and something was refused.
        WorkspaceError: the workspace cannot be written, or the name belongs to something else.
    """
    progress = progress or Silent()
    plan = plan_images(workspace, folder, model, targets, name, fit, size, background, max_pixels)
    if strict and plan.refused:
        raise _refused(plan.refused)
    with (
        workspace.locked("harness prepare-images", wait_s=-1, on_wait=progress.say),
        folder_written_aside(plan.folder, replace=True) as draft,
    ):
        outcomes = _make(plan, draft, workers or default_workers(), progress)
        refused = (*plan.refused, *(o.refusal for o in outcomes if o.refusal))
        test_set = _test_set(plan, outcomes, refused)
        if not test_set.images or (strict and refused):
            raise _refused(refused)
        save_test_set(draft, test_set)
    return PreparedSet(plan.folder, test_set, sum(o.reused for o in outcomes))


def plan_images(
    workspace: Workspace,
    folder: Path,
    model: Model | None = None,
    targets: Path | None = None,
    name: str | None = None,
    fit: Fit = "crop",
    size: Size | None = None,
    background: Colour = WHITE,
    max_pixels: int = MAX_PIXELS,
) -> Plan:
    """Returns what `prepare_images` would do; writes nothing.

    Args:
        folder: the inputs: a folder, a ZIP archive or one picture.
        model: what the set is for: its domains choose the recipes, its direction the side of the input.
        targets: partners of the same stem; the set is then `paired`.
        name: the set's name; by default the folder's, with the model's where that is taken.
        size: width and height in pixels; by default the model's crop size, or 256.
        background: RGB below transparent pixels and beside padded ones.
        max_pixels: larger pictures are refused.
    """
    settings = Settings(size or _default_size(model), fit, background, max_pixels)
    _check_size(settings.size, model)
    gathered = gather(folder)
    files, refused = _files(gathered, gather(targets) if targets else None, folder, targets)
    direction: Direction = model.direction if model else "AtoB"
    recipes = Recipes(input_recipe(model), target_recipe(model), settings, direction == "AtoB")
    paired = targets is not None or recipes.input.makes_target
    made_by = _made_by(folder, targets, model, recipes)
    target_folder = _set_folder(workspace, folder, name, model, made_by["from"])
    return Plan(
        target_folder, target_folder.name, "paired" if paired else "single", direction, model.id if model else None,
        recipes, files, refused, made_by,
    )  # fmt: skip


def _default_size(model: Model | None) -> Size:
    return (model.crop_size, model.crop_size) if model else (256, 256)


def _check_size(size: Size, model: Model | None) -> None:
    multiple = model.architecture.multiple_of if model else 1
    if model and any(side % multiple for side in size):
        near = "x".join(str(max(multiple, round(side / multiple) * multiple)) for side in size)
        raise TestSetError(
            f"`{model.id}` takes sides that are multiples of {multiple} pixels, not {size[0]}x{size[1]}",
            f"--size {near}",
        )


def _files(
    inputs: Gathered, targets: Gathered | None, folder: Path, target_folder: Path | None
) -> tuple[tuple[tuple[Source, Source | None], ...], tuple[Refusal, ...]]:
    if targets is None:
        return tuple((s, None) for s in inputs.sources), inputs.refused
    matched = match(inputs, targets)
    if not matched.pairs:
        raise TestSetError(
            f"no file in `{folder}` has a target in `{target_folder}`: `{inputs.sources[0].shown}` and "
            f"`{targets.sources[0].shown}` have different names",
            "give an input and its target the same name; the suffix may differ",
        )
    return matched.pairs, matched.refused


def _made_by(folder: Path, targets: Path | None, model: Model | None, recipes: Recipes) -> dict[str, Any]:
    # The folders' paths stay on the user's machine: a hash is enough to know them again.
    places = "\0".join(str(p.resolve()) for p in (folder, targets) if p)
    used = {side: [r.name, r.version] for side, r in (("input", recipes.input), ("target", recipes.target))}
    return {
        "command": "harness prepare-images",
        "version": __version__,
        "folder": folder.resolve().name,
        "targets": targets.resolve().name if targets else None,
        "from": hashlib.sha256(f"{places}\0{model.id if model else ''}".encode("utf-8", "surrogateescape")).hexdigest(),
        "recipes": used,
        "settings": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(recipes.settings).items()},
    }


def _set_folder(workspace: Workspace, folder: Path, name: str | None, model: Model | None, made_from: str) -> Path:
    """The folder of the set: one that is free, or that an earlier run made from the same folders for this model."""
    if name is not None:
        chosen = workspace.dataset(name)
        if not _is_ours(chosen, made_from):
            raise TestSetError(f"`{chosen}` exists and was not made from `{folder}` for this model", "choose `--name`")
        return chosen
    resolved = folder.resolve()
    base = safe_name(resolved.stem if resolved.is_file() else resolved.name)
    full = f"{base}-{model.name}" if model else base
    candidates = [base, full, *(f"{full}-{n}" for n in range(2, 1000))]
    return next(f for f in map(workspace.dataset, candidates) if _is_ours(f, made_from))


def _is_ours(folder: Path, made_from: str) -> bool:
    if folder.name in _FAMILIES:
        return False
    if not folder.exists():
        return True
    try:
        return load_test_set(folder).made_by.get("from") == made_from
    except TestSetError:
        return False


def _make(plan: Plan, draft: Path, workers: int, progress: Progress) -> list[Outcome]:
    tasks = _tasks(plan)
    outcomes = []
    with progress.step(f"preparing {len(tasks)} pictures", len(tasks)) as step:
        for outcome in in_order(partial(prepare_one, recipes=plan.recipes, folder=draft), tasks, workers):
            outcomes.append(outcome)
            step.advance()
    return outcomes


def _tasks(plan: Plan) -> list[Task]:
    names = safe_names([source.name for source, _ in plan.files])
    earlier = _earlier(plan)
    phase = "test" if plan.layout == "paired" else "testA"
    return [
        Task(name, f"{phase}/{name}.png", source, target, (plan.folder, earlier[name]) if name in earlier else None)
        for name, (source, target) in zip(names, plan.files, strict=True)
    ]


def _earlier(plan: Plan) -> dict[str, SetImage]:
    """The pictures of the set as it stands, if they were made the same way."""
    try:
        old = load_test_set(plan.folder)
    except TestSetError:
        return {}
    same = all(old.made_by.get(key) == plan.made_by[key] for key in ("recipes", "settings"))
    return {i.name: i for i in old.images} if same and old.layout == plan.layout else {}


def _test_set(plan: Plan, outcomes: Sequence[Outcome], refused: Sequence[Refusal]) -> TestSet:
    images = tuple(o.image for o in outcomes if o.image)
    ordered = tuple(sorted(refused, key=lambda r: (r.source, r.reason)))
    return TestSet(plan.name, plan.layout, plan.direction, images, plan.model, plan.made_by, ordered)


def _refused(refused: Sequence[Refusal]) -> HarnessError:
    lines = "".join(f"\n  {r.source}: {r.reason}" for r in list(refused)[:20])
    more = f"\n  and {len(refused) - 20} more" if len(refused) > 20 else ""
    return TestSetError(
        f"{len(refused)} file{'s' if len(refused) != 1 else ''} cannot be used, nothing was written:{lines}{more}",
        "mend or remove them, or leave out `--strict`",
    )
