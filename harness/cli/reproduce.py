"""`harness reproduce`: published tables made again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from harness.catalog.reproductions import RECIPES
from harness.cli import options
from harness.cli.completing import MODEL, SET
from harness.cli.console import Console
from harness.cli.options import option, telling
from harness.cli.summary import interval_text, number_text
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.reproduce.findings import Finding
    from harness.reproduce.reproduction import Reproduction
    from harness.web.language import Language

_EPILOG = options.examples("""
  harness reproduce
  harness reproduce ablation --dataset my_pairs --palette facades -- --ngf 8 --ndf 8
  harness reproduce paired
  harness reproduce table6 --dataset cityscapes
""")


@click.command("reproduce", epilog=_EPILOG)
@click.argument("target", required=False, type=click.Choice(list(RECIPES)))
@option("--dataset", "-d", type=SET, help="The pairs to train on, some of them held out in test/ or val/.")
@options.direction(help="Which half is the input. Default: what the recipe takes, where the set says what it shows.")
@option(
    "--seeds", type=click.IntRange(min=1), default=3, help="Trainings of each row, or draws of a model with dropout."
)
@option("--seed", type=int, default=0, help="The first of them.")
@options.preset(help="Of the trainings. Default: the recipe's.")
@options.palette(help="How label maps are read, where the set does not say it.")
@option(
    "--evaluator",
    type=MODEL,
    metavar="MODEL",
    help="What draws label maps of drawn photos. Default: one trained on the same pictures.",
)
@option("--name", help="The folder in results/, and how its trainings are called. Default: target and dataset.")
@options.device
@options.train_py
@telling(options.page_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, target: str | None, as_json: bool, **asked: Any) -> None:
    """Make a published table again and put its numbers beside the measured ones; without TARGET, list what can be.

    Trains or tests what is missing, measures it, and writes a page: published, measured, interval, verdict. What was
    cut off goes on with the same command.
    """
    if target is None:
        _list(console, as_json=as_json)
        return
    from harness.reproduce.reproducing import reproduce
    from harness.reproduce.reproduction import ReproduceRequest

    request = ReproduceRequest(target=target, command=("harness", *sys.argv[1:]), **asked)
    made = reproduce(workspace, request, console)
    page = (workspace.run(made.name) / "index.html").as_uri()
    if as_json:
        from dataclasses import asdict

        console.document({"format": 1, **asdict(made), "report": page})
        return
    _show(console, made)
    console.result(f"report: {page}")


def _list(console: Console, *, as_json: bool) -> None:
    from harness.web.language import language

    words = language("en") if as_json else console.words
    listed = [(r, words.text(f"reproduce.of.{r.id}"), [v.id for v in r.variants]) for r in RECIPES.values()]
    if as_json:
        told = [{"target": r.id, "title": title, "trains": r.trains, "rows": rows} for r, title, rows in listed]
        console.document({"format": 1, "targets": told})
        return
    needs = {True: "--dataset, {} trainings a seed", False: "{} models with their datasets"}
    table = [[r.id, title, needs[r.trains].format(len(rows))] for r, title, rows in listed]
    console.table(["target", "what", "needs"], table)


def _show(console: Console, made: Reproduction) -> None:
    """The first number of each table that was both published and measured; the page has all."""
    for section in made.sections:
        measured = [block for block in section.blocks if any(finding.measured for finding in block.findings)]
        for block in [block for block in measured if block.published][:1] or measured:
            head = [f"{section.id}: {block.label}", "published", "measured", "95 % interval", "verdict"]
            console.table(head, [_row(finding, console.words) for finding in block.findings])
    for sentence in made.departures:
        console.say(f"note: {sentence}")
    for row, (why, hint) in made.missing.items():
        console.result(f"{row}: not measured: {why}" + (f"; {hint}" if hint else ""))


def _row(finding: Finding, words: Language) -> list[str]:
    measured, value, interval = finding.measured, "-", "-"
    if measured:
        spread = "" if measured.spread is None else f" ± {number_text(measured.spread, 3)}"
        value = number_text(measured.mean, 3) + spread
        interval = interval_text(measured.low, measured.high, 3) if measured.low is not None else "-"
    verdict = words.text(f"reproduce.verdict.{finding.verdict}")
    return [finding.row, finding.published or "-", value, interval, verdict]
