"""`dataset.json` comes back as it was written, and damage is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import TestSetError
from harness.sets.test_set import Refusal, SetImage, TestSet, load_test_set, missing_images, save_test_set

SET = TestSet(
    name="خانه",
    layout="single",
    direction="AtoB",
    images=(
        SetImage("a", "testA/a.png", "sub/a.JPG", "0" * 64, (3000, 4000), ("rotated by EXIF",), warnings=("dark",)),
    ),
    model="cyclegan/horse2zebra",
    made_by={"command": ["harness", "prepare-images", "x"]},
    refused=(Refusal("b.txt", "no picture"),),
)


def test_a_set_comes_back_as_it_was_written(tmp_path: Path) -> None:
    save_test_set(tmp_path, SET)
    assert load_test_set(tmp_path) == SET
    assert json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))["format"] == 1


def test_the_digest_changes_with_what_matters_and_with_nothing_else() -> None:
    image = SET.images[0]
    assert replace(SET, name="other", made_by={}).digest() == SET.digest()
    for changed in (replace(image, sha256="1" * 64), replace(image, operations=()), replace(image, target="t.png")):
        assert replace(SET, images=(changed,)).digest() != SET.digest()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert missing_images(tmp_path, SET) == ["testA/a.png"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{", "not readable"), ('{"format": 2}', "format 2"), ('{"format": 1}', "not readable"), ("[]", "not readable")],
)
def test_a_damaged_document_is_named(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(TestSetError, match=expected) as caught:
        load_test_set(tmp_path)
    assert caught.value.hint


def test_a_folder_without_document_gets_the_command_to_type(tmp_path: Path) -> None:
    with pytest.raises(TestSetError) as caught:
        load_test_set(tmp_path)
    assert caught.value.hint == f"harness prepare-images {tmp_path}"
