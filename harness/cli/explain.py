"""`harness explain`: the method and a model's structure."""

from __future__ import annotations

import click

from harness.cli import options
from harness.cli.completing import MODEL, TRAINING
from harness.cli.console import Console
from harness.cli.options import option
from harness.workspace import Workspace


@click.command("explain")
@click.argument("model", type=MODEL, required=False)
@option("--html", is_flag=True, help="Write a page with drawings and pictures, and print its link.")
@options.run_lang
@option(
    "--beside",
    type=TRAINING,
    multiple=True,
    metavar="TRAINING",
    help="Set another training of yours beside MODEL, e.g. one without L1; may be given again.",
)
@option("--open", "open_", is_flag=True, help="Write the page and open it in the browser.")
@click.pass_obj
def command(
    workspace: Workspace, *, model: str | None, html: bool, lang: str | None, beside: tuple[str, ...], open_: bool
) -> None:
    """Explain pix2pix and CycleGAN, and the networks of MODEL (default: facades_label2photo).

    MODEL may be one of your own trainings: then it is shown at work, its layers and what its discriminator says.

    Layers, shapes and receptive fields are read from the network itself; every statement is cited from the paper's
    section or a line of the authors' code.
    """
    from harness.explain.explaining import explain, write_explanation
    from harness.explain.text_page import text_lines, work_lines
    from harness.explain.work import at_work

    console = Console()
    # The terminal has no pictures: numbers and sources only.
    if not (html or open_):
        explanation = explain(workspace, model)
        work = at_work(workspace, explanation.model, beside)
        console.raw("\n".join((*text_lines(explanation, lang), *(work_lines(work, lang) if work else ()))))
        return
    page = write_explanation(workspace, model, lang, beside)
    console.result(f"page: {page.as_uri()}")
    if open_:
        click.launch(page.as_uri())
