"""One training by several seeds: how far its result would lie elsewhere for another beginning."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.metrics.statistics import OverSeeds, over_seeds
from harness.metrics.storage import load_measurement
from harness.progress import Progress
from harness.runs.training_record import TrainingRecord, load_training
from harness.training.starting import resume, train
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
        TrainingError, HarnessError: as `harness.training.starting.train`.
    """
    return tuple(_one(workspace, request, request.seed + place, progress) for place in range(seeds))


def _one(workspace: Workspace, request: TrainRequest, seed: int, progress: Progress) -> TrainingRecord:
    if request.name is None:
        return train(workspace, replace(request, seed=seed), progress)
    name = f"{request.name}-seed{seed}"
    if not (workspace.run(name) / "training.json").is_file():
        return train(workspace, replace(request, seed=seed, name=name), progress)
    record = load_training(workspace.run(name))
    return record if record.state == "finished" else resume(workspace, name, None, progress)


def spread_of(workspace: Workspace, records: tuple[TrainingRecord, ...]) -> list[Repeated]:
    """Returns mean and spread over trainings of what their generators drew of the same pictures.

    The interval is over pictures and trainings: both are drawn with replacement. Trainings without targets have none.
    """
    found = []
    for place, result in enumerate(records[0].results):
        for kind in ("best", "last"):
            runs = [(record.results[place].get(kind) or {}).get("run") for record in records]
            if len(runs) < 2 or not all(runs):
                continue
            measured = [load_measurement(workspace.run(str(run))) for run in runs]
            # The same pictures in the same order, because they are of one set: (images, trainings) each.
            columns = {
                column: np.array([[row.values[column] for row in m.rows] for m in measured]).T
                for column in measured[0].columns
            }
            summaries = {column: summary for column, values in columns.items() if (summary := over_seeds(values))}
            found.append(Repeated(str(result["network"]), kind, tuple(map(str, runs)), summaries))
    return found
