"""What is whole of a cut job is kept, found again by what decides it, and gone when the job is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ImageError
from harness.keeping import cut_jobs, kept_pieces, key_of


def begin(folder: Path, **facts: object) -> None:
    """A job that made one piece and was interrupted."""
    with pytest.raises(KeyboardInterrupt), kept_pieces(folder, "job", **facts) as pieces:
        (folder / "made").write_bytes(b"pixels")
        pieces.keep("one", {"told": 1}, {"a/picture": folder / "made"})
        raise KeyboardInterrupt


def test_a_piece_is_taken_over_with_its_files_and_goes_with_the_end(tmp_path: Path) -> None:
    begin(tmp_path, seed=1)
    assert len(cut_jobs(tmp_path)) == 1
    with kept_pieces(tmp_path, "job", seed=1) as pieces:
        assert cut_jobs(tmp_path) == []  # somebody goes on with it
        assert pieces.take("two", tmp_path / "out") is None
        assert pieces.take("one", tmp_path / "out") == {"told": 1}
        assert (tmp_path / "out" / "a" / "picture").read_bytes() == b"pixels"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "out"]


def test_another_job_takes_nothing(tmp_path: Path) -> None:
    begin(tmp_path, seed=1)
    with kept_pieces(tmp_path, "job", seed=2) as pieces:
        assert pieces.take("one", tmp_path / "out") is None
    assert len(cut_jobs(tmp_path)) == 1


@pytest.mark.parametrize("damage", [b"pixelS", b"", None])
def test_a_damaged_piece_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    begin(tmp_path)
    (stored,) = tmp_path.glob(".job.*.cut/one-0")
    stored.unlink()
    if damage is not None:
        stored.write_bytes(damage)
    with kept_pieces(tmp_path, "job") as pieces:
        assert pieces.take("one", tmp_path / "out") is None


def test_a_piece_reaches_nothing_outside_of_the_job(tmp_path: Path) -> None:
    with kept_pieces(tmp_path, "job") as pieces:
        (tmp_path / "made").write_bytes(b"pixels")
        pieces.keep("one", {}, {"../outside": tmp_path / "made"})
        assert pieces.take("one", tmp_path / "out") is None
    assert not (tmp_path / "outside").exists()


def test_a_job_that_fails_as_it_would_again_keeps_nothing(tmp_path: Path) -> None:
    with pytest.raises(ImageError), kept_pieces(tmp_path, "job") as pieces:
        (tmp_path / "made").write_bytes(b"pixels")
        pieces.keep("one", {}, {"picture": tmp_path / "made"})
        raise ImageError("is damaged")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_the_second_of_two_equal_jobs_goes_without(tmp_path: Path) -> None:
    with kept_pieces(tmp_path, "job") as first, kept_pieces(tmp_path, "job") as second:
        assert first.folder is not None
        assert second.folder is None
        second.keep("one", {}, {})
        assert second.take("one", tmp_path) is None


def test_keys_do_not_hang_on_the_order_of_facts() -> None:
    assert key_of(a=1, b=(2, "\udcff")) == key_of(b=[2, "\udcff"], a=1) != key_of(a=1, b=[2])
