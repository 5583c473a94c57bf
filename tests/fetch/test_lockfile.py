"""The lock file survives other entries and says when it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import WorkspaceError
from harness.fetch.lockfile import LockFile


def test_entries_are_kept_apart_by_origin(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "harness.lock")
    assert lock.entry("downloaded", "a") is None
    lock.record("downloaded", "b", "http://x/b", 3, "1" * 64)
    lock.record("downloaded", "a", "http://x/a", 5, "2" * 64)
    lock.record("placed", "a", "file:///a", 6, "3" * 64)
    document = json.loads((tmp_path / "harness.lock").read_text())
    assert document["format"] == 1
    assert list(document["downloaded"]) == ["a", "b"]
    assert set(document["downloaded"]["a"]) == {"url", "bytes", "sha256", "date"}
    placed = lock.entry("placed", "a")
    assert placed is not None
    assert placed.sha256 == "3" * 64


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "harness.lock"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(WorkspaceError, match=r"harness\.lock"):
        LockFile(path).entry("downloaded", "a")


def test_a_damaged_entry_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "harness.lock"
    path.write_text('{"downloaded": {"a": {"url": 1}}}')
    with pytest.raises(WorkspaceError, match=r"harness\.lock"):
        LockFile(path).entry("downloaded", "a")
