"""Findings on proxies, certificates and passwords of the environment."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import certifi
import pytest

from harness.doctor import surroundings
from harness.doctor.examining import examine
from harness.workspace import Workspace


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NETRC"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_proxies_are_shown_without_passwords() -> None:
    assert surroundings.check_proxies({}).what == "none set"
    found = {"https": "http://me:s3cret@proxy:3128", "http": "me:s3cret@proxy:3128", "no": "localhost,.example.org"}
    check = surroundings.check_proxies(found)
    assert check.state == "ok"
    assert check.what == "from the environment: http proxy:3128, https http://proxy:3128, no localhost,.example.org"


@pytest.mark.parametrize(
    "proxy", ["http://proxy:port", "proxy://proxy:1", "http://", "http://[::1", "http://me:s3cret@:3128", "https//x:1"]
)
def test_a_proxy_that_is_none_is_told(proxy: str) -> None:
    check = surroundings.check_proxies({"https": proxy})
    assert check.state == "warn"
    assert "`https_proxy` is no address" in check.what
    assert "s3cret" not in check.what
    assert "http://HOST:PORT" in (check.mend or "")


def test_a_proxy_for_http_alone_is_told() -> None:
    check = surroundings.check_proxies({"http": "http://proxy:1"})
    assert (check.state, check.mend) == ("warn", "set `HTTPS_PROXY`, too, if all must pass it")
    assert surroundings.check_proxies({"http": "http://proxy:1", "all": "http://proxy:1"}).state == "ok"


@pytest.mark.parametrize("scheme", ["socks", "socks5", "socks5h", "socks4"])
def test_a_socks_proxy_needs_its_package(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert surroundings.check_proxies({"all": f"{scheme}://proxy:1080"}).state == "ok"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert surroundings.check_proxies({"all": f"{scheme}://proxy:1080"}).mend == "pip install 'requests[socks]'"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"])
def test_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    assert surroundings.check_certificates().what == "those of certifi"
    monkeypatch.setenv(variable, certifi.where())
    assert surroundings.check_certificates().what == f"from the environment: {variable} {certifi.where()}"
    monkeypatch.setenv(variable, str(tmp_path))
    assert surroundings.check_certificates().state == "ok"
    monkeypatch.setenv(variable, "/none/bundle.pem")
    none = surroundings.check_certificates()
    assert (none.state, none.what) == ("warn", f"`{variable}=/none/bundle.pem`: there is no such file")
    (tmp_path / "text.pem").write_text("no certificate")
    monkeypatch.setenv(variable, str(tmp_path / "text.pem"))
    assert "holds no certificates" in surroundings.check_certificates().what


def test_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert surroundings.check_netrc() is None
    path = tmp_path / ".netrc"
    path.write_text("machine mirror.example login me password s3cret\n")
    path.chmod(0o600)
    check = surroundings.check_netrc()
    assert check is not None
    assert (check.state, check.what) == ("ok", f"`{path}` has passwords for mirror.example")
    path.chmod(0o644)
    check = surroundings.check_netrc()
    assert check is not None
    assert (check.state, check.mend) == ("warn", f"chmod 600 {path}")
    path.write_text("nonsense s3cret")
    check = surroundings.check_netrc()
    assert check is not None
    assert (check.state, "s3cret" in check.what) == ("warn", False)
    other = tmp_path / "other"
    other.write_text("machine other.example login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(other))
    check = surroundings.check_netrc()
    assert check is not None
    assert "other.example" in check.what


def test_the_network_may_be_broken_and_the_machine_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/none")
    monkeypatch.setenv("all_proxy", "nonsense://")
    found = examine(Workspace(tmp_path), offline=True)
    assert found.usable
    assert {"proxy", "certificates"} <= {check.name for check in found.checks if check.state == "warn"}
