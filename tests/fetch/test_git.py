"""Clones at one commit: small, clean, idempotent, and never over somebody's changes."""

from __future__ import annotations

import base64
import functools
import http.server
import shutil
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.catalog.repositories import PYTORCH
from harness.errors import GitError, NetworkError
from harness.fetch.git import ensure_clone, inspect
from tests.fetch.listener import Listener
from tests.fetch.repository import Upstream, run_git

NOWHERE = "1" * 40
BEFORE_TORCHRUN = "c3268edd50ec37a81600c9b981841f48929671b8"


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


@dataclass
class DumbServer:
    """Its address, the `Authorization` it wants, and what is called at every request."""

    url: str
    wanted: str | None = None
    asked: Callable[[], None] = lambda: None


@pytest.fixture
def dumb_server(upstream: Upstream, tmp_path: Path, no_proxies: None) -> Iterator[DumbServer]:
    """Plain files over HTTP: a server that can neither filter nor serve one commit alone."""
    shutil.copytree(upstream.path, tmp_path / "served" / "x.git")
    run_git(tmp_path / "served" / "x.git", "update-server-info")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked()
            if running.wanted not in {None, self.headers.get("Authorization")}:
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic realm=x")
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            return

    handler = functools.partial(Quiet, directory=str(tmp_path / "served"))
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    running = DumbServer(f"http://127.0.0.1:{listening.server_address[1]}")
    yield running
    listening.shutdown()
    listening.server_close()
    thread.join()


def test_a_server_that_refuses_a_bare_commit_is_asked_for_its_branches(
    upstream: Upstream, clone: Path, dumb_server: DumbServer
) -> None:
    assert ensure_clone(f"{dumb_server.url}/x.git", upstream.first, clone)
    assert run_git(clone, "rev-parse", "HEAD") == upstream.first
    assert run_git(clone, "status", "--porcelain") == ""
    assert not (clone / "imgs").exists()


def test_an_http_address_without_a_repository(upstream: Upstream, clone: Path, dumb_server: DumbServer) -> None:
    with pytest.raises(GitError, match="no git repository at"):
        ensure_clone(f"{dumb_server.url}/none.git", upstream.first, clone)


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


def test_a_source_of_another_user_is_read_as_the_data_it_is(
    upstream: Upstream, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert ensure_clone(str(upstream.path), upstream.first, clone)


def test_no_network(clone: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be reached") as raised:
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


@pytest.mark.parametrize(
    "settings",
    [
        "[init]\n\tdefaultObjectFormat = sha256\n",
        "[init]\n\tdefaultRefFormat = reftable\n\ttemplateDir = {home}/template\n",
        '[core]\n\tattributesFile = {home}/attributes\n[filter "evil"]\n\tclean = {home}/monitor\n',
        '[core]\n\tattributesFile = {home}/attributes\n[filter "evil"]\n\tsmudge = {home}/monitor\n',
        "[core]\n\teol = crlf\n\tfsmonitor = {home}/monitor\n\tworktree = {home}\n\tbare = true\n",
        '[protocol]\n\tallow = never\n[protocol "file"]\n\tallow = never\n',
        "[safe]\n\tdirectory =\n[safe]\n\tbareRepository = explicit\n",
        "[fetch]\n\tfsckObjects = true\n\tprune = true\n[submodule]\n\trecurse = true\n[index]\n\tversion = 4\n",
        '[url "{home}/elsewhere"]\n\tinsteadOf = /\n',
        "no settings at all",
    ],
)
def test_no_setting_of_the_user_spoils_a_clone(
    upstream: Upstream, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    home = tmp_path / "home"
    (home / "template" / "hooks").mkdir(parents=True)
    for script in (home / "template" / "hooks" / "post-checkout", home / "monitor"):
        script.write_text(f"#!/bin/sh\ntouch {home}/ran\n")
        script.chmod(0o755)
    (home / "attributes").write_text("* text eol=crlf filter=evil ident working-tree-encoding=UTF-16\n")
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("new.py\n")
    (home / ".config" / "git" / "attributes").write_text("* text eol=crlf\n")
    (home / ".gitconfig").write_text(settings.format(home=home))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for commit in (upstream.first, upstream.second):
        assert ensure_clone(str(upstream.path), commit, clone)
    assert (clone / "test.py").read_bytes() == b"print('better')\n"
    assert (clone / "dos.txt").read_bytes() == b"a line\r\n"
    (clone / "new.py").write_text("")
    state = inspect(clone)
    assert state is not None
    assert (state.commit, state.changed) == (upstream.second, ("new.py",))
    assert not (home / "ran").exists()


def received(upstream: Upstream, clone: Path, evil: Path) -> None:
    """A clone as somebody else may hand it on: whatever git obeys in it makes the file `evil`."""
    run_git(clone.parent, "clone", "--quiet", "--no-checkout", str(upstream.path), clone.name)
    run_git(clone, "checkout", "--quiet", "--detach", upstream.first)
    script = clone / ".git" / "script"
    script.write_text(f"#!/bin/sh\ntouch '{evil}'\ncat\n")
    script.chmod(0o755)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "post-merge"):
        hook = clone / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.symlink_to(script)
    settings = {
        "core.fsmonitor": script, "filter.evil.clean": script, "filter.evil.smudge": script, "core.sshCommand": script,
        "filter.evil.required": "true", "core.hooksPath": clone / ".git" / "hooks", "alias.status": f"!{script}",
        "remote.origin.uploadpack": script, "core.alternateRefsCommand": script, "core.pager": script,
    }  # fmt: skip
    for key, value in settings.items():
        run_git(clone, "config", "--file", str(clone / ".git" / "included"), key, str(value))
    run_git(clone, "config", "include.path", "included")
    (clone / ".git" / "info").mkdir(exist_ok=True)
    (clone / ".git" / "info" / "attributes").write_text("* filter=evil\n")


def test_what_a_received_clone_carries_is_not_run(upstream: Upstream, clone: Path, tmp_path: Path) -> None:
    clone.parent.mkdir()
    received(upstream, clone, tmp_path / "evil")
    (clone / "test.py").touch()
    state = inspect(clone)
    assert state is not None
    # Its picture and its teaser may be there: they are as in the commit.
    assert (state.commit, state.changed) == (upstream.first, ())
    assert not ensure_clone(str(upstream.path), upstream.first, clone)
    assert ensure_clone(str(upstream.path), upstream.second, clone)
    assert (clone / "test.py").read_bytes() == b"print('better')\n"
    assert not (tmp_path / "evil").exists()
    assert run_git(clone, "status", "--porcelain") == ""  # nor when people look into it afterwards
    assert not (tmp_path / "evil").exists()


def test_the_attack_of_these_tests_is_real(upstream: Upstream, clone: Path, tmp_path: Path) -> None:
    clone.parent.mkdir()
    received(upstream, clone, tmp_path / "evil")
    run_git(clone, "status", "--porcelain")
    assert (tmp_path / "evil").exists()


def test_a_received_source_is_read_and_not_run(upstream: Upstream, clone: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    received(upstream, source, tmp_path / "evil")
    assert ensure_clone(str(source), upstream.first, clone)
    assert not (tmp_path / "evil").exists()


def test_a_linked_work_tree_is_a_source(upstream: Upstream, clone: Path, tmp_path: Path) -> None:
    run_git(upstream.path, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), upstream.first)
    assert ensure_clone(str(tmp_path / "linked"), upstream.first, clone)
    run_git(upstream.path, "worktree", "remove", str(tmp_path / "linked"))


def hide_by_index(clone: Path) -> str:
    run_git(clone, "update-index", "--skip-worktree", "test.py")
    (clone / "test.py").write_text("evil")
    return "test.py"


def hide_by_assuming(clone: Path) -> str:
    run_git(clone, "update-index", "--assume-unchanged", "test.py")
    (clone / "test.py").write_text("evil")
    return "test.py"


def hide_by_attributes(clone: Path) -> str:
    (clone / ".git" / "info" / "attributes").write_text("* text eol=crlf\n")
    (clone / "test.py").write_bytes(b"print('test')\r\n")
    return "test.py"


def hide_by_exclusion(clone: Path) -> str:
    (clone / ".git" / "info" / "exclude").write_text("*\n")
    (clone / "torch.py").write_text("evil")
    return "torch.py"


def hide_by_rules_that_hide_themselves(clone: Path) -> str:
    (clone / "util").mkdir()
    (clone / "util" / ".gitignore").write_text("*\n")
    (clone / "util" / "evil.py").write_text("evil")
    return "util/.gitignore"


def hide_by_a_replaced_commit(clone: Path) -> str:
    (clone / "test.py").write_text("evil")
    run_git(clone, "commit", "--quiet", "--no-gpg-sign", "--all", "-m", "evil")
    evil = run_git(clone, "rev-parse", "HEAD")
    run_git(clone, "update-ref", "--no-deref", "HEAD", "HEAD^")
    run_git(clone, "replace", "HEAD", evil)
    return "test.py"


def hide_by_a_link(clone: Path) -> str:
    (clone / "test.py").rename(clone / ".git" / "test.py")
    (clone / "test.py").symlink_to(".git/test.py")
    return "test.py"


def hide_by_mode_and_name(clone: Path) -> str:
    (clone / "test.py").unlink()
    (clone / "test.py").mkdir()
    return "test.py"


HIDDEN = [
    hide_by_index, hide_by_assuming, hide_by_attributes, hide_by_exclusion, hide_by_rules_that_hide_themselves,
    hide_by_a_replaced_commit, hide_by_a_link, hide_by_mode_and_name,
]  # fmt: skip


@pytest.mark.parametrize("hide", HIDDEN)
def test_a_change_that_git_is_told_to_pass_over_is_seen(
    upstream: Upstream, clone: Path, hide: Callable[[Path], str]
) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    name = hide(clone)
    state = inspect(clone)
    assert state is not None
    assert (state.commit, state.changed) == (upstream.first, (name,))


def test_an_object_that_is_not_what_its_name_says_is_refused(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    evil = run_git(clone, "rev-parse", f"{upstream.first}^{{tree}}")
    stored = clone / ".git" / "objects" / upstream.first[:2] / upstream.first[2:]
    stored.parent.mkdir(exist_ok=True)
    content = f"tree {evil}\nauthor A <a> 0 +0000\ncommitter A <a> 0 +0000\n\nevil\n".encode()
    stored.unlink(missing_ok=True)
    for pack in (clone / ".git" / "objects" / "pack").iterdir():
        pack.chmod(0o644)
        pack.unlink()
    stored.write_bytes(zlib.compress(b"commit %d\0" % len(content) + content))
    with pytest.raises(GitError, match="something else than its name says"):
        inspect(clone)


@pytest.mark.parametrize("head", ["tag", "tree", "nothing", "outside"])
def test_a_head_that_is_no_commit_is_told(upstream: Upstream, clone: Path, head: str) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    run_git(clone, "tag", "--annotate", "--no-sign", "-m", "a tag", "one")
    names = {
        "tag": run_git(clone, "rev-parse", "one"),
        "tree": run_git(clone, "rev-parse", "HEAD^{tree}"),
        "nothing": "ref: refs/heads/none",
        "outside": "ref: refs/../../../../etc/hostname",
    }
    (clone / ".git" / "HEAD").write_text(names[head] + "\n")
    with pytest.raises(GitError, match="git cannot read the clone"):
        inspect(clone)


def test_a_clone_whose_settings_are_gone_is_read(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    (clone / ".git" / "config").unlink()
    state = inspect(clone)
    assert state is not None
    assert (state.url, state.commit, state.changed) == ("", upstream.first, ())
    assert ensure_clone(str(upstream.path), upstream.second, clone)


@pytest.mark.parametrize("kept", ["loose", "packed"])
def test_a_clone_on_a_branch_is_at_the_branchs_commit(upstream: Upstream, clone: Path, kept: str) -> None:
    clone.parent.mkdir()
    run_git(clone.parent, "clone", "--quiet", str(upstream.path), clone.name)
    if kept == "packed":
        run_git(clone, "pack-refs", "--all")
    state = inspect(clone)
    assert state is not None
    assert (state.url, state.commit, state.changed) == (str(upstream.path), upstream.second, ())


def files_that_hold(folder: Path, secret: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_credentials_of_an_address_are_used_and_never_written_down(
    upstream: Upstream, clone: Path, dumb_server: DumbServer
) -> None:
    dumb_server.wanted = "Basic " + base64.b64encode(b"me:s3cret").decode()
    address = dumb_server.url.replace("://", "://me:s3cret@") + "/x.git"
    listener, held = Listener(), []
    dumb_server.asked = lambda: held.extend(files_that_hold(clone.parent, b"s3cret"))
    assert ensure_clone(address, upstream.first, clone, progress=listener)
    assert ensure_clone(address, upstream.second, clone, progress=listener)
    state = inspect(clone)
    assert state is not None
    assert state.url == f"{dumb_server.url}/x.git"
    commits = (upstream.first, upstream.second)
    assert listener.labels == [f"clone {dumb_server.url}/x.git at {sha[:12]}" for sha in commits]
    assert files_that_hold(clone, b"s3cret") == []
    assert held == []  # nor while it went on, where a power cut would leave it


@pytest.mark.parametrize("path", ["none.git", "x.git?private_token=s3cret"])
def test_credentials_of_an_address_are_in_no_error(clone: Path, dumb_server: DumbServer, path: str) -> None:
    with pytest.raises(GitError) as raised:
        ensure_clone(f"{dumb_server.url}/{path}".replace("://", "://me:s3cret@"), NOWHERE, clone)
    assert "s3cret" not in f"{raised.value}{raised.value.message}{raised.value.hint}"
    assert dumb_server.url in raised.value.message


def test_credentials_that_an_older_clone_holds_are_not_told(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone)
    run_git(clone, "config", "remote.origin.url", "https://oauth2:s3cret@example.org/x.git")
    state = inspect(clone)
    assert state is not None
    assert state.url == "https://example.org/x.git"


def test_a_move_that_fails_keeps_the_address(upstream: Upstream, clone: Path) -> None:
    ensure_clone(str(upstream.path), upstream.first, clone, remembered="https://example.org/x")
    with pytest.raises(GitError):
        ensure_clone(str(upstream.path), NOWHERE, clone)
    state = inspect(clone)
    assert state is not None
    assert state.url == "https://example.org/x"


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
    assert ensure_clone(upstream_git, BEFORE_TORCHRUN, clone)
    assert run_git(clone, "status", "--porcelain") == ""
