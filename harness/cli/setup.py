"""`harness setup`: the authors' code, weights and datasets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.completing import DATASET, MODEL
from harness.cli.console import Console, size_text
from harness.cli.options import PATH, option, telling
from harness.errors import NetworkError
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.provision.outcome import SetupReport

_EPILOG = options.examples("""
  harness setup
  harness setup --model facades_label2photo --dataset facades
  harness setup --model cyclegan/horse2zebra --upstream-url ~/mirrors/pytorch-CycleGAN-and-pix2pix.git
  harness setup --model facades_label2photo --from-file ~/Downloads/facades_label2photo.pth
  harness setup --model lua/edges2handbags --from-file ~/Downloads/edges2handbags.t7
  harness setup --dataset facades --mirror https://mirror.example/berkeley
  harness setup --metrics fid,lpips
  harness setup --bundle /media/stick/harness-bundle
""")
_WITHOUT_NETWORK = (
    "`harness demo` needs none; `--upstream-url` and `--mirror` name other places; `--bundle` and `--from-file` bring "
    "what you have"
)


@click.command("setup", epilog=_EPILOG)
@option("--model", "-m", "models", type=MODEL, multiple=True, help="Bring this model's weights; repeatable.")
@option("--dataset", "-d", "datasets", type=DATASET, multiple=True, help="Bring this official dataset; repeatable.")
@options.metrics(help="Bring the networks that these metrics need, e.g. lpips,fid.")
@option("--all", "every_model", is_flag=True, help="Bring the weights of every model, about 3 GB or more.")
# A lambda, as the function stands below the decorators that would need it.
@option(
    "--upstream-url",
    "addresses",
    metavar="[NAME=]URL",
    multiple=True,
    callback=lambda *given: _of(given[2]),
    help="A mirror or folder of the authors' code; the commit proves the content. `pix2pix=URL` is one "
    "of the Lua original.",
)
@option("--upstream-ref", metavar="SHA", help="Another commit, in full, than the one harness is tested with.")
@option("--from-file", type=PATH, help="Weights or an archive you have already, for the one thing named.")
@option("--bundle", type=PATH, help="A folder or archive with code, weights and datasets, or a copied workspace.")
@option("--sha256", metavar="DIGEST", help="What the file of --from-file or --bundle must have.")
@option("--accept-counts", is_flag=True, help="Take datasets with another number of pictures than is known.")
@option(
    "--mirror",
    "mirrors",
    metavar="URL",
    multiple=True,
    help="Ask this server first; repeatable (default: $HARNESS_MIRROR, then mirrors.txt).",
)
@telling(options.terminal_lang, options.json)
def command(
    workspace: Workspace, console: Console, /, *, addresses: dict[str, Any], as_json: bool, **asked: Any
) -> None:
    """Clone the authors' code at its commit and bring weights and datasets, all verified; again: nothing to do."""
    from harness.provision.setting_up import SetupRequest, set_up

    report = set_up(workspace, SetupRequest(**asked, **addresses), console)
    if as_json:
        console.document(report.to_json())
    else:
        _show(console, report)
    # After the table: what stands last on a terminal is read.
    for failure in report.failures:
        console.error(failure.error)
    if any(isinstance(failure.error, NetworkError) for failure in report.failures):
        console.warn("the network did not bring everything", _WITHOUT_NETWORK)
    if report.failures:
        click.get_current_context().exit(1)


def _of(given: Sequence[str]) -> dict[str, Any]:
    """The addresses by the request's field; without a repository's name in front, one is of the PyTorch code."""
    # The variable first: in a dict the later entry wins, and what is typed goes before it.
    told = [address for address in (os.environ.get("HARNESS_UPSTREAM_URL"), *given) if address]
    named = (("lua_url", a.removeprefix("pix2pix=")) if a.startswith("pix2pix=") else ("upstream_url", a) for a in told)
    return dict(named)


def _show(console: Console, report: SetupReport) -> None:
    root = report.workspace
    rows = [
        [row.kind, row.id, row.state, size_text(row.bytes), str(row.path.relative_to(root)), row.note]
        for row in report.rows
    ]
    if rows:
        console.table(["", "name", "state", "size", f"in {root}", ""], rows)
    if not any(row.kind == "weights" for row in report.rows) and not report.failures:
        console.say("no weights yet; `harness models` lists them, `harness setup --model NAME` brings one")
