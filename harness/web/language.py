"""The languages of the pages: one file of strings each, the writing direction, and how numbers are written."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from harness.errors import UnknownNameError

# Languages that a file of strings may come for.
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        strings: every text of the pages by key; `{name}` stands for a value.
    """

    code: str
    strings: dict[str, str]

    @property
    def direction(self) -> str:
        return "rtl" if self.code in _RIGHT_TO_LEFT else "ltr"

    @property
    def digits(self) -> str:
        """The ten digits and the decimal mark."""
        return self.strings["digits"]

    def text(self, key: str, **values: object) -> str:
        """Returns a text with its values filled in; numbers among them are written in this language's digits."""
        filled = {k: self.localised(str(v)) if isinstance(v, int | float) else v for k, v in values.items()}
        return self.strings[key].format(**filled)

    def either(self, key: str, default: str) -> str:
        """Returns a text, or `default` where this language has none for the key."""
        return self.strings.get(key, default)

    def count(self, key: str, n: int) -> str:
        """Returns `n` of something, from the keys `KEY.one` and `KEY.other`."""
        # Two forms suffice for English and Persian; languages of more plurals would need further keys.
        return self.text(f"{key}.one" if n == 1 else f"{key}.other", n=n)

    def number(self, value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
        """Returns a number with fixed decimals, an en dash for None and a true minus sign."""
        if value is None or math.isnan(value):
            return "–"
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        text = f"{value:{'+' if signed else ''}z.{decimals}f}"  # `z`: never a minus before nothing but zeros
        return self.localised(text.replace("-", "−"))

    def p_value(self, value: float | None) -> str:
        """Returns the probability of a test, small ones only as a bound."""
        if value is None:
            return "–"
        return self.localised("< 0.001" if value < 0.001 else f"{value:.3f}")

    def localised(self, text: str) -> str:
        """Returns text with its ASCII digits, and decimal points between them, in this language's."""
        if self.digits == "0123456789.":
            return text
        # Between digits only: a full stop, a file's suffix or a version keeps its point.
        marked = re.sub(r"(?<=\d)\.(?=\d)", self.digits[10], text)
        return marked.translate(str.maketrans("0123456789", self.digits[:10]))


def languages() -> list[str]:
    """Returns the codes there are strings for."""
    folder = files("harness.web") / "strings"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


@cache
def language(code: str) -> Language:
    """Returns a language by its code; raises UnknownNameError for one without a file of strings."""
    # A code names a file: only one of the list is ever opened.
    if code not in languages():
        raise UnknownNameError("language", code, languages())
    text = (files("harness.web") / "strings" / f"{code}.json").read_text(encoding="utf-8")
    return Language(code, json.loads(text))
