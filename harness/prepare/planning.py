"""What a preparation will do, decided before any picture is made: recipes, partners, names, folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from harness.catalog.types import Direction, Model
from harness.errors import ImageError, TestSetError
from harness.files import sha256_of
from harness.images.geometry import Size
from harness.prepare.partners import files_of, has_own_parts
from harness.prepare.picture import Recipes
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.recipes.base import PictureOptions, Recipe, Settings
from harness.prepare.recipes.choosing import input_recipe, target_recipe
from harness.prepare.recipes.edge_maps import EDGES_FROM_PHOTO, edges_by
from harness.prepare.recipes.photo import PHOTO
from harness.prepare.sources import Source
from harness.prepare.splitting import Shares
from harness.runs.trained import find_model
from harness.sets.layouts import laid_out_within
from harness.sets.naming import safe_name
from harness.sets.roles import PARTS
from harness.sets.run_outputs import link_of
from harness.sets.test_set import Domains, Refusal, TestSet, load_test_set, sides
from harness.units import counted
from harness.version import __version__
from harness.workspace import Workspace

_FAMILIES = {"pix2pix", "cyclegan"}  # folders of `datasets/` that hold the official datasets


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a preparation will do.

    Attributes:
        folder: where the set goes.
        files: inputs with their targets, None where there are none.
        refused: files that fell out before any was opened.
        remarks: what the user should know of the folders, a line each.
        made_by: what `dataset.json` will say of the set's making.
        own_parts: whether the user's folders part the pictures into train, val and test already.
        earlier: the set of that name as it stands, if it was made from the same folders in the same way.
    """

    request: PrepareRequest
    folder: Path
    layout: Literal["paired", "single"]
    direction: Direction
    model: Model | None
    domains: Domains
    recipes: Recipes
    files: tuple[tuple[Source, Source | None], ...]
    refused: tuple[Refusal, ...]
    remarks: tuple[str, ...]
    made_by: dict[str, Any]
    own_parts: bool = False
    shares: Shares | None = None
    earlier: TestSet | None = None

    def phase(self, part: str) -> str:
        """The set's folder for `train`, `val` or `test` pictures, as the official loaders want it."""
        return part if self.layout == "paired" else f"{part}A"

    def sentences(self) -> list[str]:
        """The plan in words."""
        settings, recipes = self.recipes.settings, self.recipes
        there = [part for part in PARTS if any(source.part == part for source, _ in self.files)]
        parts = "/".join(there) if self.own_parts else "train/val/test" if self.shares else "test"
        size = "their own sizes" if settings.own else f"{settings.size[0]}x{settings.size[1]}"
        size += f", at most {settings.own} pixels a side," if settings.own not in {True, False} else ""
        said = [
            f"{counted(len(self.files), 'file')} to prepare at {size} into `{self.folder}` ({self.layout}, {parts})",
            *self.remarks,
            f"inputs: {recipes.input.explains}",
        ]
        if self.layout == "paired":
            own = recipes.input.makes_target and all(target is None for _, target in self.files)
            said.append(f"targets: {'made of the same files' if own else recipes.target.explains}")
            side = "left" if recipes.input_left else "right"
            said.append(f"pairs: the input stands {side} of its target ({self.direction})")
        if self.own_parts:
            said.append("parts: the folders' own train, val and test are kept")
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


def plan_images(workspace: Workspace, request: PrepareRequest) -> Plan:
    """Returns what a preparation would do; writes nothing.

    Raises:
        TestSetError: nothing to prepare, sizes or kinds that do not fit the model, or a name that is taken.
        WeightsError: `hed` is no file of that network.
    """
    model = find_model(workspace, request.model) if isinstance(request.model, str) else request.model
    direction: Direction = model.direction if model else "AtoB"
    link = link_of(workspace, request.folder.expanduser(), model)
    given = link.run if link else request.folder.expanduser()
    given = laid_out_within(given) if given.is_dir() else given
    files = files_of(request, given, link, model, direction)
    settings = _settings(request, model, aligned=files.aligned)
    shares = Shares.parse(request.split) if request.split else None
    own_parts = has_own_parts(given, files.pairs)
    if own_parts and shares:
        raise TestSetError(f"`{given}` is parted into train and test already", "leave out `--split`")
    inputs = [source for source, _ in files.pairs]
    recipe = input_recipe(model, request.to, request.as_, _contents(inputs), settings)
    recipe = recipe.for_folder(_contents(inputs))
    if request.hed is not None:
        recipe = _with_hed(recipe, request.hed)
    answers = target_recipe(model).for_folder(_contents(target for _, target in files.pairs if target is not None))
    # A pair's halves are padded alike, by what the input is.
    settings = replace(settings, mirrors=recipe.mirrors and settings.fit == "pad")
    recipes = Recipes(recipe, answers, settings, direction == "AtoB")
    # Targets count only where they are files of their own.
    if request.rectify and PHOTO not in ((recipe, recipes.target) if files.aligned else (recipe,)):
        raise TestSetError("`--rectify` is for photos of facades, and no photo is prepared here", "leave it out")
    made_by = _made_by(given, request.targets, model, recipes, request.split)
    # A recipe that makes targets pairs every file with itself; then no partner is needed.
    layout: Literal["paired", "single"] = "paired" if files.aligned or recipe.makes_target else "single"
    chosen = _set_folder(workspace, given, request, model, made_by)
    return Plan(
        request=request,
        folder=chosen,
        layout=layout,
        direction=direction,
        model=model,
        domains=_domains(model, request.to, layout, direction, makes_target=recipe.makes_target),
        recipes=recipes,
        files=files.pairs,
        refused=files.refused,
        remarks=(*([link.explains] if link else []), *files.remarks),
        made_by=made_by,
        own_parts=own_parts,
        shares=shares,
        earlier=_earlier(chosen, made_by, layout),
    )


def _settings(request: PrepareRequest, model: Model | None, *, aligned: bool) -> Settings:
    if aligned and request.focus == "subject":
        raise TestSetError("`--focus subject` would crop inputs and targets at different places", "--focus centre")
    if request.rectify and request.tiles:
        raise TestSetError("`--rectify` turns whole facades, `--tiles` cuts them to pieces", "leave one of them out")
    own: bool | int = request.size == "own" or (request.size if isinstance(request.size, int) else False)
    if own and request.tiles:
        raise TestSetError("`--tiles` cuts pictures to one size, this `--size` keeps each one's", "name a `--size`")
    usual: Size = (model.crop_size, model.crop_size) if model else (256, 256)
    size = request.size if isinstance(request.size, tuple) else usual
    options = {option.name: getattr(request, option.name) for option in fields(PictureOptions)}
    return Settings(size=size, own=own, aligned=aligned, **options)


def _domains(model: Model | None, to: str | None, layout: str, direction: Direction, *, makes_target: bool) -> Domains:
    """What stands on the sides of the pictures made, as far as the request says it."""
    source, target = (model.input_domain, model.output_domain) if model else (to, None)
    if to is not None and makes_target:
        target = "photo"
    return sides(source, target if layout == "paired" else None, direction)


def _with_hed(recipe: Recipe, hed: Path) -> Recipe:
    if recipe is not EDGES_FROM_PHOTO:
        raise TestSetError("`--hed` draws edges from photos, and none are drawn here", "--to edges --as photo")
    from harness.prepare.hed import load_hed  # torch is slow to import, and needed for nothing else here

    # The name tells the weights: pictures drawn by another file are made anew.
    return edges_by(load_hed(hed).draw, f"HED {sha256_of(hed)[:12]}")


def _contents(sources: Iterable[Source]) -> Iterator[bytes]:
    for source in sources:
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


def _set_folder(
    workspace: Workspace, folder: Path, request: PrepareRequest, model: Model | None, made_by: dict[str, Any]
) -> Path:
    """The folder of the set: one that is free, or that an earlier run made from the same folders for this model."""
    if request.name is not None:
        chosen = workspace.dataset(request.name)
        if not _is_ours(chosen, made_by, replace=request.replace):
            raise TestSetError(
                f"`{chosen}` exists and was made of other folders or for another model", "choose another `--name`"
            )
        return chosen
    resolved = folder.resolve()
    base = safe_name(resolved.stem if resolved.is_file() else resolved.name)
    full = f"{base}-{model.name}" if model else base
    # The folder's bare name, with the model's where that is taken, then numbers: names stay short and tell most.
    candidates = [base, full, *(f"{full}-{n}" for n in range(2, 10_000))]
    return next(f for f in map(workspace.dataset, candidates) if _is_ours(f, made_by, replace=request.replace))


def _is_ours(folder: Path, made_by: dict[str, Any], *, replace: bool) -> bool:
    if folder.name in _FAMILIES:
        return False
    if not folder.exists():
        return True
    old = _before(folder)
    # Made of the same folders for the same model: that set is brought up to date, no second one begun.
    same = old is not None and old.made_by.get("from") == made_by["from"]
    return same and (replace or _same_way(old, made_by))


def _before(folder: Path) -> TestSet | None:
    try:
        return load_test_set(folder)
    except TestSetError:
        return None


def _same_way(old: TestSet | None, made_by: dict[str, Any]) -> bool:
    return old is not None and all(old.made_by.get(key) == made_by[key] for key in ("recipes", "settings"))


def _earlier(folder: Path, made_by: dict[str, Any], layout: str) -> TestSet | None:
    old = _before(folder)
    # What was made before pictures were hashed is made again: nobody knows whether it is what was made.
    return old if old and old.hashed and _same_way(old, made_by) and old.layout == layout else None
