"""The server: its own page alone is answered, nothing is too large, and what is wrong is said."""

from __future__ import annotations

import html
import http.client
import json
import re
from threading import Thread

import pytest

from harness.cli.main import main
from harness.errors import WorkspaceError
from harness.play.serving import LARGEST, Server
from harness.workspace import Workspace


def ask(server: Server, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_the_page_has_a_strict_policy_and_cannot_be_framed(server: Server) -> None:
    status, headers, body = ask(server, "GET", f"/{server.token}/")
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'" and headers["Cache-Control"] == "no-store"
    policy = html.unescape(body.decode().partition("<style>")[0])
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "unsafe" not in policy
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {}, 404),
        ("/wrong-token/", {}, 404),
        ("/{token}/nothing", {}, 404),
        ("/{token}/../../etc/passwd", {}, 404),
        ("/{token}/start?of=set&name=../../own", {}, 400),
        ("/{token}/start?of=set", {}, 400),
        ("/{token}/", {"Host": "harness.example.com"}, 403),
        ("/{token}/", {"Origin": "https://example.com"}, 403),
        ("/favicon.ico", {}, 204),
    ],
)
def test_nobody_else_is_answered(server: Server, path: str, headers: dict[str, str], status: int) -> None:
    assert ask(server, "GET", path.format(token=server.token), **headers)[0] == status


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("draw?name=a&seed=0", b"1234", 400, "4 bytes are no drawing of 256x256"),
        ("draw?name=a&seed=x", bytes(256 * 256 * 4), 400, "not a request of the page"),
        ("bring", b"hello", 400, "no picture"),
        ("add?name=..&seed=0", bytes(256 * 256 * 4), 400, "cannot be the name of a file"),
    ],
)
def test_what_is_wrong_is_said(server: Server, path: str, body: bytes, status: int, said: str) -> None:
    found, _, answer = ask(server, "POST", f"/{server.token}/{path}", body)
    assert found == status and said in json.loads(answer)["error"]


def test_a_persian_page_is_answered_in_persian(server: Server) -> None:
    black = bytes(256 * 256 * 4)
    near = json.loads(ask(server, "POST", f"/{server.token}/near?lang=fa", black)[2])
    assert near["verdict"] == "far" and all(re.search("[\u0600-\u06ff]", reason) for reason in near["reasons"])
    english = json.loads(ask(server, "POST", f"/{server.token}/near?lang=xx", black)[2])
    assert "palette" in english["reasons"][0]


def test_a_request_that_is_too_large_is_refused_before_it_is_read(server: Server) -> None:
    # Only announced: the answer comes without a byte of it.
    status, _, answer = ask(server, "POST", f"/{server.token}/bring", b"", **{"Content-Length": str(LARGEST + 1)})
    assert status == 413 and "more than 32 MB" in json.loads(answer)["error"]


def test_more_than_can_wait_are_sent_away(server: Server) -> None:
    taken = 0
    while server.places.acquire(blocking=False):
        taken += 1
    try:
        assert ask(server, "GET", f"/{server.token}/")[0] == 503
    finally:
        server.places.release(taken)
    assert ask(server, "GET", f"/{server.token}/")[0] == 200


def test_two_pages_at_once_are_both_answered(server: Server) -> None:
    answers: list[int] = []

    def draw(name: str) -> None:
        body = bytes([40] * (256 * 256 * 4))
        answers.append(ask(server, "POST", f"/{server.token}/draw?name={name}&seed=0", body)[0])

    threads = [Thread(target=draw, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]


def test_a_port_that_is_taken(server: Server) -> None:
    with pytest.raises(WorkspaceError, match=f"port {server.server_address[1]} cannot be used"):
        Server(server.player, server.server_address[1])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["facades_label2photo"], "harness setup --model pix2pix/facades_label2photo"),
        (["demo", "--size", "100"], "multiples of 256"),
        (["demo", "--picture", "none"], "no picture is called `none`"),
        (["demo", "--dataset", "none"], "no dataset or folder is called `none`"),
        (["demo", "--device", "tpu"], "`tpu` is no device"),
    ],
)
def test_what_cannot_be_played(typed: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--print", *typed]) == 1
    assert said in capsys.readouterr().err


def test_the_command_prints_its_address_and_ends_by_control_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], workspace: Workspace
) -> None:
    def stopped(self: Server, poll_interval: float = 0.5) -> None:
        raise KeyboardInterrupt

    opened: list[str] = []
    monkeypatch.setattr(Server, "serve_forever", stopped)
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)))
    assert main(["--workspace", str(workspace.root), "play"]) == 0  # no weights are installed: the package's own
    told = capsys.readouterr()
    assert told.out.strip() == opened[0] and opened[0].startswith("http://127.0.0.1:")
    assert "no browser could be started here" in told.err and "stopped" in told.err
