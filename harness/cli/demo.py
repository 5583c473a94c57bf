"""`harness demo`: the whole job offline."""

from __future__ import annotations

import sys
from typing import Any

import click

from harness.cli import options
from harness.cli.console import Console
from harness.cli.options import option, telling
from harness.workspace import Workspace


@click.command("demo")
@option("--images", "count", type=click.IntRange(3, 200), default=24, help="Facades to draw.")
@option(
    "--engine",
    type=click.Choice(["native", "official"]),
    default="native",
    help="The authors' script needs `harness setup` first.",
)
@telling(options.run_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, as_json: bool, **asked: Any) -> None:
    """Draw facades, prepare, translate, measure and report them, on data and weights that come with the package."""
    from harness.cli.summary import show_summary
    from harness.cli.test import run_document
    from harness.demo.demonstrating import run_demo

    # Two runs, for one that goes well teaches nothing about one that does not. The command stands in their records, so
    # that they can be made again.
    near, far = run_demo(workspace, command=["harness", *sys.argv[1:]], progress=console, **asked)
    if as_json:
        console.document({"near": run_document(near), "far": run_document(far)})
        return
    for run, what in ((near, "like the training pictures"), (far, "far from the training pictures")):
        console.result(f"{run.folder.name}: {run.record.test_set['count']} facades {what}")
        show_summary(console, run.measurement)
        console.result("")
    console.result(f"all runs: {(workspace.results / 'index.html').as_uri()}")
    console.result(f"report: {near.page.as_uri()}")
