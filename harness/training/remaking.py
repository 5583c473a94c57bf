"""`harness report`: the pages of runs and trainings made again from their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RunError
from harness.progress import Progress
from harness.report.single import SingleFile, write_single_file
from harness.report.writing import write_index, write_run_report
from harness.runs.listing import find_report, find_run, run_folders
from harness.runs.training_record import training_folders
from harness.training.publishing import rewrite_page
from harness.web.notebook import shown_in_notebook
from harness.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Pages that were made; `index` tells of all runs, `damaged` are the errors of those that could not be read."""

    reports: tuple[Path, ...]
    index: Path | None = None
    damaged: tuple[RunError, ...] = ()

    def _repr_html_(self) -> str:
        told = [[error.message] for error in self.damaged]
        return shown_in_notebook(f"pages made: {len(self.reports)}", ["damaged"], told, [*self.reports, self.index])


def make_page(folder: Path, lang: str | None, progress: Progress | None = None) -> Path:
    """Writes the page of a run or of a training, and returns its path; RunError where the folder is neither."""
    if (folder / "run.json").is_file():
        return write_run_report(folder, lang, progress)
    return rewrite_page(folder, lang)


def make_files(
    workspace: Workspace, names: Sequence[str], lang: str | None, max_bytes: int, progress: Progress | None = None
) -> list[SingleFile]:
    """Writes the runs named, or all where none is, as one HTML file each; UnknownNameError or RunError where not."""
    # `find_run` of none raises what is to be said of an empty workspace.
    folders = [find_run(workspace, name) for name in names] or run_folders(workspace) or [find_run(workspace, None)]
    return [write_single_file(folder, lang, max_bytes, progress) for folder in folders]


def make_pages(workspace: Workspace, names: Sequence[str], lang: str | None, progress: Progress | None = None) -> Pages:
    """Writes the pages of the runs and trainings named, of all where none is, and the index.

    Raises:
        UnknownNameError: there is no run or training of that name.
        RunError: one that is named is damaged, or there are none at all.
    """
    everything = [*run_folders(workspace), *training_folders(workspace)]
    folders = [find_report(workspace, name) for name in names] or everything or [find_run(workspace, None)]
    pages, damaged = [], []
    for folder in folders:
        try:
            pages.append(make_page(folder, lang, progress))
        except RunError as error:
            # Asked for by name it must not be passed over; among all, one damaged record costs its own page only.
            if names:
                raise
            damaged.append(error)
    return Pages(reports=tuple(pages), index=write_index(workspace.results, lang), damaged=tuple(damaged))
