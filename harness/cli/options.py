"""Options that many commands share, defined once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


def json_option(function: _F) -> _F:
    """`--json`: one JSON document on stdout, everything else on stderr."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(function)


def quiet_option(function: _F) -> _F:
    """`--quiet`: results, warnings and errors only."""
    return click.option("-q", "--quiet", is_flag=True, help="Say nothing but results, warnings and errors.")(function)


def lang_option(function: _F) -> _F:
    """`--lang`: the language of the pages."""
    return click.option(
        "--lang", type=click.Choice(["en", "fa"]), default="en", show_default=True, help="Language of the report."
    )(function)
