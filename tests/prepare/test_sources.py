"""Every file of a folder or archive is found once, or refused with a reason."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from harness.errors import ImageError, TestSetError
from harness.prepare.sources import Gathered, Source, gather


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def names(found: Gathered) -> list[str]:
    return [s.name for s in found.sources]


def reasons(found: Gathered) -> dict[str, str]:
    return {r.source: r.reason for r in found.refused}


def test_folders_in_folders_sorted(tmp_path: Path) -> None:
    make(tmp_path, "b.png", "sub/deep er/c.png", "a.png", "-x.png", "خانه/ا.jpg")
    assert names(gather(tmp_path)) == ["-x.png", "a.png", "b.png", "sub/deep er/c.png", "خانه/ا.jpg"]


def test_litter_of_operating_systems_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, ".DS_Store", "Thumbs.db", "._a.png", "__MACOSX/a.png", "a.png", ".ipynb_checkpoints/a.png")
    found = gather(tmp_path)
    assert names(found) == ["a.png"]
    assert all(name in found.remarks[0] for name in (".DS_Store", "Thumbs.db", "._a.png", ".ipynb_checkpoints/"))


def test_links_out_of_the_folder_are_followed_when_asked(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", "a.png", "sub/b.png")
    (folder / "dead.png").symlink_to(folder / "none")
    (folder / "other").symlink_to(make(tmp_path / "elsewhere", "c.png"))
    found = gather(folder)
    assert names(found) == ["a.png", "sub/b.png"]
    assert reasons(found) == {"dead.png": "is a link to nothing"}
    assert "`--follow-links`: `other`" in found.remarks[0]
    assert names(gather(folder, follow_links=True)) == ["a.png", "other/c.png", "sub/b.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    make(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert reasons(gather(tmp_path)) == {"pipe.png": "is no regular file"}


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.png", "locked/b.png")
    real = Path.iterdir

    def iterdir(self: Path) -> object:
        if self.name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    found = gather(tmp_path)
    assert names(found) == ["a.png"]
    assert reasons(found) == {"locked": "folder cannot be read: permission denied"}


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TestSetError, match="there is no folder"):
        gather(tmp_path / "none")
    with pytest.raises(TestSetError, match="holds no file") as caught:
        gather(tmp_path)
    assert caught.value.hint


def test_one_picture_is_a_set_of_one(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "b.png")
    assert names(gather(tmp_path / "a.png")) == ["a.png"]


def test_a_file_that_vanishes_or_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.png")
    source = gather(tmp_path).sources[0]
    (tmp_path / "a.png").unlink()
    with pytest.raises(ImageError, match="vanished"):
        source.read()

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    make(tmp_path, "a.png")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ImageError, match="cannot be read: permission denied"):
        source.read()


def test_control_characters_never_reach_a_terminal() -> None:
    assert Source("a\x1b[31m\n.png", Path("x")).shown == "a\ufffd[31m\ufffd.png"
    assert Source(b"\xff.png".decode("utf-8", "surrogateescape"), Path("x")).shown == "\ufffd.png"


def test_a_zip_is_read_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("b.png", "sub/a.png", "خانه.png", "__MACOSX/._b.png", "../evil.png", "/root.png"):
            archive.writestr(name, name)
    found = gather(path)
    assert names(found) == ["b.png", "sub/a.png", "خانه.png"]
    assert [s.read().decode() for s in found.sources] == ["b.png", "sub/a.png", "خانه.png"]
    assert set(reasons(found).values()) == {"points outside the archive"}
    assert [p.name for p in tmp_path.iterdir()] == ["p.zip"]


def test_a_zip_whose_names_lack_the_utf8_flag(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("XXXXXXXX.png", b"content")
    raw = path.read_bytes().replace(b"XXXXXXXX", "خانه".encode())
    path.write_bytes(raw)
    found = gather(path)
    assert names(found) == ["خانه.png"]
    assert found.sources[0].read() == b"content"


def test_a_damaged_member_is_refused_and_a_damaged_archive_an_error(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"content of a file")
    data = bytearray(path.read_bytes())
    data[data.index(b"content")] ^= 255
    path.write_bytes(bytes(data))
    with pytest.raises(ImageError, match="cannot be unpacked"):
        gather(path).sources[0].read()


def test_encrypted_and_doubled_members_are_refused_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for name, content in (("a.png", b"first"), ("secret.png", b"hidden"), ("a.png", b"second")):
            archive.writestr(name, content)
    # Bit 0 of the flags, two bytes after the version, says that a member is encrypted: in its directory entry and in
    # its own header.
    raw = bytearray(path.read_bytes())
    for mark, flags, name in ((b"PK\x01\x02", 8, 46), (b"PK\x03\x04", 6, 30)):
        at = raw.find(mark)
        while at >= 0:
            if raw[at + name :].startswith(b"secret.png"):
                raw[at + flags] |= 1
            at = raw.find(mark, at + 4)
    path.write_bytes(raw)
    found = gather(path)
    assert [(s.name, s.read()) for s in found.sources] == [("a.png", b"first")]
    assert reasons(found) == {"secret.png": "is encrypted", "a.png": "stands twice in the archive"}
