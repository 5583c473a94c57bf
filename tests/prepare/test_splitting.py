"""A split depends on content only, and keeps near-duplicates on one side."""

from __future__ import annotations

import hashlib
import io
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont, ImageOps
from scipy import ndimage

from harness.demo.scenes import draw_scene
from harness.errors import TestSetError
from harness.images.pairing import join_ab
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


def facade(seed: int) -> Image.Image:
    return Image.fromarray(draw_scene(31_000, seed).photo)


def grouped(pictures: list[Image.Image], sources: list[str] | None = None, halves: int = 1) -> list[int]:
    return groups_of(
        [fingerprint(p, halves=halves) for p in pictures], sources or [str(n) for n in range(len(pictures))]
    )


def encoded(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


CHANGES = {
    "jpeg": lambda p: encoded(p, 30),
    "half": lambda p: p.resize((128, 128), Image.Resampling.BICUBIC),
    "brighter": lambda p: p.point([min(255, round(v * 1.15)) for v in range(256)] * 3),
    "cropped by 2 %": lambda p: p.crop((5, 5, 251, 251)).resize((256, 256), Image.Resampling.BICUBIC),
    "shifted by 4 pixels": lambda p: p.crop((4, 4, 256, 256)).resize((256, 256), Image.Resampling.BICUBIC),
    "mirrored": ImageOps.mirror,
}


@pytest.mark.parametrize("change", CHANGES)
def test_near_duplicates_are_one_group_and_others_are_not(change: str) -> None:
    pictures = [facade(seed) for seed in range(8)]
    groups = grouped([*pictures, *(CHANGES[change](p) for p in pictures[:4])])
    assert groups == [*range(8), *range(4)]


def cloud(seed: int) -> np.ndarray:
    """A smooth random field, mean 0 and deviation 1, 256 x 256."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(256, 256)), 10, mode="wrap")
    return (field - field.mean()) / field.std()


@pytest.mark.parametrize(("correlation", "one"), [(0.98, True), (0.92, False)])
def test_the_bound_lies_between_copies_and_pictures_that_are_only_alike(correlation: float, one: bool) -> None:
    for seed in range(4):
        first, other = cloud(2 * seed), cloud(2 * seed + 1)
        second = correlation * first + (1 - correlation**2) ** 0.5 * other
        pictures = [
            Image.fromarray((128 + 40 * f).clip(0, 255).astype(np.uint8)).convert("RGB") for f in (first, second)
        ]
        assert grouped(pictures) == ([0, 0] if one else [0, 1])


def things(kind: str, count: int) -> list[Image.Image]:
    """Different things, each on white."""
    made = []
    for n in range(count):
        rng = np.random.default_rng(n)
        picture = Image.new("RGB", (256, 256), "white")
        draw = ImageDraw.Draw(picture)
        if kind == "digits":
            draw.text((50, 50), f"{n:02d}", fill="black", font=ImageFont.load_default(140))
        else:
            x, y, w, h = (int(v) for v in rng.integers((90, 90, 20, 20), (166, 166, 80, 80)))
            box, colour = (x - w, y - h, x + w, y + h), tuple(int(v) for v in rng.integers(0, 200, 3))
            (draw.ellipse if n % 2 else draw.rectangle)(box, fill=colour)
        made.append(picture)
    return made


@pytest.mark.parametrize("kind", ["digits", "discs and boxes"])
def test_things_on_plain_ground_are_not_one_thing(kind: str) -> None:
    groups = grouped(things(kind, 100))
    assert max(Counter(groups).values()) <= 8
    assert len(set(groups)) >= 70


def test_nothing_is_chained() -> None:
    """A thing that wanders over the picture: each step is near the next, the first and the last are two."""
    ground = np.asarray(facade(0).resize((400, 256)))
    steps = [Image.fromarray(ground[:, 12 * n : 12 * n + 256]) for n in range(10)]
    groups = grouped(steps)
    assert groups[1] == groups[0]
    assert len(set(groups)) >= 3


def test_of_pairs_both_halves_must_be_alike() -> None:
    photo, label, other = facade(0), facade(1), facade(2)
    groups = grouped([join_ab(photo, label), join_ab(photo, other), join_ab(photo, encoded(label, 50))], halves=2)
    assert groups == [0, 1, 0]


def test_pieces_of_one_source_are_one_group_whatever_they_show() -> None:
    pictures = [facade(seed) for seed in range(6)]
    assert grouped(pictures, ["a", "b", "a", "c", "b", "a"]) == [0, 1, 0, 3, 1, 0]
    # A piece that is a copy of another source's piece brings both sources together.
    again = [*pictures[:2], pictures[3], encoded(pictures[1], 60)]
    assert grouped(again, ["a", "a", "b", "b"]) == [0, 0, 0, 0]


def test_plain_pictures_are_told_apart_by_nothing_and_so_by_their_sources() -> None:
    assert grouped([Image.new("RGB", (64, 64), "white")] * 3) == [0, 1, 2]
    assert grouped([]) == []


def test_groups_reach_over_chunks() -> None:
    pictures = [noise(64, 64, seed) for seed in range(300)]
    groups = grouped([*pictures, encoded(pictures[0], 90)])
    assert groups[300] == groups[0]
    assert len(set(groups)) == 300


def test_shares_that_are_missed_are_said() -> None:
    assert SHARES.missed(["train"] * 80 + ["val"] * 10 + ["test"] * 10) is None
    assert SHARES.missed(["train"] * 73 + ["val"] * 14 + ["test"] * 13) is None
    said = SHARES.missed(["train"] * 98 + ["val"] + ["test"])
    assert said == "the split came out as 98/1/1 of 100 where 80%/10%/10% was asked for: near-duplicates stay together"
    assert Shares.parse("1/0/0").missed(["train"]) is None
