"""The record of a run, made of what was chosen and what the engine answered."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.catalog.preprocessing import Preprocessing
from harness.engines.job import Answer
from harness.files import sha256_of
from harness.provision.installed import CloneState, clone_state
from harness.redacting import public_address
from harness.runs.record import RunRecord
from harness.runs.versions import versions
from harness.sets.selection import Selection
from harness.testing.loading import Generator
from harness.testing.request import TestRequest
from harness.version import __version__
from harness.web.language import spoken
from harness.workspace import Workspace

_MOST_WARNINGS = 50


@dataclass(frozen=True)
class Assignment:
    """What a run is to do, once everything about it has been decided: on which resolved device, too."""

    generator: Generator
    selection: Selection
    request: TestRequest
    device: str

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height the engine brings inputs to, None for each picture's own."""
        if self.request.size == "own":
            return None
        return self.request.size or self.generator.model.size

    @property
    def preprocessing(self) -> Preprocessing | None:
        """How pictures are brought to size as the model's own training did, where no other size is asked for."""
        return self.generator.model.preprocessing if self.request.size is None else None


def make_record(workspace: Workspace, name: str, work: Assignment, started: datetime, answer: Answer) -> RunRecord:
    """Returns the record of a run that succeeded."""
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
        upstream={**asdict(clone), "url": public_address(clone.url)} if clone else None,
        test_set=_set_facts(work.selection, work.request),
        images=work.selection.facts,
        versions=versions(),
        options=answer.options,
        shims=answer.shims,
        durations={step: round(seconds, 3) for step, seconds in answer.durations.items()},
        warnings=tuple(_warnings(work, clone)),
        extra=answer.extra
        | {"seeds": work.request.seeds, "metrics": list(work.request.metrics)}
        | ({"native": asdict(work.request.native)} if answer.engine == "native" else {}),
        lang=spoken(work.request.lang).code,
    )


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


def _set_facts(selection: Selection, request: TestRequest) -> dict[str, Any]:
    return {
        "name": selection.name,
        "reference": selection.reference,
        "split": selection.split,
        "digest": digest_of(selection),
        "layout": "paired" if selection.paired else "single",
        "direction": selection.direction,
        "count": len(selection.items),
        "refused": len(selection.refused),
        "limit": request.limit,
        "follow_links": request.follow_links,
        "nearness": selection.nearness,
        # JSON knows no tuples.
        "size": list(request.size) if isinstance(request.size, tuple) else request.size,
    }


def _warnings(work: Assignment, clone: CloneState | None) -> list[str]:
    """What a reader of the report must know before believing it."""
    selection = work.selection
    found = []
    if clone is not None and clone.dirty:
        found.append("the clone of the authors' code has local changes")
    if selection.nearness and selection.nearness["verdict"] == "far":
        found.append("the pictures are far from those the model was trained on")
    if selection.refused:
        first = selection.refused[0]
        files = "1 file" if len(selection.refused) == 1 else f"{len(selection.refused)} files"
        found.append(f"{files} of the set left out, as `{first.source}`: {first.reason}")
    found += selection.remarks
    difference = work.generator.difference_from_catalog()
    if difference:
        found.append(difference)
    more = [f"and {len(found) - _MOST_WARNINGS} more"] if len(found) > _MOST_WARNINGS else []
    return found[:_MOST_WARNINGS] + more
