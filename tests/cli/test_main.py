"""Exit codes are made in one place, and a fault of ours leaves a log to paste."""

from __future__ import annotations

import errno
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
import pytest

from harness.cli import main as main_module
from harness.cli.main import main
from harness.errors import HarnessError


def _fails_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command("boom")
    def boom() -> None:
        raise error

    monkeypatch.setitem(main_module.COMMANDS, "boom", ("tests.cli.test_main", "Boom."))
    monkeypatch.setattr("tests.cli.test_main.command", boom, raising=False)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HarnessError("no x", "do y"), 1),
        (click.UsageError("bad"), 2),
        (ValueError("ours"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    _fails_with(monkeypatch, error)
    assert main(["boom"]) == code


def test_an_error_shows_message_and_hint_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fails_with(monkeypatch, HarnessError("`a.png` is no picture [red]", "harness doctor"))
    main(["boom"])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["error: `a.png` is no picture [red]", "hint: harness doctor"]


def test_a_fault_of_ours_leaves_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _fails_with(monkeypatch, ValueError("ours"))
    main(["boom"])
    (log,) = tmp_path.glob("harness-*.log")
    assert str(log) in capsys.readouterr().err
    assert "ValueError: ours" in log.read_text()


def test_an_unknown_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tset"]) == 2
    assert "Did you mean `test`" in capsys.readouterr().err


def test_without_a_command_it_says_where_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out, err = capsys.readouterr()
    commands = re.findall(r"harness ([a-z-]+)", out)
    assert commands[:3] == ["demo", "setup", "test"]
    assert {*commands} <= {*main_module.COMMANDS, "--help"}
    assert err == ""


def test_help_groups_the_commands_by_what_one_wants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    places = [shown.index(f"\n{title}:\n") for title in main_module.SECTIONS]
    assert places == sorted(places)
    for (title, commands), begin, end in zip(
        main_module.SECTIONS.items(), places, [*places[1:], len(shown)], strict=True
    ):
        assert re.findall(r"^  ([a-z-]+)  ", shown[begin:end], re.MULTILINE) == list(commands), title


def test_a_workspace_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "my facades").mkdir()
    assert main(["--workspace", "my facdes", "models", "--installed"]) == 0
    assert capsys.readouterr().err.splitlines()[:2] == [
        f"warning: there is no workspace `{tmp_path / 'my facdes'}`",
        f"hint: did you mean `--workspace '{tmp_path / 'my facades'}'`?",
    ]
    assert main(["--workspace", "elsewhere/x", "open"]) == 1
    told = capsys.readouterr().err
    assert f"there is no workspace `{tmp_path / 'elsewhere' / 'x'}`" in told and "harness setup" in told
    assert [path.name for path in tmp_path.iterdir()] == ["my facades"]  # asking makes none


@pytest.mark.parametrize("arguments", [["--workspace", ".", "models"], ["--workspace", "new", "completion", "zsh"]])
def test_nothing_is_said_of_a_workspace_that_is_there_or_not_needed(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == 0
    assert "workspace" not in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, (_, line) in main_module.COMMANDS.items():
        assert f"  {name}" in shown
        assert line.split(":")[0][:30] in shown


def test_pipes_get_utf8_in_any_locale() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "harness", "models"], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert "→" in done.stdout.decode("utf-8")


REFUSED = [
    OSError(errno.ENOSPC, "No space left on device", "/a/file"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError(errno.EROFS, "Read-only file system", "/a/file"),
    PermissionError(errno.EACCES, "Permission denied", "/a/file"),
    OSError(errno.EFBIG, "File too large"),
    OSError(errno.ENAMETOOLONG, "File name too long", "/a/file"),
    OSError(errno.EMFILE, "Too many open files", "/a/file"),
    MemoryError(),
]


@pytest.mark.parametrize("error", REFUSED, ids=lambda error: type(error).__name__ + str(getattr(error, "errno", "")))
def test_what_the_system_refuses_is_for_the_user_to_mend(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, error: OSError | MemoryError
) -> None:
    _fails_with(monkeypatch, error)
    assert main(["--workspace", str(tmp_path), "boom"]) == 1
    told, hint = capsys.readouterr().err.splitlines()
    assert f"`{getattr(error, 'filename', None) or tmp_path}`" in told
    assert hint.startswith("hint: ")


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "none"), BrokenPipeError(errno.EPIPE, "child")])
def test_other_errors_of_the_system_are_faults_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, error: OSError
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _fails_with(monkeypatch, error)
    assert main(["boom"]) == 3
    assert "a fault of harness itself" in capsys.readouterr().err


def test_a_fault_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["harness", "setup", "--upstream-url", "https://me:s3cret@host/x"])
    _fails_with(monkeypatch, ValueError("https://me:s3cret@host/x"))
    assert main(["boom"]) == 3
    (log,) = tmp_path.glob("harness-*.log")
    assert "s3cret" not in log.read_text() + capsys.readouterr().err
    assert "https://host/x" in log.read_text()


def test_the_log_of_a_fault_takes_any_letter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _fails_with(monkeypatch, ValueError("caf\udce9 خانه"))
    assert main(["boom"]) == 3
    (log,) = tmp_path.glob("harness-*.log")
    assert "caf\\udce9 خانه" in log.read_text(encoding="utf-8")


def test_a_fault_without_a_place_for_its_log_is_told_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    _fails_with(monkeypatch, ValueError("ours"))
    assert main(["boom"]) == 3
    told = capsys.readouterr().err
    assert "ValueError: ours" in told
    assert "please report it with the lines above" in told


def harness(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "harness", *arguments]
    chosen = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "check": False} | options
    return subprocess.run(command, **chosen)


@pytest.mark.parametrize("arguments", [["models"], ["models", "--json"], ["--help"], ["models", "--help"]])
def test_a_reader_that_heard_enough_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = harness(*arguments, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["models"], ["--help"], ["models", "--help"]])
def test_a_full_disk_behind_the_result_is_for_the_user_to_mend(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = harness(*arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "error: standard output takes no more: No space left on device"
    assert len(done.stderr.splitlines()) == 2


def test_a_full_disk_behind_the_talk_does_not_matter() -> None:
    with Path("/dev/full").open("w") as full:
        assert harness("open", "nothing", stderr=full).returncode == 1
        assert harness("--nonsense", stderr=full).returncode == 2
        assert "sat2map" in harness("models", stderr=full).stdout


def test_a_listener_to_the_talk_that_goes_does_not_matter() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert harness("open", "nothing", stderr=writing).returncode == 1
    assert "sat2map" in harness("models", stderr=writing).stdout
    os.close(writing)


@pytest.mark.parametrize("closed", [(1,), (0, 1), (2,), (0, 1, 2)])
def test_closed_streams_are_no_fault_of_ours(closed: tuple[int, ...]) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    done = harness("models", preexec_fn=close)
    assert done.returncode == (1 if 1 in closed else 0)
    assert "fault" not in done.stderr
    if closed == (1,):
        assert "standard output is closed" in done.stderr


def test_no_file_gets_the_number_of_a_closed_stream() -> None:
    program = "import os, harness.__main__ as m; m._hold_standard_streams(); os._exit(os.open(os.devnull, os.O_RDONLY))"
    done = subprocess.run([sys.executable, "-c", program], preexec_fn=lambda: [os.close(n) for n in (0, 1, 2)])
    assert done.returncode > 2


def test_a_file_that_may_not_grow_is_for_the_user_to_mend(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = harness("demo", "--images", "3", "--quiet", preexec_fn=limit, cwd=tmp_path)
    assert done.returncode == 1
    told, hint = done.stderr.splitlines()[-2:]
    assert str(tmp_path) in told
    assert "File too large" in told
    assert "ulimit" in hint
    assert not list((tmp_path / "results").glob("*"))


def test_an_interruption_of_the_imports_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = harness("models", env={**os.environ, "PYTHONPATH": path})
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interruption_of_a_commands_own_imports_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise KeyboardInterrupt\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = harness("doctor", "--offline", env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_names_in_any_letters_pass_in_an_ascii_locale(tmp_path: Path) -> None:
    ascii_ = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    workspace = tmp_path / "کارگاه"
    (workspace / "results" / os.fsdecode(b"caf\xe9")).mkdir(parents=True)
    done = harness("--workspace", str(workspace), "demo", "--images", "3", "--quiet", env=ascii_)
    assert done.returncode == 0, done.stderr
    assert "کارگاه" in done.stdout or "%DA%A9" in done.stdout
    assert "`نام`" in harness("open", "نام", env=ascii_).stderr
