"""The server behind the page: on loopback alone, every path below a token, requests of bounded size."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harness.errors import HarnessError, WorkspaceError, refused_by_system
from harness.play.drawing_page import served_page
from harness.play.drawn_sets import add_drawing, free_name, test_command
from harness.play.playing import SAMPLES, Player, Start, drawing_of, png
from harness.sets.naming import safe_name
from harness.web.language import Language, language, languages
from harness.web.render import picture_address

LARGEST = 32 << 20
"""Bytes of a request: a picture of the user, which the page cuts to 2048 pixels a side before it is sent."""
_WAITING = 8  # requests that may wait for the one network; a page has two at most under way
_address = partial(picture_address, compress_level=1)  # quickly made
_SILENCE_S = 30  # seconds after which a connection that sends nothing is closed


class Server(ThreadingHTTPServer):
    """Serves one player under `address` until it is shut down."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there a second server would share the port

    def __init__(self, player: Player, port: int = 0) -> None:
        """Raises WorkspaceError where the port is taken."""
        self.player, self.token = player, secrets.token_urlsafe(16)
        self.places = BoundedSemaphore(_WAITING)
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise WorkspaceError(
                f"port {port} cannot be used: {reason}", "harness play --port 0, which takes a free one"
            ) from error

    @property
    def address(self) -> str:
        """The page's address, which only who knows it can ask."""
        return f"http://127.0.0.1:{self.server_address[1]}/{self.token}/"

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """A page that was closed in the middle of an answer is no error of anybody."""


class Handler(BaseHTTPRequestHandler):
    """Answers the page and its scripts."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = _SILENCE_S
    asked: Mapping[str, str] = {}

    def do_GET(self) -> None:
        """The page, and pictures one can begin with."""
        self._answer({"": self._page, "start": self._start})

    def do_POST(self) -> None:
        """What is computed of a drawing or a picture."""
        self._answer({"draw": self._draw, "near": self._near, "bring": self._bring, "add": self._add})

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: names of the user's pictures stand in the addresses."""

    def _answer(self, deeds: dict[str, Callable[[], tuple[str, bytes]]]) -> None:
        parts = urlsplit(self.path)
        _, token, *rest = parts.path.split("/")
        here = f"127.0.0.1:{self.server.server_address[1]}"
        # Another host's name would be a page elsewhere that had its name lead to this machine.
        if self.headers.get("Host") != here or self.headers.get("Origin", f"http://{here}") != f"http://{here}":
            return self._refuse(HTTPStatus.FORBIDDEN, "this server answers its own page alone")
        if parts.path == "/favicon.ico":  # every browser asks for one
            return self._send(HTTPStatus.NO_CONTENT, "image/x-icon", b"")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()) or len(rest) != 1:
            return self._refuse(HTTPStatus.NOT_FOUND, "open the address that `harness play` printed")
        if rest[0] not in deeds:
            return self._refuse(HTTPStatus.NOT_FOUND, f"there is no `{rest[0]}`")
        self.asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST >> 20} MB are not taken")
        self.content = self.rfile.read(int(length))
        if not self.server.places.acquire(blocking=False):
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "busy with other drawings")
        try:
            kind, body = deeds[rest[0]]()
        except HarnessError as error:
            return self._refuse(HTTPStatus.BAD_REQUEST, error.message, error.hint)
        except (OSError, MemoryError) as error:
            told = refused_by_system(error, self.server.player.workspace.root) or HarnessError(str(error))
            return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, told.message, told.hint)
        except (KeyError, ValueError) as error:
            return self._refuse(HTTPStatus.BAD_REQUEST, f"not a request of the page: {error}")
        except Exception as error:  # the page must not take it for a server that has stopped
            fault = f"a fault of harness itself: {type(error).__name__}: {error}"
            return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, fault, "please report it")
        finally:
            self.server.places.release()
        return self._send(HTTPStatus.OK, kind, body)

    def _page(self) -> tuple[str, bytes]:
        return "text/html; charset=utf-8", served_page(self.server.player, self._words).encode()

    def _start(self) -> tuple[str, bytes]:
        return "image/png", png(self.server.player.start(Start(self.asked["name"], self.asked["of"])))

    def _draw(self) -> tuple[str, bytes]:
        player, name = self.server.player, safe_name(self.asked["name"])
        samples = SAMPLES if "samples" in self.asked else 1
        drawn, spread = player.draw(drawing_of(self.content, player.size), name, int(self.asked["seed"]), samples)
        return _json({"name": name, "drawn": list(map(_address, drawn)), "spread": spread and _address(spread)})

    def _near(self) -> tuple[str, bytes]:
        found = self.server.player.near(drawing_of(self.content, self.server.player.size))
        return _json(found and {**found, "reasons": [self._words.told(reason) for reason in found["reasons"]]})

    def _bring(self) -> tuple[str, bytes]:
        picture, notes = self.server.player.bring(self.content)
        return _json({"picture": _address(picture), "notes": [self._words.told(note) for note in notes]})

    def _add(self) -> tuple[str, bytes]:
        player = self.server.player
        drawing = drawing_of(self.content, player.size)
        count = add_drawing(player, drawing, self.asked["name"], self.asked.get("source"))
        command = test_command(player, int(self.asked["seed"]))
        return _json({"count": count, "command": command, "next": free_name(player)})

    def _refuse(self, status: HTTPStatus, message: str, hint: str | None = None) -> None:
        self.close_connection = True  # what was sent may not have been read
        self._send(status, *_json({"error": self._words.told(message), "hint": hint and self._words.told(hint)}))

    @property
    def _words(self) -> Language:
        asked = self.asked.get("lang")
        return language(asked if asked in languages() else self.server.player.request.lang)

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            # The page's own policy stands in it; that nobody may frame it can be said here alone.
            "Content-Security-Policy": "frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _json(document: Any) -> tuple[str, bytes]:
    return "application/json", json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
