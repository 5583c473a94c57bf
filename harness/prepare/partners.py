"""The inputs of a preparation with their targets: from two folders, from two sides of one, or from one folder."""

from __future__ import annotations

import shlex
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import cast

from harness.catalog.types import Direction, Model
from harness.errors import TestSetError, quoted
from harness.prepare.matching import (
    Matched,
    hidden_pairs,
    kinds_of,
    match,
    match_within,
    pictures_of,
    side_by_side,
    swapped,
    without_outputs,
)
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.sources import Gathered, Source, gather, gather_parts
from harness.sets.layouts import LOOSE, Layout, laid_out_within, layout_of
from harness.sets.roles import which_is_input
from harness.sets.run_outputs import Link
from harness.sets.test_set import Refusal, shown
from harness.sets.walking import is_litter


@dataclass(frozen=True)
class Files:
    """Inputs, each with its target or None; what is left out; lines to say; whether every input has a target."""

    pairs: tuple[tuple[Source, Source | None], ...]
    refused: tuple[Refusal, ...]
    remarks: tuple[str, ...]
    aligned: bool


def files_of(
    request: PrepareRequest, given: Path, link: Link | None, model: Model | None, direction: Direction
) -> Files:
    """The inputs with their targets, from wherever the request says they lie."""
    folder = link.inputs if link else given
    targets = request.targets.expanduser() if request.targets else (link.targets if link else None)
    layout = layout_of(folder) if folder.is_dir() else LOOSE
    if folder.is_file() and zipfile.is_zipfile(folder):
        _refuse_laid_out(folder)
    # A paired model's loader cannot read `testA/` and `testB/`: they are pairs in folders of their own.
    if model is not None and model.family != "cyclegan":
        layout = layout.as_two_folders(folder)
    if folder.is_dir() and link is None:
        _refuse_finished(folder, layout.parts if layout.kind == "laid_out" else ())
    # Sides in folders of their own are pairs without being asked: `--targets` names other ones.
    if layout.kind == "two_folders" and targets is None:
        return _of_two_folders(request, folder, layout, model, direction)
    inputs = without_outputs(gather(folder, follow_links=request.follow_links))
    # Targets in the same folder: a plain comparison of names would pair each file with itself.
    if targets is not None and targets.resolve() == folder.resolve():
        return _matched(match_within(inputs, model, direction), inputs, inputs, folder, targets)
    if targets is not None:
        partners = gather(targets, follow_links=request.follow_links)
        return _matched(match(inputs, partners), inputs, partners, folder, targets)
    doubled, remarks = hidden_pairs(inputs), inputs.remarks
    # Pairs all through, and something tells which is which: nobody means each half as an input of its own.
    if doubled and doubled * 2 == len(pictures_of(inputs)) and model is not None:
        with suppress(TestSetError):
            found = match_within(inputs, model, direction)
            said = f"{doubled} names stand twice: taken as pairs; to translate each, name a folder without targets"
            return replace(_matched(found, inputs, inputs, folder, folder), remarks=(*remarks, said))
    beside = link is None and request.to is None and side_by_side(inputs, model)
    if beside:
        raise TestSetError(
            f"`{folder}` holds pairs side by side, as `{pictures_of(inputs)[0].shown}`, and no single pictures",
            "put them into a folder called `test/`, `train/` or `val/`, which `harness test --dataset` reads as it is",
        )
    if beside is None:
        said = "all pictures are twice as wide as high: if they are pairs side by side, put them into a folder `test/`"
        remarks = (*remarks, said)
    # More than half of the files: a few equal stems are `a.jpg` beside `a.png`.
    if doubled * 2 > len(inputs.sources) / 2:
        said = f"{doubled} names stand twice, as those of pairs do: if they are pairs, add `--targets {folder}`"
        remarks = (*remarks, said)
    return Files(tuple((source, None) for source in inputs.sources), inputs.refused, remarks, aligned=False)


def _of_two_folders(
    request: PrepareRequest, folder: Path, layout: Layout, model: Model | None, direction: Direction
) -> Files:
    """The pairs of two sides in folders of their own; which is the input, their names and the model tell."""
    eaten, drawn = kinds_of(model)
    place = which_is_input(*layout.roles, eaten=eaten, drawn=drawn, direction=direction)
    names = [next(iter(side.values())).relative_to(folder).as_posix() for side in layout.sides]
    if place is None:
        raise TestSetError(
            f"`{folder}` holds `{names[0]}` and `{names[1]}`, and nothing says which of them are the inputs",
            f"harness prepare-images {shlex.quote(str(folder / names[0]))} "
            f"--targets {shlex.quote(str(folder / names[1]))}, or name the model with --model",
        )
    first, second = (gather_parts(folder, side, follow_links=request.follow_links) for side in layout.sides)
    inputs, partners = (first, second) if place == 0 else (second, first)
    found = match(inputs, partners)
    if not found.pairs and model is not None and model.family == "cyclegan":  # its sides are no pairs
        said = f"no file of `{names[0]}` has the name of one of `{names[1]}`: `{names[place]}` alone is translated"
        alone = tuple((source, None) for source in inputs.sources)
        return Files(alone, inputs.refused, (*inputs.remarks, said), aligned=False)
    remarks = [f"pairs: inputs from `{names[place]}`, targets from `{names[1 - place]}`"]
    if swapped(found.pairs, model):
        found = match(partners, inputs)
        remarks = [f"`{names[place]}` holds what `{model.id}` draws: inputs from `{names[1 - place]}`"] if model else []
    sides = {path for side in layout.sides for path in side.values()}
    within = {place for side in sides for place in (side, *side.parents)}
    beside = [shown(c.name) for c in sorted(folder.iterdir()) if c not in within and not is_litter(c.name)]
    if beside:
        more = f" and {len(beside) - 5} more" if len(beside) > 5 else ""
        remarks.append(f"passed over beside the two sides: {', '.join(beside[:5])}{more}")
    files = _matched(found, inputs, partners, folder, folder)
    return replace(files, remarks=(*files.remarks, *remarks))


def _refuse_laid_out(archive: Path) -> None:
    """An archive's files are taken as loose pictures: one that holds two sides, or parts, would be mixed up."""
    with suppress(zipfile.BadZipFile, OSError, ValueError), zipfile.ZipFile(archive) as opened:  # said when it is read
        inner = laid_out_within(cast(Path, zipfile.Path(opened)))  # has the names and folders of a path
        layout = layout_of(inner)
        folders = [str(name) for side in layout.sides for name in side.values()] if layout.kind == "two_folders" else []
        folders += [part for part in layout.parts if layout.kind == "laid_out" and part.endswith(("A", "B"))]
        if folders:
            names = ", ".join(PurePosixPath(name.rstrip("/")).name for name in folders)
            raise TestSetError(
                f"`{archive}` holds folders of their own for A and B: {names}", "unpack it, and name the folder"
            )


def _refuse_finished(folder: Path, parts: tuple[str, ...]) -> None:
    """What is laid out for the official scripts already would be taken apart by another preparation."""
    if (folder / "dataset.json").is_file():
        raise TestSetError(
            f"`{folder}` is a prepared set already", f"harness test --model MODEL --dataset {quoted(folder.name)}"
        )
    if any(part.endswith(("A", "B")) for part in parts):
        raise TestSetError(
            f"`{folder}` is laid out for the official scripts already: it has {', '.join(parts)}",
            f"harness test --model MODEL --dataset {quoted(folder)}, or name one of its folders",
        )


def _matched(matched: Matched, inputs: Gathered, targets: Gathered, folder: Path, target_folder: Path) -> Files:
    if not matched.pairs:
        raise TestSetError(
            f"no file in `{folder}` has a target in `{target_folder}`: there is `{inputs.sources[0].shown}` here and "
            f"`{targets.sources[0].shown}` there",
            "give an input and its target the same name; only the suffix may differ",
        )
    remarks = tuple(dict.fromkeys((*inputs.remarks, *targets.remarks)))
    return Files(matched.pairs, matched.refused, remarks, aligned=True)


def has_own_parts(folder: Path, files: tuple[tuple[Source, Source | None], ...]) -> bool:
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
