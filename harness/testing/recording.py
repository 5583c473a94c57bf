"""The record of a run, made of what was chosen and what the engine answered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from harness.engines.job import Answer
from harness.files import sha256_of
from harness.provision.installed import CloneState, clone_state
from harness.runs.record import RunRecord
from harness.runs.versions import versions
from harness.sets.selection import Selection
from harness.testing.assignment import Assignment
from harness.testing.loading import Generator
from harness.testing.request import Plan
from harness.version import __version__
from harness.workspace import Workspace


def make_record(
    workspace: Workspace,
    name: str,
    work: Assignment,
    started: datetime,
    command: Sequence[str],
    answer: Answer,
    durations: dict[str, float],
) -> RunRecord:
    """Returns the record of a run that succeeded; `durations` in seconds by step."""
    clone = clone_state(workspace) if answer.engine == "official" else None
    return RunRecord(
        name=name,
        harness_version=__version__,
        command=tuple(command),
        started=started.isoformat(timespec="seconds"),
        model=_model_facts(work.generator),
        engine=answer.engine,
        mode=work.plan.mode,
        seed=work.plan.seed,
        device=work.device,
        upstream={**asdict(clone), "url": public_url(clone.url)} if clone else None,
        test_set=_set_facts(work.selection, work.plan),
        images=work.selection.facts,
        versions=versions(),
        options=answer.options,
        shims=answer.shims,
        durations={step: round(seconds, 3) for step, seconds in durations.items()},
        warnings=tuple(_warnings(work, clone)),
        extra=answer.extra | ({"native": asdict(work.plan.native)} if answer.engine == "native" else {}),
    )


def public_url(url: str) -> str:
    """The mirror a clone came from; a path of the user's machine stays there, the commit proves the content."""
    return url if url.startswith(("https://", "http://", "ssh://", "git://")) else "a git directory on this machine"


def _model_facts(generator: Generator) -> dict[str, Any]:
    model = generator.model
    return {
        "id": model.id,
        "family": model.family,
        "weights_sha256": sha256_of(generator.weights),
        "architecture": asdict(generator.architecture),
        "input_domain": model.input_domain,
        "output_domain": model.output_domain,
        "licence": model.licence,
        "url": model.url,
    }


def _set_facts(selection: Selection, plan: Plan) -> dict[str, Any]:
    return {
        "name": selection.name,
        "reference": selection.reference,
        "split": selection.split,
        "digest": hashlib.sha256(selection.digest.encode()).hexdigest(),
        "layout": "paired" if selection.paired else "single",
        "direction": selection.direction,
        "count": len(selection.items),
        "refused": selection.refused,
        "nearness": selection.nearness,
        "size": list(plan.size) if isinstance(plan.size, tuple) else plan.size,
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
        found.append(f"{selection.refused} files of the folder were refused; the set's own page says why")
    difference = work.generator.difference_from_catalog()
    if difference:
        found.append(difference)
    return found
