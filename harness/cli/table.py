"""`harness table`: the numbers of runs as a table for a paper."""

from __future__ import annotations

import click

from harness.cli import options
from harness.cli.completing import RUN
from harness.cli.console import Console
from harness.cli.options import option
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness table ours theirs --format latex > table.tex
  harness table ours theirs --metrics ssim,lpips --baselines --format markdown
""")


@click.command("table", epilog=_EPILOG)
@click.argument("runs", type=RUN, nargs=-1, required=True, metavar="RUN...")
@option(
    "--format",
    "kind",
    type=click.Choice(["latex", "csv", "markdown"]),
    default="markdown",
    help="LaTeX wants the package booktabs.",
)
@options.metrics(help="Which columns, in this order. Default: all that the runs have.")
@option("--baselines", is_flag=True, help="The input copied and the mean target below, as the first run has them.")
@options.terminal_lang
@click.pass_obj
def command(
    workspace: Workspace, /, *, runs: tuple[str, ...], kind: str, metrics: tuple[str, ...], baselines: bool
) -> None:
    """Print runs' numbers as a table for a paper: intervals, the best in bold, n and the protocol in the caption."""
    from harness.report.paper_table import FORMATS, paper_table
    from harness.runs.listing import find_run

    table = paper_table([find_run(workspace, run) for run in runs], metrics, baselines=baselines)
    # As a result on stdout, so that `> table.tex` holds the table and nothing else.
    Console().raw(FORMATS[kind](table))
