"""`harness completion`: what shells are told, by a real bash where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import COMMANDS, main
from tests.test_cli_imports import HEAVY

_ASK = """
import json, sys
from harness.cli.main import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("my run", "run-2", "اجرا"):
        (tmp_path / "results" / name).mkdir(parents=True)
        (tmp_path / "results" / name / "run.json").write_text("{}")
    (tmp_path / "results" / "mine").mkdir()
    (tmp_path / "results" / "mine" / "training.json").write_text("damaged")
    (tmp_path / "datasets" / "my facades").mkdir(parents=True)
    (tmp_path / "datasets" / "my facades" / "dataset.json").write_text("{}")
    return tmp_path


def ask(*words: str, shell: str = "zsh") -> tuple[list[str], list[str]]:
    """The values a shell is given for the last of `words`, and the modules that were loaded for it."""
    typed = {"COMP_WORDS": " ".join(f"'{w}'" if " " in w else w for w in words), "COMP_CWORD": str(len(words) - 1)}
    if shell == "powershell":
        typed = {"COMP_WORDS": "\n".join(words[:-1]), **({"COMP_CWORD": words[-1]} if words[-1] else {})}
    done = subprocess.run(
        [sys.executable, "-c", _ASK],
        env={**os.environ, **typed, "_HARNESS_COMPLETE": f"{shell}_complete"},
        check=True, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.stderr == ""
    *lines, loaded = done.stdout.splitlines()
    if shell == "powershell":
        return [line.partition("\t")[0] for line in lines if line], json.loads(loaded)
    return lines[1::3], json.loads(loaded)


@pytest.mark.parametrize("shell", ["zsh", "powershell"])
def test_names_of_the_workspace_and_the_catalog_are_told(workspace: Path, shell: str) -> None:
    def told(*words: str) -> list[str]:
        return ask("harness", *words, shell=shell)[0]

    assert told("open", "m") == ["my run", "mine"]
    assert set(told("verify", "")) == {"my run", "run-2", "اجرا"}
    assert told("train", "--resume", "") == ["mine"]
    assert told("test", "--model", "horse2") == ["horse2zebra"]
    assert told("explain", "cyclegan/horse") == ["cyclegan/horse2zebra"]
    assert "my facades" in told("test", "--dataset", "m")
    assert "my facades" not in told("setup", "--dataset", "m")
    assert told("test", "--engine", "n") == ["native"]
    assert told("--workspace", str(workspace / "results"), "open", "") == []
    assert told("compare", "my run", "run") == ["run-2"]


def test_commands_are_told_without_importing_them(workspace: Path) -> None:
    told, loaded = ask("harness", "")

    assert told == list(COMMANDS)
    assert not {module for module, _ in COMMANDS.values()} & set(loaded)


@pytest.mark.parametrize("words", [("open", ""), ("test", "--model", ""), ("test", "--dataset", ""), ("explain", "")])
def test_names_are_told_without_anything_heavy(workspace: Path, words: tuple[str, ...]) -> None:
    told, loaded = ask("harness", *words)

    assert told
    assert [name for name in HEAVY if name in loaded] == []


def test_an_unknown_command_puts_no_error_into_the_line_typed(workspace: Path) -> None:
    assert ask("harness", "nonesuch", "")[0] == list(COMMANDS)  # `ask` looks at stderr


def test_bash_keeps_names_with_spaces_whole_and_offers_folders(workspace: Path) -> None:
    bash = shutil.which("bash")
    if bash is None or sys.platform == "win32":
        pytest.skip("needs bash")
    program = workspace / "bin" / "harness"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness "$@"\n')
    program.chmod(0o755)
    script = r"""
source <(harness completion bash)
compopt() { printf '%s ' "$@"; }
try() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  _harness_completion harness; printf '[%s]' "${COMPREPLY[@]}"; echo
}
try harness open my
try harness compare 'my\ run' ru
try harness test --dataset nowh
"""
    paths = {"PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": ":".join(sys.path)}
    command = [bash, "--norc", "-c", script]
    done = subprocess.run(
        command, env={**os.environ, **paths}, check=True, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [r"[my\ run]", "[run-2]", "-o dirnames []"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_shell_gets_a_script_that_asks_harness(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"{shell}_complete" in script
    assert "%(" not in script


def test_another_shell_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish', 'powershell'" in capsys.readouterr().err
