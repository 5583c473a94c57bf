"""Runs are told to be of the same pictures by what was hashed, those made before by the pictures they kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import RunError
from harness.runs.identity import kinship
from tests.report.samples import change_facts, change_record, draw, sample_run

NAMES = ("a", "b", "c", "d")
HASHES = ("sha256", "source_sha256", "target_sha256")


def unhash(facts: dict) -> None:
    for key in HASHES:
        del facts[key]


@pytest.fixture(params=["hashed", "as recorded before"])
def runs(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """Two runs of the same pictures; once the first of them recorded no hashes."""
    found = sample_run(tmp_path / "first", NAMES), sample_run(tmp_path / "second", NAMES, noise=60)
    if request.param != "hashed":
        change_facts(found[0], unhash)
    return found


def is_hashed(run: Path) -> bool:
    return "source_sha256" in (run / "images.jsonl").read_text(encoding="utf-8")


def redraw(run: Path, kind: str, change: Callable[[Image.Image], Image.Image]) -> None:
    for path in (run / "images" / kind).glob("*.png"):
        with Image.open(path) as picture:
            changed = change(picture.convert("RGB"))
        changed.save(path)


def test_the_same_pictures_are_the_same(runs: tuple[Path, Path]) -> None:
    found = kinship(*runs)
    assert (found.why_not, found.same_preparation, found.hashed) == (None, True, is_hashed(runs[0]))


@pytest.mark.parametrize("kind", ["input", "target"])
def test_entirely_other_pictures_of_the_same_names_are_not(runs: tuple[Path, Path], kind: str) -> None:
    key = {"input": "source_sha256", "target": "target_sha256"}[kind]
    change_facts(runs[1], lambda facts: facts.update({key: "0" * 64}))
    for name in NAMES:
        draw(f"another {kind} {name}").save(runs[1] / "images" / kind / f"{name}.png")
    found = kinship(*runs)
    assert found.why_not == f"the {kind} is another picture for `a`, `b`, `c` and 1 more"
    assert not found.same_preparation


def test_targets_shuffled_among_the_names_are_not(runs: tuple[Path, Path]) -> None:
    a, b = (runs[1] / "images" / "target" / f"{name}.png" for name in "ab")
    pixels = a.read_bytes(), b.read_bytes()
    a.write_bytes(pixels[1])
    b.write_bytes(pixels[0])

    def shuffle(document: dict) -> None:
        images = document["images"]
        images[0]["target_sha256"], images[1]["target_sha256"] = (images[i]["target_sha256"] for i in (1, 0))

    change_record(runs[1], shuffle)
    assert kinship(*runs).why_not == "the target is another picture for `a`, `b`"


@pytest.mark.parametrize(
    "change", [lambda p: p.resize((40, 40)), lambda p: p.resize((24, 24)).resize((48, 48), Image.Resampling.BILINEAR)]
)
def test_another_preparation_of_the_same_sources_is_told(
    runs: tuple[Path, Path], change: Callable[[Image.Image], Image.Image]
) -> None:
    for kind in ("input", "target"):
        redraw(runs[1], kind, change)
    change_facts(runs[1], lambda facts: facts.update(sha256="0" * 64))
    found = kinship(*runs)
    assert (found.why_not, found.same_preparation) == (None, False)


def test_the_same_files_at_another_size_are_another_preparation(tmp_path: Path) -> None:
    runs = sample_run(tmp_path / "first", NAMES), sample_run(tmp_path / "second", NAMES)
    change_facts(runs[1], lambda facts: facts["geometry"].update(frame=[32, 32], box=[0, 0, 32, 32]))
    found = kinship(*runs)
    assert (found.why_not, found.same_preparation) == (None, False)
    for run in runs:  # recorded before geometry was: told by the pictures
        change_facts(run, lambda facts: facts.pop("geometry"))
    assert kinship(*runs).same_preparation
    redraw(runs[1], "input", lambda picture: picture.resize((32, 32)))
    assert not kinship(*runs).same_preparation


def test_engines_that_round_a_resized_picture_differently_saw_the_same(runs: tuple[Path, Path]) -> None:
    redraw(runs[1], "target", lambda p: Image.fromarray(np.asarray(p) ^ np.eye(48, dtype=np.uint8)[:, :, None]))
    found = kinship(*runs)
    assert (found.why_not, found.same_preparation) == (None, True)


def test_the_other_half_of_the_same_pairs_is_another_input(tmp_path: Path) -> None:
    runs = sample_run(tmp_path / "first", NAMES), sample_run(tmp_path / "second", NAMES)
    (runs[1] / "images" / "input").rename(runs[1] / "images" / "aside")
    (runs[1] / "images" / "target").rename(runs[1] / "images" / "input")
    (runs[1] / "images" / "aside").rename(runs[1] / "images" / "target")
    change_record(runs[1], lambda document: document["test_set"].update(direction="AtoB"))
    assert "the input is another picture" in str(kinship(*runs).why_not)


def test_runs_whose_images_stand_in_any_order_are_matched_by_name(tmp_path: Path) -> None:
    runs = sample_run(tmp_path / "first", NAMES), sample_run(tmp_path / "second", ("c", "a", "d", "b"))
    assert kinship(*runs).same_preparation
    change_record(runs[1], lambda document: document["images"][2].update(source_sha256="0" * 64))
    assert kinship(*runs).why_not == "the input is another picture for `d`"
    change_record(runs[1], lambda document: document["images"][2].update(name="z"))
    assert kinship(*runs).why_not == "their records name other images"


def test_pictures_that_must_be_looked_at_and_are_gone_are_named(tmp_path: Path) -> None:
    runs = sample_run(tmp_path / "first", NAMES), sample_run(tmp_path / "second", NAMES)
    (runs[1] / "images" / "input" / "b.png").unlink()
    assert kinship(*runs).why_not is None
    change_facts(runs[0], unhash)
    with pytest.raises(RunError, match=r"`input/b\.png` is missing"):
        kinship(*runs)
