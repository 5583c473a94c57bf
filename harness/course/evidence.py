"""What one hand-in shows of itself: its record, numbers, pictures, training and answers, each with numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness.course.answering import unanswered
from harness.course.handing_in import SET
from harness.course.receiving import Received
from harness.documents import typed
from harness.engines.inputs import bicubic, sized_halves
from harness.engines.job import Job, NativeSettings
from harness.engines.native.engine import translate
from harness.errors import HarnessError
from harness.files import scratch, sha256_of
from harness.parallel import default_workers, in_order
from harness.provision.installed import installed_weights
from harness.runs.pixel_differences import TOLERANCE, PixelDifference, difference_of, read_pixels
from harness.runs.record import RunRecord
from harness.runs.trained import find_model
from harness.runs.training_record import TrainingRecord
from harness.sets.item import Item
from harness.testing.held_numbers import wrong_numbers
from harness.testing.loading import load_generator
from harness.testing.one_pass import hand_on, written_to
from harness.training.loss_log import FILE as LOSSES
from harness.training.loss_log import read_losses
from harness.web.language import Language
from harness.workspace import Workspace

ASPECTS = ("record", "numbers", "remade", "set", "pictures", "training", "answers")
Verdict = Literal["same", "note", "untold", "lacks", "differs"]
VERDICTS: tuple[Verdict, ...] = ("same", "note", "untold", "lacks", "differs")
"""From the least to the most worth looking at."""

_ROUNDED = 2  # levels that a picture as saved is from what was read: both are truncated
_COPY = 3.5
"""Mean levels of 255 up to which an output is its target, recompressed at most: JPEG of quality 95 makes 1 to 3 of
photos, of quality 85 2 to 4; generators are 15 and more away from the photo they should draw."""

_LARGEST_SIDE = 4096  # pixels: a record may ask for any size, and this machine would have to draw it
_ROUNDING = 0.5
"""Mean levels of 255 that another machine's arithmetic makes at most; single pixels may be farther apart."""

_AS_ANOTHER_SEED = (0.5, 1.5)
"""A difference that is so many times that between two seeds of the same weights is what another seed makes."""


@dataclass(frozen=True)
class Finding:
    """One piece of evidence; `key` names its sentence in `web/strings`, `values` fill it in."""

    aspect: str
    verdict: Verdict
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, words: Language) -> str:
        return words.text(f"check.{self.key}", **self.values)


@dataclass(frozen=True, kw_only=True)
class Looking:
    """What hand-ins are looked at with.

    Attributes:
        weights: generators of the teacher by their SHA-256, see `known_weights`.
        remake: outputs of each run that are made again, chosen by `seed`.
        wholes: pictures in the tested part of an official dataset, by reference and part, where it is installed.
    """

    workspace: Workspace
    weights: Mapping[str, Path]
    remake: int
    seed: int
    wholes: Mapping[tuple[str, str], int] = field(default_factory=dict)


def known_weights(workspace: Workspace, received: Sequence[Received], given: Sequence[Path]) -> dict[str, Path]:
    """Returns the generators that are here by their SHA-256: those given, and installed ones of models handed in."""
    ids = {record.model["id"] for handed in received for record in handed.runs.values()}
    paths: list[Path | None] = list(given)
    for key in sorted(ids):
        with suppress(HarnessError):
            paths.append(installed_weights(workspace, find_model(workspace, key)))
    return {sha256_of(path): path for path in paths if path}


def examine(handed: Received, look: Looking) -> list[Finding]:
    """Returns what a hand-in shows of itself; nothing of it is believed that can be computed."""
    found = list(_record(handed))
    for name, record in handed.runs.items():
        found += [*_numbers(handed, name, record), *_set(name, record, look), *_outputs(handed, name, record)]
        if look.remake:
            found += _remade(handed, name, record, look)
    for name, training in handed.trainings.items():
        found += _training(handed.run(name) / LOSSES, name, training)
    return [*found, *_answers(handed)]


def _record(handed: Received) -> Iterator[Finding]:
    if handed.changed:
        shown = ", ".join(handed.changed[:3])
        yield Finding("record", "differs", "changed", {"n": len(handed.changed), "files": shown})
    for name, why in handed.damaged.items():
        yield Finding("record", "differs", "damaged", {"run": name, "why": why})
    if not handed.runs and not handed.damaged:
        yield Finding("record", "untold", "no_run")
    for name, record in handed.runs.items():
        files = _other_files(handed, name, record)
        if names := files or _not_of_set(handed, name, record):
            values = {"run": name, "n": len(names), "all": len(record.images), "names": ", ".join(names[:3])}
            yield Finding("record", "differs", "other_set" if files else "other_pictures", values)
    if not handed.changed and not handed.damaged and handed.runs:
        yield Finding("record", "same", "whole", {"n": handed.files})


def _other_files(handed: Received, name: str, record: RunRecord) -> list[str]:
    """Images whose picture as it was translated is not the file of the record."""
    recorded = {image["name"]: image.get("sha256") for image in record.images}
    found = {item.name: sha256_of(item.path) for item in _items(handed, name, record)}
    # One drawn anew without its EXIF is another file of the same pixels.
    cleaned = {n for n in found if f"results/{name}/{n}" in handed.cleaned}
    return [n for n, sha in found.items() if recorded[n] not in {None, sha} and n not in cleaned]


def _not_of_set(handed: Received, name: str, record: RunRecord) -> list[str]:
    """Images whose input or target is not what comes of the picture that was translated."""
    model = handed.model(record)
    items = _items(handed, name, record)
    if model is None or not items:
        return []
    # The Lua original scales in its own way; what is grey, or coloured from grey, is not shown as it was read.
    if model.family == "lua" or {model.architecture.input_nc, model.architecture.output_nc} != {3}:
        return []
    made_as = model.preprocessing if not record.test_set.get("size") else None
    kinds = ("input", "target") if record.test_set.get("direction", model.direction) == "AtoB" else ("target", "input")

    def is_another(item: Item) -> bool:
        images, named = handed.run(name) / "images", kinds if item.paired else ("input",)
        try:
            shown = {kind: read_pixels(images / kind / f"{item.name}.png") for kind in named}
            size = next(iter(shown.values())).shape[1::-1]  # of H×W×3
            halves, _ = sized_halves(bicubic, item, None if made_as else size, model.architecture, made_as)
        except HarnessError:  # what is missing or damaged is told where it is counted
            return False
        # int16, for uint8 would wrap below zero.
        apart = [np.abs(np.asarray(h, np.int16) - shown[k]).max() for k, h in zip(shown, halves, strict=True)]
        return bool(max(apart) > _ROUNDED)

    others = zip(items, in_order(is_another, items, default_workers()), strict=True)
    return [item.name for item, other in others if other]


def _inside(handed: Received, text: str) -> str:
    """A message as it reads from within the hand-in, which was unpacked to a place that is gone."""
    return text.replace(f"{handed.root}/", "")


def _numbers(handed: Received, name: str, record: RunRecord) -> Iterator[Finding]:
    model = handed.model(record)
    if model is None:
        yield Finding("numbers", "untold", "unknown_model", {"run": name, "model": record.model["id"]})
        return
    try:
        # The hand-in is the workspace: what its training keeps beside its record belongs to its numbers.
        lines, notes = wrong_numbers(Workspace(handed.root), handed.run(name), record, model=model)
    except HarnessError as error:
        lines, notes = [error.message], []
    if lines:
        yield Finding("numbers", "differs", "numbers", {"run": name, "lines": _inside(handed, "; ".join(lines))})
    else:
        yield Finding("numbers", "same", "measured", {"run": name, "n": len(record.images)})
    yield from (Finding("numbers", "untold", "not_measured", {"run": name, "note": note}) for note in notes)


def _set(name: str, record: RunRecord, look: Looking) -> Iterator[Finding]:
    facts, n = record.test_set, len(record.images)
    whole = look.wholes.get((str(facts.get("reference")), str(facts.get("split"))))
    values = {"run": name, "n": n, "set": facts["name"]}
    if whole and n < whole:
        yield Finding("set", "note", "part", {**values, "all": whole})
    else:
        yield Finding("set", "same" if whole else "note", "whole_set" if whole else "own_set", values)
    if verdict := (facts.get("nearness") or {}).get("verdict"):
        yield Finding("set", "note", f"near_{verdict}" if verdict in {"near", "far"} else "near_unusual", {"run": name})


def _outputs(handed: Received, name: str, record: RunRecord) -> Iterator[Finding]:
    """Fewer pictures than the record claims, and outputs that are their targets."""
    images, names = handed.run(name) / "images", [image["name"] for image in record.images]
    there = [n for n in names if (images / "output" / f"{n}.png").is_file()]
    if len(there) < len(names):
        yield Finding("pictures", "lacks", "fewer", {"run": name, "n": len(there), "all": len(names)})
    if record.test_set["layout"] != "paired":
        return
    # `difference_of` sets a kind of one run beside the same kind of another, so `.` and two kinds are two runs.
    apart = [difference_of(images / "output", images / "target", ".", one) for one in there]
    if copies := [d.name for d in apart if not d.problem and d.mean <= _COPY]:
        values = {"run": name, "n": len(copies), "all": len(there), "names": ", ".join(copies[:3])}
        yield Finding("pictures", "differs", "copies", values)


def _remade(handed: Received, name: str, record: RunRecord, look: Looking) -> Iterator[Finding]:
    sha, model = str(record.model.get("weights_sha256")), handed.model(record)
    weights = look.weights.get(sha)
    if weights is None or model is None:
        yield Finding("remade", "untold", "no_weights", {"run": name, "model": record.model["id"], "sha": sha[:12]})
        return
    try:
        native = typed(NativeSettings, record.extra.get("native") or {}, "native")
        asked = record.test_set.get("size")
        sides = asked if isinstance(asked, list) else [asked] if isinstance(asked, int) else []
        alone = native.lua_seed is None and native.precision == "fp32" and native.tiled is None
        if not alone or any(side > _LARGEST_SIDE for side in sides):
            yield Finding("remade", "untold", "cannot_remake", {"run": name})
            return
        outputs = handed.run(name) / "images" / "output"
        there = [item for item in _items(handed, name, record) if (outputs / f"{item.name}.png").is_file()]
        # By the hand-in's bytes and the teacher's seed: nobody knows beforehand which ones.
        items = random.Random(f"{look.seed}:{handed.code}:{name}").sample(there, min(look.remake, len(there)))
        if not items:
            yield Finding("remade", "untold", "no_set", {"run": name})
            return
        generator = load_generator(look.workspace, model, weights)
        job = replace(
            generator.lone_job(record.mode, generator.canvas()),
            items=tuple(items),
            direction=record.test_set.get("direction", model.direction),
            # As `harness.testing.recording.Assignment` reads what was asked for.
            size=tuple(asked) if isinstance(asked, list) else None if asked == "own" else asked or generator.model.size,
            preprocessing=None if asked else generator.model.preprocessing,
        )
        yield from _compared(handed, name, record, job)
    except (HarnessError, ValueError) as error:
        yield Finding("remade", "untold", "remake_failed", {"run": name, "why": _inside(handed, str(error))})


def _items(handed: Received, name: str, record: RunRecord) -> list[Item]:
    """The pictures that were translated, as far as they were handed in."""
    paths = {path.stem: path for path in sorted((handed.run(name) / SET).glob("*/*")) if path.is_file()}
    # Folders of one side end in A or B, as `harness.sets.selection` knows them.
    there = [(image["name"], paths[image["name"]]) for image in record.images if image["name"] in paths]
    return [Item(n, path, not path.parent.name.endswith(("A", "B"))) for n, path in there]


def _compared(handed: Received, name: str, record: RunRecord, job: Job) -> Iterator[Finding]:
    """The outputs of a job beside those made again by the native engine, which draws the pixels of both, on the CPU."""
    names = [item.name for item in job.items]
    with scratch(handed.root.parent) as aside:

        def drawn(seed: int) -> Path:
            into = aside / str(seed)
            into.mkdir()
            hand_on(translate(replace(job, seed=seed, log=into.with_suffix(".log"))), [written_to(into)])
            return into

        again = drawn(record.seed)
        outputs = [difference_of(handed.run(name) / "images", again, "output", n) for n in names]
        most, mean = max(d.max for d in outputs), _mean(outputs)
        facts = {"run": name, "n": len(names), "max": most, "mean": mean}
        problem = next((d.problem for d in outputs if d.problem), None)
        if problem:
            yield Finding("remade", "differs", "remake_failed", {"run": name, "why": problem})
            return
        if most <= TOLERANCE:
            yield Finding("remade", "same", "remade", facts)
            return
        if mean <= _ROUNDING:
            yield Finding("remade", "note", "nearly", facts)
            return
        # How far two seeds of these weights are apart says whether another seed alone can be the reason.
        other = drawn(record.seed + 1)
        apart = _mean([difference_of(again, other, "output", n) for n in names])
        like_seed = _AS_ANOTHER_SEED[0] * apart <= mean <= _AS_ANOTHER_SEED[1] * apart
        # On a GPU the official script draws its noise there: other draws of the same distribution.
        on_gpu = record.engine == "official" and record.device.startswith("cuda")
        key = "other_seed" if like_seed else "other_pixels"
        yield Finding("remade", "untold" if like_seed and on_gpu else "differs", key, {**facts, "apart": apart})


def _mean(differences: Sequence[PixelDifference]) -> float:
    return round(sum(d.mean for d in differences) / max(1, len(differences)), 3)


def _training(losses: Path, name: str, record: TrainingRecord) -> Iterator[Finding]:
    """The loss file beside what the record says: how far it went, in how many goings."""
    rows, epochs = read_losses(losses), record.plan.get("epochs")
    if not rows:
        yield Finding("training", "untold", "no_losses", {"run": name})
        return
    last = rows[-1]
    facts = {"run": name, "iterations": last["iteration"], "epochs": last["epoch"], "resumes": len(record.resumes)}
    saved = max((model.epoch for model in record.models), default=0)
    order = all(a["iteration"] < b["iteration"] for a, b in pairwise(rows))
    whole = record.state != "finished" or last["epoch"] == epochs
    if order and whole and saved <= last["epoch"]:
        yield Finding("training", "same", "trained", facts)
    else:
        yield Finding("training", "differs", "losses", {**facts, "saved": saved, "planned": str(epochs)})


def _answers(handed: Received) -> Iterator[Finding]:
    if not handed.answers:
        yield Finding("answers", "lacks", "no_answers")
        return
    if missing := unanswered(handed.answers):
        yield Finding("answers", "lacks", "unanswered", {"n": len(missing), "ids": ", ".join(missing)})
    counts = [one.words for one in handed.answers]
    yield Finding("answers", "same", "answered", {"n": sum(map(bool, counts)), "words": sum(counts)})
