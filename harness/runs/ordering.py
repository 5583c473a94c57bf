"""Which run or training is the newest: the one that started last, whatever the clocks of its time zone showed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from harness.units import moment

_UNKNOWN = datetime.min.replace(tzinfo=UTC)


def oldest_first(records: Iterable[Path]) -> list[Path]:
    """Returns the folders of `run.json` and `training.json` files in the order of their starts, damaged ones first.

    Hidden folders, in which work is still going on, are left out.
    """
    # Names with a dot in front are drafts, which get their name when they are whole.
    found = [path for path in records if not path.parent.name.startswith(".")]
    return [path.parent for path in sorted(found, key=_age)]


def _age(record: Path) -> tuple[datetime, int, str]:
    """The start; then, as a record tells it in whole seconds, when it was written."""
    try:
        started = moment(json.loads(record.read_text(encoding="utf-8"))["started"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        started = _UNKNOWN
    try:
        written = record.stat().st_mtime_ns
    except OSError:
        written = 0
    return started, written, record.parent.name
