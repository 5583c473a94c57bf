"""Clones at one commit: small, clean, idempotent, and never over somebody's changes."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.catalog.repositories import PYTORCH
from harness.errors import GitError
from harness.fetch.git import ensure_clone, inspect
from tests.fetch.repository import Upstream, run_git

NOWHERE = "1" * 40


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return tmp_path / "third_party" / "upstream"


def objects(clone: Path) -> str:
    return run_git(clone, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectsize)")


def test_a_clone_is_at_the_commit_clean_and_small(upstream: Upstream, clone: Path) -> None:
    assert ensure_clone(str(upstream.path), upstream.first, clone)
    assert run_git(clone, "rev-parse", "HEAD") == upstream.first
    assert run_git(clone, "status", "--porcelain") == ""
    assert sorted(p.name for p in clone.iterdir()) == [".git", ".gitignore", "dos.txt", "test.py"]
    assert (clone / "test.py").read_bytes() == b"print('test')\n"
    assert "50000" not in objects(clone)
    assert [p.name for p in clone.parent.iterdir()] == ["upstream"]
    state = inspect(clone)
    assert state is not None
    assert (state.url, state.commit, state.changed) == (str(upstream.path), upstream.first, ())


def test_a_second_call_does_nothing_even_without_the_source(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    assert not ensure_clone("/gone", upstream.first, clone)


@pytest.mark.parametrize("kind", ["file", "relative", "bundle", "home"])
def test_any_address_will_do(
    upstream: Upstream, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(upstream.path.parent)
    monkeypatch.setenv("HOME", str(upstream.path.parent))
    if kind == "bundle":
        run_git(upstream.path, "bundle", "create", "--quiet", str(tmp_path / "x.bundle"), "--branches")
    urls = {
        "file": upstream.path.as_uri(),
        "relative": upstream.path.name,
        "bundle": str(tmp_path / "x.bundle"),
        "home": f"~/{upstream.path.name}",
    }
    assert ensure_clone(urls[kind], upstream.first, clone)
    assert run_git(clone, "status", "--porcelain") == ""


@pytest.fixture
def dumb_server(upstream: Upstream, tmp_path: Path) -> Iterator[str]:
    """Plain files over HTTP: a server that can neither filter nor serve one commit alone."""
    shutil.copytree(upstream.path, tmp_path / "served" / "x.git")
    run_git(tmp_path / "served" / "x.git", "update-server-info")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

    handler = functools.partial(Quiet, directory=str(tmp_path / "served"))
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()
    thread.join()


def test_a_server_that_refuses_a_bare_commit_is_asked_for_its_branches(
    upstream: Upstream, clone: Path, dumb_server: str
) -> None:
    assert ensure_clone(f"{dumb_server}/x.git", upstream.first, clone)
    assert run_git(clone, "rev-parse", "HEAD") == upstream.first
    assert run_git(clone, "status", "--porcelain") == ""
    assert not (clone / "imgs").exists()


def test_an_http_address_without_a_repository(upstream: Upstream, clone: Path, dumb_server: str) -> None:
    with pytest.raises(GitError, match="no git repository at"):
        ensure_clone(f"{dumb_server}/none.git", upstream.first, clone)


def test_a_source_whose_big_pictures_are_missing_is_enough(upstream: Upstream, clone: Path, tmp_path: Path) -> None:
    source = tmp_path / "partial.git"
    filtering = "git -c uploadpack.allowFilter=true upload-pack"
    run_git(tmp_path, "clone", "--quiet", "--bare", f"--upload-pack={filtering}", "--filter=blob:limit=1k",
            upstream.path.as_uri(), str(source))  # fmt: skip
    run_git(source, "config", "--remove-section", "remote.origin")
    assert "50000" not in objects(source)
    assert ensure_clone(str(source), upstream.first, clone)
    assert run_git(clone, "status", "--porcelain") == ""


def test_a_commit_that_no_branch_holds_is_found(upstream: Upstream, clone: Path) -> None:
    assert ensure_clone(str(upstream.path), upstream.hidden, clone)
    assert (clone / "test.py").read_bytes() == b"print('aside')\n"


def test_a_clean_clone_moves_to_another_commit_and_keeps_ignored_files(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    (clone / "checkpoints").mkdir()
    (clone / "checkpoints" / "mine.pth").write_bytes(b"mine")
    assert ensure_clone(str(upstream.path), upstream.second, clone)
    assert (clone / "test.py").read_bytes() == b"print('better')\n"
    assert (clone / "checkpoints" / "mine.pth").read_bytes() == b"mine"


@pytest.mark.parametrize("commit", ["first", "second"])
def test_a_dirty_clone_is_not_touched(upstream: Upstream, clone: Path, commit: str) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    (clone / "test.py").write_text("mine")
    (clone / "new file.py").write_text("mine, too")
    with pytest.raises(GitError) as raised:
        ensure_clone(str(upstream.path), getattr(upstream, commit), clone)
    assert "`test.py`" in raised.value.message
    assert "`new file.py`" in raised.value.message
    assert raised.value.hint
    assert "stash" in raised.value.hint
    assert (clone / "test.py").read_text() == "mine"
    assert run_git(clone, "rev-parse", "HEAD") == upstream.first


def test_a_commit_that_is_not_there_leaves_nothing(upstream: Upstream, clone: Path) -> None:
    with pytest.raises(GitError, match=f"the commit `{NOWHERE}` is not in"):
        ensure_clone(str(upstream.path), NOWHERE, clone)
    assert list(clone.parent.iterdir()) == []


def test_a_commit_that_is_not_there_leaves_an_older_clone_as_it_was(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    with pytest.raises(GitError, match="is not in"):
        ensure_clone(str(upstream.path), NOWHERE, clone)
    state = inspect(clone)
    assert state is not None
    assert (state.commit, state.changed) == (upstream.first, ())


@pytest.mark.parametrize("commit", ["2a7afba", "master", "", "2A7AFBA2895D52556DD5DFE07E8555EF657CED6F"])
def test_only_a_full_sha_names_a_commit(upstream: Upstream, clone: Path, commit: str) -> None:
    with pytest.raises(GitError, match="40 hexadecimal digits"):
        ensure_clone(str(upstream.path), commit, clone)


@pytest.mark.parametrize("url", ["", "--upload-pack=touch evil"])
def test_an_option_is_no_address(clone: Path, url: str) -> None:
    with pytest.raises(GitError, match="no address"):
        ensure_clone(url, NOWHERE, clone)


def test_an_address_cannot_run_a_command(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(GitError):
        ensure_clone(f"ext::sh -c 'touch {tmp_path / 'evil'}'", NOWHERE, clone)
    assert not (tmp_path / "evil").exists()


def test_no_such_folder(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(GitError, match="there is no git repository at"):
        ensure_clone(str(tmp_path / "none"), NOWHERE, clone)
    (tmp_path / "empty").mkdir()
    with pytest.raises(GitError, match="there is no git repository at"):
        ensure_clone(str(tmp_path / "empty"), NOWHERE, clone)


def test_a_source_of_another_user(upstream: Upstream, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match="belongs to another user") as raised:
        ensure_clone(str(upstream.path), upstream.first, clone)
    assert raised.value.hint
    assert "safe.directory" in raised.value.hint


def test_no_network(clone: Path) -> None:
    with pytest.raises(GitError, match="cannot be reached") as raised:
        ensure_clone("http://127.0.0.1:9/x.git", NOWHERE, clone)
    assert raised.value.hint
    assert "--upstream-url" in raised.value.hint


def test_no_git(upstream: Upstream, clone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git is not installed"):
        ensure_clone(str(upstream.path), upstream.first, clone)


def test_a_folder_that_is_no_clone_is_not_touched(upstream: Upstream, clone: Path) -> None:
    clone.mkdir(parents=True)
    (clone / "mine").write_text("mine")
    run_git(clone.parent, "init", "--quiet")  # a repository around it must not be taken for it
    with pytest.raises(GitError, match="is no git clone"):
        ensure_clone(str(upstream.path), upstream.first, clone)
    assert (clone / "mine").read_text() == "mine"


def test_a_broken_clone_is_told(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    (clone / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(GitError, match="git cannot read the clone"):
        inspect(clone)


def test_nothing_is_no_clone(tmp_path: Path) -> None:
    assert inspect(tmp_path / "none") is None


def test_the_users_own_git_settings_change_nothing(
    upstream: Upstream, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch '{tmp_path / 'hooked'}'\n")
    (hooks / "post-checkout").chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\n\tautocrlf = true\n\thooksPath = {hooks}\n[status]\n\tshowUntrackedFiles = no\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    ensure_clone(str(upstream.path), upstream.first, clone)
    assert (clone / "test.py").read_bytes() == b"print('test')\n"
    assert (clone / "dos.txt").read_bytes() == b"a line\r\n"
    assert not (tmp_path / "hooked").exists()
    (clone / "new.py").write_text("")
    state = inspect(clone)
    assert state is not None
    assert state.changed == ("new.py",)


def test_an_address_that_will_not_last_is_not_remembered(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone, remembered="https://example.org/x")
    state = inspect(clone)
    assert state is not None
    assert (state.url, state.changed) == ("https://example.org/x", ())


@pytest.mark.upstream
def test_the_real_repository_at_its_pin(upstream_git: str, clone: Path) -> None:
    assert ensure_clone(upstream_git, PYTORCH.commit, clone)
    assert (clone / "test.py").is_file()
    assert not (clone / "imgs").exists()
    assert run_git(clone, "status", "--porcelain") == ""
    assert not ensure_clone(upstream_git, PYTORCH.commit, clone)
    # The last commit before the scripts moved to torchrun.
    assert ensure_clone(upstream_git, "c3268edd50ec37a81600c9b981841f48929671b8", clone)
    assert run_git(clone, "status", "--porcelain") == ""
