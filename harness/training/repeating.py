"""One training by several seeds: how far its result would lie elsewhere for another beginning."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.errors import TrainingError
from harness.metrics.comparing import why_not_comparable
from harness.metrics.statistics import OverSeeds, over_seeds
from harness.metrics.storage import load_measurement
from harness.progress import Progress
from harness.runs.identity import kinship
from harness.runs.training_record import FILE, TrainingRecord, load_training
from harness.training.starting import Settled, begin, resume, settle
from harness.training.train_request import TrainRequest
from harness.workspace import Workspace


@dataclass(frozen=True)
class Repeated:
    """One generator's runs over all trainings: `kind` is `best` or `last`, `columns` what was measured of both."""

    network: str
    kind: str
    runs: tuple[str, ...]
    columns: dict[str, OverSeeds]


def train_by_seeds(
    workspace: Workspace, request: TrainRequest, seeds: int, progress: Progress
) -> tuple[TrainingRecord, ...]:
    """Trains once for each of `seeds` seeds, from `request.seed` on, and returns the records.

    With a name, trainings are called `NAME-seedN`: those that are finished stay as they are, one that was cut goes on.

    Raises:
        TrainingError: one that is there already was asked for otherwise; nothing is trained then.
        HarnessError: as `harness.training.starting.train`.
    """
    settled = settle(workspace, request, progress)
    wanted = [
        replace(request, seed=seed, name=f"{request.name}-seed{seed}" if request.name is not None else None)
        for seed in range(request.seed, request.seed + seeds)
    ]
    named = [one.name for one in wanted if one.name]
    there = {name: load_training(workspace.run(name)) for name in named if (workspace.run(name) / FILE).is_file()}
    # All before the first: it takes hours, and a spread over trainings of two kinds says nothing.
    for record in there.values():
        _refuse_other(record, request, settled)

    def one(asked: TrainRequest) -> TrainingRecord:
        record = there.get(asked.name or "")
        if record is None:
            return begin(workspace, asked, settled, progress)
        return record if record.state == "finished" else resume(workspace, record.name, None, progress)

    return tuple(map(one, wanted))


def _refuse_other(record: TrainingRecord, request: TrainRequest, settled: Settled) -> None:
    """Raises TrainingError where a training was not asked for as `request` does, but for its seed."""
    facts = {
        "dataset": (record.dataset["reference"], settled.data.reference),
        "method": (record.family, settled.family),
        "direction": (record.direction, settled.direction),
        "preset": (record.preset, request.preset),
        # A batch too large for the memory is halved by one more option at the end.
        "options": (record.options[: len(settled.options)], settled.options),
        "skip connections": (record.without_skips, request.without_skips),
        "discriminator": (record.discriminator, request.discriminator),
    }
    other = [what for what, (recorded, asked) in facts.items() if recorded != asked]
    if other:
        raise TrainingError(
            f"`{record.name}` is there already, of another {other[0]} than is asked for now", "choose another `--name`"
        )


def spread_of(workspace: Workspace, records: tuple[TrainingRecord, ...], progress: Progress) -> list[Repeated]:
    """Returns mean and spread over trainings of what their generators drew of the same pictures.

    The interval is over pictures and trainings: both are drawn with replacement. Trainings without targets have none,
    nor have those whose held-out pictures were changed in between, which is warned of.
    """
    found = []
    for place, result in enumerate(records[0].results):
        for kind in ("best", "last"):
            names = [(record.results[place].get(kind) or {}).get("run") for record in records]
            if len(names) < 2 or not all(names):
                continue
            runs = [workspace.run(str(name)) for name in names]
            measured = [load_measurement(run) for run in runs]
            for run, other in zip(runs[1:], measured[1:], strict=True):
                if why_not := why_not_comparable(measured[0], other) or kinship(runs[0], run).why_not:
                    progress.warn(f"no spread over `{runs[0].name}` and `{run.name}`: {why_not}")
                    break
            else:
                # In one order: (images, trainings) each.
                rows = [m.rows.in_order_of(measured[0].rows.names) for m in measured]
                columns = {
                    column: np.stack([each.columns[column] for each in rows], axis=1)
                    for column in measured[0].columns
                    if all(column in m.columns for m in measured)
                }
                summaries = {column: summary for column, values in columns.items() if (summary := over_seeds(values))}
                found.append(Repeated(str(result["network"]), kind, tuple(map(str, names)), summaries))
    return found
