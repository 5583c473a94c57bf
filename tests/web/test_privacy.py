"""Paths of the user's machine stay on it; addresses and everything else stay as they are."""

from __future__ import annotations

import pytest

from harness.web.privacy import public_command, without_paths


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("see `/home/user/photos/a.png` and /tmp/x", "see `…/a.png` and …/x"),
        ("at C:\\Users\\me\\run.log", "at …/run.log"),
        ("file:///home/user/page.html", "…/page.html"),
        ("~/secret/dir/", "…/dir"),
        ("https://example.org/a/b.pth stays", "https://example.org/a/b.pth stays"),
        ("pix2pix/facades and 3/4 stay", "pix2pix/facades and 3/4 stay"),
        ("…/done", "…/done"),
    ],
)
def test_texts(text: str, public: str) -> None:
    assert without_paths(text) == public
    assert without_paths(public) == public


def test_commands_keep_their_words() -> None:
    words = ["harness", "--workspace=/home/me/w s", "test", "--dataset", "/home/me/my photos/", "--model", "a/b", "~/x"]
    assert public_command(words) == "harness '--workspace=…/w s' test --dataset '…/my photos' --model a/b '…/x'"
