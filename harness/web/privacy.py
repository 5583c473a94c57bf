"""Keeps paths of the user's machine out of pages that are handed to others."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_ABSOLUTE = re.compile(r"(?<![\w.:/…~])(?:file://|~(?=[/\\])|[A-Za-z]:(?=[\\/]))?(?:[\\/][^\s\\/'\"`,;:<>|()]+)+[\\/]?")
"""An absolute path of either kind of machine, or one below a home folder; not the path of an https address."""


def without_paths(text: str) -> str:
    """Returns text in which of every absolute path only the last part is left, as `…/name`."""
    return _ABSOLUTE.sub(lambda match: f"…/{_last(match.group())}", text)


def public_command(words: Sequence[str]) -> str:
    """Returns a command line as typed, quoted for a shell, with absolute paths cut to their last part."""
    return shlex.join(public_word(word) for word in words)


def public_word(word: str) -> str:
    """Returns one word, or an option with its value, without what leads to its last part if it is a path."""
    # `--dataset=/home/me/photos`: the option stays.
    option, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
    # The whole word is a path, spaces included, which the pattern above would end at.
    if re.match(r"(file://|~?[\\/]|[A-Za-z]:[\\/])", value):
        return f"{option}{equals}…/{_last(value)}"
    return without_paths(word)


def _last(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]
