"""The record of a run, made of what was chosen and what the engine answered."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.catalog.preprocessing import Preprocessing
from harness.documents import fields_of
from harness.engines.job import Answer, NativeSettings
from harness.fetch.proving import Clone
from harness.files import sha256_of
from harness.images.geometry import Geometry, Size
from harness.images.png import ENCODER
from harness.provision.installed import clone_state
from harness.runs.record import RunRecord, StoredImages
from harness.runs.versions import versions
from harness.sets.selection import Selection
from harness.testing.loading import Generator
from harness.testing.request import TestRequest
from harness.units import counted
from harness.version import __version__
from harness.web.language import spoken
from harness.workspace import Workspace

_MOST_WARNINGS = 50


@dataclass(frozen=True)
class Assignment:
    """What a run is to do, once everything about it has been decided: on which resolved device, too.

    Attributes:
        geometries: by name, from the user's picture to the output saved.
        left_out: why pictures of the set are not among the selection's, by name.
        first_frame: width and height of the first output, which the mean of the training targets has to fit.
        full: whether outputs are written in the shape of the user's pictures: asked for, and one has another shape.
        memory: what the largest picture takes, in words, where that is not what the network was trained at.
        notes: what is to be said of sizes the network was not trained at; see `scale_notes`.
    """

    generator: Generator
    selection: Selection
    request: TestRequest
    device: str
    geometries: Mapping[str, Geometry] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    first_frame: Size | None = None
    full: bool = False
    memory: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> Size | int | None:
        """Width and height the engine brings inputs to, a longest side, or None for each picture's own."""
        if self.request.size == "own":
            return None
        return self.request.size or self.generator.model.size

    @property
    def preprocessing(self) -> Preprocessing | None:
        """How pictures are brought to size as the model's own training did, where no other size is asked for."""
        return self.generator.model.preprocessing if self.request.size is None else None

    @property
    def native(self) -> NativeSettings:
        """The native engine's settings: what Torch7 drew follows the order of all pictures, of those taken over too."""
        settings = self.request.native
        if settings.lua_seed is None or settings.lua_order:
            return settings
        return replace(settings, lua_order=tuple(item.name for item in self.selection.items))


def make_record(
    workspace: Workspace,
    name: str,
    work: Assignment,
    started: datetime,
    answer: Answer,
    *,
    images: StoredImages | None = None,
) -> RunRecord:
    """Returns the record of a run that succeeded.

    Args:
        images: by default the assignment's.
    """
    import torch

    every = tuple(images_of(work)) if images is None else images

    # The native engine runs none of the authors' code, even where a clone lies there.
    clone = clone_state(workspace) if answer.engine == "official" else None
    return RunRecord(
        name=name,
        harness_version=__version__,
        command=work.request.command,
        started=started.isoformat(timespec="seconds"),
        model=_model_facts(work.generator) | {"weights": _shown_weights(workspace, work.request.weights)},
        # The answer's engine and the resolved device, not what was asked: `auto` means nothing elsewhere.
        engine=answer.engine,
        mode=work.request.mode,
        seed=work.request.seed,
        device=work.device,
        upstream=clone.to_json() if clone else None,
        test_set=_set_facts(work.selection, work.request, len(every)),
        images=every,
        left_out=tuple({"name": name, "reason": reason} for name, reason in work.left_out.items()),
        versions=versions() | {"png": ENCODER},
        options=answer.options,
        shims=answer.shims,
        durations={step: round(seconds, 3) for step, seconds in answer.durations.items()},
        warnings=tuple(_warnings(work, answer, clone)),
        extra=answer.extra
        | {"seeds": work.request.seeds, "metrics": list(work.request.metrics), "full": work.request.full}
        | {"threads": torch.get_num_threads()}
        | ({"native": asdict(work.request.native)} if answer.engine == "native" else {}),
        lang=spoken(work.request.lang).code,
    )


def images_of(work: Assignment) -> Iterator[dict[str, Any]]:
    """Yields what a record holds of each picture."""
    for facts in work.selection.facts:
        geometry = fields_of(work.geometries[facts["name"]])
        # JSON knows no tuples.
        yield facts | {"geometry": {k: list(v) if isinstance(v, tuple) else v for k, v in geometry.items()}}


def scale_notes(work: Assignment) -> list[str]:
    """What is to be said of sizes the network was not trained at: the scale it sees, and the one that would fit."""
    model, sizes = work.generator.model, {geometry.frame for geometry in work.geometries.values()}
    trained = model.size
    if work.request.size is None:
        return []
    size = work.size
    if not isinstance(size, tuple):
        made = {item.name: item.geometry for item in work.selection.items if item.geometry}
        for name, geometry in made.items():
            if not geometry.made_at(size):
                before, after = ("x".join(map(str, s)) for s in (geometry.source, geometry.frame))
                return [
                    f"`{work.selection.name}` was prepared at another size, `{name}` of {before} at {after}: "
                    "`harness prepare-images FOLDER --size own --name NAME` keeps yours"
                ]
    if trained is None or sizes == {trained}:
        return []
    width, height = max(sizes, key=math.prod)
    kind = "U-Net" if work.generator.architecture.netG.startswith("unet") else "ResNet"
    notes = [
        f"this {kind} was trained on pictures of {trained[0]}x{trained[1]} pixels, and sees up to {width}x{height}: it "
        "knows things at their size in pixels there"
    ]
    if times := _line_scale(work):
        fitting = round(max(width, height) / times)
        notes.append(
            f"by the width of their dark lines, {times:.1f} times the training pictures', things would have the "
            f"training's size at `--size max:{fitting}`"
        )
    return notes


def _line_scale(work: Assignment) -> float | None:
    """How many times as wide as in the training pictures dark lines are, by the set's nearness; None near to 1."""
    logs = [
        lines["value"] - (lines["low"] + lines["high"]) / 2
        for facts in work.selection.facts
        if (lines := ((facts["nearness"] or {}).get("features") or {}).get("line_width"))
    ]
    times = math.exp(statistics.median(logs)) if logs else 1.0
    return times if not 0.75 < times < 1.33 else None


def _tiles_told(tiled: dict[str, Any]) -> str:
    """What tiles did to a run's pictures, in one sentence."""
    how = ", ".join(f"{tile['side']} pixels, overlapping by {tile['overlap']}" for tile in tiled["tiles"])
    seam, whole = tiled["seam"], tiled["whole"]
    said = f"{tiled['pictures']} pictures were drawn in tiles of {how}: a tile has norm statistics of its own"
    said += f"; pixels differ by {seam['borders']} levels across tiles' borders, by {seam['elsewhere']} elsewhere"
    return said + (f"; `{whole['name']}` drawn whole differs by {whole['mean']} levels on average" if whole else "")


def precision_told(answer: Answer) -> str | None:
    """What lower precision did to a run's pictures, in one sentence; None in fp32."""
    precision = answer.extra.get("precision", "fp32")
    if precision == "fp32":
        return None
    if error := answer.extra.get("precision_error"):
        return (
            f"drawn in {precision}: up to {error['max']} levels of 255 from fp32 on {error['images']} of the pictures, "
            f"{error['mean']} on average"
        )
    return f"drawn in {precision}; how far from fp32 is not known, since no picture was drawn whole"


def _shown_weights(workspace: Workspace, given: Path | None) -> str | None:
    """What `--weights` must say again, of a file outside the workspace its name; None for the installed weights."""
    if given is None:
        return None
    below = given.resolve()
    # A path within the workspace means the same on another machine; of any other only the name is told.
    return below.relative_to(workspace.root).as_posix() if below.is_relative_to(workspace.root) else given.name


def digest_of(selection: Selection) -> str:
    """What a record says of the pictures of a selection; equal selections have equal ones."""
    # Hashed once more, as a selection's digest may end in `:first-10`.
    return hashlib.sha256(selection.digest.encode()).hexdigest()


def _model_facts(generator: Generator) -> dict[str, Any]:
    model = generator.model
    return {
        "id": model.id,
        "family": model.family,
        "weights_sha256": sha256_of(generator.weights),
        "architecture": generator.architecture.to_json(),
        "input_domain": model.input_domain,
        "output_domain": model.output_domain,
        "licence": model.licence,
        "url": model.url,
    }


def _set_facts(selection: Selection, request: TestRequest, count: int) -> dict[str, Any]:
    return {
        "name": selection.name,
        "reference": selection.reference,
        "split": selection.split,
        "digest": digest_of(selection),
        "layout": "paired" if selection.paired else "single",
        "direction": selection.direction,
        "count": count,
        "refused": len(selection.refused),
        "limit": request.limit,
        "follow_links": request.follow_links,
        "nearness": selection.nearness,
        # JSON knows no tuples.
        "size": list(request.size) if isinstance(request.size, tuple) else request.size,
    }


def _warnings(work: Assignment, answer: Answer, clone: Clone | None) -> list[str]:
    """What a reader of the report must know before believing it."""
    selection = work.selection
    found = []
    if clone is not None and clone.dirty:
        found.append("the clone of the authors' code has local changes")
    if selection.nearness and selection.nearness["verdict"] == "far":
        found.append("the pictures are far from those the model was trained on")
    if selection.refused:
        first = selection.refused[0]
        files = counted(len(selection.refused), "file")
        found.append(f"{files} of the set left out, as `{first.source}`: {first.reason}")
    found += [*selection.remarks, *work.notes]
    if tiled := answer.extra.get("tiled"):
        found.append(_tiles_told(tiled))
    if "memory_short" in answer.extra:
        found.append("the GPU had no room for whole batches: pixels may differ in their last bit from where it has")
    if "machines" in answer.extra:
        found.append("mixed: machines that differ drew parts of it, whose pixels may differ in their last bit")
    if told := precision_told(answer):
        found.append(told)
    difference = work.generator.difference_from_catalog()
    if difference:
        found.append(difference)
    more = [f"and {len(found) - _MOST_WARNINGS} more"] if len(found) > _MOST_WARNINGS else []
    return found[:_MOST_WARNINGS] + more
