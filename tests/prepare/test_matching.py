"""Inputs and targets find each other by name, spelling, role or kind, and no picture is its own target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.catalog.lookup import find_model
from harness.errors import TestSetError
from harness.prepare.matching import hidden_pairs, match, match_within
from harness.prepare.sources import gather
from tests.images.pictures import noise, raw_colours
from tests.prepare.test_sources import make

FACADES = find_model("facades_label2photo")


def pairs_of(inputs: Path, targets: Path) -> dict[str, str]:
    return {i.name: t.name for i, t in match(gather(inputs), gather(targets)).pairs}


def test_partners_by_stem_whatever_suffix_case_or_unicode_form(tmp_path: Path) -> None:
    inputs = make(tmp_path / "in", "a.png", "B.jpg", "cafe\u0301.png", "sub/x.png", "lonely.png")
    targets = make(tmp_path / "out", "a.jpg", "b.png", "caf\u00e9.jpg", "sub/x.tif", "spare.png")
    matched = match(gather(inputs), gather(targets))
    assert sorted((i.path.name, t.path.name) for i, t in matched.pairs) == [
        ("B.jpg", "b.png"),
        ("a.png", "a.jpg"),
        ("cafe\u0301.png", "caf\u00e9.jpg"),
        ("x.png", "x.tif"),
    ]
    assert {r.source: r.reason for r in matched.refused} == {
        "lonely.png": "has no target of that name",
        "targets/spare.png": "has no input of that name",
    }


def test_doubled_targets_are_refused_unless_one_has_the_very_name(tmp_path: Path) -> None:
    inputs = make(tmp_path / "in", "a.png", "b.gif")
    targets = make(tmp_path / "out", "a.png", "a.jpg", "b.png", "b.jpg")
    matched = match(gather(inputs), gather(targets))
    assert [(i.name, t.name) for i, t in matched.pairs] == [("a.png", "a.png")]
    assert [(r.source, r.reason) for r in matched.refused] == [("b.gif", "has 2 targets: `b.jpg` and `b.png`")]


@pytest.mark.parametrize(
    ("input_", "target"),
    [
        ("x-input.png", "x-target.png"),
        ("x_A.png", "x_B.jpg"),
        ("001A.png", "001B.png"),
        ("x_label.png", "x_photo.jpg"),
        ("x_label.png", "x.jpg"),
        ("label (1).png", "photo (1).png"),
        ("label1.png", "photo1.png"),
        ("sub/x.input.png", "sub/x.target.png"),
    ],
)
def test_words_that_tell_a_role_are_no_part_of_the_name(tmp_path: Path, input_: str, target: str) -> None:
    inputs, targets = make(tmp_path / "in", input_), make(tmp_path / "out", target)
    assert pairs_of(inputs, targets) == {input_: target}
    together = make(tmp_path / "both", input_, target)
    found = match_within(gather(together), FACADES, "AtoB")
    assert [(i.name, t.name) for i, t in found.pairs] == [(input_, target)]


def test_words_within_a_name_are_letters_like_any(tmp_path: Path) -> None:
    inputs, targets = make(tmp_path / "in", "villa.png", "beta.png"), make(tmp_path / "out", "vill.png", "bet.png")
    assert pairs_of(inputs, targets) == {}


def test_a_role_is_looked_at_only_where_the_whole_names_do_not_agree(tmp_path: Path) -> None:
    inputs, targets = make(tmp_path / "in", "x_a.png", "x_b.png"), make(tmp_path / "out", "x_a.jpg", "x_b.jpg")
    assert pairs_of(inputs, targets) == {"x_a.png": "x_a.jpg", "x_b.png": "x_b.jpg"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("اسب\u200cها.png", "اسبها.png"),
        ("كتاب.png", "کتاب.jpg"),
        ("علي.png", "علی.jpg"),
        ("خانه ۱۲.png", "خانه 12.jpg"),
    ],
)
def test_persian_spellings_of_one_name_are_one_name(tmp_path: Path, one: str, other: str) -> None:
    inputs, targets = make(tmp_path / "in", one), make(tmp_path / "out", other)
    assert pairs_of(inputs, targets) == {one: other}


def test_two_spellings_do_not_share_one_target(tmp_path: Path) -> None:
    inputs, targets = make(tmp_path / "in", "كتاب.png", "کتا\u200cب.png"), make(tmp_path / "out", "کتاب.jpg")
    assert pairs_of(inputs, targets) == {}


def test_suffixed_pairs_in_one_folder_are_pairs_and_no_picture_its_own_target(tmp_path: Path) -> None:
    folder = make(tmp_path, *(f"house{n}-{role}.png" for n in range(3) for role in ("input", "target")), "lonely.png")
    found = match_within(gather(folder), None, "AtoB")
    assert [(i.name, t.name) for i, t in found.pairs] == [
        (f"house{n}-input.png", f"house{n}-target.png") for n in range(3)
    ]
    assert [(r.source, r.reason) for r in found.refused] == [("lonely.png", "has no partner of that name")]
    assert hidden_pairs(gather(folder)) == 3


def test_sides_follow_the_direction(tmp_path: Path) -> None:
    folder = gather(make(tmp_path, "x_A.png", "x_B.png"))
    assert [i.name for i, _ in match_within(folder, None, "AtoB").pairs] == ["x_A.png"]
    assert [i.name for i, _ in match_within(folder, None, "BtoA").pairs] == ["x_B.png"]


def label_map(seed: int) -> Image.Image:
    """A raw CMP map: class numbers 1 to 12 with their palette."""
    cells = np.random.default_rng(seed).integers(1, 13, (8, 8), dtype=np.uint8)
    picture = Image.fromarray(cells.repeat(16, axis=0).repeat(16, axis=1), mode="P")
    picture.putpalette([0, 0, 0, *raw_colours().ravel().tolist()])
    return picture


@pytest.mark.parametrize("stored", ["P", "RGB", "JPEG"])
@pytest.mark.parametrize("model", ["facades_label2photo", "cyclegan/facades_photo2label"])
def test_photo_and_label_of_one_stem_are_told_apart_by_what_they_are(tmp_path: Path, stored: str, model: str) -> None:
    for n in range(3):
        noise(128, 128, n).save(tmp_path / f"b{n}.jpg")
        label = label_map(n) if stored == "P" else label_map(n).convert("RGB")
        label.save(tmp_path / f"b{n}.{'jpeg' if stored == 'JPEG' else 'png'}")
        (tmp_path / f"b{n}.xml").write_text("<xml/>")
    entry = find_model(model)
    found = match_within(gather(tmp_path), entry, entry.direction)
    photo_first = entry.input_domain == "facade_photo"
    assert [i.name.endswith(".jpg") for i, _ in found.pairs] == [photo_first] * 3
    assert [t.name.endswith(".jpg") for _, t in found.pairs] == [not photo_first] * 3
    assert {r.source: r.reason for r in found.refused} == {f"b{n}.xml": "is no picture by its suffix" for n in range(3)}


@pytest.mark.parametrize("model", [None, "horse2zebra"])
def test_what_nothing_tells_apart_is_refused_with_the_way_of_two_folders(tmp_path: Path, model: str | None) -> None:
    for suffix in ("jpg", "png"):
        noise(64, 64).save(tmp_path / f"x.{suffix}")
    with pytest.raises(TestSetError, match="one folder") as caught:
        match_within(gather(tmp_path), find_model(model) if model else None, "AtoB")
    assert (
        caught.value.hint == "put inputs and targets into two folders: harness prepare-images INPUTS --targets TARGETS"
    )


def test_a_folder_of_single_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TestSetError, match="never its own target"):
        match_within(gather(make(tmp_path, "a.png", "b.png")), None, "AtoB")
