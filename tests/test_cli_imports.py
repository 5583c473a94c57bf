"""The import budget: asking for help loads nothing heavy, whatever the command."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from harness.cli.main import COMMANDS

HEAVY = ("torch", "torchvision", "numpy", "PIL", "skimage", "scipy", "jinja2", "requests", "git", "dominate", "pandas")

_ASK = """
import contextlib, io, json, sys
from harness.cli.main import main
with contextlib.redirect_stdout(io.StringIO()) as out:
    code = main(sys.argv[1:])
print(json.dumps({"code": code, "help": out.getvalue(), "loaded": sorted(sys.modules)}))
"""


def ask(*arguments: str) -> dict:
    """What a fresh process answers, and every module it has loaded by then."""
    made = subprocess.run([sys.executable, "-c", _ASK, *arguments], check=True, capture_output=True, text=True)
    return json.loads(made.stdout)


def heavy_of(answer: dict) -> list[str]:
    return [name for name in HEAVY if name in answer["loaded"]]


def test_help_loads_nothing_heavy_and_no_command():
    answer = ask("--help")

    assert (answer["code"], heavy_of(answer)) == (0, [])
    assert all(name in answer["help"] for name in COMMANDS)
    assert not {module for module, _ in COMMANDS.values()} & set(answer["loaded"])


def test_version_loads_nothing_heavy():
    assert heavy_of(ask("--version")) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_loads_nothing_heavy(command):
    answer = ask(command, "--help")

    assert answer["code"] == 0
    assert heavy_of(answer) == []
    assert COMMANDS[command][0] in answer["loaded"]


def test_the_heavy_names_are_installed_under_these_names():
    assert [name for name in HEAVY if name != "pandas" and importlib.util.find_spec(name) is None] == []
