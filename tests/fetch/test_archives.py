"""Archives: unpacked whole or not at all, and never outside of their folder."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import random
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
from tests.fetch.listener import Listener

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
    assert unpack(make_tar(tmp_path / "archive", FILES, mode), tmp_path / "out", verified=mode == "w") == 2


def test_a_tar_without_a_checksum_wants_one(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="plain tar, which has no checksum") as raised:
        unpack(make_tar(tmp_path / "archive", FILES, "w"), tmp_path / "out")
    assert "--sha256" in (raised.value.hint or "")
    assert_nothing_left(tmp_path)


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
    monkeypatch.setattr("harness.fetch.http._SMALL_BYTES", 1_000_000)
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
    with pytest.raises(ArchiveError, match=r"neither a zip nor a tar|plain tar"):
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
    with pytest.raises(OSError, match="No space left") as raised:
        unpack(archive, tmp_path / "out")
    assert raised.value.filename == str(tmp_path / "out")
    assert_nothing_left(tmp_path)


def test_every_flipped_bit_of_a_packed_tar_is_found(tmp_path: Path) -> None:
    pictures = {f"a/{n}.jpg": random.Random(n).randbytes(700) for n in range(20)}
    whole = make_tar(tmp_path / "archive", pictures).read_bytes()
    expected = {name.removeprefix("a/"): data for name, data in pictures.items()}
    dice, passed = random.Random(5), 0
    for number in range(120):
        place, bit = dice.randrange(len(whole)), dice.randrange(8)
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        (tmp_path / "archive").write_bytes(damaged)
        out = tmp_path / f"out{number}"
        try:
            unpack(tmp_path / "archive", out)
        except ArchiveError:
            continue
        passed += 1  # gzip's own header tells a time, a system and a level, which nothing checks
        assert place < 10
        assert unpacked(out) == expected
        shutil.rmtree(out)
    assert passed < 5
    assert_nothing_left(tmp_path)


@pytest.mark.parametrize("what", ["header", "no end", "one block", "cut in a header", "cut in the data", "after"])
def test_a_tar_is_walked_to_its_end(tmp_path: Path, what: str) -> None:
    path = tmp_path / "archive"
    data = bytearray(make_tar(path, {f"a/{n}": bytes(600) for n in range(4)}, "w").read_bytes())
    end = 4 * 1536
    if what == "header":
        data[2 * 1536 + 150] ^= 1  # the header's checksum
    else:
        length = {"no end": end, "one block": end + 512, "cut in a header": end - 1336, "cut in the data": end - 700}
        data = data[: length.get(what, len(data))]
        data += b"garbage" if what == "after" else b""
    path.write_bytes(gzip.compress(data) if what != "after" else gzip.compress(data) + b"garbage")
    with pytest.raises(ArchiveError, match="broken or cut off"):
        unpack(path, tmp_path / "out")
    assert_nothing_left(tmp_path)


@MAKERS
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a/train/1.jpg", "a/train/1.JPG"),
        ("a/Train/1.jpg", "a/train/2.jpg"),
        ("a/خانه/E.jpg", "a/خانه/e.jpg"),
        ("a/\u00c9.jpg", "a/e\u0301.jpg"),
    ],
)
def test_names_that_are_one_elsewhere_are_refused(tmp_path: Path, make: Any, first: str, second: str) -> None:
    with pytest.raises(ArchiveError, match="which are one on Windows and macOS"):
        unpack(make(tmp_path / "archive", {first: b"1", second: b"2"}), tmp_path / "out")
    assert_nothing_left(tmp_path)


@MAKERS
def test_names_that_windows_cannot_store_are_changed_with_a_word(tmp_path: Path, make: Any) -> None:
    names = {
        "2011-05-31 20:11:39.jpg": "2011-05-31 20_11_39.jpg",
        "CON": "_CON",
        "aux.jpg": "_aux.jpg",
        "LPT1 .png": "_LPT1 .png",
        "com\u00b9": "_com\u00b9",
        "dot.": "dot_",
        "blank ": "blank_",
        'a<b>c"d|e?f*g': "a_b_c_d_e_f_g",
        "prn/x:y": "_prn/x_y",
        "\x1b[2J": "_[2J",
        "console.jpg": "console.jpg",
        ".hidden": ".hidden",
    }
    listener = Listener()
    files = {f"a/{name}": name.encode() for name in names}
    unpack(make(tmp_path / "archive", files), tmp_path / "out", progress=listener)
    assert unpacked(tmp_path / "out") == {new: old.encode() for old, new in names.items()}
    assert listener.warned == [
        "10 names that Windows cannot store were changed, "
        "e.g. `a/2011-05-31 20:11:39.jpg` to `a/2011-05-31 20_11_39.jpg`"
    ]


@MAKERS
def test_a_changed_name_does_not_replace_another(tmp_path: Path, make: Any) -> None:
    with pytest.raises(ArchiveError, match="twice"):
        unpack(make(tmp_path / "archive", {"a/x:y": b"1", "a/x_y": b"2"}), tmp_path / "out")


@MAKERS
def test_a_name_that_no_disk_stores_is_told(tmp_path: Path, make: Any) -> None:
    with pytest.raises(ArchiveError, match="a name that this disk cannot store") as raised:
        unpack(make(tmp_path / "archive", {f"a/{'x' * 300}.jpg": b"1"}), tmp_path / "out")
    assert raised.value.hint
    assert_nothing_left(tmp_path)


def test_an_extended_header_is_no_way_to_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("first"))
        entry = tarfile.TarInfo("x")
        entry.type, entry.size = tarfile.XHDTYPE, 2 << 20
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    with pytest.raises(ArchiveError, match="an extended header of"):
        unpack(path, tmp_path / "out")


def test_endless_padding_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.fetch.http._SMALL_BYTES", 1_000_000)
    path = make_tar(tmp_path / "archive", FILES)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + bytes(2_000_000)))
    with pytest.raises(ArchiveError, match="unpacks to more than 1 MB"):
        unpack(path, tmp_path / "out")


def test_a_tar_that_ends_in_a_zip_is_a_tar(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner", {"evil": b""}).read_bytes()
    (tmp_path / "inner").unlink()
    path = make_tar(tmp_path / "archive", FILES | {"facades/x.zip": inner}, "w")
    assert unpack(path, tmp_path / "out", verified=True) == 3


@MAKERS
def test_damage_anywhere_is_an_archive_error(tmp_path: Path, make: Any) -> None:
    whole = make(tmp_path / "archive", {f"a/{n}": bytes([n]) * 300 for n in range(4)}).read_bytes()
    dice = random.Random(7)
    for number in range(150):
        damaged = bytearray(whole)
        for _ in range(dice.choice([1, 4, 40])):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        (tmp_path / "archive").write_bytes(damaged)
        with contextlib.suppress(ArchiveError):
            unpack(tmp_path / "archive", tmp_path / f"out{number}")
