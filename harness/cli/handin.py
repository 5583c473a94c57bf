"""`harness handin`: what a course exercise is handed in as."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from harness.cli import options
from harness.cli.completing import REPORT
from harness.cli.console import Console
from harness.cli.options import FILE, option, telling
from harness.units import counted
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness handin --template facades_label2photo-facades-001
  harness handin --name "Sara Ahmadi" --id 40012345 --answers answers.md --dry-run
  harness handin --name "Sara Ahmadi" --id 40012345 --answers answers.md
""")


@click.command("handin", epilog=_EPILOG)
@click.argument("works", type=REPORT, nargs=-1, metavar="[RUN|TRAINING]...")
@option("--name", help="Your name.")
@option("--id", help="Your number at the university.")
@option("--answers", type=FILE, help="Your answers, as `--template` lays them out.")
@option("--template", is_flag=True, help="Write answers.md to fill in, and nothing else.")
@option("--questions", type=FILE, help="With --template: a course's own questions, a TOML file.")
@option("--dry-run", is_flag=True, help="Say what would go in, and write nothing.")
@telling(options.page_lang, options.json)
def command(
    workspace: Workspace, console: Console, /, *, template: bool, questions: Path | None, as_json: bool, **asked: Any
) -> None:
    """Pack runs and trainings (default: the newest), their numbers and your answers into NAME-ID.zip, to send.

    What is missing, or does not agree with its pictures, is said; the archive is written all the same.
    """
    if template:
        _write_template(workspace, asked["works"], questions, asked["lang"], console)
        return
    if questions or not asked["name"] or not asked["id"]:
        raise click.UsageError("give --name and --id; or --template, with which alone --questions goes")
    from harness.course.handing_in import HandinRequest, make_handin

    request = HandinRequest(folder=Path.cwd(), **asked)
    made = make_handin(workspace, request, console)
    for line in made.lacking:
        console.warn(line)
    if as_json:
        told = {"works": made.works, "files": made.files, "lacking": made.lacking}
        console.document({"format": 1, "file": made.path and str(made.path), "bytes": made.size, **told})
        return
    if request.dry_run:
        console.table(["bytes", "file"], [[f"{size:,}", file] for file, size in made.files.items()])
    what = f"{', '.join(made.works)}: {counted(len(made.files), 'file')}, {made.size / 1e6:.1f} MB"
    console.result(f"would hand in {what}" if request.dry_run else f"handed in {what}, in {made.path}")
    if not request.dry_run:
        console.say("hint: send that file; nothing was sent")


def _write_template(
    workspace: Workspace, works: tuple[str, ...], questions: Path | None, lang: str, console: Console
) -> None:
    from harness.course.answering import template
    from harness.course.handing_in import ANSWERS, cited_lines
    from harness.errors import RunError
    from harness.files import write_text
    from harness.runs.listing import run_folders
    from harness.web.language import language

    target = Path.cwd() / ANSWERS
    if target.exists():
        # Somebody may have written for hours in it.
        raise RunError(f"`{target}` exists already", "write into it, or move it away first")
    chosen = works or tuple(folder.name for folder in run_folders(workspace)[-3:])
    write_text(target, template(lang, cited_lines(workspace, chosen, language(lang)), questions))
    console.result(f"write into {target}")
    console.say(f"hint: harness handin {shlex.join(chosen)} --name NAME --id ID --answers {ANSWERS}")
