"""`harness sweep`: every point of a file, each once."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.console import Console
from harness.cli.options import option, telling
from harness.cli.summary import interval_text, number_text
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.metrics.meters import Column
    from harness.metrics.over_runs import Measured
    from harness.sweep.sweeping import Plan, Swept

_EPILOG = """
\b
FILE.toml:
  models = ["facades_label2photo"]
  datasets = ["my_pairs"]
  seeds = [0, 1, 2]
\b
  [choose]
  metric = "ssim"
  on = "val"
  report = "test"
\b
  [test]                   # harness test
  mode = ["paper", "deterministic"]
\b
  [train.small]            # harness train
  preset = "quick"
\b
  [train.small.options]    # train.py
  ngf = [8, 16]

\b
Examples:
  harness sweep sizes.toml --dry-run
  harness sweep sizes.toml
  harness sweep sizes.toml --executor local --workers 4
  harness sweep sizes.toml --executor slurm --workers 20 --gpus 1 --slurm partition=gpu
"""


@click.command("sweep", epilog=_EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.toml")
@option("--dry-run", is_flag=True, help="Only check the file and list its points, and which are finished.")
@options.workers("Who computes: processes here, a Ray cluster or Slurm jobs. Default: this process.")
@options.device
@telling(options.page_lang, options.json)
def command(
    workspace: Workspace, console: Console, /, *, file: Path, dry_run: bool, as_json: bool, **asked: Any
) -> None:
    """Test or train every combination of models or recipes, datasets, seeds and options that FILE.toml names.

    Each point is a run of results/, known again by what decides it: what is finished is never computed again, what was
    cut goes on, and the file may grow. results/NAME/index.html shows all of them, and the best by the file's own rule.

    In the file a list stands for every value in it.
    """
    from harness.sweep.sweeping import SweepRequest, plan_sweep, run_sweep

    nobody = {**options.NOBODY, "threads": None}
    sharing = {key: asked.pop(key) for key in nobody}
    if not sharing["executor"] and sharing != nobody:
        raise click.UsageError("--workers, --threads, --gpus, --address and --slurm need `--executor`")
    pool = options.pool_request(sharing, workspace.results / ".slurm")
    request = SweepRequest(file=file, pool=pool, command=("harness", *sys.argv[1:]), **asked)
    if dry_run:
        _show_plan(console, plan_sweep(workspace, request, console), pool.workers, as_json=as_json)
        return
    swept = run_sweep(workspace, request, console)
    page = (workspace.run(swept.name) / "index.html").as_uri()
    if as_json:
        console.document({"format": 1, **asdict(swept), "failed": swept.failed, "report": page})
    else:
        _show(console, swept)
        console.result(f"report: {page}")
    if swept.failed:
        click.get_current_context().exit(1)


def _show_plan(console: Console, plan: Plan, workers: int, *, as_json: bool) -> None:
    left = plan.seconds_left(workers)
    if as_json:
        points = [{**one.point.words, "state": one.state, "run": one.run and one.run.name} for one in plan.points]
        console.document({"format": 1, "name": plan.sweep.name, "points": points, "seconds_left": left})
        return
    names = plan.sweep.varied
    rows = [[*(one.point.words.get(name, "-") for name in names), one.state] for one in plan.points]
    console.table([*names, ""], rows)
    finished = sum(one.state == "finished" for one in plan.points)
    console.result(f"{finished} of {len(plan.points)} points are finished")
    if left:
        from harness.units import duration

        console.result(f"the others take about {duration(left)}, if they are like those")


def _show(console: Console, swept: Swept) -> None:
    """The rule's number, or the first one, of every configuration; the page has all."""
    from harness.metrics.registry import COLUMNS, TOTALS

    measured = (
        swept.rule.metric if swept.rule else next((column for row in swept.rows for column in row.numbers), "ssim")
    )
    column, names = (COLUMNS | TOTALS)[measured], [name for name in swept.varied if name != "seed"]
    table = []
    for row in swept.rows:
        label = [row.words.get(name, "-") for name in names]
        table.append([*label, str(len(row.runs)), *_number(row.numbers.get(measured), column), "chosen" * row.chosen])
        for seed, (why, hint) in (*row.missing.items(), *row.unreported.items()):
            console.result(f"{' '.join(label)}, seed {seed}: {why}" + (f"; {hint}" if hint else ""))
    console.table([*names, "seeds", column.label, "95 % interval", ""], table)
    for row in swept.rows:
        if swept.rule and measured in row.reported:
            value, interval = _number(row.reported[measured], column)
            said = " ".join(row.words.get(name, "-") for name in names)
            on, report = swept.rule.on, swept.rule.report
            console.result(f"chosen on `{on}`: {said}; on `{report}` {column.label} {value} ({interval})")


def _number(found: Measured | None, column: Column) -> tuple[str, str]:
    if found is None:
        return "-", "-"
    digits = column.decimals + (column.decimals > 2)
    spread = "" if found.spread is None else f" ± {number_text(found.spread, digits)}"
    return number_text(found.mean, digits) + spread, interval_text(found.low, found.high, digits)
