"""The plan: a test cut into shards whose bounds, keys and order hang on the test alone, and on no worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from harness.documents import Document, fields_of, typed
from harness.errors import EngineError, HarnessError, RunError, WorkerError, WorkspaceError
from harness.files import sha256_of, write_text
from harness.images.geometry import Geometry
from harness.keeping import code_and_libraries, key_of
from harness.metrics.meters import Instruments, Metric
from harness.metrics.registry import PAIRED, UNPAIRED, find_metrics
from harness.runs.trained import mean_target_of, mean_target_path
from harness.sets.item import Item
from harness.testing.recording import Assignment
from harness.testing.taking_over import deciding
from harness.workspace import Workspace, checked_name

FILE = "plan.json"
SHARD_SIZE = 512
"""Pictures of a shard at most: minutes of work, which is what a killed worker costs."""

MACHINE = ("device", "gpu", "processor", "torch")
"""See `harness.testing.taking_over.machine_of`."""

_DOCUMENT = Document(
    newest=1,
    error=RunError,
    missing="`{folder}` is no plan, or is not here: it has no `{name}`",
    bring="harness shard plan --help; every worker must see the folder of the plan",
    mend="harness shard plan … -o PLAN",
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A test that is cut.

    Attributes:
        folder: where it lies: `plan.json`, and a file a shard with its pictures.
        work: the test without its pictures.
        facts: what decides its pictures and numbers beside the pictures themselves; no path is among it.
        store: where its shards are kept, as `harness.shards.storing.find_store` takes it.
        mean_target: SHA-256 of the file with the mean of the training's targets, None where there is none.
        carried: the address it was brought from, with its inputs in its store; None where workers see the workspace.
        keys: of the shards in order: SHA-256 of the facts and of the names, hashes and places of the pictures.
        counts: pictures of each shard.
    """

    folder: Path
    work: Assignment
    facts: Mapping[str, Any]
    store: str | None
    keys: tuple[str, ...]
    counts: tuple[int, ...]
    mean_target: str | None = None
    carried: str | None = None

    @property
    def mixed(self) -> bool:
        """Whether workers may be of other machines than the one that planned."""
        return not set(MACHINE) & set(self.facts)


def write_plan(
    workspace: Workspace,
    work: Assignment,
    folder: Path,
    *,
    size: int = SHARD_SIZE,
    store: str | None = None,
    mixed: bool = False,
) -> Plan:
    """Cuts a test, writes its plan into a folder that is there, and returns it.

    Args:
        size: pictures of a shard at most.

    Raises:
        EngineError: equal pictures cannot be promised, wherever they are drawn.
    """
    # What Torch7 drew follows the order of all pictures, of which a shard has only some.
    work = replace(work, request=replace(work.request, native=work.native))
    facts = facts_of(workspace, work, mixed=mixed)
    items, keys = work.selection.items, []
    if len(work.geometries) < len(items):  # which are by name
        raise EngineError("two pictures of the set have one name", "harness prepare-images FOLDER")
    starts = range(0, len(items), size)
    for number, start in enumerate(starts):
        piece = {
            "items": items[start : start + size],
            "facts": work.selection.facts[start : start + size],
            "geometries": {item.name: work.geometries[item.name] for item in items[start : start + size]},
        }
        text = json.dumps(piece, default=lambda value: _shown(value, workspace))
        write_text(piece_path(folder, number), text)
        keys.append(_key(facts, json.loads(text)))
    bare = replace(work, selection=replace(work.selection, items=(), facts=()), geometries={})
    model, mean = work.generator.model, mean_target_path(workspace, work.generator.model)
    content = {
        "facts": facts,
        "store": store,
        "shards": [[key, min(size, len(items) - start)] for key, start in zip(keys, starts, strict=True)],
        "work": bare,
        "mean_target": sha256_of(mean) if model.own and mean.is_file() else None,
    }
    # Last: a folder with this file is a plan.
    _DOCUMENT.save(folder / FILE, json.loads(json.dumps(content, default=lambda value: _shown(value, workspace))))
    return load_plan(workspace, folder)


class _Content(TypedDict):
    facts: dict[str, Any]
    store: str | None
    shards: tuple[tuple[str, int], ...]
    work: Assignment
    mean_target: NotRequired[str | None]


def load_plan(workspace: Workspace, folder: Path) -> Plan:
    """Reads a plan; raises RunError where there is none, or a damaged one."""

    def build(content: dict[str, Any]) -> Plan:
        found = typed(_Content, content)
        work: Assignment = found["work"]
        given = work.request.weights
        generator = replace(work.generator, weights=workspace.root / work.generator.weights)
        request = replace(work.request, weights=given and workspace.root / given)
        keys, counts = zip(*found["shards"], strict=True)
        work = replace(work, generator=generator, request=request)
        return Plan(
            folder=folder,
            work=work,
            facts=found["facts"],
            store=found["store"],
            keys=keys,
            counts=counts,
            mean_target=found.get("mean_target"),
        )

    return _DOCUMENT.load(folder / FILE, build)


class _Piece(TypedDict):
    items: tuple[Item, ...]
    facts: tuple[dict[str, Any], ...]
    geometries: dict[str, Geometry]


def shard_of(workspace: Workspace, plan: Plan, number: int) -> Assignment:
    """Returns the test of one shard's pictures alone; raises RunError where the plan is not what was written."""
    path = piece_path(plan.folder, number)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        piece = typed(_Piece, content)
        if _key(plan.facts, content) != plan.keys[number]:
            raise ValueError("its pictures are not those that were planned")
        items = tuple(
            replace(item, path=workspace.root / item.path)
            for item in piece["items"]
            if checked_name(item.name, "picture")
        )
    except (OSError, ValueError, KeyError, TypeError, WorkspaceError) as error:
        raise RunError(f"`{path}` is damaged: {error}", "harness shard plan … -o PLAN") from error
    selection = replace(plan.work.selection, items=items, facts=piece["facts"])
    return replace(plan.work, selection=selection, geometries=piece["geometries"], left_out={})


def facts_of(workspace: Workspace, work: Assignment, *, mixed: bool) -> dict[str, Any]:
    """Returns what decides the pictures and numbers of a test on this machine, as JSON has it.

    Args:
        mixed: whether the machine is left out.

    Raises:
        EngineError: equal pictures cannot be promised.
    """
    decided = deciding(workspace, work)
    if decided is None or work.request.native.tiled is not None:
        raise EngineError(
            "what is drawn in lower precision, in tiles or by an edited clone cannot be cut into shards: its pictures "
            "or what is told of them hang on more than each picture",
            "leave `--executor` out, or `--precision` and `--tiled`",
        )
    mean = mean_target_of(workspace, work.generator.model)
    facts = {
        **decided,
        "code": code_and_libraries(),
        "metrics": [metric.name for metric in metrics_of_shards(work)],
        "seeds": work.request.seeds,
        "full": work.full,
        "mean_target": mean and [key_of(pixels=mean[0].tolist()), mean[1]],
        "first_frame": work.first_frame,
    }
    for fact in MACHINE if mixed else ():
        del facts[fact]
    found: dict[str, Any] = json.loads(json.dumps(facts))
    return found


def metrics_of_shards(work: Assignment) -> list[Metric]:
    """Returns the metrics of a test that a shard measures: of pictures one by one, with nothing but them.

    What needs the whole set, a network or another model is measured when shards are merged.
    """
    asked = find_metrics(work.request.metrics) or (PAIRED if work.selection.paired else UNPAIRED)
    return [metric for metric in asked if not metric.totals and _alone(metric)]


def _alone(metric: Metric) -> bool:
    try:
        metric.begin(Instruments())
    except HarnessError:  # it lacks what it needs
        return False
    return True


def check_machine(workspace: Workspace, plan: Plan, work: Assignment) -> None:
    """Raises WorkerError where this machine would draw or measure otherwise than was planned."""
    here = facts_of(workspace, work, mixed=plan.mixed)
    differing = [fact for fact in plan.facts if here.get(fact) != plan.facts[fact]]
    if differing:
        told = ", ".join(
            f"{fact} {_short(here.get(fact))}, not {_short(plan.facts[fact])}"
            if fact != "code"
            else "harness or its libraries are of another version here"
            for fact in differing
        )
        hint = "plan on such a machine, or with `--mixed`" if set(differing) <= set(MACHINE) else "plan again"
        raise WorkerError(f"this machine would draw otherwise than was planned: {told}", hint)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:20]}… ({key_of(value=value)[:8]})"


def piece_path(folder: Path, number: int) -> Path:
    """Returns the file of a plan with the pictures of a shard."""
    return folder / f"{number:05d}.json"


def _key(facts: Mapping[str, Any], piece: Mapping[str, Any]) -> str:
    hashes = {picture["name"]: picture["sha256"] for picture in piece["facts"]}
    pictures = [[i["name"], hashes[i["name"]], i["paired"], piece["geometries"][i["name"]]] for i in piece["items"]]
    return key_of(facts=facts, pictures=pictures)


def _shown(value: Any, workspace: Workspace) -> Any:
    """A path as the plan holds it, relative to the workspace, which may lie elsewhere for a worker; or fields."""
    if isinstance(value, Path):
        return value.as_posix().removeprefix(f"{workspace.root.as_posix()}/")
    return fields_of(value)
