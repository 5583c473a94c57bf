"""Assets: mirrors in order, hashes checked or recorded, room asked for, nothing done twice, nothing false kept."""

from __future__ import annotations

import hashlib
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from harness.errors import ArchiveError, ChecksumError, CountError, FetchError, NetworkError
from harness.fetch.asset import Asset, bring, part_of
from harness.fetch.http import Patience
from harness.fetch.lockfile import LockFile
from tests.fetch.listener import Listener
from tests.fetch.server import Answer, Server

BODY = bytes(range(256)) * 1000
SHA = hashlib.sha256(BODY).hexdigest()
PAGE = b"\n<!DOCTYPE html><html><title>Please log in</title></html>"


@pytest.fixture
def lock(tmp_path: Path) -> LockFile:
    return LockFile(tmp_path / "harness.lock")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "file.pth"


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_known_hash_is_checked_and_recorded(server: Server, target: Path, lock: LockFile, patience: Patience) -> None:
    url = server.serve("a", Answer(BODY))
    assert bring(Asset("x", (url,), SHA), target, lock, patience=patience)
    assert target.read_bytes() == BODY
    assert files_below(target.parent) == ["file.pth"]
    entry = lock.entry("downloaded", "x")
    assert entry is not None
    assert (entry.url, entry.bytes, entry.sha256) == (url, len(BODY), SHA)


@pytest.mark.parametrize("sha256", [SHA, None])
def test_what_is_there_is_left_alone_without_a_word(
    server: Server, target: Path, lock: LockFile, patience: Patience, sha256: str | None
) -> None:
    asset = Asset("x", (server.serve("a", Answer(BODY)),), sha256)
    bring(asset, target, lock, patience=patience)
    before, locked = target.stat().st_mtime_ns, (lock.entry("downloaded", "x"))
    listener = Listener()
    assert not bring(asset, target, lock, listener, patience=patience)
    assert listener.said == []
    assert len(server.requests) == 1
    assert target.stat().st_mtime_ns == before
    assert lock.entry("downloaded", "x") == locked


def test_an_unknown_hash_is_recorded_once_and_checked_from_then_on(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    asset = Asset("x", (server.serve("a", Answer(BODY), Answer(BODY[1:])),))
    bring(asset, target, lock, patience=patience)
    target.unlink()
    with pytest.raises(ChecksumError) as raised:
        bring(asset, target, lock, patience=patience)
    assert SHA in raised.value.message
    assert hashlib.sha256(BODY[1:]).hexdigest() in raised.value.message
    assert "as first seen on" in raised.value.message
    assert "the bytes were deleted" in raised.value.message
    assert files_below(target.parent) == []


def test_wrong_bytes_never_get_the_name_nor_the_record(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    with pytest.raises(ChecksumError, match=f"expected SHA-256 {SHA} \\(by the catalog\\)"):
        bring(Asset("x", (server.serve("a", Answer(b"wrong")),), SHA), target, lock, patience=patience)
    assert files_below(target.parent) == []
    assert lock.entry("downloaded", "x") is None


@pytest.mark.parametrize("sha256", [SHA, None])
def test_a_web_page_in_place_of_the_file_is_recognised(
    server: Server, target: Path, lock: LockFile, patience: Patience, sha256: str | None
) -> None:
    with pytest.raises(ChecksumError, match="it is a web page"):
        bring(Asset("x", (server.serve("a", Answer(PAGE)),), sha256), target, lock, patience=patience)
    assert lock.entry("downloaded", "x") is None


def test_mirrors_are_tried_in_order(server: Server, target: Path, lock: LockFile, patience: Patience) -> None:
    urls = (
        server.serve("gone", Answer(status=404)),
        server.serve("bad", Answer(PAGE)),
        server.serve("a", Answer(BODY)),
    )
    listener = Listener()
    bring(Asset("x", urls, SHA), target, lock, listener, patience=patience)
    assert target.read_bytes() == BODY
    assert [path for path, _ in server.requests] == ["gone", "bad", "a"]
    assert sum("trying the next mirror" in said for said in listener.said) == 2
    assert files_below(target.parent) == ["file.pth"]


def test_when_every_mirror_fails_each_is_named(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    urls = (server.serve("gone", Answer(status=404)), server.serve("busy", Answer(status=503)))
    with pytest.raises(NetworkError) as raised:
        bring(Asset("x", urls, SHA), target, lock, patience=patience)
    assert all(url in raised.value.message for url in urls)


def test_a_broken_connection_leaves_a_part_that_the_next_call_continues(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    url = server.serve("a", Answer(BODY, cut=150_000), Answer(status=404))
    with pytest.raises(NetworkError):
        bring(Asset("x", (url,), SHA), target, lock, patience=patience)
    assert not target.exists()
    kept = part_of(target, url).stat().st_size
    assert kept > 0
    server.serve("a", Answer(BODY))
    bring(Asset("x", (url,), SHA), target, lock, patience=patience)
    assert server.ranges_asked()[-1] == f"bytes={kept}-"
    assert target.read_bytes() == BODY
    assert files_below(target.parent) == ["file.pth"]


def test_a_full_disk_is_told_before_a_server_is_asked(
    server: Server, target: Path, lock: LockFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9 - 10**8, 10**8))
    asset = Asset("x", (server.serve("a", Answer(BODY)),), SHA, size_bytes=2 * 10**8)
    with pytest.raises(FetchError, match=r"x needs 200\.0 MB more on the disk of .* and 100\.0 MB are free"):
        bring(asset, target, lock)
    assert server.requests == []


def test_a_full_disk_is_told_by_the_servers_length_where_the_catalog_knows_none(
    server: Server, target: Path, lock: LockFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 0))
    with pytest.raises(FetchError, match=r"x needs 0\.3 MB more"):
        bring(Asset("x", (server.serve("a", Answer(BODY)),)), target, lock)
    assert files_below(target.parent) == []


def test_a_server_that_announces_more_than_a_disk_holds_does_not_stop_the_others(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    urls = (server.serve("liar", Answer(BODY, length=10**17)), server.serve("a", Answer(BODY)))
    listener = Listener()
    assert bring(Asset("x", urls), target, lock, listener, patience=patience)
    assert target.read_bytes() == BODY
    assert "announces 100,000,000,000,000,000 bytes" in listener.warned[0]


@pytest.mark.parametrize("length", [10, len(BODY) + 10])
def test_a_server_that_announces_another_length_does_not_stop_the_others(
    server: Server, target: Path, lock: LockFile, patience: Patience, length: int
) -> None:
    urls = (server.serve("liar", Answer(BODY, length=length)), server.serve("a", Answer(BODY)))
    bring(Asset("x", urls, SHA), target, lock, patience=patience)
    assert target.read_bytes() == BODY


def test_the_digest_that_is_trusted_on_first_sight_is_told_once(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    listener = Listener()
    asset = Asset("x", (server.serve("a", Answer(BODY)),))
    bring(asset, target, lock, listener, patience=patience)
    told = f"x: its SHA-256 was not known; from now on it must be {SHA}"
    assert listener.talk == [told]
    target.unlink()
    bring(asset, target, lock, listener, patience=patience)
    assert listener.talk == [told]


def test_a_known_digest_needs_no_word(server: Server, target: Path, lock: LockFile, patience: Patience) -> None:
    listener = Listener()
    bring(Asset("x", (server.serve("a", Answer(BODY)),), SHA), target, lock, listener, patience=patience)
    assert listener.talk == []


def test_credentials_of_a_mirror_are_used_and_never_written_or_told(
    server: Server, target: Path, lock: LockFile, patience: Patience, tmp_path: Path
) -> None:
    bad, good = server.serve("bad", Answer(b"wrong")), server.serve("a?token=s3cret", Answer(BODY))
    urls = tuple(url.replace("://", "://me:s3cret@") for url in (bad, good))
    listener = Listener()
    bring(Asset("x", urls, SHA), target, lock, listener, patience=patience)
    assert [path for path, _ in server.requests] == ["bad", "a?token=s3cret"]
    assert all(headers["Authorization"].startswith("Basic ") for _, headers in server.requests)
    assert "s3cret" not in (tmp_path / "harness.lock").read_text() + "".join(listener.said)
    assert server.url.removeprefix("http://") in listener.labels[0]


def test_an_archive_of_another_number_of_pictures_is_kept_for_the_next_call(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    def count(part: Path) -> None:
        raise CountError("41 pictures, 120 were expected")

    asset = Asset("x", (server.serve("a", Answer(BODY)), server.serve("b", Answer(BODY))))
    with pytest.raises(CountError):
        bring(asset, target, lock, inspect=count, patience=patience)
    assert not target.exists()
    assert lock.entry("downloaded", "x") is None
    assert bring(asset, target, lock, patience=patience)
    assert len(server.requests) == 1


def test_room_for_unpacking_is_asked_for_too(
    server: Server, target: Path, lock: LockFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**12, 0, 10**9))
    asset = Asset("x", (server.serve("a", Answer(BODY)),), SHA, len(BODY), needs_bytes=10**10)
    with pytest.raises(FetchError, match=r"needs 10\.0 GB more"):
        bring(asset, target, lock)


def test_what_an_inspector_refuses_is_neither_kept_nor_recorded(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    def refuse(part: Path) -> None:
        assert part.read_bytes() == BODY
        raise ArchiveError("broken")

    with pytest.raises(ArchiveError, match="broken"):
        bring(Asset("x", (server.serve("a", Answer(BODY)),)), target, lock, inspect=refuse, patience=patience)
    assert files_below(target.parent) == []
    assert lock.entry("downloaded", "x") is None


def test_a_disk_that_fills_up_while_unpacking_keeps_the_download(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    def fill(part: Path) -> None:
        raise FetchError("the disk is full")

    asset = Asset("x", (server.serve("a", Answer(BODY)),))
    with pytest.raises(FetchError, match="full"):
        bring(asset, target, lock, inspect=fill, patience=patience)
    assert bring(asset, target, lock, patience=patience)
    assert len(server.requests) == 1


def test_another_file_in_its_place_is_not_overwritten(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(ChecksumError, match="nothing was overwritten"):
        bring(Asset("x", (server.serve("a", Answer(BODY)),), SHA), target, lock, patience=patience)
    assert target.read_bytes() == b"mine"
    assert server.requests == []


def test_a_file_the_user_put_there_is_recorded_and_told_apart_from_a_download(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    asset = Asset("x", (server.serve("a", Answer(BODY)),))
    target.parent.mkdir()
    target.write_bytes(b"mine")
    assert not bring(asset, target, lock, patience=patience)
    assert lock.entry("placed", "x") is not None
    target.unlink()
    assert bring(asset, target, lock, patience=patience)
    assert target.read_bytes() == BODY


def test_another_size_than_the_catalogs_is_told_when_no_hash_decides(
    server: Server, target: Path, lock: LockFile, patience: Patience
) -> None:
    listener = Listener()
    bring(Asset("x", (server.serve("a", Answer(BODY)),), None, 5), target, lock, listener, patience=patience)
    assert listener.warned == ["x has 256,000 bytes; 5 were known"]
