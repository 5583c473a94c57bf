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
