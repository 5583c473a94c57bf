"""`harness report`: make the pages of runs again from their records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from harness.cli.completing import REPORT
from harness.cli.console import Console
from harness.cli.options import json_option, lang_option, quiet_option
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.report.single import SingleFile


class SizeType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """`20MB`, `800kB`, `1.5GB`: decimal units, as mail programs count."""

    name = "SIZE"
    _UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        # click hands over what is a number already where a default or a script gives one.
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", str(value).strip().lower())
        if match and float(match[1]) > 0:
            return int(float(match[1]) * self._UNITS[match[2]])
        return self.fail(f"`{value}` is no size; write 20MB or 800kB", param, ctx)


@click.command("report")
@click.argument("runs", type=REPORT, nargs=-1, metavar="[RUN]...")
@click.option("--single-file", is_flag=True, help="One HTML file a run to send, with all pictures inside.")
@click.option("--max-size", type=SizeType(), default="20MB", show_default=True, help="Cap of such a file.")
@lang_option
@json_option
@quiet_option
@click.pass_obj
def command(
    workspace: Workspace,
    /,
    *,
    runs: tuple[str, ...],
    single_file: bool,
    max_size: int,
    lang: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make the HTML pages again: of the named runs and trainings, or of all, and the index of results/.

    Where all are meant, those that are damaged are named, the others made, and the exit code is 1.
    """
    from harness.report.single import write_single_file
    from harness.runs.listing import find_run, run_folders
    from harness.training.remaking import make_pages

    console = Console(quiet=quiet)
    if single_file:
        # Without any run, the last asks for the newest one and so raises the error that says what to do.
        folders = [find_run(workspace, run) for run in runs] or run_folders(workspace) or [find_run(workspace, None)]
        files = [write_single_file(folder, lang, max_size, console) for folder in folders]
        _show_files(console, files, as_json=as_json)
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
