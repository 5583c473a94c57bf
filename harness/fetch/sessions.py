"""Sessions that ask servers the way the user's environment says, and what it means when they cannot."""

from __future__ import annotations

import http.client
import re
import socket
from typing import Any

import requests
import urllib3

from harness.version import __version__

FAULTS = (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError)
"""What asking a server may raise: requests lets pass what the layers below it say of a proxy, a path or a header."""


class _Adapter(requests.adapters.HTTPAdapter):
    """Desktops export `all_proxy=socks://…`, a name that urllib3 does not know; what serves there speaks version 5."""

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        # The `h` lets the proxy look names up, as those behind one often cannot.
        return super().proxy_manager_for(re.sub("^socks://", "socks5h://", proxy), **options)


def new_session() -> requests.Session:
    """Returns a session that takes proxies, certificates and passwords from the environment, and files as they are."""
    session = requests.Session()
    # Bytes as the file has them: ranges and hashes are of these, not of a packing on the way.
    session.headers.update({"User-Agent": f"pix2pix-harness/{__version__}", "Accept-Encoding": "identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


def explained(error: BaseException) -> tuple[str, bool]:
    """Returns what one of `FAULTS` means for people, and whether it may be gone on the next try."""
    cause = _innermost(error)
    told = str(getattr(cause, "strerror", None) or cause) or type(cause).__name__
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "the server did not answer in time", True
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return f"the secure connection failed: {told}", False
    if isinstance(error, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError):
        return f"the proxy failed: {told}", True
    # A name server that is away for a moment is no unknown name.
    if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
        return f"the name of the server is not known: {told}", False
    broken = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError)
    if isinstance(error, (*broken, ConnectionError, http.client.HTTPException)):
        return f"the connection failed: {told}", True
    return f"it cannot be asked for: {told}", False


def _innermost(error: BaseException) -> BaseException:
    """The error of the lowest layer; requests wraps it several times in text nobody can read."""
    last = error.args[-1] if error.args else None
    for deeper in (last, getattr(error, "reason", None), error.__cause__):
        if isinstance(deeper, BaseException):
            return _innermost(deeper)
    return error
