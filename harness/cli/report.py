"""`harness report`: make the pages of runs again from their records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.cli.completing import REPORT
from harness.cli.console import Console
from harness.cli.options import option, telling
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.report.single import SingleFile


_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def _bytes(given: str) -> int:
    """`20MB`, `800kB`, `1.5GB`: decimal units, as mail programs count."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", given.strip().lower())
    if match and float(match[1]) > 0:
        return int(float(match[1]) * _UNITS[match[2]])
    raise click.BadParameter(f"`{given}` is no size; write 20MB or 800kB")


@click.command("report")
@click.argument("runs", type=REPORT, nargs=-1, metavar="[RUN]...")
@option("--single-file", is_flag=True, help="One HTML file a run to send, with all pictures inside.")
@option("--max-size", type=_bytes, metavar="SIZE", default="20MB", help="Cap of such a file.")
@telling(options.run_lang, options.json)
def command(
    workspace: Workspace,
    console: Console,
    /,
    *,
    runs: tuple[str, ...],
    single_file: bool,
    max_size: int,
    lang: str | None,
    as_json: bool,
) -> None:
    """Make the HTML pages again: of the named runs and trainings, or of all, and the index of results/.

    Where all are meant, those that are damaged are named, the others made, and the exit code is 1.
    """
    from harness.training.remaking import make_files, make_pages

    if single_file:
        _show_files(console, make_files(workspace, runs, lang, max_size, console), as_json=as_json)
        return
    made = make_pages(workspace, runs, lang, console)
    for error in made.damaged:
        console.warn(error.message, error.hint)
    # Of the index there is always one, the last.
    links = [page.as_uri() for page in (*made.reports, made.index) if page]
    if as_json:
        console.document({"format": 1, "reports": links[:-1], "index": links[-1]})
    else:
        for link in links[:-1]:
            console.result(f"report: {link}")
        console.result(f"all runs: {links[-1]}")
    if made.damaged:
        # After everything else was made: one damaged run must not hide the pages of the others.
        click.get_current_context().exit(1)


def _show_files(console: Console, files: list[SingleFile], *, as_json: bool) -> None:
    if as_json:
        documents = [
            {"file": f.path.as_uri(), "bytes": f.size, "shown": f.shown, "images": f.count, "webp_quality": f.quality}
            for f in files
        ]
        console.document({"format": 1, "files": documents})
        return
    for file in files:
        how = "as PNG" if file.quality is None else f"as WebP of quality {file.quality}"
        inside = f"{file.shown} of {file.count} images" if file.shown < file.count else f"{file.count} images"
        console.result(f"one file, {file.size / 1e6:.1f} MB, pictures of {inside} {how}: {file.path.as_uri()}")
