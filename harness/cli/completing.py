"""Names that a shell completes: models, datasets, runs and trainings, from the catalog and the workspace alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from harness.errors import HarnessError
from harness.workspace import Workspace

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class NameType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """A name that `known` lists for a workspace; one that is not among them is the command's to judge.

    Args:
        or_folder: whether a folder may stand in its place; folders are offered where no name begins so.
    """

    def __init__(self, name: str, known: Callable[[Workspace], Iterable[str]], *, or_folder: bool = False) -> None:
        self.name, self._known, self._or_folder = name, known, or_folder

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        # While a shell completes no command has run and `ctx.obj` is empty; the typed `--workspace` is known.
        workspace = Workspace.locate(ctx.find_root().params.get("workspace"))
        try:
            names = [name for name in self._known(workspace) if name.startswith(incomplete)]
        except (HarnessError, OSError):  # a shell that completes has no place for an error
            names = []
        if not names and self._or_folder:
            # Of the kind `dir` a shell completes by itself, as it does for `cd`.
            return [CompletionItem(incomplete, type="dir")]
        return [CompletionItem(name) for name in names]


def _models(workspace: Workspace) -> list[str]:
    from harness.catalog.models import MODELS
    from harness.runs.trained import trained_models

    return [*trained_models(workspace), *_short_and_full(MODELS)]


def _datasets(workspace: Workspace) -> list[str]:
    from harness.catalog.datasets import DATASETS

    return _short_and_full(DATASETS)


def _sets(workspace: Workspace) -> list[str]:
    from harness.sets.finding import prepared_sets

    return [*prepared_sets(workspace), *_datasets(workspace)]


def _runs(workspace: Workspace) -> list[str]:
    from harness.runs.listing import run_folders

    return [folder.name for folder in reversed(run_folders(workspace))]


def _trainings(workspace: Workspace) -> list[str]:
    from harness.runs.training_record import training_folders

    return [folder.name for folder in reversed(training_folders(workspace))]


def _short_and_full(ids: Iterable[str]) -> list[str]:
    """Bare names, once where both families have one, then `family/name`."""
    full = list(ids)
    return [*dict.fromkeys(name.partition("/")[2] for name in full), *full]


MODEL = NameType("model", _models)
DATASET = NameType("dataset", _datasets)
SET = NameType("dataset", _sets, or_folder=True)
RUN = NameType("run", _runs)
TRAINING = NameType("training", _trainings)
REPORT = NameType("run", lambda workspace: [*_runs(workspace), *_trainings(workspace)])
