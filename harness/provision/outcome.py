"""What `harness setup` answers: a row for each thing that is there, and what could not be brought."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import HarnessError
from harness.units import megabytes
from harness.web.notebook import shown_in_notebook

Kind = Literal["code", "weights", "dataset", "network"]


@dataclass(frozen=True)
class Row:
    """One thing: `brought` in this call or `present` before, its path, its size in bytes, and a note for people."""

    kind: Kind
    id: str
    state: Literal["brought", "present"]
    path: Path
    size: int
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns what `--json` prints of it."""
        return {
            "kind": self.kind,
            "id": self.id,
            "state": self.state,
            "path": str(self.path),
            "bytes": self.size,
            "note": self.note,
        }


@dataclass(frozen=True)
class Failure:
    """One thing that could not be brought, and why."""

    kind: Kind
    id: str
    error: HarnessError

    def to_json(self) -> dict[str, Any]:
        """Returns what `--json` prints of it."""
        return {"kind": self.kind, "id": self.id, "message": self.error.message, "hint": self.error.hint}


@dataclass(frozen=True)
class SetupReport:
    """Everything that is in the workspace after `set_up`, and what failed while the rest was brought."""

    workspace: Path
    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns what `--json` prints."""
        return {
            "format": 1,
            "workspace": str(self.workspace),
            "rows": [row.to_json() for row in self.rows],
            "failures": [failure.to_json() for failure in self.failures],
        }

    def _repr_html_(self) -> str:
        rows = [[row.kind, row.id, row.state, megabytes(row.size), row.note] for row in self.rows]
        rows += [[failure.kind, failure.id, "failed", "", failure.error.message] for failure in self.failures]
        return shown_in_notebook(f"in {self.workspace}", ["", "name", "state", "size", ""], rows)
