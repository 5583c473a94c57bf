"""Takes out of texts what others must not see or a terminal would obey: credentials in addresses, control letters."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)([^\s`'\"<>]+)", re.IGNORECASE)
# User and password end at the last `@` before the path; where a password holds a slash, its colon leads to no port.
_USER = re.compile(r"(?:[^/?#]*|[^/?#@:]*:(?!\d*(?:[/?#]|$)).*)@")
# C0 and C1 but tab and line feed, line separators, what turns the direction of a line, and bytes that were no UTF-8.
_OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def without_credentials(text: str) -> str:
    """Returns text whose addresses have no user, password, query or fragment; ssh keeps its user, no secret."""
    return _ADDRESS.sub(_bare, text)


def _bare(address: re.Match[str]) -> str:
    scheme, rest = address.groups()
    user = _USER.match(rest)
    place = rest[user.end() :] if user else rest
    # `ssh://git@host` does not work without its user, and that is no secret.
    kept = f"{user.group().partition(':')[0].rstrip('@')}@" if user and scheme.lower().endswith("ssh://") else ""
    path, query = re.split(r"[?#]", place, maxsplit=1)[0], re.search(r"[?#]", place)
    # `?…` says that something was there: tokens of signed downloads stand in the query.
    return f"{scheme}{kept}{path}{'?…' if query else ''}"


def public_address(url: str) -> str:
    """Returns where a clone came from for others to read; a path of this machine stays here, the commit proves it."""
    # Any other scheme, a path or scp's `host:path` tells about this machine or its network.
    if re.match(r"(https?|ssh|git)://", url):
        return without_credentials(url)
    return "a git directory on this machine"


def visible(text: str) -> str:
    r"""Returns text with every letter that a terminal would obey written as `\uXXXX`, which is valid in JSON, too."""
    return _OBEYED.sub(lambda letter: f"\\u{ord(letter.group()):04x}", text)
