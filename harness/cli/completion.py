"""`harness completion`: what makes a shell complete commands, options and names."""

from __future__ import annotations

import click

from harness.cli.console import Console

_EPILOG = """
\b
Where it goes:
  bash        harness completion bash > ~/.local/share/bash-completion/completions/harness
  zsh         harness completion zsh > ~/.zfunc/_harness, with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  fish        harness completion fish > ~/.config/fish/completions/harness.fish
  PowerShell  harness completion powershell >> $PROFILE
"""


@click.command("completion", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, models, datasets and runs."""
    from harness.cli.shells import SHELLS, VARIABLE

    # click's own script: it asks `harness` itself, so that names in the workspace are as they are at that moment.
    Console().raw(SHELLS[shell](ctx.find_root().command, {}, "harness", VARIABLE).source().rstrip())
