"""Writing aside and renaming, so that what has its final name is complete; and hashing of files."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def _beside(target: Path) -> Path:
    """A new name beside `target`; made with it, unlike by `tempfile`, a file or folder gets the rights of the umask."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.part")


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """A full disk found while writing names no file of itself: then it is this one."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(target)
        raise


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`; on success it replaces `target`, on any error it is removed."""
    temporary = _beside(target)
    try:
        with _named(target):
            temporary.touch(exist_ok=False)
            yield temporary
            os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_written_aside(target: Path, replace: bool = False) -> Iterator[Path]:
    """Yields a temporary folder beside `target`; on success it takes that name, on any error it is removed.

    With `replace` an older folder of that name gives way; without it the rename fails with `FileExistsError`.
    """
    temporary = _beside(target)
    try:
        with _named(target):
            temporary.mkdir()
            yield temporary
            if target.exists():
                if not replace:
                    raise FileExistsError(target)
                old = _beside(target)
                os.replace(target, old)
                os.replace(temporary, target)
                shutil.rmtree(old)
            else:
                os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(target: Path, text: str) -> None:
    """Writes UTF-8 text with `\\n` line ends, aside and then renamed.

    Bytes of a file's name that are no UTF-8 become `\\udcXX`, which JSON reads back as they were.
    """
    with written_aside(target) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_json(target: Path, document: Any) -> None:
    """Writes one JSON document, readable by people; refuses NaN and infinity, which are no JSON."""
    write_text(target, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
