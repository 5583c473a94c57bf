"""`harness verify`: make runs again and say what differs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.completing import RUN
from harness.cli.console import Console
from harness.cli.options import FILE, option, telling
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.runs.pixel_differences import Verdict
    from harness.testing.verification import Tally, Verification

# Lines of a table on a terminal; `--json` has more.
_MOST_FILES = 20
_EPILOG = options.examples("""
  harness verify
  harness verify facades_label2photo-facades-001 --engine other
  harness verify received/ --device cpu
  harness verify of-a-million --sample 1000
""")


@click.command("verify", epilog=_EPILOG)
@click.argument("runs", type=RUN, nargs=-1, metavar="[RUN]...")
@option(
    "--engine",
    type=click.Choice(["same", "other"]),
    default="same",
    help="Repeat with the run's own engine, or draw the same pixels with the other one.",
)
@option("--device", help="auto, cpu, cuda or cuda:N. Default: the run's own.")
@option("--dataset", help="Where the pictures are now, when they lie outside the workspace.")
@option("--weights", type=FILE, help="The generator's file.")
@option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Measure and make again N images of each run, drawn evenly, always the same ones.",
)
@option("--keep", is_flag=True, help="Keep what is made again as a run in results/.")
@telling(options.terminal_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, as_json: bool, **asked: Any) -> None:
    """Measure RUNs (default: the newest) anew, make them again, and say what differs, picture by picture.

    RUN may be a folder of runs. A difference of 1/255, which rounding makes, is within tolerance; exit code 1 tells of
    any other, in pictures, numbers or the set.
    """
    from harness.demo.demo_weights import demo_weights
    from harness.testing.verification import VerifyRequest, verify

    # A run of the demo was made with weights that are installed nowhere: they come with the package.
    request = VerifyRequest(elsewhere=(demo_weights(),), command=("harness", *sys.argv[1:]), **asked)
    found = verify(workspace, request, console)
    if as_json:
        console.document({"format": 1, "runs": [one.to_json() for one in found]})
    else:
        for one in found:
            _show(console, one)
        console.table(["run", "images", "input", "output", "target", "numbers", "set", "verdict"], [*map(_row, found)])
    # For scripts: rounding within tolerance is success.
    if any(one.verdict == "different" for one in found):
        click.get_current_context().exit(1)


def _show(console: Console, found: Verification) -> None:
    """The files that differ, the worst first, and what else there is to say of one run."""
    from harness.testing.verification import badness

    worst = sorted((f for f in found.files if f.verdict != "identical"), key=badness, reverse=True)
    if worst:
        rows = [
            [
                f"{f.kind}/{f.name}",
                f.verdict,
                f.problem or f"{f.max}",
                f"{f.mean:.5f}",
                f"{100 * f.share_different:.3f} %",
            ]
            for f in worst[:_MOST_FILES]
        ]
        console.table([found.first, "", "max/255", "mean/255", "pixels that differ"], rows)
    apart = sum(tally.images - tally.verdicts["identical"] for tally in found.kinds.values())
    more = apart - len(worst[:_MOST_FILES])
    listed = "all in --json" if apart == len(worst) else "the worst in --json"
    lines = [f"and {more} more files that are not identical, {listed}"] if more > 0 else []
    for line in [*lines, *found.numbers, *found.dataset, *(f"note: {note}" for note in found.notes)]:
        console.result(f"{found.first}: {line}")
    if found.second:
        console.result(f"{found.first}: made again as `{found.second}`, see `harness compare`")


def _row(found: Verification) -> list[str]:
    if found.problem:
        return [found.first, *["-"] * 6, "not made again"]
    kinds = [_pictures(found.kinds.get(kind)) for kind in ("input", "output", "target")]
    numbers, same = "differ" if found.numbers else "agree", "another" if found.dataset else "same"
    outputs = found.kinds.get("output")
    return [found.first, str(outputs.images if outputs else 0), *kinds, numbers, same, found.verdict]


def _pictures(tally: Tally | None) -> str:
    """How the pictures of a kind fare: the worst verdict, and of how many."""
    if tally is None:
        return "-"
    verdicts: tuple[Verdict, ...] = ("different", "within tolerance")
    worst = next((verdict for verdict in verdicts if tally.verdicts[verdict]), None)
    return f"{tally.verdicts[worst]} {worst}" if worst else "identical"
