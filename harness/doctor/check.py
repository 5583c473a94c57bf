"""The shape of one finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
