"""`harness demo`: the whole job offline."""

from __future__ import annotations

import sys
from typing import Literal

import click

from harness.cli.console import Console
from harness.cli.options import json_option, lang_option, quiet_option
from harness.workspace import Workspace


@click.command("demo")
@click.option("--images", type=click.IntRange(3, 200), default=24, show_default=True, help="Facades to draw.")
@click.option(
    "--engine",
    type=click.Choice(["native", "official"]),
    default="native",
    show_default=True,
    help="The authors' script needs `harness setup` first.",
)
@lang_option
@json_option
@quiet_option
@click.pass_obj
def command(
    workspace: Workspace,
    *,
    images: int,
    engine: Literal["native", "official"],
    lang: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Draw facades, prepare, translate, measure and report them, on data and weights that come with the package."""
    from harness.cli.summary import show_summary
    from harness.cli.test import run_document
    from harness.demo.demonstrating import run_demo

    console = Console(quiet=quiet)
    # Stands in the record, so that the runs can be made again.
    typed = ["harness", *sys.argv[1:]]
    # Two runs, for one that goes well teaches nothing about one that does not.
    near, far = run_demo(workspace, count=images, engine=engine, lang=lang, command=typed, progress=console)
    if as_json:
        console.document({"near": run_document(near), "far": run_document(far)})
        return
    for run, what in ((near, "like the training pictures"), (far, "far from the training pictures")):
        console.result(f"{run.folder.name}: {run.record.test_set['count']} facades {what}")
        show_summary(console, run.measurement)
        console.result("")
    console.result(f"all runs: {(workspace.results / 'index.html').as_uri()}")
    console.result(f"report: {near.page.as_uri()}")
