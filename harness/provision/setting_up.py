"""`harness setup`: the authors' code at its commit, weights and datasets, from the net or the user's files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from harness.catalog.datasets import DATASETS
from harness.catalog.lookup import find_dataset, find_model
from harness.catalog.models import MODELS
from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Dataset, Model
from harness.errors import HarnessError, WorkspaceError
from harness.fetch.git import ensure_clone
from harness.progress import Progress, Silent
from harness.provision.bundle import opened_bundle
from harness.provision.dataset_files import bring_dataset, place_dataset
from harness.provision.installed import clone_state, installed_weights
from harness.provision.outcome import Failure, Kind, Row, SetupReport
from harness.provision.weight_files import bring_weights, place_weights
from harness.sets.finding import installed_dataset
from harness.workspace import Workspace


def set_up(
    workspace: Workspace,
    models: Sequence[str] = (),
    datasets: Sequence[str] = (),
    upstream_url: str | None = None,
    upstream_ref: str | None = None,
    from_file: Path | None = None,
    bundle: Path | None = None,
    all_: bool = False,
    progress: Progress | None = None,
) -> SetupReport:
    """Brings what is missing and returns what is there; what cannot be brought stands in the report's failures.

    Args:
        models, datasets: catalog names, bare or `family/name`.
        upstream_url: a mirror, path or git bundle that holds the commit; default the authors' address.
        upstream_ref: another full commit SHA than the pinned one.
        from_file: a weight file or archive for the one model or dataset named.
        bundle: a folder or archive of code, weights and datasets; all it holds is placed.
        all_: the weights of every model.

    Raises:
        UnknownNameError: a model or dataset is not in the catalog; nothing was done.
        HarnessError: `from_file` without exactly one name, an unreadable bundle, or a workspace in use.
    """
    progress = progress or Silent()
    wanted = list(MODELS.values()) if all_ else list(dict.fromkeys(find_model(name) for name in models))
    sets = list(dict.fromkeys(find_dataset(name) for name in datasets))
    if from_file is not None and (all_ or len(wanted) + len(sets) != 1):
        raise HarnessError(
            f"`--from-file {from_file}` needs exactly one `--model` or `--dataset` that it is for",
            f"harness setup --model facades_label2photo --from-file {from_file}",
        )
    with ExitStack() as stack:
        stack.enter_context(workspace.locked("harness setup", wait_s=-1, on_wait=progress.say))
        carried = stack.enter_context(opened_bundle(workspace, bundle, progress)) if bundle else None
        work = _Work(workspace, progress)
        carried_code = carried.repository if carried else None
        work.clone(upstream_url, carried_code, upstream_ref or PYTORCH.commit)
        if carried:
            for model, path in carried.weights:
                work.weights(model, path)
            for dataset, path in carried.datasets:
                work.dataset(dataset, path)
        for model in wanted:
            work.weights(model, from_file)
        for dataset in sets:
            work.dataset(dataset, from_file)
        return SetupReport(workspace.root, tuple(work.rows()), tuple(work.failures))


class _Work:
    """Does one thing after the other; a failure of one is kept and does not stop the next."""

    def __init__(self, workspace: Workspace, progress: Progress) -> None:
        self._workspace, self._progress = workspace, progress
        self._brought: set[tuple[Kind, str]] = set()
        self.failures: list[Failure] = []

    def clone(self, url: str | None, carried: Path | None, commit: str) -> None:
        folder, source = self._workspace.upstream(PYTORCH.id), url or str(carried or PYTORCH.url)
        remembered = url or PYTORCH.url  # a bundle may be gone tomorrow
        self._do("code", PYTORCH.id, lambda: ensure_clone(source, commit, folder, remembered, self._progress))

    def weights(self, model: Model, source: Path | None) -> None:
        if source is None:
            self._do("weights", model.id, lambda: bring_weights(self._workspace, model, self._progress))
        else:
            self._do("weights", model.id, lambda: place_weights(self._workspace, model, source, self._progress))

    def dataset(self, dataset: Dataset, source: Path | None) -> None:
        if source is None:
            self._do("dataset", dataset.id, lambda: bring_dataset(self._workspace, dataset, self._progress))
        else:
            self._do("dataset", dataset.id, lambda: place_dataset(self._workspace, dataset, source, self._progress))

    def _do(self, kind: Kind, name: str, work: Callable[[], bool]) -> None:
        try:
            if work():
                self._brought.add((kind, name))
        except HarnessError as error:
            self.failures.append(Failure(kind, name, error))
        except OSError as error:  # a full or read-only disk, a file without permission
            place = error.filename or self._workspace.root
            told = WorkspaceError(f"{name}: `{place}`: {error.strerror or error}", "harness doctor")
            self.failures.append(Failure(kind, name, told))

    def rows(self) -> list[Row]:
        """What is there now, code first."""
        rows = [*self._code_row()]
        for model in MODELS.values():
            if weights := installed_weights(self._workspace, model):
                rows.append(self._row("weights", model.id, weights, weights.stat().st_size))
        for dataset in DATASETS.values():
            if folder := installed_dataset(self._workspace, dataset):
                sizes = {
                    split: sum(1 for f in (folder / split).iterdir())
                    for split in dataset.splits
                    if (folder / split).is_dir()
                }
                note = ", ".join(f"{split} {count}" for split, count in sizes.items())
                rows.append(self._row("dataset", dataset.id, folder, _size(folder), note))
        return rows

    def _code_row(self) -> list[Row]:
        try:
            clone = clone_state(self._workspace)
        except HarnessError:  # told already, as the failure of the clone
            return []
        if clone is None:
            return []
        folder = self._workspace.upstream(PYTORCH.id)
        note = f"commit {clone.commit[:12]}{', with local changes' if clone.dirty else ''}"
        return [self._row("code", PYTORCH.id, folder, _size(folder), note)]

    def _row(self, kind: Kind, name: str, path: Path, size: int, note: str = "") -> Row:
        return Row(kind, name, "brought" if (kind, name) in self._brought else "present", path, size, note)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
