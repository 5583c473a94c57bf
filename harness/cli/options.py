"""Options that many commands share, defined once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

_LARGEST = 8192
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


def follow_links_option(function: _F) -> _F:
    """`--follow-links`: links that lead out of the folder named are followed."""
    return click.option("--follow-links", is_flag=True, help="Follow links that lead out of the folder.")(function)


class SizeType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """`256`, `512x384` or `own`."""

    name = "N|WxH|own"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int] | Literal["own"]:
        text = str(value).lower()
        if text == "own":
            return "own"
        numbers = text.split("x")
        if len(numbers) in {1, 2} and all(n.isdigit() and 0 < int(n) <= _LARGEST for n in numbers):
            return (int(numbers[0]), int(numbers[-1]))
        return self.fail(f"`{value}` is no size; write 256, 512x384 or own", param, ctx)
