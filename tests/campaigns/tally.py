"""What trials come to: right, a clear error, or lost; and the table of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["right", "clear", "lost"]


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        case: the row of the table it counts in.
        verdict: `right`: as without the trouble; `clear`: refused with a message and a hint, and nothing wrong under
            a final name; `lost`: anything else.
        what: what makes it again, and what happened.
    """

    case: str
    verdict: Verdict
    what: str = ""


def table(trials: Iterable[Trial]) -> str:
    """Returns a Markdown table, a row a case."""
    counts: dict[str, Counter[str]] = {}
    for trial in trials:
        counts.setdefault(trial.case, Counter())[trial.verdict] += 1
    lines = ["| case | tried | right | clear error | lost |", "|---|---|---|---|---|"]
    for case, found in counts.items():
        lines.append(f"| {case} | {found.total()} | {found['right']} | {found['clear']} | {found['lost']} |")
    return "\n".join(lines)
