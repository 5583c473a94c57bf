"""What comes out of a document has the types it was promised to have, and what has not is named by its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

import pytest

from harness.documents import Document, typed
from harness.errors import RunError


@dataclass(frozen=True)
class Leaf:
    name: str
    share: float = 0.5


class Open(TypedDict):
    id: str


@dataclass(frozen=True)
class Tree:
    kind: Literal["oak", 1]
    size: tuple[int, int]
    leaves: tuple[Leaf, ...]
    note: str | None = None
    more: dict[str, float] | None = None


KIND = Document(newest=2, error=RunError, missing="`{folder}` lacks `{name}`", bring="plant {name}", mend="water it")
TREE = {"kind": "oak", "size": [1, 2], "leaves": [{"name": "a"}, {"name": "b", "share": 1}], "unknown": {}}


def tree(content: dict[str, Any]) -> Tree:
    found: Tree = typed(Tree, content)
    return found


def test_what_is_saved_comes_back_as_dataclasses_and_tuples(tmp_path: Path) -> None:
    KIND.save(tmp_path / "tree.json", TREE)
    assert json.loads((tmp_path / "tree.json").read_text())["format"] == 2
    assert KIND.load(tmp_path / "tree.json", tree) == Tree("oak", (1, 2), (Leaf("a"), Leaf("b", 1)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "elm"}, '`kind` is "elm", where `oak` or `1` was expected'),
        ({"kind": True}, "`kind` is true, where"),
        ({"size": [1]}, r"`size` is \[1\], where a list was expected"),
        ({"size": [1, "2"]}, r'`size\[1\]` is "2", where a whole number was expected'),
        ({"size": [1, True]}, r"`size\[1\]` is true, where a whole number"),
        ({"size": [1, 2.0]}, r"`size\[1\]` is 2.0, where a whole number"),
        ({"leaves": {"name": "a"}}, "`leaves` is {.*, where a list was expected"),
        ({"leaves": [None]}, r"`leaves\[0\]` is null, where an object was expected"),
        ({"leaves": [{"share": 1.0}]}, r"`leaves\[0\].name` is missing"),
        ({"leaves": [{"name": "a", "share": "1"}]}, r'`leaves\[0\].share` is "1", where a number was expected'),
        ({"note": 3}, "`note` is 3, where text was expected"),
        ({"more": {"a": []}}, r"`more.a` is \[\], where a number was expected"),
    ],
)
def test_every_type_is_checked_and_the_place_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    KIND.save(tmp_path / "tree.json", TREE | changes)
    with pytest.raises(RunError, match=rf"tree\.json` is damaged: {said}") as caught:
        KIND.load(tmp_path / "tree.json", tree)
    assert caught.value.hint == "water it"


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "{}", '{"format": null}', '{"format": true}', "[" * 100_000,
        '{"format": 1, "x": NaN}', '{"format": 1, "x": 1e999}', '{"format": 1, "x": %s}' % ("9" * 5000),
    ],
)  # fmt: skip
def test_what_is_no_document_is_damage(tmp_path: Path, text: str) -> None:
    (tmp_path / "tree.json").write_text(text)
    with pytest.raises(RunError, match=r"tree\.json` is damaged"):
        KIND.load(tmp_path / "tree.json", dict)


def test_letters_that_no_file_takes_become_question_marks(tmp_path: Path) -> None:
    (tmp_path / "tree.json").write_text('{"format": 1, "\\udfff": ["a\\udcff", "\\ud83d\\ude00"]}')
    assert KIND.load(tmp_path / "tree.json", dict) == {"?": ["a?", "😀"]}


def test_older_formats_are_read_and_newer_ones_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / "tree.json").write_text(json.dumps({"format": number, "x": 1}))
        assert KIND.load(tmp_path / "tree.json", dict) == {"x": 1}
    for number in (0, 3):
        (tmp_path / "tree.json").write_text(json.dumps({"format": number}))
        with pytest.raises(RunError, match=f"has format {number}, this harness reads up to 2") as caught:
            KIND.load(tmp_path / "tree.json", dict)
    assert caught.value.hint == "update harness"


def test_a_folder_in_its_place_is_damage_and_nothing_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"lacks `tree\.json`") as caught:
        KIND.load(tmp_path / "tree.json", dict)
    assert caught.value.hint == "plant tree.json"
    (tmp_path / "tree.json").mkdir()
    with pytest.raises(RunError, match="is damaged"):
        KIND.load(tmp_path / "tree.json", dict)


def test_open_objects_keep_what_nobody_knows() -> None:
    assert typed(Open, {"id": "a", "new": 1}) == {"id": "a", "new": 1}
    with pytest.raises(ValueError, match="`id` is missing"):
        typed(Open, {})
