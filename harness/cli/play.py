"""`harness play`: draw in the browser and see what a model makes of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.completing import MODEL, SET
from harness.cli.console import Console, size_text
from harness.cli.options import page_lang_option, quiet_option, side_option
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.play.playing import PlayRequest

_EPILOG = """
\b
Examples:
  harness play
  harness play facades_label2photo --seed 3
  harness play demo --export site
"""


@click.command("play", epilog=_EPILOG)
@click.argument("model", type=MODEL, required=False)
@click.option("--weights", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another generator file.")
@click.option("--dataset", "-d", type=SET, help="Whose pictures to begin with. Default: those a test would take.")
@click.option("--picture", metavar="NAME", help="The picture that is there at once.")
@click.option(
    "--mode",
    type=click.Choice(["paper", "deterministic", "eval"]),
    default="paper",
    show_default=True,
    help="Dropout live and seeded; no dropout; running statistics.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The seed at the beginning.")
@side_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--add-to",
    "collected",
    default="drawings",
    show_default=True,
    metavar="SET",
    help="The test set that drawings are added to.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on this machine. Default: a free one.")
@page_lang_option
@click.option(
    "--export",
    "site",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write the page with the model in it, for any web server, and end.",
)
@click.option(
    "--from-file",
    type=click.Path(exists=True, path_type=Path),
    help="onnxruntime-web as you have it, the .tgz or its dist folder (--export).",
)
@click.option("--half-weights", is_flag=True, help="Weights of 16 bits: half the size, not exact (--export).")
@click.option("--print", "print_only", is_flag=True, help="Only print the link.")
@quiet_option
@click.pass_obj
def command(
    workspace: Workspace,
    /,
    *,
    port: int,
    site: Path | None,
    from_file: Path | None,
    half_weights: bool,
    print_only: bool,
    quiet: bool,
    **asked: Any,
) -> None:
    """Draw in the browser and see at once what MODEL makes of it, with the pixels of `harness test --engine native`.

    Without MODEL it is facades_label2photo, or where its weights are not installed the generator that comes with the
    package, `demo`. The page is served on this machine alone and loads nothing from the network.
    """
    import webbrowser

    from harness.play.playing import Player, PlayRequest
    from harness.play.serving import Server

    console = Console(quiet=quiet)
    if site is not None and (port or print_only):
        raise click.UsageError("`--export FOLDER` starts no server: leave out --port and --print")
    if site is not None:
        _export(console, workspace, PlayRequest(**asked), site, from_file, half_weights=half_weights)
        return
    if from_file or half_weights:
        raise click.UsageError("--from-file and --half-weights are for `--export FOLDER`")
    player = Player(workspace, PlayRequest(**asked), console)
    with Server(player, port) as server:
        console.say(f"`{player.generator.model.id}` from `{player.generator.weights}`; Ctrl-C ends it")
        console.result(server.address)
        if not print_only and not webbrowser.open(server.address):
            console.say("no browser could be started here: open the link above yourself")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.say("stopped")


def _export(
    console: Console,
    workspace: Workspace,
    play: PlayRequest,
    folder: Path,
    from_file: Path | None,
    *,
    half_weights: bool,
) -> None:
    from harness.export import check_installed

    check_installed()
    from harness.play.site import SiteRequest, write_site

    request = SiteRequest(play=play, folder=folder, from_file=from_file, half_weights=half_weights)
    made = write_site(workspace, request, console)
    console.result(f"certificate: {made.certificate.sentence()}")
    console.result(f"`{made.folder}`: {size_text(made.bytes)}, to be put on any web server; to look at it here:")
    console.result(f"python3 -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(made.folder))}")
