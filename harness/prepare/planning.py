"""What a preparation will do, decided before any picture is made: recipes, partners, names, folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from harness.catalog.types import Direction, Model
from harness.errors import ImageError, TestSetError
from harness.files import sha256_of
from harness.images.geometry import Fit, Size
from harness.images.opening import MAX_PIXELS, WHITE, Colour
from harness.prepare.picture import Recipes
from harness.prepare.recipes.base import Recipe, Settings
from harness.prepare.recipes.choosing import AUTO, input_recipe, target_recipe
from harness.prepare.recipes.edge_maps import EDGES_FROM_PHOTO, edges_by
from harness.prepare.recipes.photo import PHOTO
from harness.prepare.sources import Gathered, Source, gather, match
from harness.prepare.splitting import Shares
from harness.sets.naming import safe_name
from harness.sets.run_outputs import Link, link_of
from harness.sets.test_set import Refusal, TestSet, load_test_set
from harness.version import __version__
from harness.workspace import Workspace

_FAMILIES = {"pix2pix", "cyclegan"}  # folders of `datasets/` that hold the official datasets


@dataclass(frozen=True)
class Plan:
    """What a preparation will do.

    Attributes:
        folder: where the set goes.
        files: inputs with their targets, None where there are none.
        refused: files that fell out before any was opened.
        made_by: what `dataset.json` will say of the set's making.
        earlier: the set of that name as it stands, if it was made from the same folders in the same way.
        link: the run whose outputs are the inputs, None where the user's own pictures are.
    """

    folder: Path
    layout: Literal["paired", "single"]
    direction: Direction
    model: str | None
    recipes: Recipes
    files: tuple[tuple[Source, Source | None], ...]
    refused: tuple[Refusal, ...]
    made_by: dict[str, Any]
    shares: Shares | None = None
    earlier: TestSet | None = None
    link: Link | None = None

    def phase(self, part: str) -> str:
        """The set's folder for `train`, `val` or `test` pictures, as the official loaders want it."""
        return part if self.layout == "paired" else f"{part}A"

    def sentences(self) -> list[str]:
        """The plan in words."""
        settings, recipes = self.recipes.settings, self.recipes
        parts = "train/val/test" if self.shares else "test"
        size = f"{settings.size[0]}x{settings.size[1]}"
        said = [
            f"{len(self.files)} files to prepare at {size} into `{self.folder}` ({self.layout}, {parts})",
            *([self.link.explains] if self.link else []),
            f"inputs: {recipes.input.explains}",
        ]
        if self.layout == "paired":
            own = recipes.input.makes_target and all(target is None for _, target in self.files)
            said.append(f"targets: {'made of the same files' if own else recipes.target.explains}")
            side = "left" if recipes.input_left else "right"
            said.append(f"pairs: the input stands {side} of its target ({self.direction})")
        how = {"crop": f"cropped at the {settings.focus}", "pad": "padded", "stretch": "stretched"}[settings.fit]
        said.append(f"other shapes: {'cut into tiles of their own scale' if settings.tiles else how}")
        if settings.rectify:
            said.append("facades: set upright where enough lines agree, and left as they are where not")
        if self.shares:
            shares = " / ".join(f"{s:.0%}" for s in (self.shares.train, self.shares.val, self.shares.test))
            said.append(f"split: {shares} by content, near-duplicates together")
        if self.earlier:
            said.append(f"again: of {len(self.earlier.images)} pictures made before, the unchanged are kept")
        return said + [f"left out: `{r.source}` {r.reason}" for r in self.refused]


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
    focus: Literal["centre", "subject"] = "centre",
    tiles: bool = False,
    as_: str = AUTO,
    to: str | None = None,
    split: str | None = None,
    rectify: bool = False,
    hed: Path | None = None,
) -> Plan:
    """Returns what a preparation would do; writes nothing.

    Args:
        folder: the inputs: a folder, a ZIP archive or one picture; or a run, by name or folder, whose outputs are the
            inputs and whose inputs are the targets where the domains fit.
        model: what the set is for: its domains choose the recipes, its direction the side of the input.
        targets: partners of the same stem; the set is then `paired`.
        name: the set's name; by default the folder's, with the model's where that is taken.
        size: width and height in pixels; by default the model's crop size, or 256.
        background: RGB below transparent pixels and beside padded ones.
        max_pixels: larger pictures are refused.
        focus: where a crop is taken.
        tiles: large pictures are cut into tiles.
        as_: what the user's pictures are, see `harness.prepare.recipes.choosing.KINDS`.
        to: what inputs become where no model is named, a key of `harness.prepare.recipes.choosing.RECIPES`.
        split: shares of train, val and test such as `80/10/10`; None makes a test set.
        rectify: photos of facades are set upright.
        hed: weights of the HED network, which then draws the edges of photos.

    Raises:
        TestSetError: nothing to prepare, sizes or kinds that do not fit the model, or a name that is taken.
        WeightsError: `hed` is no file of that network.
    """
    link = link_of(workspace, folder, model)
    given = link.run if link else folder
    if link:
        folder, targets = link.inputs, targets or link.targets
    aligned = targets is not None
    if aligned and focus == "subject":
        raise TestSetError("`--focus subject` would crop inputs and targets at different places", "--focus centre")
    if rectify and tiles:
        raise TestSetError("`--rectify` turns whole facades, `--tiles` cuts them to pieces", "leave one of them out")
    settings = Settings(size or _default_size(model), fit, background, max_pixels, focus, tiles, aligned, rectify)
    _check_size(settings.size, model)
    shares = Shares.parse(split) if split else None
    files, refused = _files(folder, targets)
    direction: Direction = model.direction if model else "AtoB"
    recipe = input_recipe(model, to, as_, _contents(files))
    if hed is not None:
        recipe = _with_hed(recipe, hed)
    recipes = Recipes(recipe, target_recipe(model), settings, direction == "AtoB")
    if rectify and PHOTO not in ((recipe, recipes.target) if aligned else (recipe,)):
        raise TestSetError("`--rectify` is for photos of facades, and no photo is prepared here", "leave it out")
    made_by = _made_by(given, targets, model, recipes, split)
    if to is not None and recipe.makes_target:
        made_by["domains"] = [to, "photo"]
    chosen = _set_folder(workspace, given, name, model, made_by["from"])
    layout: Literal["paired", "single"] = "paired" if aligned or recipe.makes_target else "single"
    return Plan(
        chosen, layout, direction, model.id if model else None, recipes, files, refused, made_by, shares,
        _earlier(chosen, made_by, layout), link,
    )  # fmt: skip


def _with_hed(recipe: Recipe, hed: Path) -> Recipe:
    if recipe is not EDGES_FROM_PHOTO:
        raise TestSetError("`--hed` draws edges from photos, and none are drawn here", "--to edges --as photo")
    from harness.prepare.hed import load_hed  # torch is slow to import, and needed for nothing else here

    return edges_by(load_hed(hed).draw, f"HED {sha256_of(hed)[:12]}")


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
    folder: Path, target_folder: Path | None
) -> tuple[tuple[tuple[Source, Source | None], ...], tuple[Refusal, ...]]:
    inputs = gather(folder)
    if target_folder is None:
        return tuple((source, None) for source in inputs.sources), inputs.refused
    targets: Gathered = gather(target_folder)
    matched = match(inputs, targets)
    if not matched.pairs:
        raise TestSetError(
            f"no file in `{folder}` has a target in `{target_folder}`: there is `{inputs.sources[0].shown}` here and "
            f"`{targets.sources[0].shown}` there",
            "give an input and its target the same name; only the suffix may differ",
        )
    return matched.pairs, matched.refused


def _contents(files: tuple[tuple[Source, Source | None], ...]) -> Iterator[bytes]:
    for source, _ in files:
        try:
            yield source.read()
        except ImageError:
            continue


def _made_by(
    folder: Path, targets: Path | None, model: Model | None, recipes: Recipes, split: str | None
) -> dict[str, Any]:
    # The folders' paths stay on the user's machine: a hash is enough to know them again.
    places = [str(p.resolve()) for p in (folder, targets) if p]
    origin = "\0".join([*places, model.id if model else ""])
    settings = asdict(recipes.settings)
    return {
        "command": "harness prepare-images",
        "version": __version__,
        "folder": folder.resolve().name,
        "targets": targets.resolve().name if targets else None,
        "from": hashlib.sha256(origin.encode("utf-8", "surrogateescape")).hexdigest(),
        "recipes": {
            side: [recipe.name, recipe.version]
            for side, recipe in (("input", recipes.input), ("target", recipes.target))
        },
        "settings": {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()},
        "split": split,
    }


def _set_folder(workspace: Workspace, folder: Path, name: str | None, model: Model | None, origin: str) -> Path:
    """The folder of the set: one that is free, or that an earlier run made from the same folders for this model."""
    if name is not None:
        chosen = workspace.dataset(name)
        if not _is_ours(chosen, origin):
            raise TestSetError(
                f"`{chosen}` exists and was made of other folders or for another model", "choose another `--name`"
            )
        return chosen
    resolved = folder.resolve()
    base = safe_name(resolved.stem if resolved.is_file() else resolved.name)
    full = f"{base}-{model.name}" if model else base
    candidates = [base, full, *(f"{full}-{n}" for n in range(2, 10_000))]
    return next(f for f in map(workspace.dataset, candidates) if _is_ours(f, origin))


def _is_ours(folder: Path, origin: str) -> bool:
    if folder.name in _FAMILIES:
        return False
    if not folder.exists():
        return True
    try:
        return load_test_set(folder).made_by.get("from") == origin
    except TestSetError:
        return False


def _earlier(folder: Path, made_by: dict[str, Any], layout: str) -> TestSet | None:
    try:
        old = load_test_set(folder)
    except TestSetError:
        return None
    same = all(old.made_by.get(key) == made_by[key] for key in ("recipes", "settings"))
    return old if same and old.layout == layout else None
