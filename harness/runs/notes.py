"""`note.json`: what people say of a run or a training, in a file beside the record, which stays as it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from harness.documents import Document, typed
from harness.errors import RunError

FILE = "note.json"
_DOCUMENT = Document(
    newest=1,
    error=RunError,
    missing="`{folder}` has no `{name}`",
    bring="harness note RUN TEXT",
    mend="delete the file, then write `harness note RUN TEXT` again",
)


@dataclass(frozen=True, kw_only=True)
class Note:
    """What the index shows beside a run: a name in place of the folder's, tags, a text; or nothing of it, `hidden`."""

    name: str = ""
    tags: tuple[str, ...] = ()
    text: str = ""
    hidden: bool = False


def load_note(folder: Path) -> Note:
    """Reads the note of a run or training, an empty one where there is none; raises RunError if it is damaged."""
    if not (folder / FILE).exists():
        return Note()
    note: Note = _DOCUMENT.load(folder / FILE, lambda content: typed(Note, content))
    return note


def save_note(folder: Path, note: Note) -> None:
    """Writes the note beside the record; an empty one leaves no file."""
    # So that a run about which everything was taken back looks as if nothing had been said.
    if note == Note():
        (folder / FILE).unlink(missing_ok=True)
    else:
        _DOCUMENT.save(folder / FILE, asdict(note))
