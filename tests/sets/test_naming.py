"""Names are safe, deterministic and never collide, whatever the files are called."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.sets.naming import MAX_BYTES, safe_name, safe_names

ANY_NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40).filter(
    lambda t: t.strip("/.")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_NAME, max_size=12, unique=True))
def test_names_never_collide_even_without_case(sources: list[str]) -> None:
    names = safe_names(sources)
    assert len(names) == len(sources)
    assert len({unicodedata.normalize("NFC", n).casefold() for n in names}) == len(sources)
    for name in names:
        assert 0 < len(name.encode()) <= MAX_BYTES
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert not name.startswith(("-", ".", " "))
        assert safe_name(name) == name


@settings(max_examples=50, deadline=None)
@given(st.lists(ANY_NAME, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(sources: list[str], random: object) -> None:
    shuffled = list(sources)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dict(zip(sources, safe_names(sources), strict=True)) == dict(
        zip(shuffled, safe_names(shuffled), strict=True)
    )


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["a.jpg"], ["a"]),
        (["a.jpg", "a.png"], ["a_jpg", "a_png"]),
        (["IMG 1.jpg", "خانه.png", "猫.png", "🐈.png"], ["IMG 1", "خانه", "猫", "🐈"]),
        (["می‌خواهم.png"], ["می‌خواهم"]),
        (["-rf.png", "--x.png", ".hidden.png"], ["rf", "x", "hidden"]),
        (["sub/a.jpg", "a.jpg"], ["sub_a", "a"]),
        (["a.b.c.jpg"], ["a.b.c"]),
        (["con.png", "LPT1.jpg"], ["con_", "LPT1_"]),
        (['<b>"x"\'.png'], ["_b_x_"]),
        (["\u202egpj.png"], ["gpj"]),
        (["....png"], ["image"]),
    ],
)
def test_names(sources: list[str], expected: list[str]) -> None:
    assert safe_names(sources) == expected


def test_case_only_differences_and_long_names_get_a_hash() -> None:
    upper, lower = safe_names(["A.png", "a.png"])
    assert upper.casefold() != lower.casefold()
    assert upper.startswith("A-")
    long = ["ن" * 120 + f"{n}.jpg" for n in range(2)]
    assert all(len(name.encode()) <= MAX_BYTES for name in safe_names(long))


def test_undecodable_bytes_are_no_obstacle() -> None:
    name = b"\xff\xfe.png".decode("utf-8", "surrogateescape")
    assert safe_names([name, b"\xff\xfd.png".decode("utf-8", "surrogateescape")])[0].isprintable()
