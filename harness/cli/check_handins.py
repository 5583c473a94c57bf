"""`harness check`: hand-ins of a course, looked at one by one and beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli import options
from harness.cli.console import Console
from harness.cli.options import FILE, FOLDER, option, telling
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness check handed-in/
  harness check handed-in/ --dataset facades --blind --out marking
  harness check Sara_Ahmadi-40012345.zip --remake 10
""")


@click.command("check", epilog=_EPILOG)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="ZIP|FOLDER...")
@option("--remake", type=click.IntRange(min=0), default=3, help="Outputs of each run to make again.")
@option(
    "--dataset", "datasets", multiple=True, help="What the course handed out; nobody's own, nor is its training part."
)
@option(
    "--weights", multiple=True, type=FILE, help="A generator to make outputs again with, beside the installed ones."
)
@option("--blind", is_flag=True, help="Codes in place of names; names.csv says whose they are.")
@option("--seed", type=int, default=0, help="Of the choice of outputs.")
@option("--out", "output", type=FOLDER, default=Path("check"), help="The folder to write.")
@telling(options.page_lang, options.json)
def command(
    workspace: Workspace, console: Console, /, *, output: Path, weights: tuple[Path, ...], as_json: bool, **asked: Any
) -> None:
    """Look at hand-ins: measure them anew, make outputs again, and compare their pictures and texts with each other.

    Nothing in them is run. What was found is evidence, not a mark: the exit code is 0 whatever it is.
    """
    from harness.course.evidence import ASPECTS
    from harness.course.marking import CheckRequest, check, document
    from harness.demo.demo_weights import demo_weights
    from harness.web.language import language

    words = language("en") if as_json else console.words
    # A run of the demo was made with weights that are installed nowhere: they come with the package.
    request = CheckRequest(output=output.resolve(), weights=(*weights, demo_weights()), **asked)
    found = check(workspace, request, console)
    if as_json:
        console.document(document(found, blind=request.blind))
        return
    rows = []
    for one in found.checked:
        verdicts = [one.verdict(aspect) for aspect in ASPECTS]
        title = one.received.code if request.blind else one.received.name or one.received.path.name
        rows.append([title, *(words.text(f"check.verdict.{v}") if v else "-" for v in verdicts)])
    console.table(["", *(words.text(f"check.aspect.{aspect}").lower() for aspect in ASPECTS)], rows)
    console.result(f"table: {found.table}")
    console.result(f"page: {found.page.as_uri()}")
