"""The import budget: asking for help loads nothing heavy, and no command loads what it does not need."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from harness.cli.main import COMMANDS
from harness.demo.demo_weights import demo_weights
from tests.pictures import save_pair

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


# What each command may load at most, in modules beside those of torch and NumPy, and what it has no business with.
# About a tenth above what was counted: a module that comes too early shows, a new release of a library does not.
SLOW = {"torch", "scipy", "skimage", "sympy", "requests", "git", "jinja2", "torchvision"}
BUDGETS = {
    "models": (320, SLOW | {"numpy", "PIL"}),
    "datasets": (310, SLOW),
    "test": (660, SLOW - {"torch", "jinja2"} | {"harness.prepare", "harness.nearness", "harness.training"}),
    "report": (445, SLOW - {"jinja2"} | {"harness.prepare", "harness.engines", "harness.testing"}),
    "table": (360, SLOW | {"harness.prepare", "harness.engines", "harness.testing"}),
    "prepare-images": (840, SLOW - {"scipy", "skimage", "jinja2"} | {"harness.testing", "harness.report"}),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The modules that each command has loaded when its work is done."""
    workspace = tmp_path_factory.mktemp("ws")
    for number in range(2):
        save_pair(workspace / "datasets" / "pairs" / "test" / f"{number}.png", 256)
    model = ["--model", "facades_label2photo", "--weights", str(demo_weights())]
    words = {
        "models": [],
        "datasets": [],
        "test": [*model, "--dataset", "pairs", "--engine", "native", "--device", "cpu", "--name", "one"],
        "report": ["one"],
        "table": ["one"],
        "prepare-images": [str(workspace / "datasets" / "pairs" / "test"), "--name", "made"],
    }
    answers = {command: ask("--workspace", str(workspace), command, *words[command]) for command in BUDGETS}
    assert {command: answer["code"] for command, answer in answers.items()} == dict.fromkeys(BUDGETS, 0)
    return {command: answer["loaded"] for command, answer in answers.items()}


@pytest.mark.parametrize("command", BUDGETS)
def test_a_command_loads_what_it_needs_and_no_more(loaded, command):
    most, forbidden = BUDGETS[command]
    names = [name for name in loaded[command] if name.partition(".")[0] not in {"torch", "numpy"}]

    assert sorted(forbidden & set(loaded[command])) == []
    assert len(names) <= most, "something is imported before it is needed"
