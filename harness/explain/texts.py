"""The texts of `explain`, one file a language, and formulas for a terminal and for a page."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from markupsafe import Markup, escape

from harness.web.language import Language, language


@cache
def explain_language(code: str) -> Language:
    """Returns the report's language with the texts of `explain` added; raises UnknownNameError as `language` does."""
    base = language(code)
    text = (files("harness.explain") / "text" / f"{code}.json").read_text(encoding="utf-8")
    return Language(code, {**base.strings, **json.loads(text)})


def formula_html(formula: str) -> Markup:
    """Returns a formula of `harness.explain.statements` with its `_{…}` as subscripts."""
    return Markup(re.sub(r"_\{(.*?)\}", r"<sub>\1</sub>", str(escape(formula))))  # noqa: S704  # escaped first


def formula_text(formula: str) -> str:
    """Returns a formula in plain characters: `L_cGAN`, `E[x,y]`."""
    return re.sub(r"_\{(.*?)\}", r"_\1", formula)
