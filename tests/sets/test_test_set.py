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

OLD = {
    "format": 1, "name": "mine", "layout": "paired", "direction": "BtoA", "model": "pix2pix/facades_label2photo",
    "made_by": {}, "refused": [], "nearness": None,
    "images": [{
        "name": "0", "output": "test/0.png", "source": "0.png", "sha256": "1" * 64, "size_before": [8, 8],
        "operations": ["resized to 4x4 (Lanczos)"], "target": "0.png", "nearness": None, "warnings": [],
        "target_sha256": "2" * 64,
    }],
    "digest": "3b41baeeea4ef17fada7f6d7f981f729fed4ef54b4a56412bf5b0070d50e101b",
}  # fmt: skip
"""As the version before pictures were hashed wrote it."""


def test_a_set_comes_back_as_it_was_written(tmp_path: Path) -> None:
    save_test_set(tmp_path, SET)
    assert load_test_set(tmp_path) == SET
    assert json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))["format"] == 2


def test_the_digest_changes_with_what_matters_and_with_nothing_else() -> None:
    image = SET.images[0]
    assert replace(SET, name="other", made_by={}).digest() == SET.digest()
    for changed in (replace(image, sha256="1" * 64), replace(image, operations=()), replace(image, target="t.png")):
        assert replace(SET, images=(changed,)).digest() != SET.digest()


def test_the_digest_sees_the_written_pictures() -> None:
    hashed = replace(SET, images=(replace(SET.images[0], output_sha256="2" * 64),))
    assert hashed.hashed and not SET.hashed
    changed = replace(hashed, images=(replace(hashed.images[0], output_sha256="3" * 64),))
    assert len({SET.digest(), hashed.digest(), changed.digest()}) == 3


def test_a_document_of_format_1_is_read_with_the_digest_recorded_then(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps(OLD))
    old = load_test_set(tmp_path)
    assert (old.hashed, old.domains, old.digest()) == (False, ("facade_photo", "facade_label"), OLD["digest"])


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert missing_images(tmp_path, SET) == ["testA/a.png"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{", "is damaged"), ('{"format": 3}', "format 3"), ('{"format": 1}', "is damaged"), ("[]", "is damaged")],
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


@pytest.mark.parametrize(
    "edit",
    [{"output": "../../x.png"}, {"output": "/etc/x.png"}, {"output": None}, {"size_before": [1]}, {"name": 3}],
)
def test_a_document_of_other_types_or_of_paths_outside_is_damaged(tmp_path: Path, edit: dict) -> None:
    save_test_set(tmp_path, SET)
    document = json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))
    document["images"][0].update(edit)
    (tmp_path / "dataset.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(TestSetError, match=r"dataset\.json` is damaged"):
        load_test_set(tmp_path)
