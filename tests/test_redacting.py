"""What others must not see is in no text, and what a terminal would obey is shown, not obeyed."""

from __future__ import annotations

import json

import pytest

from harness.errors import HarnessError
from harness.redacting import public_address, visible, without_credentials


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:s3cret@host.example/x.git", "https://host.example/x.git"),
        ("https://s3cret@host.example/x.git", "https://host.example/x.git"),
        ("HTTPS://me:s3cret@host.example", "HTTPS://host.example"),
        ("https://me:s3@cret@host.example/x", "https://host.example/x"),
        ("https://me:s3/cret@host.example/x", "https://host.example/x"),
        ("https://me:1/s3cret@host.example/x", "https://me:1/s3cret@host.example/x"),  # a port and a path with an `@`
        ("https://host.example:8080/a@v1", "https://host.example:8080/a@v1"),
        ("https://host.example/x?private_token=s3cret&y=1", "https://host.example/x?…"),
        ("https://host.example/x#s3cret", "https://host.example/x?…"),
        ("ssh://git@host.example/x", "ssh://git@host.example/x"),
        ("ssh://git:s3cret@host.example/x", "ssh://git@host.example/x"),
        ("socks5h://me:s3cret@proxy:1080", "socks5h://proxy:1080"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("/a/path@of/mine?", "/a/path@of/mine?"),
        ("file:///a/path", "file:///a/path"),
    ],
)
def test_an_address_shows_no_secret(address: str, shown: str) -> None:
    assert without_credentials(address) == shown
    assert without_credentials(f"fatal: `{address}` and '{address}', twice") == f"fatal: `{shown}` and '{shown}', twice"


def test_no_error_shows_a_secret() -> None:
    error = HarnessError("`https://me:s3cret@host/x` fails", "try `https://me:s3cret@host/y`")
    assert (error.message, error.hint) == ("`https://host/x` fails", "try `https://host/y`")
    assert str(error) == error.message


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://me:s3cret@host.example/x", "https://host.example/x"),
        ("ssh://git@host.example/x", "ssh://git@host.example/x"),
        ("/home/somebody/x.git", "a git directory on this machine"),
        ("file:///home/somebody/x.git", "a git directory on this machine"),
    ],
)
def test_where_a_clone_came_from_is_told_to_others_without_the_users_paths(url: str, told: str) -> None:
    assert public_address(url) == told


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b]0;evil\x07\x1b[2J.png", "\\u001b]0;evil\\u0007\\u001b[2J.png"),
        ("gnp.\u202eevil.exe", "gnp.\\u202eevil.exe"),
        ("\x9b31m\x7f\r\u2028\u2066\u061c", "\\u009b31m\\u007f\\u000d\\u2028\\u2066\\u061c"),
        ("a\udce9b", "a\\udce9b"),
        ("عکس‌ها\tخانه\n", "عکس‌ها\tخانه\n"),
    ],
)
def test_letters_that_a_terminal_obeys_are_shown(name: str, shown: str) -> None:
    assert visible(name) == shown


def test_a_document_means_the_same_when_it_is_made_visible() -> None:
    document = {"name": "\x1b[2J \u202e \x9b \udce9"}
    assert json.loads(visible(json.dumps(document, ensure_ascii=False))) == document
