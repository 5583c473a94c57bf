"""`harness play`: draw in the browser and see what a model makes of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from harness.cli import options
from harness.cli.completing import MODEL, SET
from harness.cli.console import Console, size_text
from harness.cli.options import EXISTING, PATH, option, telling
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness play
  harness play facades_label2photo --seed 3
  harness play demo --export site
""")


@click.command("play", epilog=_EPILOG)
@click.argument("model", type=MODEL, required=False)
@options.weights
@option("--dataset", "-d", type=SET, help="Whose pictures to begin with. Default: those a test would take.")
@option("--picture", metavar="NAME", help="The picture that is there at once.")
@options.mode()
@option("--seed", type=int, default=0, help="The seed at the beginning.")
@options.side
@options.device
@option("--add-to", "collected", default="drawings", metavar="SET", help="The test set that drawings are added to.")
@option("--port", type=click.IntRange(0, 65535), help="Port on this machine. Default: a free one.")
@telling(
    options.page_lang,
    option(
        "--export",
        "site",
        type=PATH,
        metavar="FOLDER",
        help="Write the page with the model in it, for any web server, and end.",
    ),
    option(
        "--from-file", type=EXISTING, help="onnxruntime-web as you have it, the .tgz or its dist folder (--export)."
    ),
    option("--half-weights", is_flag=True, help="Weights of 16 bits: half the size, not exact (--export)."),
    option("--print", "print_only", is_flag=True, help="Only print the link."),
)
def command(
    workspace: Workspace,
    console: Console,
    /,
    *,
    port: int | None,
    site: Path | None,
    from_file: Path | None,
    half_weights: bool,
    print_only: bool,
    **asked: Any,
) -> None:
    """Draw in the browser and see at once what MODEL makes of it, with the pixels of `harness test --engine native`.

    Without MODEL it is facades_label2photo, or where its weights are not installed the generator that comes with the
    package, `demo`. The page is served on this machine alone and loads nothing from the network.
    """
    import webbrowser

    from harness.play.playing import Player, PlayRequest
    from harness.play.serving import Server

    if site is not None and (port or print_only):
        raise click.UsageError("`--export FOLDER` starts no server: leave out --port and --print")
    if site is not None:
        from harness.export import check_installed

        check_installed()
        from harness.play.site import SiteRequest, write_site

        request = SiteRequest(play=PlayRequest(**asked), folder=site, from_file=from_file, half_weights=half_weights)
        made = write_site(workspace, request, console)
        console.result(f"certificate: {made.certificate.sentence()}")
        console.result(f"`{made.folder}`: {size_text(made.bytes)}, to be put on any web server; to look at it here:")
        console.result(f"python3 -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(made.folder))}")
        return
    if from_file or half_weights:
        raise click.UsageError("--from-file and --half-weights are for `--export FOLDER`")
    player = Player(workspace, PlayRequest(**asked), console)
    with Server(player, port or 0) as server:
        console.say(f"`{player.generator.model.id}` from `{player.generator.weights}`; Ctrl-C ends it")
        console.result(server.address)
        if not print_only and not webbrowser.open(server.address):
            console.say("no browser could be started here: open the link above yourself")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.say("stopped")
