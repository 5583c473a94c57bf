"""Strings are whole in every language, and numbers are written as its readers write them."""

from __future__ import annotations

import math
import re

import pytest

from harness.errors import UnknownNameError
from harness.web.language import language, languages


def test_every_language_has_the_same_texts_with_the_same_values() -> None:
    english = language("en").strings
    assert languages() == ["en", "fa"]
    for code in languages():
        other = language(code).strings
        assert other.keys() == english.keys()
        assert {
            k for k in other if set(re.findall(r"{\w+}", other[k])) != set(re.findall(r"{\w+}", english[k]))
        } == set()
        assert len(other["digits"]) == 12


def test_persian_texts_are_persian() -> None:
    technical = {"column.ssim", "column.psnr", "column.mae", "unit.", "unit.dB", "compare.test", "verdict.join"}
    plain = {k for k, v in language("fa").strings.items() if not re.search("[\u0600-\u06ff]", v)}
    assert plain == technical
    assert not any(re.search("[يك]", text) for text in language("fa").strings.values())  # Arabic letters, not Persian


def test_an_unknown_language_is_answered() -> None:
    with pytest.raises(UnknownNameError, match="no language is called `xx`"):
        language("xx")


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "english", "persian"),
    [
        (0.1234, 3, False, "0.123", "۰٫۱۲۳"),
        (-2.5, 1, True, "−2.5", "−۲٫۵"),
        (2.5, 1, True, "+2.5", "+۲٫۵"),
        (10000, 0, False, "10000", "۱۰۰۰۰"),
        (math.inf, 2, False, "∞", "∞"),
        (None, 2, False, "–", "–"),
    ],
)
def test_numbers(value: float | None, decimals: int, signed: bool, english: str, persian: str) -> None:
    assert language("en").number(value, decimals, signed=signed) == english
    assert language("fa").number(value, decimals, signed=signed) == persian


def test_counts_and_probabilities() -> None:
    assert language("en").count("images", 1) == "1 image"
    assert language("fa").count("images", 12) == "۱۲ تصویر"
    assert [language("en").p_value(p) for p in (None, 0.0002, 0.04)] == ["–", "< 0.001", "0.040"]


def test_only_a_point_between_digits_is_a_decimal_mark() -> None:
    assert language("fa").localised("a.b 1.5 ۲.") == "a.b ۱٫۵ ۲."
