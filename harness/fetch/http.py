"""Streams bytes over HTTP into a partial file: resumes, retries what may pass, checks what the server promises."""

from __future__ import annotations

import contextlib
import email.utils
import errno
import gzip
import json
import random
import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.errors import FetchError, NetworkError
from harness.progress import Step
from harness.redacting import without_credentials

if TYPE_CHECKING:
    import requests

# 64 KiB at a time: also the least a try must bring to count as going on.
_CHUNK = 1 << 16
# Seconds to connect, and between two pieces of the answer.
_TIMEOUT_S = (10.0, 60.0)
_GZIP = {"gzip", "x-gzip"}
_MAX_RATIO = 50
"""Unpacked to packed size. Pictures hardly shrink: the official archives stay below 2, a bomb is far above 1000."""
_SMALL_BYTES = 100 << 20
"""Anything may unpack to this much, however small it is: code and label maps do shrink."""
# Request Timeout and Too Many Requests; beside them all of 5xx.
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
        slowest: bytes/s, on average over `window_s` seconds, below which a connection is as good as broken; git's
            `http.lowSpeedLimit` and `lowSpeedTime` are set to the same.
        clock: tells seconds.
    """

    attempts: int = 4
    base_s: float = 1.0
    longest_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    jitter: random.Random = random.Random()  # noqa: RUF009  # spreads retries over time; decides nothing that is kept
    slowest: float = 1000.0
    window_s: float = 60.0
    clock: Callable[[], float] = time.monotonic

    def pause(self, failures: int, asked_s: float | None) -> float:
        """Returns the seconds to wait after so many failures in a row."""
        if asked_s is not None:
            return asked_s
        # base · 2^(failures - 1), not above the longest; jitter keeps a class of students from asking in step.
        full = min(self.longest_s, self.base_s * 2.0 ** (failures - 1))
        return full * (1 + self.jitter.random() / 2)


PATIENT = Patience()
"""What commands use."""


def most_unpacked(packed: int) -> int:
    """Returns the bytes that so many packed ones may become; more is a bomb."""
    return max(_SMALL_BYTES, _MAX_RATIO * packed)


class _MayPass(Exception):
    """A failure that may be gone on the next try."""

    def __init__(self, reason: str, asked_s: float | None = None) -> None:
        super().__init__(reason)
        self.asked_s = asked_s


def stream(
    url: str,
    part: Path,
    step: Step,
    *,
    check_space: Callable[[int], None] = lambda missing: None,
    patience: Patience = PATIENT,
    tell: Callable[[str], None] = lambda message: None,
) -> int:
    """Brings the bytes of `url` into `part` and returns their number.

    A `part` left by a broken connection is continued when the server confirms, by `If-Range` and the whole's length,
    that the file is still the same; what identifies it is kept beside `part` in `<part>.json`, and the caller removes
    both. Proxies come from the environment. A try counts as going on when it brought 64 KiB.

    Args:
        step: counts bytes; its total is set when the server tells the length.
        check_space: called with the bytes still to come before they are taken; raises to refuse.
        tell: hears of every pause and its reason.

    Raises:
        NetworkError: no connection, a refused status, too slow, or fewer bytes than promised, after all retries.
            `part` stays.
        FetchError: the disk is full.
    """
    from harness.fetch.sessions import new_session  # late: most commands ask what is there and fetch nothing

    transfer = _Transfer(url, part, step, check_space, patience)
    failures, best = 0, transfer.size()
    with new_session() as session:
        while True:
            try:
                return transfer.attempt(session)
            except _MayPass as problem:
                size = transfer.size()
                # Progress starts the count anew: a bad line that brings a little each time arrives in the end.
                failures = 1 if size >= best + _CHUNK else failures + 1
                best = max(best, size)
                pause = _pause_or_give_up(url, size, problem, failures, patience)
                tell(f"{problem}; next try in {pause:.0f} s")
                patience.sleep(pause)


def _pause_or_give_up(url: str, kept: int, problem: _MayPass, failures: int, patience: Patience) -> float:
    known = f"; {kept:,} bytes are kept and the next try continues there" if kept else ""
    if problem.asked_s is not None and problem.asked_s > patience.longest_s:
        # A server that names an hour is told to the user at once, rather than slept through.
        raise NetworkError(f"`{url}`: {problem}; the server asks to wait {problem.asked_s:.0f} s{known}", "try later")
    if failures >= patience.attempts:
        raise NetworkError(f"`{url}`: {problem}, {failures} times in a row{known}", _OFFLINE_HINT)
    return patience.pause(failures, problem.asked_s)


class _Transfer:
    """One file on its way: what is there, what identifies it, and how much was counted."""

    def __init__(
        self, url: str, part: Path, step: Step, check_space: Callable[[int], None], patience: Patience
    ) -> None:
        self._url, self._part, self._step, self._check_space = url, part, step, check_space
        self._note = part.with_name(part.name + ".json")
        self._patience = patience
        self._counted = 0

    def size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def attempt(self, session: requests.Session) -> int:
        """One request and its body; returns the size when whole."""
        note = self._read_note()
        # Where all bytes are there, cut off only before they were unpacked, nothing is asked for again.
        if note.get("bytes") != self.size() or not self.size():
            note = self._receive(session, note)
        if note.get("packed"):
            self._unpack()
        size = self.size()
        if size != self._counted:
            self._step.expect(size)
            self._count(size)
        return size

    def _receive(self, session: requests.Session, note: dict[str, Any]) -> dict[str, Any]:
        """Asks for what is missing and returns the note of the whole file."""
        # From the beginning where nothing proves that it is the same file.
        offset, headers = 0, {}
        if note.get("validator") and (offset := self.size()):
            headers = {"Range": f"bytes={offset}-", "If-Range": note["validator"]}
        with _translated(self._url):
            answer = session.get(self._url, headers=headers, stream=True, timeout=_TIMEOUT_S)
        with answer:
            # 416, or other bytes than were asked for: what lies here is no beginning of what lies there.
            if answer.status_code == 416 or (answer.status_code == 206 and not _continues(answer, offset, note)):
                self._forget()
                raise _MayPass("the server has not the rest of the file that was begun")
            _check_status(answer)
            # 200 to a request for a range: the server sends the whole, since the file changed or it knows no ranges.
            if answer.status_code != 206:
                offset = 0
            total = _promised(answer, offset)
            self._step.expect(total)
            self._check_space(max(0, (total or 0) - offset))
            # Before the body: if the connection breaks in it, the next run finds what identifies the bytes.
            note = self._remember(answer, total)
            self._write(answer, offset)
        size = self.size()
        if total is not None and size != total:
            if size > total:
                # More than promised is no beginning of the file; fewer are, and stay.
                self._forget()
            raise _MayPass(f"the server promised {total:,} bytes and sent {size:,}")
        return note

    def _write(self, answer: requests.Response, offset: int) -> None:
        self._count(offset)
        try:
            # `r+b` keeps what is there and overwrites from the offset; `ab` could not go back.
            with self._part.open("r+b" if offset else "wb") as file:
                file.seek(offset)
                for chunk in self._chunks(answer):
                    file.write(chunk)
                    self._count(self._counted + len(chunk))
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise FetchError(f"cannot write `{self._part}`: {error.strerror}") from error
            raise FetchError(
                f"the disk is full: `{self._part.parent}` took {self.size():,} bytes of `{self._url}` and no more",
                "make room and repeat the command: it continues where it stopped",
            ) from error

    def _chunks(self, answer: requests.Response) -> Iterator[bytes]:
        """The bytes as they come, as the server packed them; raises where they come too slowly for too long."""
        begun, came = self._patience.clock(), 0
        while True:
            with _translated(self._url):
                # `read1` returns what there is; `read` waits for a whole chunk, at a byte a second for a day.
                chunk = answer.raw.read1(_CHUNK, decode_content=False)
            if not chunk:
                return
            yield chunk
            came += len(chunk)
            took = self._patience.clock() - begun
            if took < self._patience.window_s:
                continue
            if came < self._patience.slowest * took:
                raise _MayPass(f"the server sent {came:,} bytes in {took:.0f} s, which is too slow")
            begun, came = begun + took, 0

    def _unpack(self) -> None:
        """Takes away the packing that a server added; a `.gz` file that it only labels so is left as it is."""
        most, unpacked = most_unpacked(self.size()), self._part.with_name(self._part.name + ".unpacked")
        try:
            with gzip.open(self._part) as source:
                named_so = urlsplit(self._url).path.endswith((".gz", ".tgz"))
                # Some servers label a `.tar.gz` as packed by themselves: then the packing is the file's own.
                if not named_so or source.peek(2)[:2] == b"\x1f\x8b":
                    with unpacked.open("wb") as sink:
                        while chunk := source.read(_CHUNK):
                            # Bounded while it is unpacked: the packed size says nothing of what it becomes.
                            most -= sink.write(chunk)
                            if most < 0:
                                self._forget()
                                raise NetworkError(f"`{self._url}`: the server's answer is a bomb", _OFFLINE_HINT)
                    unpacked.replace(self._part)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            self._forget()
            raise _MayPass(f"the server's gzip answer is damaged: {error}") from error
        finally:
            unpacked.unlink(missing_ok=True)
        self._write_note({"bytes": self.size()})

    def _count(self, size: int) -> None:
        self._step.advance(size - self._counted)
        self._counted = size

    def _read_note(self) -> dict[str, Any]:
        """What was noted of the same address; empty when nothing was, or the note is damaged."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        # Compared without credentials, which a note does not hold.
        return note if isinstance(note, dict) and note.get("url") == without_credentials(self._url) else {}

    def _remember(self, answer: requests.Response, total: int | None) -> dict[str, Any]:
        etag = answer.headers.get("ETag", "")
        # RFC 9110 13.1.5: a weak ETag must not stand in If-Range.
        validator = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")
        return self._write_note({"validator": validator, "bytes": total, "packed": _is_packed(answer)})

    def _write_note(self, facts: dict[str, Any]) -> dict[str, Any]:
        note = {"url": without_credentials(self._url), **facts}
        self._note.write_text(json.dumps(note), encoding="utf-8")
        return note

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
    packing = answer.headers.get("Content-Encoding", "identity")
    if packing.lower() not in {"", "identity", *_GZIP}:
        raise NetworkError(f"`{answer.url}`: the server packs its answer as `{packing}`, unasked", _OFFLINE_HINT)


def _is_packed(answer: requests.Response) -> bool:
    return answer.headers.get("Content-Encoding", "").lower() in _GZIP


def _continues(answer: requests.Response, offset: int, note: dict[str, Any]) -> bool:
    """Whether a 206 holds the bytes from `offset` on of the file that was begun: as long, and packed as it was."""
    part = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if part is None or int(part[1]) != offset:
        return False
    same_length = "*" in part[2] or note.get("bytes") in {None, int(part[2])}
    return not offset or (same_length and _is_packed(answer) == bool(note.get("packed")))


def _promised(answer: requests.Response, offset: int) -> int | None:
    """The size of the whole file as the server tells it, None when it does not."""
    if answer.status_code == 206:
        whole = re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if whole:
            return int(whole[1])
    length = answer.headers.get("Content-Length", "")
    return offset + int(length) if length.isdecimal() else None


def _retry_after_s(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header, which holds seconds or a date."""
    # Not by urllib3, which says six hours of any that are longer.
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        date = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date.astimezone(UTC) - datetime.now(UTC)).total_seconds())


@contextlib.contextmanager
def _translated(url: str) -> Iterator[None]:
    from harness.fetch.sessions import FAULTS, explained

    try:
        yield
    except FAULTS as error:
        problem, may_pass = explained(error)
        if may_pass:
            raise _MayPass(problem) from error
        raise NetworkError(f"`{url}`: {problem}", _OFFLINE_HINT) from error
