"""Checks of what the environment says of the way to the network: proxies, certificates, passwords."""

from __future__ import annotations

import importlib.util
import netrc
import os
import ssl
import stat
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from harness.doctor.check import Check
from harness.redacting import without_credentials

_SCHEMES = {"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"}
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")
"""Downloads read the first two, git the last two."""


def check_proxies(proxies: dict[str, str] | None = None) -> Check:
    """The proxies of the environment, without any password in them, and whether they can be used."""
    found = urllib.request.getproxies() if proxies is None else proxies
    if not found:
        return Check("proxy", "ok", "none set")
    shown = ", ".join(f"{scheme} {_bare(url)}" for scheme, url in sorted(found.items()))
    what = f"from the environment: {shown}"
    for scheme, url in sorted(found.items()):
        # `no_proxy` is a list of hosts, not an address.
        wrong = None if scheme == "no" else _unusable(url)
        if wrong:
            return Check("proxy", "warn", f"{what}; `{scheme}_proxy` {wrong[0]}", wrong[1])
    # The code comes by https, the weights by http: one proxy alone lets half of it through.
    if found.keys() & {"http", "https", "all"} == {"http"}:
        return Check("proxy", "warn", f"{what}; the code comes by https", "set `HTTPS_PROXY`, too, if all must pass it")
    return Check("proxy", "ok", what)


def _bare(url: str) -> str:
    """A proxy less its user and password, which may stand there without a scheme before them."""
    return without_credentials(url if "://" in url else f"//{url}").rpartition("@")[2].removeprefix("//")


def _unusable(url: str) -> tuple[str, str] | None:
    mend = "write it as `http://HOST:PORT` or `socks5h://HOST:PORT`"
    try:
        # `host:3128` without a scheme is common, and curl takes it for http.
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"is no address: {error}", mend
    if not host or parts.path.strip("/") or parts.scheme.lower() not in _SCHEMES:
        return f"is no address of a proxy: `{_bare(url)}`", mend
    if parts.scheme.lower().startswith("socks") and importlib.util.find_spec("socks") is None:
        return "needs PySocks", "pip install 'requests[socks]'"
    return None


def check_certificates() -> Check:
    """The certificates that the environment names in place of those that come with Python's packages."""
    name = "certificates"
    told = {variable: os.environ[variable] for variable in _BUNDLES if os.environ.get(variable)}
    for variable, place in told.items():
        path = Path(place)
        try:
            # Reading it is the only proof that a bundle is one.
            ssl.create_default_context(cafile=None if path.is_dir() else place, capath=place if path.is_dir() else None)
        except (OSError, ssl.SSLError) as error:
            why = "there is no such file" if not path.exists() else f"it holds no certificates: {error}"
            return Check(name, "warn", f"`{variable}={place}`: {why}", f"unset {variable}, or name your bundle")
    shown = ", ".join(f"{variable} {place}" for variable, place in told.items())
    return Check(name, "ok", f"from the environment: {shown}" if shown else "those of certifi")


def check_netrc() -> Check | None:
    """The file of passwords that downloads and git read, if there is one; only its hosts are named."""
    path = next((p for p in map(Path.expanduser, _netrc_files()) if p.is_file()), None)
    if path is None:
        return None
    try:
        hosts = netrc.netrc(str(path)).hosts
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        return Check("netrc", "warn", f"`{path}` cannot be read: {error.__class__.__name__}", f"mend or move `{path}`")
    shown = f"`{path}` has passwords for {', '.join(sorted(hosts)) or 'no host'}"
    # Readable by group or others, as git and ftp refuse it.
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Check("netrc", "warn", f"{shown}, and others can read it", f"chmod 600 {path}")
    return Check("netrc", "ok", shown)


def _netrc_files() -> list[Path]:
    told = os.environ.get("NETRC")
    # The second name is that of Windows.
    return [Path(told)] if told else [Path("~/.netrc"), Path("~/_netrc")]
