"""Exit codes are made in one place, and a fault of ours leaves a log to paste."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
