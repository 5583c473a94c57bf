"""`harness.lock`: what was brought, from where, and the hash it had on first sight."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from harness.errors import WorkspaceError
from harness.files import write_json

Origin = Literal["downloaded", "placed"]


@dataclass(frozen=True)
class Entry:
    """One file as it was first seen; `url` is a `file:` URL for what the user placed."""

    url: str
    bytes: int
    sha256: str
    date: str


class LockFile:
    """Reads and writes the lock file. Downloads and files placed by the user are kept apart: only the former tell
    what a later download must be."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entry(self, origin: Origin, asset: str) -> Entry | None:
        """Returns what is recorded of an asset.

        Raises:
            WorkspaceError: the lock file is damaged.
        """
        try:
            found = self._read().get(origin, {}).get(asset)
            return None if found is None else Entry(**found)
        except (TypeError, AttributeError) as error:
            raise self._damaged(f"its entry of {asset} is not one of harness") from error

    def record(self, origin: Origin, asset: str, url: str, size: int, sha256: str) -> None:
        """Writes an entry in place of an older one of the same asset and origin."""
        document = self._read()
        date = datetime.now(UTC).isoformat(timespec="seconds")
        entries = document.setdefault(origin, {}) | {asset: asdict(Entry(url, size, sha256, date))}
        document[origin] = dict(sorted(entries.items()))
        write_json(self._path, {"format": 1, **{k: v for k, v in document.items() if k != "format"}})

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._damaged(str(error)) from error
        if not isinstance(document, dict):
            raise self._damaged("it holds no JSON object")
        return document

    def _damaged(self, why: str) -> WorkspaceError:
        return WorkspaceError(f"`{self._path}` cannot be used: {why}", f"mend it, or remove it: `rm {self._path}`")
