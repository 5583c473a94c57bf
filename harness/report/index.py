"""What the index of runs shows: one line a run, with the headline numbers of the metrics any of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from harness.report.columns import Column
from harness.report.gathering import Picture, RunPage
from harness.runs.notes import Note
from harness.runs.training_record import TrainingRecord


@dataclass(frozen=True)
class IndexRun:
    """One run; `address` is its folder seen from the index."""

    folder: str
    page: RunPage
    address: str
    note: Note

    @property
    def picture(self) -> Picture | None:
        """The median image, the best where there are too few for one, None where there is none at all."""
        examples = self.page.examples
        row = examples.get("median", examples.get("best"))
        return None if row is None else self.page.pictures[row]

    @property
    def words(self) -> str:
        """What the filter searches."""
        record, note = self.page.record, self.note
        known = [self.folder, record.model["id"], record.test_set["name"], record.engine, record.mode]
        return " ".join(filter(None, [*known, note.name, *note.tags, note.text])).lower()


@dataclass(frozen=True, kw_only=True)
class IndexPage:
    """The index; `damaged` are folders that could not be read, each with the reason.

    `trainings` are addresses seen from the index, records and notes; `tables` folders of many runs by their kind,
    `reproductions` and `sweeps`.
    """

    runs: tuple[IndexRun, ...]
    columns: tuple[Column, ...]
    damaged: Sequence[tuple[str, str]]
    trainings: tuple[tuple[str, TrainingRecord, Note], ...]
    tables: Mapping[str, Sequence[str]]

    @property
    def hidden(self) -> int:
        """How many runs and trainings somebody does not want to see."""
        return sum(note.hidden for note in (*(r.note for r in self.runs), *(note for _, _, note in self.trainings)))


def index_page(
    pages: Sequence[tuple[str, RunPage]],
    damaged: Sequence[tuple[str, str]],
    trainings: Sequence[tuple[str, TrainingRecord]] = (),
    notes: Mapping[str, Note] | None = None,
    tables: Mapping[str, Sequence[str]] | None = None,
) -> IndexPage:
    """Returns the data of the index of runs, given by folder name and page, the newest first; `notes` likewise."""
    notes = notes or {}
    ordered = sorted(pages, key=lambda run: run[1].record.moment, reverse=True)
    trained = sorted(trainings, key=lambda training: training[1].moment, reverse=True)
    columns = {h.column.name: h.column for _, page in ordered for h in page.headlines}
    return IndexPage(
        runs=tuple(IndexRun(f, page, f"{quote(f)}/", notes.get(f, Note())) for f, page in ordered),
        # Likeness to the input says how much was changed, not how well: it goes last. The sort is stable.
        columns=tuple(columns[name] for name in sorted(columns, key=lambda name: name.startswith("input_"))),
        damaged=damaged,
        trainings=tuple((f"{quote(f)}/", record, notes.get(f, Note())) for f, record in trained),
        tables=tables or {},
    )
