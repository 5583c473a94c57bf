"""Notes lie beside the record, and what is damaged is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import RunError
from harness.runs.notes import FILE, Note, load_note, save_note


def test_a_note_comes_back_as_it_was(tmp_path: Path) -> None:
    note = Note(name="نماها", tags=("thesis", "نهایی"), text="line\nline", hidden=True)
    save_note(tmp_path, note)
    assert load_note(tmp_path) == note
    assert json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["format"] == 1


def test_no_file_is_an_empty_note_and_an_empty_note_no_file(tmp_path: Path) -> None:
    assert load_note(tmp_path) == Note()
    save_note(tmp_path, Note(text="x"))
    save_note(tmp_path, Note())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"format": 1, "name": 3}', '{"format": 1, "tags": [1]}', '{"format": 1, "hidden": 1}', '{"format": 2}'],
)
def test_a_damaged_or_newer_note_is_told_by_its_file(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(RunError) as told:
        load_note(tmp_path)
    assert str(tmp_path / FILE) in told.value.message
    assert told.value.hint
