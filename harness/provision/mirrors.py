"""Servers that hold copies of weights and datasets under the paths of the authors' own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from harness.errors import HarnessError
from harness.fetch.asset import Asset
from harness.workspace import Workspace

VARIABLE = "HARNESS_MIRROR"


def mirrors_of(workspace: Workspace, given: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns the mirrors to ask first: those given, else `$HARNESS_MIRROR`, else those of `mirrors.txt`.

    The variable holds addresses with spaces between them, the file one a line; `#` begins a comment.

    Raises:
        HarnessError: one is no http address.
    """
    # Typed before set before written: the nearer the user, the stronger.
    told = list(given) or os.environ.get(VARIABLE, "").split()
    if not told and workspace.mirrors_file.is_file():
        lines = workspace.mirrors_file.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [word for line in lines if (word := line.partition("#")[0].strip())]
    for mirror in told:
        # Files and ssh have ways of their own, `--from-file` and `--upstream-url`.
        if not mirror.startswith(("http://", "https://")):
            raise HarnessError(
                f"`{mirror}` is no mirror: an address that begins with `http://` or `https://` was expected",
                f"mend `--mirror`, `{VARIABLE}` or `{workspace.mirrors_file}`",
            )
    return tuple(told)


def mirrored(asset: Asset, mirrors: Sequence[str]) -> Asset:
    """Returns an asset that is looked for on the mirrors first, below each under the path of its own address."""
    path = urlsplit(asset.urls[0]).path
    at_mirrors = []
    for mirror in mirrors:
        parts = urlsplit(mirror)
        # A mirror of a whole server: below its address stands what stands below the authors'.
        at_mirrors.append(parts._replace(path=parts.path.rstrip("/") + path).geturl())
    # The authors' own come last, so that a mirror without the file costs one question.
    return replace(asset, urls=(*at_mirrors, *asset.urls))
