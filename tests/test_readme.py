"""What README, documentation and notebooks tell to type exists: every command and every option."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest

from harness.cli.main import COMMANDS, LazyGroup, cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(p for p in [*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.ipynb")])


def _typed(page: Path) -> list[list[str]]:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        lines = ["".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
        lines = [line.removeprefix("!") for cell in lines for line in cell.splitlines()]
    else:
        blocks = re.findall(r"^```(?:console|sh|bash|text)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        lines = [re.sub(r"^(\$ |!|\.venv.Scripts.)", "", line) for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if re.match(r"harness( |$)", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_typed_commands_and_options_exist(page: Path) -> None:
    assert isinstance(cli, LazyGroup)
    context = click.Context(cli)
    for words in _typed(page):
        name = next((word for word in words if word in COMMANDS), None)
        if name is None:
            assert all(word.startswith("-") for word in words), f"{words} names no command"
            continue
        command = cli.get_command(context, name)
        assert command is not None
        parts = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
        known = {option for part in (cli, *parts) for parameter in part.params for option in parameter.opts}
        ours = words[: words.index("--")] if "--" in words else words  # what follows is for the authors' script
        typed = {word.partition("=")[0] for word in ours if re.match(r"--?[a-z]", word)}
        assert typed <= known | {"--help", "-h", "--version"}, f"{words}: unknown {typed - known}"


def test_the_notebook_of_the_whole_way_is_read_too() -> None:
    names = {word for words in _typed(ROOT / "examples" / "colab.ipynb") for word in words[:1]}
    assert names == {"doctor", "demo", "setup", "test", "prepare-images", "train", "report"}


def test_the_readme_names_the_two_commands_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
