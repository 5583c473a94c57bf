"""Gives the pictures of a set names that are safe on every file system and cannot collide."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath

from harness.workspace import shortened

MAX_BYTES = 120
"""Of a name in UTF-8: room for `input/`, suffixes and temporary names below the 255 bytes file systems allow."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%#&;`$\'!]+')
_ENDS = re.compile(r"^[\s\-.~]+|[\s.]+$")  # \s has the spaces of every script
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # zero-width, yet part of spelling: Persian and emoji need them


def safe_names(sources: Sequence[str]) -> list[str]:
    """Returns one name a source, in their order: letters of every script kept, no two equal even without case.

    Args:
        sources: paths relative to the user's folder, `/` between parts, no two equal.

    A name is the path without its suffix; where that collides (`a.jpg` and `a.png`, `A.png` and `a.png`) the suffix
    and then a hash of the path are added. The result depends on the set of sources only.
    """
    names = [_plain(source) for source in sources]
    # Only as much as is needed, so that names stay readable; 64 digits are the whole hash, which cannot collide.
    for refined in (_with_suffix, partial(_hashed, digits=8), partial(_hashed, digits=64)):
        counts = Counter(map(_key, names))
        names = [
            name if counts[_key(name)] == 1 else refined(source) for name, source in zip(names, sources, strict=True)
        ]
    return names


def safe_name(text: str) -> str:
    """Returns one text as a safe file name without its folder's or suffix's meaning; `image` if nothing is left."""
    # macOS decomposes accents on older disks: composed, the same picture has the same name everywhere.
    text = unicodedata.normalize("NFC", text)
    # Format letters, surrogates, private use, unassigned, line and paragraph separators: unseen, or shown anyhow.
    text = "".join(
        c for c in text if c in _JOINERS or unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    text = _ENDS.sub("", _UNSAFE.sub("_", text))
    if _WINDOWS_DEVICES.fullmatch(text):
        text = f"{text}_"
    return _shortened(text, MAX_BYTES) or "image"


def _plain(source: str) -> str:
    # Folders become part of the name: `a/1.jpg` and `b/1.jpg` are two pictures.
    return safe_name("_".join(PurePosixPath(source).with_suffix("").parts))


def _with_suffix(source: str) -> str:
    return _joined(_plain(source), f"_{safe_name(PurePosixPath(source).suffix.lower())}")


def _hashed(source: str, digits: int) -> str:
    # Names that are no UTF-8 still have a hash of their own.
    digest = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()
    return _joined(_plain(source), f"-{digest[:digits]}")


def _joined(name: str, ending: str) -> str:
    # The ending is what tells two names apart, so the name gives way.
    return _shortened(name, MAX_BYTES - len(ending.encode())) + ending


def _shortened(text: str, limit: int) -> str:
    return _ENDS.sub("", shortened(text, limit))


def _key(name: str) -> str:
    # `casefold` may decompose again, hence composed once more; Windows and macOS compare names so.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
