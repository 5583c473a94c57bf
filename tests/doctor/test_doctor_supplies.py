"""Findings on clone, weights, mirrors and network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalog.repositories import LUA, PYTORCH, REPOSITORIES
from harness.doctor import supplies
from harness.doctor.examining import examine
from harness.fetch.git import ensure_clone
from harness.fetch.lockfile import LockFile
from harness.files import sha256_of
from harness.workspace import Workspace
from tests.fetch.repository import make_upstream
from tests.fetch.server import Answer, Server, running_server, without_proxies


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    without_proxies(monkeypatch)
    with running_server() as running:
        yield running


def test_the_clone(workspace: Workspace, tmp_path: Path) -> None:
    assert supplies.check_clone(workspace).mend == "harness setup"
    upstream, folder = make_upstream(tmp_path / "upstream"), workspace.upstream(PYTORCH.id)
    ensure_clone(str(upstream.path), upstream.first, folder)
    other = supplies.check_clone(workspace)
    assert (other.state, other.mend) == ("warn", "harness setup")
    assert PYTORCH.commit[:12] in other.what
    (folder / "test.py").write_text("mine")
    assert "local changes" in supplies.check_clone(workspace).what


def test_the_clone_at_its_pin(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = make_upstream(tmp_path / "upstream")
    ensure_clone(str(upstream.path), upstream.first, workspace.upstream(PYTORCH.id))
    monkeypatch.setitem(REPOSITORIES, PYTORCH.id, replace(PYTORCH, commit=upstream.first))
    assert supplies.check_clone(workspace).state == "ok"


def test_the_lua_original_may_be_missing(workspace: Workspace, tmp_path: Path) -> None:
    check = supplies.check_clone(workspace, LUA.id)
    assert (check.name, check.state) == ("Lua original", "ok")
    assert "not cloned" in check.what
    upstream = make_upstream(tmp_path / "upstream")
    ensure_clone(str(upstream.path), upstream.second, workspace.upstream(LUA.id))
    assert supplies.check_clone(workspace, LUA.id).state == "warn"
    assert [c.name for c in examine(workspace, offline=True).checks if "original" in c.name] == ["Lua original"]


def test_a_folder_in_place_of_the_clone_is_bad(workspace: Workspace) -> None:
    workspace.upstream(PYTORCH.id).mkdir(parents=True)
    check = supplies.check_clone(workspace)
    assert check.state == "bad"
    assert check.mend


def test_weights(workspace: Workspace) -> None:
    assert supplies.check_weights(workspace).state == "warn"
    for family, name in (("pix2pix", "sat2map"), ("cyclegan", "sat2map")):
        path = workspace.weights(family, name)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
    check = supplies.check_weights(workspace)
    assert check.state == "ok"
    assert "pix2pix/sat2map, cyclegan/sat2map" in check.what


def test_weights_that_changed_are_told(workspace: Workspace) -> None:
    path = workspace.weights("pix2pix", "sat2map")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"as it came")
    LockFile(workspace.lock_file).record("downloaded", "weights pix2pix/sat2map", "http://x", 1, sha256_of(path))
    assert supplies.check_weights(workspace).state == "ok"
    path.write_bytes(b"changed")
    check = supplies.check_weights(workspace)
    assert (check.state, str(path) in check.what) == ("warn", True)
    assert "--from-file" in (check.mend or "")
    workspace.lock_file.write_text("{")
    assert supplies.check_weights(workspace).state == "bad"


def test_every_host_is_asked_whatever_it_says(server: Server) -> None:
    server.serve("up", Answer(status=404))
    server.serve("down", Answer(status=503))
    hosts = (f"{server.url}/up", f"{server.url}/down", "http://127.0.0.1:9")
    up, down, gone = map(supplies.check_host, hosts)
    assert (up.state, down.state, gone.state) == ("ok", "warn", "warn")
    assert "503" in down.what
    assert "Connection refused" in gone.what
    assert gone.mend
    assert "--bundle" in gone.mend


def test_the_hosts_are_the_codes_and_the_weights(workspace: Workspace) -> None:
    assert supplies.download_hosts(workspace) == ["https://github.com", "http://efrosgans.eecs.berkeley.edu"]


def test_mirrors_are_shown_and_asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert supplies.check_mirrors(workspace).what == "none set"
    monkeypatch.setenv("HARNESS_MIRROR", "https://me:s3cret@mirror.example/a?token=s3cret")
    assert supplies.check_mirrors(workspace).what == "https://mirror.example/a?…"
    assert supplies.download_hosts(workspace)[0] == "https://mirror.example"
    monkeypatch.setenv("HARNESS_MIRROR", "ftp://mirror.example")
    check = supplies.check_mirrors(workspace)
    assert (check.state, "is no mirror" in check.what) == ("warn", True)
    assert supplies.download_hosts(workspace)[0] == "https://github.com"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REQUESTS_CA_BUNDLE", "/none/bundle.pem"), ("all_proxy", "socks9://127.0.0.1:9"),
        ("all_proxy", "http://[::1"), ("https_proxy", "http://me:s3cret@127.0.0.1:9"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_a_finding(
    server: Server, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    check = supplies.check_host("https://example.invalid")
    assert check.state == "warn"
    assert "s3cret" not in check.what


def test_the_network_is_asked_unless_offline(
    workspace: Workspace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplies, "download_hosts", lambda workspace: [server.serve("up", Answer())])
    assert not any(check.name == "network" for check in examine(workspace, offline=True).checks)
    assert server.requests == []
    found = examine(workspace)
    assert [check.state for check in found.checks if check.name == "network"] == ["ok"]
    assert found.usable
