"""A real HTTP server in a thread whose every answer a test chooses: cut off, lying, busy, wrong or changed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Answer:
    """How one request is answered.

    Attributes:
        cut: bytes of the body that are sent before the connection is closed.
        length: what Content-Length claims; None for the truth, 0 for no header at all.
        ranges: whether Range is honoured when If-Range fits the ETag.
        rest: what is sent for a Range in place of the rest of the body.
        before_rest: called when the first half of the body is out.
        before_byte: called with the number of each byte, which is then sent alone.
    """

    body: bytes = b""
    status: int = 200
    etag: str | None = '"one"'
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    length: int | None = None
    ranges: bool = True
    rest: bytes | None = None
    before_rest: Callable[[], None] | None = None
    before_byte: Callable[[int], None] | None = None


class Server:
    """Answers each path with its list of answers, the last one for ever; remembers the requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []

    def serve(self, path: str, *answers: Answer) -> str:
        """Sets the answers of a path and returns its URL."""
        self.answers[path] = list(answers)
        return f"{self.url}/{path}"

    def ranges_asked(self) -> list[str | None]:
        """The Range header of every request so far."""
        return [headers.get("Range") for _, headers in self.requests]


@contextmanager
def running_server() -> Iterator[Server]:
    """A server on a free port of this machine, stopped at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            server.requests.append((path, dict(self.headers)))
            waiting = server.answers.get(path, [Answer(b"nothing here", status=404)])
            _answer(self, waiting.pop(0) if len(waiting) > 1 else waiting[0])

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    listening = _Listening(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{listening.server_address[1]}")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Local servers are asked directly, whatever the machine that runs the tests is set to."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class _Listening(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the client may have heard enough
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _answer(request: BaseHTTPRequestHandler, answer: Answer) -> None:
    body, status, headers = answer.body, answer.status, dict(answer.headers)
    asked = request.headers.get("Range")
    if asked and answer.ranges and status == 200 and request.headers.get("If-Range") == answer.etag:
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(body):
            status, body = 416, b""
        else:
            headers.setdefault("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            status, body = 206, body[start:] if answer.rest is None else answer.rest
    request.send_response(status)
    if answer.etag:
        request.send_header("ETag", answer.etag)
    for name, value in headers.items():
        request.send_header(name, value)
    if answer.length != 0:
        request.send_header("Content-Length", str(len(body) if answer.length is None else answer.length))
    request.end_headers()
    sent = body if answer.cut is None else body[: answer.cut]
    if answer.before_byte:
        for place in range(len(sent)):
            answer.before_byte(place)
            request.wfile.write(sent[place : place + 1])
        return
    half = len(sent) // 2
    request.wfile.write(sent[:half])
    request.wfile.flush()
    if answer.before_rest:
        answer.before_rest()
    request.wfile.write(sent[half:])
    if answer.cut is not None or answer.length is not None:
        request.close_connection = True
