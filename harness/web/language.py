"""The languages of pages and terminal: which one is spoken, its strings, its direction, how it writes numbers."""

from __future__ import annotations

import json
import locale
import math
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from harness.errors import UnknownNameError
from harness.web.messages import messages, outside_of_code

# Languages that a file of strings may come for.
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
# Not the digits of `G_L1`, `uint8`, `#a0b0c0`, `256x256` or `12.png`.
_NUMBER = re.compile(r"(?<![\w#.])\d+(?:\.\d+)?(?![A-Za-z_\d]|\.[A-Za-z])")


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
        """The ten digits, the decimal mark and what sets thousands apart."""
        return self.strings["digits"]

    def text(self, key: str, **values: object) -> str:
        """Returns a text with its values filled in; numbers among them are written in this language's digits."""
        filled = {k: self.localised(str(v)) if isinstance(v, int | float) else v for k, v in values.items()}
        return self.strings[key].format(**filled)

    def either(self, key: str, default: str) -> str:
        """Returns a text, or `default` where this language has none for the key."""
        return self.strings.get(key, default)

    def message(self, english: str) -> str:
        """Returns what code says, see `harness.web.messages`, in this language; digits stay as they can be typed."""
        return messages(self.code).translated(english)

    def told(self, english: str) -> str:
        """Returns the same for a page: its numbers in this language's digits, but for what is code or a name."""
        return outside_of_code(self.message(english), lambda said: _NUMBER.sub(lambda n: self.localised(n[0]), said))

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

    def grouped(self, value: int) -> str:
        """Returns a whole number with its thousands set apart."""
        return self.localised(f"{value:,}").replace(",", self.digits[11])

    def product(self, factors: Iterable[int]) -> str:
        """Returns `3×256×256`, kept from left to right in any text: neutral signs between numbers would turn it."""
        return f"\u2066{self.localised('×'.join(map(str, factors)))}\u2069"

    def p_value(self, value: float | None) -> str:
        """Returns the probability of a test, small ones only as a bound."""
        if value is None:
            return "–"
        return self.localised("< 0.001" if value < 0.001 else f"{value:.3f}")

    def localised(self, text: str) -> str:
        """Returns text with its ASCII digits, and decimal points between them, in this language's."""
        if self.digits.startswith("0123456789"):
            return text
        # Between digits only: a full stop, a file's suffix or a version keeps its point.
        marked = re.sub(r"(?<=\d)\.(?=\d)", self.digits[10], text)
        return marked.translate(str.maketrans("0123456789", self.digits[:10]))


def spoken(said: str | None = None, recorded: str | None = None) -> Language:
    """Returns the language to speak: what was said, else `HARNESS_LANG`, else what a record says, else the system's.

    Raises:
        UnknownNameError: there are no strings for what was said, by option or variable.
    """
    # A record of another version may name a language that this one has not.
    known = recorded if recorded in languages() else None
    return language(said or os.environ.get("HARNESS_LANG") or known or _of_system())


def _of_system() -> str:
    """The system's language where there are strings for it, else English."""
    if sys.platform == "win32":
        import ctypes

        name = locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    else:
        # As gettext reads them: the first that is set decides.
        name = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "") or ""
    code = re.split(r"[_.@-]", name)[0].lower()
    return code if code in languages() else "en"


@cache
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
