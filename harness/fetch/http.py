"""Streams bytes over HTTP into a partial file: resumes, retries what may pass, checks the promised length."""

from __future__ import annotations

import contextlib
import email.utils
import errno
import json
import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from harness.errors import FetchError, NetworkError
from harness.progress import Step
from harness.version import __version__

_CHUNK = 1 << 16
_TIMEOUT_S = (10.0, 60.0)
_RETRIED = {408, 429}
_OFFLINE_HINT = "check the network with `harness doctor`, or bring the file another way with `--from-file`"


@dataclass(frozen=True)
class Patience:
    """How long to keep trying.

    Attributes:
        attempts: tries in a row that bring nothing new before giving up.
        base_s: the first pause in seconds; it doubles each time, with jitter of up to half of it.
        longest_s: no pause is longer; a server that asks for a longer one is not waited for.
        sleep: waits that many seconds.
    """

    attempts: int = 4
    base_s: float = 1.0
    longest_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    jitter: random.Random = random.Random()  # noqa: RUF009  # spreads retries over time; decides nothing that is kept

    def pause(self, failures: int, asked_s: float | None) -> float:
        """Returns the seconds to wait after so many failures in a row."""
        if asked_s is not None:
            return asked_s
        full = min(self.longest_s, self.base_s * 2.0 ** (failures - 1))
        return full * (1 + self.jitter.random() / 2)


PATIENT = Patience()
"""What commands use."""


class _MayPass(Exception):
    """A failure that may be gone on the next try."""

    def __init__(self, reason: str, asked_s: float | None = None) -> None:
        super().__init__(reason)
        self.asked_s = asked_s


def stream(
    url: str,
    part: Path,
    step: Step,
    check_space: Callable[[int], None] = lambda missing: None,
    patience: Patience = PATIENT,
    tell: Callable[[str], None] = lambda message: None,
) -> int:
    """Brings the bytes of `url` into `part` and returns their number.

    A `part` left by a broken connection is continued when the server confirms, by `If-Range`, that the file is still
    the same; what identifies it is kept beside `part` in `<part>.json`, and the caller removes both. Proxies come
    from the environment.

    Args:
        step: counts bytes; its total is set when the server tells the length.
        check_space: called with the bytes still to come before they are taken; raises to refuse.
        tell: hears of every pause and its reason.

    Raises:
        NetworkError: no connection, a refused status, or fewer bytes than promised, after all retries. `part` stays.
        FetchError: the disk is full.
    """
    transfer = _Transfer(url, part, step, check_space)
    failures, best = 0, transfer.size()
    with requests.Session() as session:
        session.headers.update({"User-Agent": f"pix2pix-harness/{__version__}", "Accept-Encoding": "identity"})
        while True:
            try:
                return transfer.attempt(session)
            except _MayPass as problem:
                size = transfer.size()
                failures = 1 if size > best else failures + 1
                best = max(best, size)
                pause = _pause_or_give_up(url, part, problem, failures, patience)
                tell(f"{problem}; next try in {pause:.0f} s")
                patience.sleep(pause)


def _pause_or_give_up(url: str, part: Path, problem: _MayPass, failures: int, patience: Patience) -> float:
    kept = part.stat().st_size if part.exists() else 0
    known = f"; {kept:,} bytes are kept and the next try continues there" if kept else ""
    if problem.asked_s is not None and problem.asked_s > patience.longest_s:
        raise NetworkError(f"`{url}`: {problem}; the server asks to wait {problem.asked_s:.0f} s{known}", "try later")
    if failures >= patience.attempts:
        raise NetworkError(f"`{url}`: {problem}, {failures} times in a row{known}", _OFFLINE_HINT)
    return patience.pause(failures, problem.asked_s)


class _Transfer:
    """One file on its way: what is there, what identifies it, and how much was counted."""

    def __init__(self, url: str, part: Path, step: Step, check_space: Callable[[int], None]) -> None:
        self._url, self._part, self._step, self._check_space = url, part, step, check_space
        self._note = part.with_name(part.name + ".json")
        self._counted = 0

    def size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def attempt(self, session: requests.Session) -> int:
        """One request and its body; returns the size when whole."""
        note = self._read_note()
        if note.get("bytes") == self.size() > 0:
            return self._counted_whole()
        offset, headers = self._resumption(note)
        with _translated(self._url), session.get(self._url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == 416:
                self._forget()
                raise _MayPass("the server has not the rest of the file that was begun")
            _check_status(answer)
            if answer.status_code != 206:
                offset = 0
            elif not (answer.headers.get("Content-Range", "")).startswith(f"bytes {offset}-"):
                self._forget()
                raise _MayPass("the server sent another part of the file than was asked for")
            total = _promised(answer, offset)
            self._step.expect(total)
            self._check_space(max(0, (total or 0) - offset))
            self._remember(answer, total)
            self._write(answer, offset)
        size = self.size()
        if total is not None and size != total:
            if size > total:
                self._forget()
            raise _MayPass(f"the server promised {total:,} bytes and sent {size:,}")
        return size

    def _counted_whole(self) -> int:
        size = self.size()
        self._step.expect(size)
        self._count(size)
        return size

    def _write(self, answer: requests.Response, offset: int) -> None:
        self._count(offset)
        try:
            with self._part.open("r+b" if offset else "wb") as file:
                file.seek(offset)
                for chunk in answer.iter_content(_CHUNK):
                    file.write(chunk)
                    self._count(self._counted + len(chunk))
        except requests.RequestException:
            raise
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise FetchError(f"cannot write `{self._part}`: {error.strerror}") from error
            raise FetchError(
                f"the disk is full: `{self._part.parent}` took {self.size():,} bytes of `{self._url}` and no more",
                "make room and repeat the command: it continues where it stopped",
            ) from error

    def _count(self, size: int) -> None:
        self._step.advance(size - self._counted)
        self._counted = size

    def _read_note(self) -> dict[str, Any]:
        """What was noted of the same address; empty when nothing was, or the note is damaged."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) and note.get("url") == self._url else {}

    def _resumption(self, note: dict[str, Any]) -> tuple[int, dict[str, str]]:
        """Where to continue and the headers that say so; the beginning when nothing proves it is the same file."""
        size = self.size()
        if not size or not note.get("validator"):
            return 0, {}
        return size, {"Range": f"bytes={size}-", "If-Range": note["validator"]}

    def _remember(self, answer: requests.Response, total: int | None) -> None:
        etag = answer.headers.get("ETag", "")
        # RFC 9110 13.1.5: a weak ETag must not stand in If-Range.
        validator = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")
        note = {"url": self._url, "validator": validator, "bytes": total}
        self._note.write_text(json.dumps(note), encoding="utf-8")

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _check_status(answer: requests.Response) -> None:
    status = answer.status_code
    told = f"the server answers {status} {answer.reason}".rstrip()
    if status in _RETRIED or status >= 500:
        raise _MayPass(told, _retry_after_s(answer.headers.get("Retry-After")))
    if status not in {200, 206}:
        raise NetworkError(f"`{answer.url}`: {told}", _OFFLINE_HINT)


def _promised(answer: requests.Response, offset: int) -> int | None:
    """The size of the whole file as the server tells it, None when it does not."""
    if answer.status_code == 206:
        whole = re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if whole:
            return int(whole[1])
    length = answer.headers.get("Content-Length", "")
    return offset + int(length) if length.isdigit() else None


def _retry_after_s(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header, which holds seconds or a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        date = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date.astimezone(UTC) - datetime.now(UTC)).total_seconds())


@contextlib.contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except requests.exceptions.Timeout as error:
        raise _MayPass("the server did not answer in time") from error
    except requests.RequestException as error:
        cause = _innermost(error)
        if isinstance(error, requests.exceptions.SSLError):
            problem = "the secure connection failed"
        elif isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            problem = "the name of the server is not known"
        elif isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
            raise _MayPass(f"the connection failed: {_told(cause)}") from error
        else:
            problem = "it cannot be asked for"
        raise NetworkError(f"`{url}`: {problem}: {_told(cause)}", _OFFLINE_HINT) from error


def _innermost(error: BaseException) -> BaseException:
    """The error of the lowest layer; requests wraps it several times in text nobody can read."""
    last = error.args[-1] if error.args else None
    for deeper in (last, getattr(error, "reason", None), error.__cause__):
        if isinstance(deeper, BaseException):
            return _innermost(deeper)
    return error


def _told(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
