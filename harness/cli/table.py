"""`harness table`: the numbers of runs as a table for a paper."""

from __future__ import annotations

import click

from harness.cli.completing import RUN
from harness.cli.console import Console
from harness.cli.options import metrics_option, speech_option
from harness.workspace import Workspace

_EPILOG = """
\b
Examples:
  harness table ours theirs --format latex > table.tex
  harness table ours theirs --metrics ssim,lpips --baselines --format markdown
"""


@click.command("table", epilog=_EPILOG)
@click.argument("runs", type=RUN, nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["latex", "csv", "markdown"]),
    default="markdown",
    show_default=True,
    help="LaTeX wants the package booktabs.",
)
@metrics_option("Which columns, in this order. Default: all that the runs have.")
@click.option(
    "--baselines", is_flag=True, help="The input copied and the mean target below, as the first run has them."
)
@speech_option
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
