"""`harness reproduce`: published tables made again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from harness.catalog.reproductions import RECIPES
from harness.cli.completing import MODEL, SET
from harness.cli.console import Console
from harness.cli.options import json_option, page_lang_option, quiet_option
from harness.cli.summary import interval_text, number_text
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.reproduce.findings import Finding
    from harness.reproduce.reproduction import Reproduction
    from harness.web.language import Language

_EPILOG = """
\b
Examples:
  harness reproduce
  harness reproduce ablation --dataset my_pairs --palette facades -- --ngf 8 --ndf 8
  harness reproduce paired
  harness reproduce table6 --dataset cityscapes
"""


@click.command("reproduce", epilog=_EPILOG)
@click.argument("target", required=False, type=click.Choice(list(RECIPES)))
@click.option("--dataset", "-d", type=SET, help="The pairs to train on, some of them held out in test/ or val/.")
@click.option(
    "--direction",
    type=click.Choice(["AtoB", "BtoA"]),
    help="Which half is the input. Default: what the recipe takes, where the set says what it shows.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Trainings of each row, or draws of a model with dropout.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The first of them.")
@click.option(
    "--preset", type=click.Choice(["quick", "course", "paper"]), help="Of the trainings. Default: the recipe's."
)
@click.option(
    "--palette",
    type=click.Choice(["facades", "cityscapes"]),
    help="How label maps are read, where the set does not say it.",
)
@click.option(
    "--evaluator",
    type=MODEL,
    metavar="MODEL",
    help="What draws label maps of drawn photos. Default: one trained on the same pictures.",
)
@click.option("--name", help="The folder in results/, and how its trainings are called. Default: target and dataset.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTION_OF_TRAIN_PY...]")
@page_lang_option
@json_option
@quiet_option
@click.pass_obj
def command(workspace: Workspace, /, *, target: str | None, as_json: bool, quiet: bool, **asked: Any) -> None:
    """Make a published table again and put its numbers beside the measured ones; without TARGET, list what can be.

    Trains or tests what is missing, measures it, and writes a page: published, measured, interval, verdict. What was
    cut off goes on with the same command.
    """
    console = Console(quiet=quiet)
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
