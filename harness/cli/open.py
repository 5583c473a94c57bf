"""`harness open`: show a run's report in the browser."""

from __future__ import annotations

import click

from harness.cli import options
from harness.cli.completing import REPORT
from harness.cli.console import Console
from harness.cli.options import option
from harness.workspace import Workspace


@click.command("open")
@click.argument("run", type=REPORT, required=False)
@option("--print", "print_only", is_flag=True, help="Only print the link.")
@options.run_lang
@click.pass_obj
def command(workspace: Workspace, *, run: str | None, print_only: bool, lang: str | None) -> None:
    """Open a run's or a training's report in the browser, the newest one's without RUN, and print its link."""
    import webbrowser

    from harness.runs.listing import find_report
    from harness.training.remaking import make_page

    console = Console()
    folder = find_report(workspace, run)
    page = folder / "index.html"
    # Runs received without their page, or whose page was deleted, get it from their record.
    if not page.is_file():
        make_page(folder, lang, console)
    console.result(page.as_uri())
    # Over ssh or in a container nothing opens: the link is all there is.
    if not print_only and not webbrowser.open(page.as_uri()):
        console.say("no browser could be started here: open the link above yourself")
