"""What MkDocs writes into the pages while it builds them: every command's `--help`, so that it cannot drift."""

from __future__ import annotations

from typing import Any

import click

from harness.cli.main import COMMANDS, LazyGroup, cli

MARK = "<!-- commands -->"


def commands_page() -> str:
    """Returns a heading and the help text of every command, in the order of `harness --help`."""
    assert isinstance(cli, LazyGroup)
    root = click.Context(cli, info_name="harness", terminal_width=96, max_content_width=96)
    parts = [f"```text\n{cli.get_help(root).rstrip()}\n```"]
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root, terminal_width=96, max_content_width=96)
        parts.append(f"## harness {name}\n\n```text\n{command.get_help(context).rstrip()}\n```")
    return "\n\n".join(parts)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replaces the mark of the commands page."""
    return markdown.replace(MARK, commands_page()) if MARK in markdown else markdown
