"""`harness measure`: further metrics of a finished run."""

from __future__ import annotations

from typing import Any

import click

from harness.cli import options
from harness.cli.completing import RUN
from harness.cli.console import Console
from harness.cli.options import FOLDER_THERE, option, telling
from harness.units import counted
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness measure my_run --metrics ms_ssim,spectrum
  harness measure my_run --metrics lpips,fid
  harness measure streets --metrics palette --palette cityscapes
  harness measure zebras --metrics fid,cycle --real ~/Pictures/zebras
\b
Metrics: ssim, psnr, mae, ms_ssim, spectrum, lab_histogram, palette, label_agreement, cycle, and with
`harness setup --metrics NAME` lpips, lpips_vgg, dists, fid, kid, precision, recall.
""")


@click.command("measure", epilog=_EPILOG)
@click.argument("run", type=RUN, required=False)
@options.metrics(help="What to measure.", required=True)
@options.palette(help="How to read label maps of your own.")
@option("--evaluator", metavar="MODEL", help="What draws label maps of the outputs. Default: the catalog's.")
@option(
    "--real", type=FOLDER_THERE, help="Real pictures that the outputs are to resemble as a set. Default: the targets."
)
@options.device
@telling(options.run_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, run: str | None, as_json: bool, **asked: Any) -> None:
    """Add metrics to a finished run, the newest without RUN, of the pictures it left: nothing is translated again."""
    from harness.cli.summary import show_summary
    from harness.metrics.storage import measurement_document
    from harness.runs.listing import find_run
    from harness.testing.measuring import FurtherMetrics, measure_run

    folder = find_run(workspace, run)
    measurement = measure_run(workspace, FurtherMetrics(run=folder, **asked), console)
    page = (folder / "index.html").as_uri()
    if as_json:
        console.document({"run": folder.name, "report": page, "metrics": measurement_document(measurement)})
        return
    console.result(f"{folder.name}: {counted(len(measurement.rows), 'image')}")
    show_summary(console, measurement)
    console.result(f"report: {page}")
