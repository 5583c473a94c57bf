"""What a preparation will do, decided before any picture is made: recipes, partners, names, folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from harness.catalog.types import Direction, Model
from harness.errors import ImageError, TestSetError
from harness.files import sha256_of
from harness.images.geometry import Fit, Size
from harness.images.opening import MAX_PIXELS, WHITE, Colour
from harness.prepare.matching import Matched, hidden_pairs, match, match_within
from harness.prepare.picture import Recipes
from harness.prepare.recipes.base import Recipe, Settings
from harness.prepare.recipes.choosing import AUTO, input_recipe, target_recipe
from harness.prepare.recipes.edge_maps import EDGES_FROM_PHOTO, edges_by
from harness.prepare.recipes.photo import PHOTO
from harness.prepare.sources import Gathered, Source, gather, gather_parts
from harness.prepare.splitting import Shares
from harness.runs.trained import find_model
from harness.sets.layouts import LOOSE, PARTS, layout_of
from harness.sets.naming import safe_name
from harness.sets.run_outputs import Link, link_of
from harness.sets.test_set import Domains, Refusal, TestSet, load_test_set, sides
from harness.version import __version__
from harness.workspace import Workspace

_FAMILIES = {"pix2pix", "cyclegan"}  # folders of `datasets/` that hold the official datasets


@dataclass(frozen=True, kw_only=True)
class PrepareRequest:
    """What a preparation is asked for.

    Attributes:
        folder: the inputs: a folder, a ZIP archive or one picture; or a run, by name or folder, whose outputs are the
            inputs and whose inputs are the targets where the domains fit. A folder that holds the pictures of A and
            of B apart gives both.
        model: what the set is for: its domains choose the recipes, its direction the side of the input.
        targets: partners of the same stem; the set is then `paired`.
        name: the set's name; by default the folder's, with the model's where that is taken.
        size: width and height in pixels; each picture's `own`; by default the model's crop size, or 256.
        background: RGB below transparent pixels and beside padded ones.
        max_pixels: larger pictures are refused.
        focus: where a crop is taken.
        tiles: large pictures are cut into tiles.
        as_: what the user's pictures are, see `harness.prepare.recipes.choosing.KINDS`.
        to: what inputs become where no model is named, a key of `harness.prepare.recipes.choosing.RECIPES`.
        split: shares of train, val and test such as `80/10/10`; None keeps the user's own parts, or makes a test set.
        rectify: photos of facades are set upright.
        hed: weights of the HED network, which then draws the edges of photos.
        profile: of the training pictures, in place of that of the model's dataset, see `harness.nearness.profile`.
        strict: any refusal is an error, and nothing is written.
        workers: threads; by default one a core.
        follow_links: links that lead out of the folders are followed.
        lang: the language of the contact sheet, see `harness.web.language.spoken`.
        replace: a set made of the same folders in another way is made anew; if not, this one gets another name.
    """

    folder: Path
    model: str | Model | None = None
    targets: Path | None = None
    name: str | None = None
    fit: Fit = "crop"
    size: Size | Literal["own"] | None = None
    background: Colour = WHITE
    max_pixels: int = MAX_PIXELS
    focus: Literal["centre", "subject"] = "centre"
    tiles: bool = False
    as_: str = AUTO
    to: str | None = None
    split: str | None = None
    rectify: bool = False
    hed: Path | None = None
    profile: Path | None = None
    strict: bool = False
    workers: int | None = None
    follow_links: bool = False
    lang: str | None = None
    replace: bool = True


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
        link: the run whose outputs are the inputs, None where the user's own pictures are.
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
    link: Link | None = None

    def phase(self, part: str) -> str:
        """The set's folder for `train`, `val` or `test` pictures, as the official loaders want it."""
        return part if self.layout == "paired" else f"{part}A"

    def sentences(self) -> list[str]:
        """The plan in words."""
        settings, recipes = self.recipes.settings, self.recipes
        there = [part for part in PARTS if any(source.part == part for source, _ in self.files)]
        parts = "/".join(there) if self.own_parts else "train/val/test" if self.shares else "test"
        size = "their own sizes" if settings.own_multiple else f"{settings.size[0]}x{settings.size[1]}"
        said = [
            f"{len(self.files)} files to prepare at {size} into `{self.folder}` ({self.layout}, {parts})",
            *([self.link.explains] if self.link else []),
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
    files = _files(request, given, link, model, direction)
    settings = _settings(request, model, aligned=files.aligned)
    shares = Shares.parse(request.split) if request.split else None
    own_parts = _has_own_parts(given, files.pairs)
    if own_parts and shares:
        raise TestSetError(f"`{given}` is parted into train and test already", "leave out `--split`")
    inputs = [source for source, _ in files.pairs]
    recipe = input_recipe(model, request.to, request.as_, _contents(inputs), settings)
    recipe = recipe.for_folder(_contents(inputs))
    if request.hed is not None:
        recipe = _with_hed(recipe, request.hed)
    answers = target_recipe(model).for_folder(_contents(target for _, target in files.pairs if target is not None))
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
        remarks=files.remarks,
        made_by=made_by,
        own_parts=own_parts,
        shares=shares,
        earlier=_earlier(chosen, made_by, layout),
        link=link,
    )


def _settings(request: PrepareRequest, model: Model | None, *, aligned: bool) -> Settings:
    if aligned and request.focus == "subject":
        raise TestSetError("`--focus subject` would crop inputs and targets at different places", "--focus centre")
    if request.rectify and request.tiles:
        raise TestSetError("`--rectify` turns whole facades, `--tiles` cuts them to pieces", "leave one of them out")
    if request.size == "own" and request.tiles:
        raise TestSetError("`--tiles` cuts pictures to one size, `--size own` keeps each one's", "name a `--size`")
    # 1 for no model: any size can be written, and no network has to halve it.
    multiple = model.architecture.multiple_of if model else 1
    size = request.size if isinstance(request.size, tuple) else _default_size(model)
    _check_size(size, model)
    return Settings(
        size, request.fit, request.background, request.max_pixels, request.focus, request.tiles, aligned,
        request.rectify, own_multiple=multiple if request.size == "own" else None,
    )  # fmt: skip


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


@dataclass(frozen=True)
class _Files:
    pairs: tuple[tuple[Source, Source | None], ...]
    refused: tuple[Refusal, ...]
    remarks: tuple[str, ...]
    aligned: bool


def _files(
    request: PrepareRequest, given: Path, link: Link | None, model: Model | None, direction: Direction
) -> _Files:
    """The inputs with their targets, from wherever the request says they lie."""
    folder = link.inputs if link else given
    targets = request.targets.expanduser() if request.targets else (link.targets if link else None)
    layout = layout_of(folder) if folder.is_dir() else LOOSE
    if folder.is_dir() and link is None:
        _refuse_finished(folder, layout.parts)
    # Sides in folders of their own are pairs without being asked: `--targets` names other ones.
    if layout.kind == "two_folders" and targets is None:
        a, b = (gather_parts(folder, side, follow_links=request.follow_links) for side in layout.sides)
        inputs, partners = (a, b) if direction == "AtoB" else (b, a)
        return _matched(match(inputs, partners), inputs, partners, folder, folder)
    inputs = gather(folder, follow_links=request.follow_links)
    if targets is None:
        doubled = hidden_pairs(inputs)
        remarks = inputs.remarks
        # More than half of the files: a few equal stems are `a.jpg` beside `a.png`.
        if doubled * 2 > len(inputs.sources) / 2:
            said = f"{doubled} names stand twice, as those of pairs do: if they are pairs, add `--targets {folder}`"
            remarks = (*remarks, said)
        return _Files(tuple((source, None) for source in inputs.sources), inputs.refused, remarks, aligned=False)
    # Targets in the same folder: a plain comparison of names would pair each file with itself.
    if targets.resolve() == folder.resolve():
        return _matched(match_within(inputs, model, direction), inputs, inputs, folder, targets)
    partners = gather(targets, follow_links=request.follow_links)
    return _matched(match(inputs, partners), inputs, partners, folder, targets)


def _refuse_finished(folder: Path, parts: tuple[str, ...]) -> None:
    """What is laid out for the official scripts already would be taken apart by another preparation."""
    if (folder / "dataset.json").is_file():
        raise TestSetError(
            f"`{folder}` is a prepared set already", f"harness test --model MODEL --dataset {folder.name}"
        )
    if any(part.endswith(("A", "B")) for part in parts):
        raise TestSetError(
            f"`{folder}` is laid out for the official scripts already: it has {', '.join(parts)}",
            f"harness test --model MODEL --dataset {folder}, or name one of its folders",
        )


def _matched(matched: Matched, inputs: Gathered, targets: Gathered, folder: Path, target_folder: Path) -> _Files:
    if not matched.pairs:
        raise TestSetError(
            f"no file in `{folder}` has a target in `{target_folder}`: there is `{inputs.sources[0].shown}` here and "
            f"`{targets.sources[0].shown}` there",
            "give an input and its target the same name; only the suffix may differ",
        )
    remarks = tuple(dict.fromkeys((*inputs.remarks, *targets.remarks)))
    return _Files(matched.pairs, matched.refused, remarks, aligned=True)


def _has_own_parts(folder: Path, files: tuple[tuple[Source, Source | None], ...]) -> bool:
    """Whether the user's folders part the inputs into train, val and test.

    Raises:
        TestSetError: some do and some lie beside them, so that nobody knows where those belong.
    """
    parted = [source.part is not None for source, _ in files]
    if any(parted) and not all(parted):
        beside = next(source for source, _ in files if source.part is None)
        raise TestSetError(
            f"`{folder}` has pictures in folders of parts (train, val, test) and others beside them, "
            f"e.g. `{beside.shown}`",
            "move those into a part, or name the folder of one part",
        )
    return all(parted)


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
    try:
        before = load_test_set(folder).made_by
    except TestSetError:
        return False
    # Made of the same folders for the same model: that set is brought up to date, no second one begun.
    return before.get("from") == made_by["from"] and (replace or _same_way(before, made_by))


def _same_way(before: dict[str, Any], made_by: dict[str, Any]) -> bool:
    return all(before.get(key) == made_by[key] for key in ("recipes", "settings"))


def _earlier(folder: Path, made_by: dict[str, Any], layout: str) -> TestSet | None:
    try:
        old = load_test_set(folder)
    except TestSetError:
        return None
    # What was made before pictures were hashed is made again: nobody knows whether it is what was made.
    return old if old.hashed and _same_way(old.made_by, made_by) and old.layout == layout else None
