"""`harness compare`: runs of the same images side by side, with paired differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.cli.completing import RUN
from harness.cli.console import Console
from harness.cli.options import NEW_FILE, option, telling
from harness.cli.summary import interval_text, number_text
from harness.units import counted
from harness.workspace import Workspace

# What a command needs is imported when it runs: numpy and jinja2 would make every `--help` wait.
if TYPE_CHECKING:
    from harness.metrics.comparing import Comparison


@click.command("compare")
@click.argument("runs", type=RUN, nargs=-1, required=True, metavar="RUN RUN...")
@option("--output", type=NEW_FILE, help="The page to write. Default: results/compare-RUN-RUN.html.")
@telling(options.run_lang, options.json)
def command(
    workspace: Workspace,
    console: Console,
    /,
    *,
    runs: tuple[str, ...],
    output: Path | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Set runs of the same images side by side, each against the first: models, engines, epochs, preparations."""
    from harness.report.comparison import notes_of
    from harness.report.writing import comparison_name, write_comparison
    from harness.runs.listing import find_run
    from harness.web.language import spoken

    if len(runs) < 2:
        raise click.UsageError("name two runs or more")
    folders = [find_run(workspace, run) for run in runs]
    target = (output or workspace.results / comparison_name(folders)).resolve()
    page, comparisons = write_comparison(folders, target, lang, console)
    names = [folder.name for folder in folders]
    if as_json:
        compared = [{"run": name, **c.to_json()} for name, c in zip(names[1:], comparisons, strict=True)]
        console.document({"format": 1, "first": names[0], "against": compared, "page": page.as_uri()})
        return
    for name, comparison in zip(names[1:], comparisons, strict=True):
        console.result(f"`{name}` minus `{names[0]}`, {counted(len(comparison.names), 'image')}")
        for note in notes_of([comparison], spoken(lang)):
            console.result(f"note: {note}")
        _show(console, comparison)
    console.result(f"comparison: {page.as_uri()}")


def _show(console: Console, comparison: Comparison) -> None:
    from harness.metrics.registry import COLUMNS

    rows = []
    for name, c in comparison.columns.items():
        # Two digits are all that a p-value of some hundred images bears.
        probabilities = ["-" if p is None else f"{p:.2g}" for p in (c.p_value, c.p_holm)]
        rows.append(
            [
                COLUMNS[name].label if name in COLUMNS else name,
                number_text(c.mean, 4, signed=True),
                interval_text(c.low, c.high, 4, signed=True),
                *probabilities,
                number_text(c.effect, 2, signed=True),
                f"{100 * c.share_better:.0f} %",
                *(str(n) for n in (c.wins, c.ties, c.losses)),
            ]
        )
    headers = ["", "difference", "95 % interval", "p", "p (Holm)", "effect", "share better", "better", "equal", "worse"]
    console.table(headers, rows)
