"""`harness verify`: make a run again and say what differs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from harness.cli.console import Console
from harness.cli.options import json_option, quiet_option
from harness.workspace import Workspace


@click.command("verify")
@click.argument("run", required=False)
@click.option("--engine", type=click.Choice(["same", "other"]), default="same", show_default=True,
              help="Repeat with the run's own engine, or draw the same pixels with the other one.")  # fmt: skip
@click.option("--dataset", help="Where the pictures are now, when they lie outside the workspace.")
@click.option("--weights", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The generator's file.")
@json_option
@quiet_option
@click.pass_obj
def command(
    workspace: Workspace,
    run: str | None,
    engine: Literal["same", "other"],
    dataset: str | None,
    weights: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make RUN (default: the newest) again, or with the other engine, and say what differs, image by image."""
    from harness.demo.demo_weights import demo_weights
    from harness.testing.verification import verify

    console = Console(quiet=quiet)
    found = verify(workspace, run, engine, dataset, weights, [demo_weights()], ["harness", *sys.argv[1:]], console)
    if as_json:
        console.document(found.to_json())
        return
    rows = [[d.name, f"{d.max}", f"{d.mean:.5f}", f"{100 * d.share_different:.3f} %"] for d in found.differences]
    console.table(["image", "max/255", "mean/255", "pixels that differ"], rows)
    console.result(found.sentence())
