"""Transfers over a real connection: resumed, retried, checked for length."""

from __future__ import annotations

import errno
import gzip
import math
import random
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest

from harness.errors import FetchError, NetworkError
from harness.fetch.http import Patience, stream
from tests.fetch.server import Answer, Server
from tests.fetch.socks_proxy import running_socks_proxy

BODY = random.Random(1).randbytes(400_000)
OTHER = random.Random(2).randbytes(300_000)


class Counter:
    """A step that remembers what it was told."""

    def __init__(self) -> None:
        self.done = 0.0
        self.totals: list[float | None] = []

    def advance(self, amount: float = 1) -> None:
        self.done += amount

    def expect(self, total: float | None) -> None:
        self.totals.append(total)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def bring(url: str, part: Path, patience: Patience, step: Counter | None = None) -> int:
    return stream(url, part, step or Counter(), patience=patience)


def test_a_file_comes_in_one_request_and_its_bytes_are_counted(
    server: Server, part: Path, patience: Patience, slept: list[float]
) -> None:
    step = Counter()
    assert bring(server.serve("a", Answer(BODY)), part, patience, step) == len(BODY)
    assert part.read_bytes() == BODY
    assert (step.done, step.totals) == (len(BODY), [len(BODY)])
    assert server.ranges_asked() == [None]
    assert slept == []


def test_a_cut_connection_is_continued_where_it_broke(server: Server, part: Path, patience: Patience) -> None:
    step = Counter()
    url = server.serve("a", Answer(BODY, cut=200_000), Answer(BODY))
    assert bring(url, part, patience, step) == len(BODY)
    assert part.read_bytes() == BODY
    assert step.done == len(BODY)
    first, second = server.ranges_asked()
    assert first is None
    assert second is not None
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= 200_000
    assert server.requests[1][1]["If-Range"] == '"one"'


def test_a_later_call_continues_what_an_earlier_one_left(server: Server, part: Path, patience: Patience) -> None:
    url = server.serve("a", Answer(BODY, cut=200_000), Answer(status=404))
    with pytest.raises(NetworkError, match="404"):
        bring(url, part, patience)
    kept = part.stat().st_size
    assert kept > 0
    server.serve("a", Answer(BODY))
    assert bring(url, part, patience) == len(BODY)
    assert part.read_bytes() == BODY
    assert server.ranges_asked()[-1] == f"bytes={kept}-"


def test_a_file_that_changed_meanwhile_starts_again(server: Server, part: Path, patience: Patience) -> None:
    step = Counter()
    url = server.serve("a", Answer(BODY, cut=350_000), Answer(OTHER, etag='"two"'))
    assert bring(url, part, patience, step) == len(OTHER)
    assert part.read_bytes() == OTHER
    assert step.done == len(OTHER)


def test_a_server_without_ranges_starts_again(server: Server, part: Path, patience: Patience) -> None:
    url = server.serve("a", Answer(BODY, cut=200_000, ranges=False), Answer(BODY, ranges=False))
    bring(url, part, patience)
    assert part.read_bytes() == BODY
    assert server.ranges_asked()[1] is not None


def test_without_a_validator_nothing_is_continued(server: Server, part: Path, patience: Patience) -> None:
    url = server.serve("a", Answer(BODY, cut=200_000, etag=None), Answer(BODY, etag=None))
    bring(url, part, patience)
    assert part.read_bytes() == BODY
    assert server.ranges_asked() == [None, None]


def test_a_weak_etag_gives_way_to_the_date(server: Server, part: Path, patience: Patience) -> None:
    dated = {"Last-Modified": "Wed, 01 Jan 2020 00:00:00 GMT"}
    weak = 'W/"one"'
    url = server.serve("a", Answer(BODY, cut=200_000, etag=weak, headers=dated), Answer(BODY, etag=weak, headers=dated))
    bring(url, part, patience)
    assert server.requests[1][1]["If-Range"] == dated["Last-Modified"]


def wrong_part(server: Server, told: str, rest: bytes) -> str:
    """A file whose first half comes, then `rest` under the Content-Range `told`, then the whole file when asked."""
    wrong = Answer(BODY, headers={"Content-Range": told}, rest=rest)
    return server.serve("a", Answer(BODY, cut=200_000), wrong, Answer(BODY))


@pytest.mark.parametrize(
    ("told", "rest"),
    [
        (f"bytes 7-{len(BODY) - 1}/{len(BODY)}", BODY[7:200_007]),  # another part
        (f"bytes 200000-{len(OTHER) - 1}/{len(OTHER)}", OTHER[200_000:]),  # of a file of another length
        ("bytes */400000", OTHER[:200_000]),
        ("items 200000-399999/400000", OTHER[:200_000]),
        ("", OTHER[:200_000]),
    ],
)
def test_a_part_of_something_else_is_not_joined(
    server: Server, part: Path, patience: Patience, told: str, rest: bytes
) -> None:
    assert bring(wrong_part(server, told, rest), part, patience) == len(BODY)
    assert part.read_bytes() == BODY


def test_a_part_whose_whole_is_not_told_is_joined(server: Server, part: Path, patience: Patience) -> None:
    url = wrong_part(server, f"bytes 200000-{len(BODY) - 1}/*", BODY[200_000:])
    bring(url, part, patience)
    assert part.read_bytes() == BODY
    assert server.ranges_asked() == [None, "bytes=200000-"]


def test_a_part_that_holds_less_than_was_asked_for_is_joined_and_continued(
    server: Server, part: Path, patience: Patience
) -> None:
    less = Answer(BODY, headers={"Content-Range": f"bytes 200000-299999/{len(BODY)}"}, rest=BODY[200_000:300_000])
    url = server.serve("a", Answer(BODY, cut=200_000), less, Answer(BODY))
    bring(url, part, patience)
    assert part.read_bytes() == BODY
    assert server.ranges_asked() == [None, "bytes=200000-", "bytes=300000-"]


PACKED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize("name", ["a.pth", "a.tar.gz"])
def test_a_packing_that_the_server_added_is_taken_away(
    server: Server, part: Path, patience: Patience, name: str
) -> None:
    body = gzip.compress(BODY) if name.endswith(".gz") else BODY
    url = server.serve(name, Answer(gzip.compress(body), headers=PACKED))
    assert bring(url, part, patience) == len(body)
    assert part.read_bytes() == body
    assert bring(url, part, patience) == len(body)
    assert len(server.requests) == 1


def test_a_gz_file_that_the_server_labels_as_packed_stays_as_it_is(
    server: Server, part: Path, patience: Patience
) -> None:
    body = gzip.compress(BODY)
    bring(server.serve("a.tar.gz", Answer(body, headers=PACKED)), part, patience)
    assert part.read_bytes() == body


def test_a_packed_answer_is_continued_where_it_broke(server: Server, part: Path, patience: Patience) -> None:
    packed = gzip.compress(BODY)
    url = server.serve("a", Answer(packed, cut=200_000, headers=PACKED), Answer(packed, headers=PACKED))
    bring(url, part, patience)
    assert part.read_bytes() == BODY
    assert server.ranges_asked()[1] is not None


def test_a_plain_rest_is_not_joined_to_a_packed_beginning(server: Server, part: Path, patience: Patience) -> None:
    packed = gzip.compress(BODY)
    url = server.serve("a", Answer(packed, cut=200_000, headers=PACKED), Answer(packed), Answer(BODY))
    bring(url, part, patience)
    assert part.read_bytes() == BODY


def test_a_packed_answer_that_is_damaged_is_asked_for_again(server: Server, part: Path, patience: Patience) -> None:
    packed = gzip.compress(BODY)
    damaged = packed[:-8] + bytes(8)
    url = server.serve("a", *(Answer(body, headers=PACKED) for body in (damaged, packed[:-4], packed)))
    bring(url, part, patience)
    assert part.read_bytes() == BODY


def test_a_packed_bomb_is_refused(
    server: Server, part: Path, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.fetch.http._SMALL_BYTES", 1_000_000)
    with pytest.raises(NetworkError, match="bomb"):
        bring(server.serve("a", Answer(gzip.compress(bytes(2_000_000)), headers=PACKED)), part, patience)
    assert list(part.parent.iterdir()) == []


def test_another_packing_is_told(server: Server, part: Path, patience: Patience) -> None:
    with pytest.raises(NetworkError, match="packs its answer as `br`"):
        bring(server.serve("a", Answer(BODY, headers={"Content-Encoding": "br"})), part, patience)


class Dripping:
    """A clock of which each look takes half a minute; a server sends as many bytes as there were looks, and no more."""

    def __init__(self) -> None:
        self.looks = 0.0
        self.changed = threading.Condition()

    def __call__(self) -> float:
        self.let_through(self.looks + 1)
        return 31 * self.looks

    def let_through(self, bytes_: float) -> None:
        with self.changed:
            self.looks = bytes_
            self.changed.notify_all()

    def wait(self, byte: int) -> None:
        with self.changed:
            self.changed.wait_for(lambda: byte <= self.looks)


def test_a_drip_ends(server: Server, part: Path) -> None:
    clock, slept = Dripping(), []
    url = server.serve("a", Answer(BODY, before_byte=clock.wait))
    with pytest.raises(NetworkError, match=r"sent \d+ bytes in 62 s, which is too slow, 4 times in a row"):
        bring(url, part, Patience(sleep=slept.append, clock=clock))
    clock.let_through(math.inf)
    assert len(slept) == 3
    assert 0 < part.stat().st_size < 100


def test_a_server_that_sends_little_at_a_time_is_given_up(
    server: Server, part: Path, patience: Patience, slept: list[float]
) -> None:
    with pytest.raises(NetworkError, match="4 times in a row"):
        bring(server.serve("a", *(Answer(BODY, cut=n) for n in range(1, 9))), part, patience)
    assert len(slept) == 3


def test_a_slow_transfer_goes_on(server: Server, part: Path) -> None:
    ticks = iter(range(0, 10**9, 5))
    bring(server.serve("a", Answer(BODY)), part, Patience(clock=lambda: next(ticks)))
    assert part.read_bytes() == BODY


@pytest.mark.parametrize("length", ["10, 20", "-5", "lots", str(10**30)])
def test_a_length_that_is_none_is_no_fault_of_ours(server: Server, part: Path, patience: Patience, length: str) -> None:
    url = server.serve("a", Answer(BODY, headers={"Content-Length": length}, length=0))
    try:
        bring(url, part, patience)
    except NetworkError:
        return
    assert part.read_bytes() == BODY


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("REQUESTS_CA_BUNDLE", "/none/bundle.pem", "/none/bundle.pem"),
        ("all_proxy", "socks9://127.0.0.1:9", "cannot be asked for"),
        ("all_proxy", "http://[::1", "cannot be asked for"),
        ("all_proxy", "http://127.0.0.1:port", "cannot be asked for"),
        ("all_proxy", "http://me:s3cret@127.0.0.1:9", "the proxy failed"),
    ],
)
def test_a_setting_that_cannot_work_is_told_without_secrets(
    part: Path, patience: Patience, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(NetworkError, match=told) as raised:
        bring("https://example.invalid/x?token=s3cret", part, patience)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["socks", "socks5", "socks5h"])
def test_a_socks_proxy_is_used(
    server: Server, part: Path, patience: Patience, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    server.serve("x", Answer(BODY))
    with running_socks_proxy(server.url) as proxy:
        monkeypatch.setenv("all_proxy", f"{scheme}://{proxy.address}")
        host = "127.0.0.1" if scheme == "socks5" else "example.invalid"  # `socks5` asks for names itself
        assert bring(f"http://{host}/x", part, patience) == len(BODY)
    assert proxy.asked == [host]


def test_credentials_are_in_no_note(server: Server, part: Path, patience: Patience) -> None:
    url = server.serve("a", Answer(BODY, cut=200_000), Answer(status=404)).replace("://", "://me:s3cret@")
    with pytest.raises(NetworkError):
        bring(url, part, patience)
    assert all("s3cret" not in path.read_text(errors="replace") for path in part.parent.iterdir())
    assert server.requests[0][1]["Authorization"].startswith("Basic ")


def test_a_part_larger_than_the_file_starts_again(server: Server, part: Path, patience: Patience) -> None:
    url = server.serve("a", Answer(BODY, cut=200_000), Answer(b"short"), Answer(b"short"))
    assert bring(url, part, patience) == 5
    assert part.read_bytes() == b"short"


def test_bytes_that_are_whole_are_not_asked_for_again(server: Server, part: Path, patience: Patience) -> None:
    url = server.serve("a", Answer(BODY))
    bring(url, part, patience)
    step = Counter()
    assert bring(url, part, patience, step) == len(BODY)
    assert len(server.requests) == 1
    assert step.done == len(BODY)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(
    server: Server, part: Path, patience: Patience, slept: list[float], status: int
) -> None:
    bring(server.serve("a", Answer(status=status), Answer(BODY)), part, patience)
    assert part.read_bytes() == BODY
    assert len(slept) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_will_not_pass_is_told_at_once(
    server: Server, part: Path, patience: Patience, slept: list[float], status: int
) -> None:
    with pytest.raises(NetworkError, match=str(status)):
        bring(server.serve("a", Answer(status=status)), part, patience)
    assert len(server.requests) == 1
    assert slept == []


def test_pauses_double_with_jitter_and_end(server: Server, part: Path, patience: Patience, slept: list[float]) -> None:
    with pytest.raises(NetworkError, match="503") as raised:
        bring(server.serve("a", Answer(status=503)), part, patience)
    assert len(server.requests) == 4
    assert all(full <= pause <= 1.5 * full for full, pause in zip([1, 2, 4], slept, strict=True))
    assert raised.value.hint
    assert "--from-file" in raised.value.hint


def test_pauses_are_told_with_their_reason(server: Server, part: Path, patience: Patience) -> None:
    told: list[str] = []
    busy = Answer(status=503, headers={"Retry-After": "7"})
    stream(server.serve("a", busy, Answer(BODY)), part, Counter(), patience=patience, tell=told.append)
    assert told == ["the server answers 503 Service Unavailable; next try in 7 s"]


def test_retry_after_in_seconds_and_as_a_date_is_respected(
    server: Server, part: Path, patience: Patience, slept: list[float]
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    busy = [Answer(status=429, headers={"Retry-After": "7"}), Answer(status=503, headers={"Retry-After": date})]
    bring(server.serve("a", *busy, Answer(BODY)), part, patience)
    assert slept[0] == 7
    assert 20 < slept[1] <= 30


def test_headers_that_hold_no_number_are_passed_over(server: Server, part: Path, patience: Patience) -> None:
    odd = [
        Answer(status=503, headers={"Retry-After": said})
        for said in ("\u00b2", "soon", "Wed, 21 Oct 99999 07:28:00 GMT")
    ]
    bring(server.serve("a", *odd, Answer(BODY)), part, patience)
    assert part.read_bytes() == BODY


def test_a_server_that_asks_for_an_hour_is_not_waited_for(
    server: Server, part: Path, patience: Patience, slept: list[float]
) -> None:
    with pytest.raises(NetworkError, match="asks to wait 3600 s"):
        bring(server.serve("a", Answer(status=503, headers={"Retry-After": "3600"})), part, patience)
    assert slept == []


def test_a_server_that_promises_more_than_it_sends_is_found_out(server: Server, part: Path, patience: Patience) -> None:
    with pytest.raises(NetworkError, match="times in a row"):
        bring(server.serve("a", Answer(BODY, length=len(BODY) + 10, ranges=False)), part, patience)
    assert len(server.requests) > 1


def test_a_connection_that_breaks_again_and_again_still_arrives_while_it_brings_more(
    server: Server, part: Path, patience: Patience
) -> None:
    url = server.serve("a", *[Answer(BODY, cut=70_000) for _ in range(8)], Answer(BODY))
    bring(url, part, patience)
    assert part.read_bytes() == BODY


def test_a_slow_server_is_listened_to(server: Server, part: Path, patience: Patience) -> None:
    seen: list[bool] = []
    bring(server.serve("a", Answer(BODY, before_rest=lambda: seen.append(True))), part, patience)
    assert part.read_bytes() == BODY
    assert seen == [True]


def test_a_body_of_unknown_length_is_taken_to_its_end(server: Server, part: Path, patience: Patience) -> None:
    closing = Answer(BODY, length=0, headers={"Connection": "close"}, cut=len(BODY))
    assert bring(server.serve("a", closing), part, patience) == len(BODY)


def test_no_server_is_a_clear_error(part: Path, patience: Patience, slept: list[float]) -> None:
    with pytest.raises(NetworkError) as raised:
        bring("http://127.0.0.1:9/x", part, patience)
    assert raised.value.message == "`http://127.0.0.1:9/x`: the connection failed: Connection refused, 4 times in a row"
    assert len(slept) == 3


def test_a_name_nobody_knows_is_told_at_once(part: Path, patience: Patience, slept: list[float]) -> None:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.MonkeyPatch.context() as patched, pytest.raises(NetworkError, match="name of the server is not known"):
        patched.setattr(socket, "getaddrinfo", _raiser(unknown))
        bring("http://example.invalid/x", part, patience)
    assert slept == []


def test_a_name_server_that_is_busy_is_asked_again(part: Path, patience: Patience, slept: list[float]) -> None:
    busy = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    with pytest.MonkeyPatch.context() as patched, pytest.raises(NetworkError, match="Temporary failure"):
        patched.setattr(socket, "getaddrinfo", _raiser(busy))
        bring("http://example.invalid/x", part, patience)
    assert len(slept) == 3


def _raiser(error: Exception) -> Callable[..., NoReturn]:
    def raises(*_: object, **__: object) -> NoReturn:
        raise error

    return raises


def test_no_address_is_a_clear_error(part: Path, patience: Patience) -> None:
    with pytest.raises(NetworkError, match="cannot be asked for"):
        bring("nonsense", part, patience)


def test_proxies_come_from_the_environment(
    server: Server, part: Path, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    server.serve("http://example.invalid/x", Answer(BODY))
    assert bring("http://example.invalid/x", part, patience) == len(BODY)


def test_too_little_room_is_told_before_a_byte_is_written(server: Server, part: Path, patience: Patience) -> None:
    def refuse(missing: int) -> None:
        assert missing == len(BODY)
        raise FetchError("no room")

    with pytest.raises(FetchError, match="no room"):
        stream(server.serve("a", Answer(BODY)), part, Counter(), check_space=refuse, patience=patience)
    assert not part.exists()


def test_a_disk_that_fills_up_keeps_what_came(
    server: Server, part: Path, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A file on a disk with room for two chunks."""

        def __init__(self, file: IO[Any]) -> None:
            self.file, self.room = file, 2

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def seek(self, offset: int) -> None:
            self.file.seek(offset)

        def write(self, data: bytes) -> None:
            self.room -= 1
            if self.room < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.file.write(data)

    opened = Path.open

    def open_full(path: Path, mode: str = "r", **options: Any) -> Any:
        file = opened(path, mode, **options)
        return Full(file) if path == part else file

    url = server.serve("a", Answer(BODY))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", open_full)
        with pytest.raises(FetchError, match="the disk is full"):
            bring(url, part, patience)
    kept = part.stat().st_size
    assert kept > 0
    bring(url, part, patience)
    assert part.read_bytes() == BODY
    assert server.ranges_asked()[-1] == f"bytes={kept}-"
