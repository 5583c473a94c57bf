"""The tree drawn in the docstring of `harness.errors` is the real one, and unknown names get suggestions."""

from __future__ import annotations

import inspect
import re

import pytest

from harness import errors
from harness.errors import HarnessError, UnknownNameError


def test_the_docstring_draws_the_real_tree() -> None:
    drawn = re.findall(r"^([ │├└─]*)([A-Z]\w+Error)", inspect.getdoc(errors) or "", re.MULTILINE)
    stack: list[tuple[int, str]] = []
    parents = {}
    for indent, name in drawn:
        while stack and stack[-1][0] >= len(indent):
            stack.pop()
        parents[name] = stack[-1][1] if stack else "Exception"
        stack.append((len(indent), name))
    classes = {n: c for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, HarnessError)}
    assert parents == {name: cls.__base__.__name__ for name, cls in classes.items()}


@pytest.mark.parametrize(("typed", "meant"), [("facades_label2foto", "facades_label2photo"), ("map2sta", "map2sat")])
def test_unknown_names_are_answered_with_the_nearest(typed: str, meant: str) -> None:
    error = UnknownNameError("model", typed, ["facades_label2photo", "map2sat", "day2night"])
    assert f"Did you mean `{meant}`" in error.message
    assert error.hint == "known: day2night, facades_label2photo, map2sat"


def test_a_name_like_nothing_gets_the_list_and_no_guess() -> None:
    error = UnknownNameError("model", "zzz", ["day2night"], hint="harness models")
    assert "Did you mean" not in error.message
    assert error.hint == "harness models"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("FACADES_LABEL2PHOTO", ["facades_label2photo-near-001"]), ("near", ["facades_label2photo-near-001"]), ("ne", [])],
)
def test_a_part_of_a_name_in_any_case_is_near_enough(typed: str, meant: list[str]) -> None:
    error = UnknownNameError("run", typed, ["facades_label2photo-near-001", "Straßen"])
    assert re.findall(r"`([^`]+)`", error.message)[1:] == meant


def test_a_long_list_is_cut_and_an_empty_one_is_not_told() -> None:
    error = UnknownNameError("run", "x", [f"run-{n:03d}" for n in range(30)])
    assert error.hint is not None
    assert error.hint.startswith("known: run-000, ") and error.hint.endswith(", run-019 and 10 more")
    assert UnknownNameError("run", "x", []).hint is None


def test_an_error_says_what_its_message_is() -> None:
    error = UnknownNameError("model", "zzz", ["day2night"])
    more = error.restated(f"{error.message}\nthe whole log: `x`")
    assert str(more) == more.message == f"{error.message}\nthe whole log: `x`"
    assert (type(more), more.known, more.hint) == (UnknownNameError, ["day2night"], error.hint)
    assert str(error) == error.message
    assert error.restated(hint="harness doctor").hint == "harness doctor"
