"""`harness weights`: what can be done with a generator's file."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.cli.console import Console
from harness.cli.options import FILE, PATH, option, telling
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness weights convert edges2handbags.t7 -o latest_net_G.pth
  harness test --model pix2pix/edges2shoes --weights latest_net_G.pth
""")


@click.group("weights")
def command() -> None:
    """Work with a generator's file."""


@command.command("convert", epilog=_EPILOG, short_help="Convert FILE.t7 for the PyTorch code.")
@click.argument("file", type=FILE)
@option("-o", "--output", type=PATH, required=True, help="The new file, e.g. latest_net_G.pth.")
@telling(options.terminal_lang, options.json)
def convert(_: Workspace, console: Console, /, *, file: Path, output: Path, as_json: bool) -> None:
    """Turn FILE.t7 of the Lua original into a file that the PyTorch repository loads, and say what that loses."""
    # Seconds to import, and `harness weights --help` must not wait for it.
    import torch

    from harness.engines.native.converting import convert_for_pytorch
    from harness.errors import WorkspaceError
    from harness.files import written_aside

    # Weights are days of somebody's training: none is ever overwritten.
    if output.exists():
        raise WorkspaceError(f"`{output}` exists already", "name another file with `-o`")
    made = convert_for_pytorch(file)
    with written_aside(output) as draft:
        torch.save(made.state_dict, draft)
    a = made.architecture
    if as_json:
        facts = {"format": 1, "file": str(output), "architecture": a.to_json(), "lost": list(made.lost)}
        console.document({**facts, "max_difference": made.difference})
        return
    for line in made.lost:
        console.warn(line)
    console.result(
        f"`{output}`: {a.netG}, {a.norm} norm, {a.ngf} filters; without dropout it draws at most "
        f"{made.difference:.3f}/255 apart from `{file.name}` on a picture of noise"
    )
