"""What the index of runs shows: one line a run, with the headline numbers of the metrics any of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from harness.report.gathering import Headline, Picture, RunPage
from harness.runs.notes import Note
from harness.runs.training_record import TrainingRecord

# Immutable, for all calls share a default.
_NOTHING: Mapping[str, Note] = MappingProxyType({})


@dataclass(frozen=True)
class IndexRun:
    """One run; `address` is its folder seen from the index, `picture` its median image, or None."""

    folder: str
    page: RunPage
    address: str
    picture: Picture | None
    note: Note

    @property
    def headlines(self) -> dict[str, Headline]:
        return {headline.column.id: headline for headline in self.page.headlines}

    @property
    def words(self) -> str:
        """What the filter searches."""
        record, note = self.page.record, self.note
        known = [self.folder, record.model["id"], record.test_set["name"], record.engine, record.mode]
        return " ".join(filter(None, [*known, note.name, *note.tags, note.text])).lower()


@dataclass(frozen=True)
class IndexPage:
    """The index; `damaged` are folders that could not be read, each with the reason.

    `trainings` are addresses seen from the index, records and notes; `tables` folders of many runs by their kind,
    `reproductions` and `sweeps`.
    """

    runs: tuple[IndexRun, ...]
    columns: tuple[Any, ...]
    damaged: tuple[tuple[str, str], ...]
    trainings: tuple[tuple[str, TrainingRecord, Note], ...] = ()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """How many runs and trainings somebody does not want to see."""
        return sum(note.hidden for note in (*(r.note for r in self.runs), *(note for _, _, note in self.trainings)))


def index_page(
    pages: Sequence[tuple[str, RunPage]],
    damaged: Sequence[tuple[str, str]],
    trainings: Sequence[tuple[str, TrainingRecord]] = (),
    notes: Mapping[str, Note] = _NOTHING,
) -> IndexPage:
    """Returns the data of the index of runs, given by folder name and page, the newest first; `notes` likewise."""
    ordered = sorted(pages, key=lambda run: run[1].record.moment, reverse=True)
    columns = {h.column.id: h.column for _, page in ordered for h in page.headlines}
    return IndexPage(
        runs=tuple(
            IndexRun(folder, page, f"{quote(folder)}/", _median(page), notes.get(folder, Note()))
            for folder, page in ordered
        ),
        # Likeness to the input says how much was changed, not how well: it goes last. The sort is stable.
        columns=tuple(columns[id_] for id_ in sorted(columns, key=lambda id_: (id_.startswith("input_"),))),
        damaged=tuple(damaged),
        trainings=tuple(
            (f"{quote(folder)}/", record, notes.get(folder, Note()))
            for folder, record in sorted(trainings, key=lambda pair: pair[1].moment, reverse=True)
        ),
    )


def _median(page: RunPage) -> Picture | None:
    rows = {example.role: example.row for example in page.examples}
    row = rows.get("median", rows.get("best"))
    return None if row is None else page.pictures[row]
