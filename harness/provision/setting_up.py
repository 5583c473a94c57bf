"""`harness setup`: the authors' code at its commit, weights and datasets, from the net or the user's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.catalog.backbones import BACKBONES, Backbone
from harness.catalog.datasets import DATASETS
from harness.catalog.lookup import find_dataset, find_model
from harness.catalog.models import MODELS
from harness.catalog.repositories import LUA, PYTORCH, REPOSITORIES
from harness.catalog.types import Dataset, Model
from harness.errors import ChecksumError, HarnessError, quoted, refused_by_system
from harness.fetch.git import ensure_clone
from harness.files import sha256_of
from harness.progress import Progress, Silent
from harness.provision.backbone_files import backbones_of, bring_backbone, place_backbone
from harness.provision.bundle import Thing, opened_bundle
from harness.provision.dataset_files import bring_dataset, counted, place_dataset
from harness.provision.installed import clone_state, installed_weights
from harness.provision.mirrors import mirrors_of
from harness.provision.outcome import Failure, Kind, Row, SetupReport
from harness.provision.weight_files import bring_weights, place_weights
from harness.sets.finding import installed_dataset
from harness.workspace import Workspace

_WAYS: dict[type[Thing], tuple[Kind, Callable[..., bool], Callable[..., bool]]] = {
    Model: ("weights", bring_weights, place_weights),
    Dataset: ("dataset", bring_dataset, place_dataset),
    Backbone: ("network", bring_backbone, place_backbone),
}
"""What a thing is called, and how it is brought from its address or placed from a file."""


@dataclass(frozen=True, kw_only=True)
class SetupRequest:
    """What `set_up` is to bring, and from where.

    Attributes:
        models, datasets: catalog names, bare or `family/name`.
        metrics: whose networks to bring.
        every_model: the weights of every model.
        upstream_url, lua_url: a mirror, path or git bundle that holds the commit of the PyTorch code, or of the Lua
            original; default the authors' address.
        upstream_ref: another full commit SHA than the pinned one.
        from_file: a weight file or archive for the one model or dataset named.
        bundle: a folder or archive of code, weights and datasets; all it holds is placed.
        sha256: what the file of `from_file` or `bundle` must have.
        accept_counts: take datasets with another number of pictures than the catalog knows.
        mirrors: see `harness.provision.mirrors`.
    """

    models: Sequence[str] = ()
    datasets: Sequence[str] = ()
    metrics: Sequence[str] = ()
    every_model: bool = False
    upstream_url: str | None = None
    lua_url: str | None = None
    upstream_ref: str | None = None
    from_file: Path | None = None
    bundle: Path | None = None
    sha256: str | None = None
    accept_counts: bool = False
    mirrors: Sequence[str] = ()


def set_up(workspace: Workspace, request: SetupRequest, progress: Progress | None = None) -> SetupReport:
    """Brings what is missing and returns what is there; what cannot be brought stands in the report's failures.

    Raises:
        UnknownNameError: a model, dataset or metric is not known; nothing was done.
        HarnessError: `from_file` without exactly one name, another digest than `sha256`, an unreadable bundle, or a
            workspace in use.
    """
    progress = progress or Silent()
    names = MODELS if request.every_model else request.models
    # Names are looked up before anything is done: of ten, a mistyped last one must not cost nine downloads.
    models = list(dict.fromkeys(find_model(name) for name in names))
    datasets = list(dict.fromkeys(find_dataset(name) for name in request.datasets))
    backbones = backbones_of(request.metrics)
    # One file is one thing; for several it would be placed in all their places.
    things: tuple[Thing, ...] = (*backbones, *models, *datasets)
    if request.from_file is not None and (request.every_model or len(things) != 1):
        raise HarnessError(
            f"`--from-file {request.from_file}` needs exactly one `--model`, `--dataset` or metric that it is for",
            f"harness setup --model facades_label2photo --from-file {quoted(request.from_file)}",
        )
    _compare_digest(request)
    work = _Work(workspace, request, progress)
    with ExitStack() as stack:
        # Waits for ever, and says for whom: setups are begun in two windows.
        stack.enter_context(workspace.locked("harness setup", wait_s=-1, on_wait=progress.say))
        opened = opened_bundle(workspace, request.bundle, progress, verified=work.verified) if request.bundle else None
        carried = stack.enter_context(opened) if opened else None
        # Code first: without it the official engine cannot run anything that follows.
        work.clone(carried.repositories if carried else {})
        if carried:
            for thing, path in carried.things:
                work.bring(thing, path, verified=carried.verified)
        # Datasets come last, as they are the largest.
        for thing in things:
            work.bring(thing, request.from_file, verified=work.verified)
        return SetupReport(workspace.root, tuple(work.rows()), tuple(work.failures))


def _compare_digest(request: SetupRequest) -> None:
    if request.sha256 is None:
        return
    files = [path for path in (request.from_file, request.bundle) if path is not None]
    if len(files) != 1:
        raise HarnessError(
            "`--sha256` needs the one file it is of: `--from-file` or `--bundle`",
            f"harness setup --dataset facades --from-file facades.tar --sha256 {request.sha256}",
        )
    found = sha256_of(files[0]) if files[0].is_file() else "no file"
    if found != request.sha256.strip().lower():
        raise ChecksumError(
            f"`{files[0]}` is not what it should be: expected SHA-256 {request.sha256}, got {found}",
            "bring it again, or compare the digest with the one its source tells",
        )


class _Work:
    """Does one thing after the other; a failure of one is kept and does not stop the next."""

    def __init__(self, workspace: Workspace, request: SetupRequest, progress: Progress) -> None:
        self._workspace, self._request, self._progress = workspace, request, progress
        self._mirrors = mirrors_of(workspace, request.mirrors)
        self._brought: set[tuple[Kind, str]] = set()
        self.verified = request.sha256 is not None
        self.failures: list[Failure] = []

    def clone(self, carried: Mapping[str, Path]) -> None:
        """Both repositories; without the Lua original nothing is missing but its text, so that is a warning only."""
        asked = {PYTORCH.id: (self._request.upstream_url, self._request.upstream_ref)}
        for name, repository in REPOSITORIES.items():
            url, commit = asked.get(name, (self._request.lua_url, None))
            # What is typed, then what the bundle carries, then the authors' address; a bundle may be gone tomorrow.
            place, kept = url or str(carried.get(name, repository.url)), url or repository.url
            folder, commit = self._workspace.upstream(name), commit or repository.commit
            self._do("code", name, ensure_clone, place, commit, folder, kept, self._progress)
        # Weights of the Lua original run without its text, so its absence fails nothing.
        for failure in [failure for failure in self.failures if failure.id == LUA.id]:
            self.failures.remove(failure)
            told = f"the Lua original was not cloned, which running its weights does not need: {failure.error.message}"
            self._progress.warn(told, f"harness setup --upstream-url {LUA.id}=URL_OR_FOLDER")

    def bring(self, thing: Thing, source: Path | None, *, verified: bool) -> None:
        """Places a thing from the user's file, or brings it from its address where there is none."""
        kind, brought, placed = _WAYS[type(thing)]
        counts = {"accept_counts": self._request.accept_counts} if kind == "dataset" else {}
        if source is None:
            self._do(kind, thing.id, brought, self._workspace, thing, self._progress, self._mirrors, **counts)
        else:
            proved = {"verified": verified} if kind == "dataset" else {}
            self._do(kind, thing.id, placed, self._workspace, thing, source, self._progress, **counts, **proved)

    def _do(self, kind: Kind, name: str, work: Callable[..., bool], *given: object, **named: object) -> None:
        try:
            if work(*given, **named):
                self._brought.add((kind, name))
        except HarnessError as error:
            self.failures.append(Failure(kind, name, error))
        except (OSError, MemoryError) as error:  # a full or read-only disk, a file without permission
            told = refused_by_system(error, self._workspace.root)
            # A fault of ours must not be told as one thing that could not be brought.
            if told is None:
                raise
            self.failures.append(Failure(kind, name, told))

    def rows(self) -> list[Row]:
        """What is there now, code first."""
        rows = []
        for repository in REPOSITORIES:
            with suppress(HarnessError):  # told already, as the failure of the clone
                if clone := clone_state(self._workspace, repository):
                    note = f"commit {clone.commit[:12]}{', with local changes' if clone.dirty else ''}"
                    rows.append(self._row("code", repository, self._workspace.upstream(repository), note))
        for model in MODELS.values():
            if weights := installed_weights(self._workspace, model):
                rows.append(self._row("weights", model.id, weights))
        for dataset in DATASETS.values():
            if folder := installed_dataset(self._workspace, dataset):
                note = ", ".join(f"{split} {count}" for split, count in counted(dataset, folder).items())
                rows.append(self._row("dataset", dataset.id, folder, note))
        for backbone in BACKBONES.values():
            if (path := self._workspace.backbone(backbone.file)).is_file():
                # Present, but told: metrics refuse it by its hash.
                note = "" if sha256_of(path) == backbone.sha256 else "another file: metrics do not use it"
                rows.append(self._row("network", backbone.id, path, note))
        return rows

    def _row(self, kind: Kind, name: str, path: Path, note: str = "") -> Row:
        size = sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
        return Row(kind, name, "brought" if (kind, name) in self._brought else "present", path, size, note)
