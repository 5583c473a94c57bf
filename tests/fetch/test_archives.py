"""Archives: unpacked whole or not at all, and never outside of their folder."""

from __future__ import annotations

import errno
import io
import shutil
import stat
import tarfile
import warnings
import zipfile
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ArchiveError, FetchError
from harness.fetch.archives import unpack

FILES = {"facades/train/1.jpg": b"one", "facades/test/2.jpg": b"two"}


def make_zip(path: Path, files: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile itself warns of a name that comes twice
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = attributes.get("mode", stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, data)
    return path


def make_tar(path: Path, files: dict[str, bytes], mode: Any = "w:gz", **fields: Any) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(data))
    return path


MAKERS = pytest.mark.parametrize("make", [make_zip, make_tar])


def unpacked(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def assert_nothing_left(tmp_path: Path) -> None:
    assert [p.name for p in tmp_path.iterdir() if p.name != "archive"] == []


@MAKERS
def test_the_top_folder_is_left_out(tmp_path: Path, make: Any) -> None:
    assert unpack(make(tmp_path / "archive", FILES), tmp_path / "out") == 2
    assert unpacked(tmp_path / "out") == {"train/1.jpg": b"one", "test/2.jpg": b"two"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_tar_is_understood(tmp_path: Path, mode: str) -> None:
    assert unpack(make_tar(tmp_path / "archive", FILES, mode), tmp_path / "out") == 2


@MAKERS
def test_a_top_folder_that_means_something_stays(tmp_path: Path, make: Any) -> None:
    unpack(make(tmp_path / "archive", {"test/2.jpg": b"two"}), tmp_path / "out", keep={"train", "test"})
    assert unpacked(tmp_path / "out") == {"test/2.jpg": b"two"}


@MAKERS
def test_an_archive_without_a_top_folder_is_taken_as_it_is(tmp_path: Path, make: Any) -> None:
    files = {"train/1.jpg": b"one", "test/train": b"two"}
    unpack(make(tmp_path / "archive", files), tmp_path / "out")
    assert unpacked(tmp_path / "out") == files


@MAKERS
def test_what_desktops_add_is_left_out(tmp_path: Path, make: Any) -> None:
    junk = {"__MACOSX/facades/._1.jpg": b"", "facades/.DS_Store": b"", "facades/train/._1.jpg": b""}
    assert unpack(make(tmp_path / "archive", FILES | junk), tmp_path / "out") == 2
    assert len(unpacked(tmp_path / "out")) == 2


@MAKERS
@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "C:/evil", "a\\..\\evil", "C:evil"])
def test_no_name_leads_outside(tmp_path: Path, make: Any, name: str) -> None:
    (tmp_path / "in").mkdir()
    archive = make(tmp_path / "in" / "archive", FILES | {name: b"evil"})
    with pytest.raises(ArchiveError, match="outside"):
        unpack(archive, tmp_path / "in" / "out")
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "archive"]


def test_zip_links_are_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "archive", {"a/link": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    with pytest.raises(ArchiveError, match="link"):
        unpack(archive, tmp_path / "out")
    assert_nothing_left(tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_tar_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    archive = make_tar(tmp_path / "archive", {"a/link": b""}, type=kind, linkname="../../etc/passwd")
    with pytest.raises(ArchiveError, match="link or special file"):
        unpack(archive, tmp_path / "out")
    assert_nothing_left(tmp_path)


@MAKERS
def test_a_path_is_named_once(tmp_path: Path, make: Any) -> None:
    for number, files in enumerate(
        [{"a/x": b"1", "a/./x": b"2"}, {"a/x": b"1", "a/x/y": b"2"}, {"a/x/y": b"", "a/x": b""}]
    ):
        archive = make(tmp_path / "archive", files)
        with pytest.raises(ArchiveError, match="twice"):
            unpack(archive, tmp_path / f"out{number}")
    assert_nothing_left(tmp_path)


@MAKERS
def test_a_bomb_is_refused(tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.fetch.archives._SMALL_BYTES", 1_000_000)
    archive = make(tmp_path / "archive", {f"a/{n}": bytes(700_000) for n in range(3)})
    with pytest.raises(ArchiveError, match="unpacks to more than 1 MB"):
        unpack(archive, tmp_path / "out")
    assert_nothing_left(tmp_path)


@MAKERS
def test_too_many_entries_are_refused(tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.fetch.archives._MAX_ENTRIES", 2)
    with pytest.raises(ArchiveError, match="more than 2 entries"):
        unpack(make(tmp_path / "archive", FILES | {"facades/3": b""}), tmp_path / "out")


@MAKERS
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_cut_off_archive_leaves_nothing(tmp_path: Path, make: Any, kept: float) -> None:
    archive = make(tmp_path / "archive", {f"a/{n}": bytes([n]) * 3000 for n in range(50)})
    data = archive.read_bytes()
    archive.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(ArchiveError):
        unpack(archive, tmp_path / "out")
    assert_nothing_left(tmp_path)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a/x", b"0123456789")
    path.write_bytes(path.read_bytes().replace(b"0123456789", b"0123456780"))
    with pytest.raises(ArchiveError, match="CRC"):
        unpack(path, tmp_path / "out")
    assert_nothing_left(tmp_path)


@pytest.mark.parametrize("data", [b"", b"<!DOCTYPE html>", bytes(1000)])
def test_what_is_no_archive_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "archive").write_bytes(data)
    with pytest.raises(ArchiveError, match=r"neither a zip nor a tar|holds no file"):
        unpack(tmp_path / "archive", tmp_path / "out")
    assert_nothing_left(tmp_path)


def test_an_encrypted_zip_is_told(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "archive", {"a/x": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="encrypted"):
        unpack(path, tmp_path / "out")


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        unpack(make_zip(tmp_path / "archive", FILES), tmp_path / "out")
    assert unpacked(tmp_path / "out") == {"mine": b"mine"}


def test_an_inspector_can_refuse_the_folder(tmp_path: Path) -> None:
    def refuse(folder: Path) -> None:
        assert len(unpacked(folder)) == 2
        raise ArchiveError("another one")

    with pytest.raises(ArchiveError, match="another one"):
        unpack(make_zip(tmp_path / "archive", FILES), tmp_path / "out", inspect=refuse)
    assert_nothing_left(tmp_path)


@MAKERS
def test_too_little_room_is_told_before_unpacking(tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1, 1, 0))
    with pytest.raises(FetchError, match="unpacking `archive` needs"):
        unpack(make(tmp_path / "archive", FILES), tmp_path / "out")
    assert_nothing_left(tmp_path)


@MAKERS
def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make(tmp_path / "archive", FILES)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    monkeypatch.setattr(tarfile, "copyfileobj", full)
    with pytest.raises(FetchError, match="the disk is full"):
        unpack(archive, tmp_path / "out")
    assert_nothing_left(tmp_path)
