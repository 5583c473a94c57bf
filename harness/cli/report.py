"""`harness report`: make the pages of runs again from their records."""

from __future__ import annotations

import click

from harness.cli.console import Console
from harness.cli.options import json_option, lang_option, quiet_option
from harness.workspace import Workspace


@click.command("report")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@lang_option
@json_option
@quiet_option
@click.pass_obj
def command(workspace: Workspace, runs: tuple[str, ...], lang: str, as_json: bool, quiet: bool) -> None:
    """Make the HTML pages again: of the named runs, or of all, and the index of results/."""
    from harness.report.service import write_index, write_run_report
    from harness.runs.listing import find_run, run_folders

    console = Console(quiet)
    folders = [find_run(workspace, run) for run in runs] or run_folders(workspace) or [find_run(workspace, None)]
    pages = [write_run_report(folder, lang, console) for folder in folders]
    index = write_index(workspace.results, lang)
    if as_json:
        console.document({"reports": [page.as_uri() for page in pages], "index": index.as_uri()})
        return
    for page in pages:
        console.result(f"report: {page.as_uri()}")
    console.result(f"all runs: {index.as_uri()}")
