"""A SOCKS 5 proxy (RFC 1928) without passwords that leads every name to one local server and notes what was asked."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class SocksProxy:
    """Where it listens, and the hosts it was asked for."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def running_socks_proxy(server: str) -> Iterator[SocksProxy]:
    """A proxy on a free port of this machine, stopped at the end."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _, methods = self.rfile.read(2)
            self.rfile.read(methods)
            self.wfile.write(b"\x05\x00")  # no password
            kind = self.rfile.read(4)[3]
            length = 4 if kind == 1 else self.rfile.read(1)[0]
            host = self.rfile.read(length)
            self.rfile.read(2)
            proxy.asked.append(socket.inet_ntoa(host) if kind == 1 else host.decode())
            parts = urlsplit(server)
            with socket.create_connection((parts.hostname, parts.port)) as there:
                self.wfile.write(b"\x05\x00\x00\x01" + bytes(6))
                back = threading.Thread(target=_pass_on, args=(there, self.connection))
                back.start()
                _pass_on(self.connection, there)
                back.join()

    class Listening(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Listening(("127.0.0.1", 0), Handler) as listening:
        proxy = SocksProxy(f"127.0.0.1:{listening.server_address[1]}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            listening.shutdown()
            thread.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
