"""A split depends on content only, and keeps near-duplicates on one side."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.errors import TestSetError
from harness.prepare.splitting import Shares, assign, fingerprint, groups_of
from tests.images.pictures import noise

SHARES = Shares.parse("80/10/10")


def hashes(count: int, seed: int = 0) -> list[str]:
    return [hashlib.sha256(f"{seed}/{n}".encode()).hexdigest() for n in range(count)]


def test_shares_are_read_and_checked() -> None:
    assert Shares.parse("8/1/1") == Shares(0.8, 0.1, 0.1)
    assert Shares.parse("1/0/0").part(hashes(1)[0]) == "train"
    for text in ("80/20", "a/b/c", "0/0/0", "-1/1/1", "80/10/10/0", "nan/1/1", "inf/1/1"):
        with pytest.raises(TestSetError, match="is no split"):
            Shares.parse(text)


def test_shares_are_met_in_the_large() -> None:
    parts = [SHARES.part(h) for h in hashes(4000)]
    assert abs(parts.count("train") / 4000 - 0.8) < 0.02
    assert abs(parts.count("val") / 4000 - 0.1) < 0.015


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
def test_adding_pictures_moves_none(first: int, more: int, seed: int) -> None:
    known = hashes(first + more, seed)
    before = assign(known[:first], list(range(first)), SHARES, {})
    after = assign(known, list(range(first + more)), SHARES, dict(zip(known[:first], before, strict=True)))
    assert after[:first] == before


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 99))
def test_something_is_held_out_of_small_sets_and_little(count: int, seed: int) -> None:
    parts = assign(hashes(count, seed), list(range(count)), SHARES, {})
    assert ("test" in parts) or count < 3
    assert ("val" in parts) or count < 10
    own = [SHARES.part(h) for h in hashes(count, seed)]
    assert sum(a != b for a, b in zip(parts, own, strict=True)) <= 2
    assert assign(hashes(count, seed), list(range(count)), Shares.parse("1/0/0"), {}) == ["train"] * count


def test_a_group_stays_together_and_where_it_was() -> None:
    known = hashes(60)
    groups = [n // 3 for n in range(60)]
    parts = assign(known, groups, SHARES, {})
    assert all(len({p for p, g in zip(parts, groups, strict=True) if g == group}) == 1 for group in groups)
    earlier = dict(zip(known[::3], parts[::3], strict=True)) | {known[0]: "test"}  # one of each three is enough
    moved = assign(known, groups, SHARES, earlier)
    assert moved[:3] == ["test"] * 3
    assert moved[3:] == parts[3:]


def test_near_duplicates_are_found_and_others_not() -> None:
    pictures = [noise(64, 64, seed) for seed in range(12)]
    again = pictures[3].resize((48, 48)).resize((64, 64))
    brighter = Image.fromarray((np.asarray(pictures[5]) * 0.9).astype(np.uint8))
    groups = groups_of([fingerprint(p) for p in [*pictures, again, brighter]])
    assert groups[12] == groups[3]
    assert groups[13] == groups[5]
    assert len(set(groups)) == 12


def test_groups_reach_over_chunks() -> None:
    rng = np.random.default_rng(0)
    prints = [rng.integers(0, 256, 32, dtype=np.uint8) for _ in range(300)]
    groups = groups_of([*prints, prints[0]])
    assert groups[300] == groups[0]
    assert len(set(groups)) == 300
    assert groups_of([]) == []


def test_real_facades_are_no_duplicates_of_each_other(shared_facades: object) -> None:
    files = sorted((shared_facades / "photo").glob("*.png"))  # type: ignore[operator]
    prints = [fingerprint(Image.open(f).convert("RGB")) for f in files]
    assert len(set(groups_of(prints))) == len(files)
