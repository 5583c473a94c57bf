"""`harness.lock`: what was brought, from where, and the hash it had on first sight."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from harness.documents import Document, typed
from harness.errors import WorkspaceError

Origin = Literal["downloaded", "placed"]
_DOCUMENT = Document(
    newest=1,
    error=WorkspaceError,
    missing="`{folder}` has no `{name}`",
    bring="harness setup",
    mend="mend it, or remove it: what is brought is then recorded anew",
)


@dataclass(frozen=True)
class Entry:
    """One file as it was first seen; `url` is a `file:` URL for what the user placed."""

    url: str
    bytes: int
    sha256: str
    date: str


_Entries = dict[str, dict[str, Entry]]


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
        return self._read().get(origin, {}).get(asset)

    def record(self, origin: Origin, asset: str, url: str, size: int, sha256: str) -> None:
        """Writes an entry in place of an older one of the same asset and origin."""
        found = self._read()
        date = datetime.now(UTC).isoformat(timespec="seconds")
        entries = found.get(origin, {}) | {asset: Entry(url, size, sha256, date)}
        found[origin] = dict(sorted(entries.items()))
        _DOCUMENT.save(self._path, {o: {k: asdict(e) for k, e in named.items()} for o, named in found.items()})

    def _read(self) -> _Entries:
        found: _Entries = _DOCUMENT.load(self._path, partial(typed, _Entries)) if self._path.exists() else {}
        return found
