"""The shape of one finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        state: `warn` limits what can be done; `bad` stops everything.
        what: what was found, for people.
        mend: the command or deed that mends it, None where there is nothing to mend.
    """

    name: str
    state: State
    what: str
    mend: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns what `--json` prints of it."""
        return {"name": self.name, "state": self.state, "what": self.what, "mend": self.mend}
