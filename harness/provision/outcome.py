"""What `harness setup` answers: a row for each thing that is there, and what could not be brought."""

from __future__ import annotations

from dataclasses import asdict, dataclass
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
    bytes: int
    note: str = ""


@dataclass(frozen=True)
class Failure:
    """One thing that could not be brought, and why."""

    kind: Kind
    id: str
    error: HarnessError


@dataclass(frozen=True)
class SetupReport:
    """Everything that is in the workspace after `set_up`, and what failed while the rest was brought."""

    workspace: Path
    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns what `--json` prints."""
        rows = [asdict(row) | {"path": str(row.path)} for row in self.rows]
        failures = [
            {"kind": f.kind, "id": f.id, "message": f.error.message, "hint": f.error.hint} for f in self.failures
        ]
        return {"format": 1, "workspace": str(self.workspace), "rows": rows, "failures": failures}

    def _repr_html_(self) -> str:
        rows = [[row.kind, row.id, row.state, megabytes(row.bytes), row.note] for row in self.rows]
        rows += [[failure.kind, failure.id, "failed", "", failure.error.message] for failure in self.failures]
        return shown_in_notebook(f"in {self.workspace}", ["", "name", "state", "size", ""], rows)
