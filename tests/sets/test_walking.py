"""One walker for every command: each picture once, and by name what was passed over, left out or leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from harness.sets.walking import Walked, walk
from tests.prepare.test_sources import make


def names(walked: Walked) -> list[str]:
    return [file.name for file in walked.pictures]


def test_pictures_by_suffix_whatever_their_case_sorted_by_path(tmp_path: Path) -> None:
    made = ["b.PNG", "a.jpg", "sub/c.jfif", "d.gif", "e.avif", "f.heic", "g.jp2", "h.webp", "i.tiff", "خانه/j.bmp"]
    make(tmp_path, *made, "notes.txt", "README")
    walked = walk(tmp_path)
    assert names(walked) == sorted(made)
    assert {(r.source, r.reason) for r in walked.left_out()} == {
        ("README", "has no suffix that says it is a picture"),
        ("notes.txt", "is no picture by its suffix `.txt`"),
    }


def test_hidden_files_and_litter_are_passed_over_and_named(tmp_path: Path) -> None:
    make(tmp_path, "3.png", ".ipynb_checkpoints/3-checkpoint.png", "._3.png", "Thumbs.db", "@eaDir/3.png", ".git/x.png")
    walked = walk(tmp_path)
    assert names(walked) == ["3.png"]
    assert set(walked.passed_over) == {".ipynb_checkpoints/", "._3.png", "Thumbs.db", "@eaDir/", ".git/"}
    assert walked.left_out() == ()
    assert "`.ipynb_checkpoints/`" in walked.remarks()[0]


def test_a_hidden_folder_that_is_named_is_walked(tmp_path: Path) -> None:
    make(tmp_path, ".pictures/a.png")
    assert names(walk(tmp_path / ".pictures")) == ["a.png"]


def test_many_names_are_shortened(tmp_path: Path) -> None:
    make(tmp_path, *(f".{n}.png" for n in range(8)))
    assert walk(tmp_path).remarks()[0].endswith("`.4.png`, 3 more")


def test_links_within_the_folder_are_followed_once_each(tmp_path: Path) -> None:
    make(tmp_path, "real/a.png", "real/b.png", "z.png")
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "also.png").symlink_to(tmp_path / "z.png")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    walked = walk(tmp_path)
    assert names(walked) == ["real/a.png", "real/b.png", "z.png"]
    assert set(walked.again) == {"again", "also.png", "real/loop"}
    assert "another name" in walked.remarks()[0]


def test_a_part_may_link_to_what_lies_elsewhere_in_the_named_folder(tmp_path: Path) -> None:
    make(tmp_path, "all/a.png", "all/b.png", "test/own.png")
    (tmp_path / "test" / "more").symlink_to(tmp_path / "all")
    (tmp_path / "test" / "twice").symlink_to(tmp_path / "all")
    assert names(walk(tmp_path / "test", within=tmp_path)) == ["more/a.png", "more/b.png", "own.png"]
    assert walk(tmp_path / "test").outside == ("more", "twice")


def test_links_out_of_the_folder_are_counted_in_one_line_and_followed_when_asked(tmp_path: Path) -> None:
    inside, elsewhere = make(tmp_path / "in", "a.png"), make(tmp_path / "out", "b.png", "sub/c.png")
    (inside / "folder").symlink_to(elsewhere)
    (inside / "file.png").symlink_to(elsewhere / "b.png")
    walked = walk(inside)
    assert names(walked) == ["a.png"]
    assert walked.remarks() == [
        "2 links lead out of the folder and not followed without `--follow-links`: `file.png`, `folder`"
    ]
    # Each file once, although two links lead to it.
    assert names(walk(inside, follow_links=True)) == ["a.png", "file.png", "folder/sub/c.png"]


def test_a_part_that_is_itself_a_link_out_is_not_followed_unasked(tmp_path: Path) -> None:
    make(tmp_path / "in", "x/a.png")
    (tmp_path / "in" / "test").symlink_to(make(tmp_path / "out", "b.png"))
    walked = walk(tmp_path / "in" / "test", within=tmp_path / "in")
    assert (names(walked), walked.outside) == ([], ("test",))
    assert names(walk(tmp_path / "in" / "test", within=tmp_path / "in", follow_links=True)) == ["b.png"]


def test_a_named_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(make(tmp_path / "there", "a.png"))
    assert names(walk(tmp_path / "here")) == ["a.png"]


def test_dead_links_circles_and_pipes_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "a.png")
    (tmp_path / "dead.png").symlink_to(tmp_path / "none")
    (tmp_path / "one.png").symlink_to(tmp_path / "two.png")
    (tmp_path / "two.png").symlink_to(tmp_path / "one.png")
    expected = dict.fromkeys(("dead.png", "one.png", "two.png"), "is a link to nothing")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        expected["pipe.png"] = "is no regular file"
    assert {r.source: r.reason for r in walk(tmp_path).refused} == expected
